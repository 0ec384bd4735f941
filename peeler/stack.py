"""The layer stack: the narrow waist between whatever makes layers and whatever uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peeler.geometry import RGB, RGBA, Box, Pixels, boxes_array, meeting
from peeler.ordering import in_order_together

Role = Literal["background", "element", "residual"]


@dataclass(frozen=True, eq=False)
class Layer:
    """Something lifted off the canvas: straight RGBA pixels cropped to ``box``.

    ``ink`` is the one colour (``#rrggbb``) of a flat layer, None for a textured one. ``origin`` tells where the layer
    came from. One that is not ``visible`` keeps its place in the stack and is not painted.
    """

    id: str
    name: str
    box: Box
    pixels: RGBA
    role: Role = "element"
    opacity: float = 1.0
    part_of: str | None = None
    ink: str | None = None
    origin: str = ""
    visible: bool = True

    def __post_init__(self) -> None:
        expected = (self.box.height, self.box.width, 4)
        if self.pixels.shape != expected or self.pixels.dtype != np.uint8:
            given = f"{self.pixels.dtype} {self.pixels.shape}"
            raise ValueError(f"layer {self.id!r} has pixels {given}, its box asks for uint8 {expected}")
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"layer {self.id!r} has opacity {self.opacity}, not 0 to 1")

    def on(self, size: tuple[int, int]) -> RGBA:
        """The layer on a whole transparent canvas of ``size`` (width, height), opacity applied."""
        canvas = np.zeros((size[1], size[0], 4), dtype=np.uint8)
        canvas[self.box.slices] = self.pixels
        if self.opacity < 1:
            canvas[..., 3] = np.rint(canvas[..., 3] * self.opacity).astype(np.uint8)
        return canvas


@dataclass(frozen=True, eq=False)
class LayerStack:
    """Layers bottom to top on a canvas of ``size`` (width, height). Ids are unique; boxes lie on the canvas."""

    size: tuple[int, int]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        ids = [layer.id for layer in self.layers]
        if len(set(ids)) != len(ids):
            raise ValueError("two layers of a stack share an id")
        for layer in self.layers:
            if layer.box.intersect(Box.whole(self.size)) != layer.box:
                raise ValueError(f"layer {layer.id!r} lies outside the canvas: {tuple(layer.box)} on {self.size}")

    @cached_property
    def boxes(self) -> NDArray[np.int64]:
        """Those of the layers, n × 4."""
        return boxes_array([layer.box for layer in self.layers])

    @property
    def elements(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.role == "element")

    def composite(self, residual: bool = True) -> RGBA:
        """The visible layers painted over each other, straight alpha, rounded once at the end."""
        return composite(self.size, [layer for layer in self.layers if residual or layer.role != "residual"])

    def difference(self, picture: RGB | RGBA, residual: bool = True) -> NDArray[np.uint8]:
        """Per pixel, the largest difference of a channel between the composite and ``picture``, in grey levels.

        Colours are compared premultiplied, so colour under zero alpha does not count.
        """
        return largest_difference(self.composite(residual), picture)


def composite(size: tuple[int, int], layers: Sequence[Layer]) -> RGBA:
    """Layers painted bottom to top with the *over* operator (Porter and Duff 1984, §4.3) on a transparent canvas."""
    # One plane per channel: arithmetic on three or four neighbours at a time is several times slower.
    canvas = np.zeros((4, size[1], size[0]), dtype=np.float32)  # premultiplied, 0–255
    for layer in layers:
        if layer.visible and layer.box.area:
            over(canvas[:, *layer.box.slices], layer)
    alpha = canvas[3]
    if alpha.min(initial=255) < 255:
        canvas[:3] = np.divide(canvas[:3] * 255, alpha, out=np.zeros_like(canvas[:3]), where=alpha > 0)
    return np.ascontiguousarray(np.rint(canvas).clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def over(ground: NDArray[np.float32], layer: Layer) -> None:
    """Paint ``layer`` over the planes of its box (4 × height × width, premultiplied, 0–255), in place."""
    planes = layer.pixels.transpose(2, 0, 1).astype(np.float32)
    cover = planes[3] * np.float32(layer.opacity / 255)
    planes[3] = 255
    ground *= 1 - cover
    ground += planes * cover


def largest_difference(one: RGB | RGBA, other: RGB | RGBA) -> NDArray[np.uint8]:
    """Per pixel, the largest difference of a premultiplied channel (alpha included), in grey levels."""
    largest = np.zeros(one.shape[:2], dtype=np.float32)
    for first, second in zip(_premultiplied(one), _premultiplied(other), strict=True):
        np.maximum(largest, np.abs(first - second), out=largest)
    return np.rint(largest).astype(np.uint8)


def _premultiplied(picture: RGB | RGBA) -> list[NDArray[np.float32]]:
    """Red, green, blue and alpha, 0–255 each."""
    planes = [picture[..., channel].astype(np.float32) for channel in range(picture.shape[2])]
    if len(planes) == 3:
        return [*planes, np.full(picture.shape[:2], 255, dtype=np.float32)]
    *colours, alpha = planes
    weight = alpha / np.float32(255)
    return [*(colour * weight for colour in colours), alpha]


def painted_alike(layers: Sequence[Layer], wanted: Sequence[str], objects: Mapping[str, str]) -> list[Layer]:
    """``layers``, bottom to top, as near to the order of the ids ``wanted`` as can be without a change of a pixel:
    two that share one stay as they are. A layer that is not among the wanted goes as low as it can.

    Those that have one object by ``objects`` are next to each other where that can be.
    """
    place = {id: index for index, id in enumerate(wanted)}
    known = {layer.id: layer for layer in layers}
    below: dict[str, list[str]] = {id: [] for id in known}
    for low, high in meeting([layer.box for layer in layers]):
        if _share_a_pixel(layers[low], layers[high]):
            below[layers[high].id].append(layers[low].id)
    names = sorted(known, key=lambda id: place.get(id, -1))
    return [known[id] for id in in_order_together(names, below, objects)]


def _share_a_pixel(one: Layer, other: Layer) -> bool:
    shared = one.box.intersect(other.box)
    alphas = [layer.pixels[..., 3][shared.shifted(-layer.box.x0, -layer.box.y0).slices] > 0 for layer in (one, other)]
    return bool((alphas[0] & alphas[1]).any())


def merged(layers: Sequence[Layer], name: str) -> Layer:
    """One layer called ``name`` that looks like all of them, bottom to top; it has the id of the lowest."""
    box = reduce(Box.union, (layer.box for layer in layers))
    placed = [replace(layer, box=layer.box.shifted(-box.x0, -box.y0)) for layer in layers]
    inks = {layer.ink for layer in layers}
    return replace(
        layers[0],
        name=name,
        box=box,
        pixels=composite((box.width, box.height), placed),
        opacity=1.0,
        part_of=None,
        ink=layers[0].ink if len(inks) == 1 else None,
    )


def opaque_layer(
    id: str, name: str, picture: RGB, role: Role, visible: Pixels | None = None, origin: str = ""
) -> Layer:
    """A layer on the whole canvas with the colours of ``picture``, shown where ``visible`` (everywhere if None)."""
    height, width = picture.shape[:2]
    everywhere = np.ones((height, width), dtype=np.bool_)
    shown = (everywhere if visible is None else visible)[..., None] * np.uint8(255)
    return Layer(id, name, Box(0, 0, width, height), np.concatenate([picture, shown], axis=2), role=role, origin=origin)
