"""The layer stack: the narrow waist between whatever makes layers and whatever uses them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peeler.geometry import RGB, RGBA, Box, Pixels

Role = Literal["background", "element", "residual"]


@dataclass(frozen=True, eq=False)
class Layer:
    """Something lifted off the canvas: straight RGBA pixels cropped to ``box``.

    ``ink`` is the one colour (``#rrggbb``) of a flat layer, None for a textured one. ``origin`` tells where the layer came from.
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

    def __post_init__(self) -> None:
        expected = (self.box.height, self.box.width, 4)
        if self.pixels.shape != expected or self.pixels.dtype != np.uint8:
            raise ValueError(f"layer {self.id!r} has pixels {self.pixels.dtype} {self.pixels.shape}, its box asks for uint8 {expected}")
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

    @property
    def elements(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.role == "element")

    def composite(self, residual: bool = True) -> RGBA:
        """The layers painted over each other, straight alpha, rounded once at the end."""
        return composite(self.size, [layer for layer in self.layers if residual or layer.role != "residual"])

    def difference(self, picture: RGB | RGBA, residual: bool = True) -> NDArray[np.uint8]:
        """Per pixel, the largest difference of a channel between the composite and ``picture``, in grey levels.

        Colours are compared premultiplied, so colour under zero alpha does not count.
        """
        return largest_difference(self.composite(residual), picture)


def composite(size: tuple[int, int], layers: Sequence[Layer]) -> RGBA:
    """Layers painted bottom to top with the *over* operator (Porter and Duff 1984, §4.3) on a transparent canvas."""
    colour = np.zeros((size[1], size[0], 3), dtype=np.float32)  # premultiplied, 0–255
    alpha = np.zeros((size[1], size[0], 1), dtype=np.float32)  # 0–1
    for layer in layers:
        if not layer.box.area:
            continue
        cover = layer.pixels[..., 3:].astype(np.float32) * np.float32(layer.opacity / 255)
        patch = layer.box.slices
        colour[patch] = layer.pixels[..., :3] * cover + colour[patch] * (1 - cover)
        alpha[patch] = cover + alpha[patch] * (1 - cover)
    straight = np.divide(colour, alpha, out=np.zeros_like(colour), where=alpha > 0)
    return np.rint(np.concatenate([straight, alpha * 255], axis=2)).clip(0, 255).astype(np.uint8)


def largest_difference(one: RGB | RGBA, other: RGB | RGBA) -> NDArray[np.uint8]:
    """Per pixel, the largest difference of a premultiplied channel (alpha included), in grey levels."""
    first, second = _premultiplied(one), _premultiplied(other)
    return np.rint(np.abs(first - second).max(axis=2)).astype(np.uint8)


def _premultiplied(picture: RGB | RGBA) -> NDArray[np.float32]:
    if picture.shape[2] == 3:
        opaque = np.full((*picture.shape[:2], 1), 255, dtype=np.float32)
        return np.concatenate([picture.astype(np.float32), opaque], axis=2)
    alpha = picture[..., 3:].astype(np.float32)
    return np.concatenate([picture[..., :3] * (alpha / 255), alpha], axis=2)


def opaque_layer(id: str, name: str, picture: RGB, role: Role, visible: Pixels | None = None, origin: str = "") -> Layer:
    """A layer on the whole canvas with the colours of ``picture``, shown where ``visible`` (everywhere if None)."""
    height, width = picture.shape[:2]
    shown = np.full((height, width, 1), 255, dtype=np.uint8) if visible is None else (visible * np.uint8(255))[..., None]
    return Layer(id, name, Box(0, 0, width, height), np.concatenate([picture, shown], axis=2), role=role, origin=origin)
