"""What a file keeps of layers beside what drawing programs know, and layers made again of what was found in a file.

A PSD or OpenRaster file has no place for an ink, a role or an id, rounds opacities and shortens names. These travel
along as plain data. What a program has changed since goes before them: they count only where they still fit.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from peeler.geometry import RGBA, Box
from peeler.stack import Layer, LayerStack, Role
from peeler.text import label, slug, storable, unique
from peeler.tints import only_ink

CLOSE = 0.005
"""Opacities that differ by no more are one opacity, written in 255 steps or a few digits."""

NESTED = " / "
"""Between the names of groups of which one is in the other, the outer one first."""

_INK = re.compile("#[0-9a-fA-F]{6}")


class Particulars(BaseModel):
    """A layer as it was when a file was written; ``shown`` and ``group`` are the names that the file shows for it
    and for the groups around it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    name: str
    shown: str
    group: str = ""
    box: Box
    opacity: float = Field(ge=0, le=1)
    role: Role
    part_of: str | None
    ink: str | None = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    origin: str


_KEPT = TypeAdapter(dict[str, Particulars])


@dataclass(frozen=True, eq=False)
class Found:
    """A layer in a file: ``box`` may reach over the canvas; ``key`` says which particulars are its own."""

    shown: str
    box: Box
    pixels: RGBA
    opacity: float = 1.0
    visible: bool = True
    group: str = ""
    key: str = ""
    role: Role | None = None
    id: str = ""
    part_of: str = ""


def shown_name(layer: Layer) -> str:
    """The name of a layer as files show it: one line, never empty."""
    return label(layer.name) or label(layer.id) or layer.role


def inside(around: str, group: str) -> str:
    """The names of the groups around what is in ``group``, which has those ``around`` it."""
    return NESTED.join(filter(None, (around, group)))


def particulars(layer: Layer, group: str = "") -> Particulars:
    """What is to travel along with a layer in the group that is called so."""
    return Particulars(
        id=storable(layer.id),
        name=storable(layer.name),
        shown=shown_name(layer),
        group=group,
        box=layer.box,
        opacity=layer.opacity,
        role=layer.role,
        part_of=None if layer.part_of is None else storable(layer.part_of),
        ink=layer.ink if layer.ink and _INK.fullmatch(layer.ink) else None,
        origin=storable(layer.origin),
    )


def written(kept: Mapping[str, Particulars]) -> bytes:
    """Particulars by key as JSON in ASCII."""
    return _KEPT.dump_json(dict(kept), ensure_ascii=True)


def read(data: bytes | str) -> dict[str, Particulars]:
    """Particulars by key; none when they are damaged, as a file is of use without them."""
    try:
        return _KEPT.validate_json(data)
    except ValidationError:
        return {}


def restored(size: tuple[int, int], found: Sequence[Found], kept: Mapping[str, Particulars]) -> LayerStack:
    """The stack of the layers found in a file, bottom first, on a canvas of ``size`` (width, height).

    What lies outside the canvas is cut off, and so are clear margins of layers that are not as they were written.
    """
    fitting = [kept.get(one.key) for one in found]
    taken = set[str]()
    ids = [_id_of(one, was, taken) for one, was in zip(found, fitting, strict=True)]
    names = {one.shown: id for one, id in zip(reversed(found), reversed(ids), strict=True)}
    layers = [
        _layer(size, one, was, id, names, place == 0)
        for place, (one, was, id) in enumerate(zip(found, fitting, ids, strict=True))
    ]
    return LayerStack(size, tuple(layers))


def _id_of(one: Found, was: Particulars | None, taken: set[str]) -> str:
    return unique(was.id if was else one.id or slug(one.shown), taken)


def _layer(
    size: tuple[int, int], one: Found, was: Particulars | None, id: str, names: Mapping[str, str], is_lowest: bool
) -> Layer:
    box, pixels = _placed(size, one, was)
    inner = one.group.rpartition(NESTED)[2]
    whole = one.part_of or names.get(one.group) or names.get(inner, one.group)
    part_of = None if not whole or whole == id else whole
    if was and was.group == one.group:
        part_of = was.part_of
    opacity = was.opacity if was and abs(was.opacity - one.opacity) <= CLOSE else one.opacity
    return Layer(
        id=id,
        name=was.name if was and was.shown == one.shown else one.shown,
        box=box,
        pixels=pixels,
        role=was.role if was else one.role or _role(size, box, pixels, is_lowest),
        opacity=opacity,
        part_of=part_of,
        ink=None if was and was.ink is None else only_ink(pixels, was.ink if was else None),
        origin=was.origin if was else "",
        visible=one.visible,
    )


def _placed(size: tuple[int, int], one: Found, was: Particulars | None) -> tuple[Box, RGBA]:
    """Box and pixels on the canvas."""
    if was and not was.box.area and not one.pixels[..., 3].any():
        return was.box, np.zeros((was.box.height, was.box.width, 4), dtype=np.uint8)
    box = one.box.intersect(Box.whole(size))
    inside = box.shifted(-one.box.x0, -one.box.y0)
    pixels = one.pixels[inside.slices] if box.area else np.zeros((0, 0, 4), dtype=np.uint8)
    if not box.area:
        return Box(0, 0, 0, 0), pixels
    if not (was and was.box == box):
        shown = Box.around(pixels[..., 3] > 0)
        pixels, box = pixels[shown.slices], shown.shifted(box.x0, box.y0)
    return box, np.ascontiguousarray(pixels)


def _role(size: tuple[int, int], box: Box, pixels: RGBA, is_lowest: bool) -> Role:
    """The lowest layer is the background if it covers the canvas."""
    covers = is_lowest and box == Box.whole(size) and bool((pixels[..., 3] == 255).all())
    return "background" if covers else "element"
