"""Two stacks held against each other: which layers are new, gone or changed, and how far the pictures differ."""

from bisect import bisect_left
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from peeler.geometry import RGBA, Box
from peeler.stack import Layer, LayerStack, largest_difference

ALIKE = 0.5
"""IoU from which two layers without a common id or name may be one."""


class Change(BaseModel):
    """What became of one layer; ``id`` and ``name`` are those it has in the first stack.

    ``moved`` are pixels to the right and down, of pixels that are the same otherwise; ``pixels`` counts those of the
    canvas on which the layer by itself looks different, and ``levels`` says by how much at most, 0–255. Pairs are
    before and after.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    renamed: str | None = None
    renumbered: str | None = None
    moved: tuple[int, int] | None = None
    resized: tuple[Box, Box] | None = None
    recoloured: tuple[str | None, str | None] | None = None
    reordered: tuple[int, int] | None = None
    opacity: tuple[float, float] | None = None
    visible: tuple[bool, bool] | None = None
    part_of: tuple[str | None, str | None] | None = None
    role: tuple[str, str] | None = None
    pixels: int = 0
    levels: int = 0

    @property
    def told(self) -> dict[str, Any]:
        """What has changed, and nothing else."""
        return self.model_dump(mode="json", exclude={"id", "name"}, exclude_defaults=True)


class LayerNamed(BaseModel):
    """A layer that one of the stacks lacks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    place: int


class Difference(BaseModel):
    """What the second stack has other than the first.

    ``size`` are the two canvases if they differ. The composites are compared where both have a canvas:
    ``composite_pixels`` that differ at all, by at most ``composite_max`` and on average ``composite_mean`` levels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[tuple[int, int], tuple[int, int]] | None
    layers: tuple[int, int]
    added: tuple[LayerNamed, ...]
    removed: tuple[LayerNamed, ...]
    changed: tuple[Change, ...]
    composite_max: int
    composite_mean: float
    composite_pixels: int

    @property
    def is_none(self) -> bool:
        """Whether the stacks are the same in all that is compared."""
        return not (self.size or self.added or self.removed or self.changed or self.composite_max)


def compare(one: LayerStack, other: LayerStack) -> Difference:
    """What ``other`` has that ``one`` has not, and the other way round.

    Layers belong together by their ids, then by their names, then by their places.
    """
    pairs = _pairs(one, other)
    first = {a.id: place for place, a in enumerate(one.layers)}
    second = {b.id: place for place, b in enumerate(other.layers)}
    strayed = _out_of_order([second[b.id] for _, b in pairs])
    changes = [
        _change(a, b, (first[a.id], second[b.id]) if number in strayed else None) for number, (a, b) in enumerate(pairs)
    ]
    kept, found = {a.id for a, _ in pairs}, {b.id for _, b in pairs}
    off = composite_difference(one, other)
    return Difference(
        size=(one.size, other.size) if one.size != other.size else None,
        layers=(len(one.layers), len(other.layers)),
        added=tuple(_named(b, second[b.id]) for b in other.layers if b.id not in found),
        removed=tuple(_named(a, first[a.id]) for a in one.layers if a.id not in kept),
        changed=tuple(change for change in changes if change.told),
        composite_max=int(off.max(initial=0)),
        composite_mean=float(off.mean()) if off.size else 0.0,
        composite_pixels=int(np.count_nonzero(off)),
    )


def composite_difference(one: LayerStack, other: LayerStack) -> NDArray[np.uint8]:
    """Per pixel of the canvas that both have, the largest difference of a channel in grey levels."""
    width, height = min(one.size[0], other.size[0]), min(one.size[1], other.size[1])
    return largest_difference(one.composite()[:height, :width], other.composite()[:height, :width])


def _pairs(one: LayerStack, other: LayerStack) -> list[tuple[Layer, Layer]]:
    """Layers that are the same one, in the order of the first stack."""
    found: dict[str, Layer] = {}
    left = list(other.layers)

    def take(layer: Layer, candidates: list[Layer]) -> None:
        if layer.id not in found and candidates:
            found[layer.id] = candidates[0]
            left.remove(candidates[0])

    for layer in one.layers:
        take(layer, [b for b in left if b.id == layer.id and (b.name == layer.name or _overlap(layer, b))])
    for layer in one.layers:
        take(layer, [b for b in left if b.name == layer.name])
    for layer in one.layers:
        take(layer, [b for b in left if b.id == layer.id])
    for layer in one.layers:
        near = [b for b in left if layer.box.iou(b.box) >= ALIKE and (layer.ink == b.ink or _same_cover(layer, b))]
        take(layer, sorted(near, key=lambda b: -layer.box.iou(b.box)))
    return [(layer, found[layer.id]) for layer in one.layers if layer.id in found]


def _overlap(a: Layer, b: Layer) -> bool:
    return a.box.iou(b.box) >= ALIKE


def _same_cover(a: Layer, b: Layer) -> bool:
    return a.box == b.box and np.array_equal(a.pixels[..., 3], b.pixels[..., 3])


def _out_of_order(places: list[int]) -> set[int]:
    """Which of the numbers have to be taken out so that the others rise: as few as possible."""
    tails, chain, before = list[int](), list[int](), list[int]()
    for number, place in enumerate(places):
        length = bisect_left(tails, place)
        before.append(chain[length - 1] if length else -1)
        del tails[length : length + 1], chain[length : length + 1]
        tails.insert(length, place)
        chain.insert(length, number)
    rising, number = set[int](), chain[-1] if chain else -1
    while number >= 0:
        rising.add(number)
        number = before[number]
    return set(range(len(places))) - rising


def _change(a: Layer, b: Layer, places: tuple[int, int] | None) -> Change:
    pixels, levels = _pixels_changed(a, b)
    same_shape = a.pixels.shape == b.pixels.shape
    has_moved = same_shape and a.box != b.box and np.array_equal(a.pixels[..., 3], b.pixels[..., 3])
    has_colour = a.ink != b.ink or (same_shape and levels > 0 and not _same_colours(a, b) and _same_alpha(a, b))
    return Change(
        id=a.id,
        name=a.name,
        renamed=b.name if a.name != b.name else None,
        renumbered=b.id if a.id != b.id else None,
        moved=(b.box.x0 - a.box.x0, b.box.y0 - a.box.y0) if has_moved else None,
        resized=None if has_moved or a.box == b.box else (a.box, b.box),
        recoloured=(a.ink, b.ink) if has_colour else None,
        reordered=places,
        opacity=_pair(a.opacity, b.opacity),
        visible=_pair(a.visible, b.visible),
        part_of=_pair(a.part_of, b.part_of),
        role=_pair(a.role, b.role),
        pixels=pixels,
        levels=levels,
    )


def _pair(before: Any, after: Any) -> tuple[Any, Any] | None:
    return None if before == after else (before, after)


def _same_alpha(a: Layer, b: Layer) -> bool:
    return np.array_equal(a.pixels[..., 3], b.pixels[..., 3])


def _same_colours(a: Layer, b: Layer) -> bool:
    shown = a.pixels[..., 3] > 0
    return np.array_equal(a.pixels[shown], b.pixels[shown])


def _pixels_changed(a: Layer, b: Layer) -> tuple[int, int]:
    """How many pixels differ, and by how many levels at most, each layer shown in full."""
    whole = a.box.union(b.box) if a.box.area and b.box.area else (a.box if a.box.area else b.box)
    if not whole.area:
        return 0, 0
    off = largest_difference(_on(a, whole), _on(b, whole))
    return int(np.count_nonzero(off)), int(off.max(initial=0))


def _on(layer: Layer, whole: Box) -> RGBA:
    if not layer.box.area:
        return np.zeros((whole.height, whole.width, 4), dtype=np.uint8)
    placed = replace(layer, box=layer.box.shifted(-whole.x0, -whole.y0), opacity=1.0)
    return placed.on((whole.width, whole.height))


def _named(layer: Layer, place: int) -> LayerNamed:
    return LayerNamed(id=layer.id, name=layer.name, place=place)
