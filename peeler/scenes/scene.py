"""A scene: a motif in a style, drawn from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.errors import ConfigError
from peeler.geometry import RGB
from peeler.scenes import colours, render
from peeler.scenes.drawing import Shape, Sheet
from peeler.scenes.motifs import FAMILIES
from peeler.scenes.styles import STYLES

DESIGN = 512
_LEAST_PIXELS = 24
_LEAST_DIFFERENCE = 8
Value = TypeVar("Value")


@dataclass(frozen=True)
class Scene:
    """Shapes bottom first on a white canvas of ``size`` × ``size`` pixels. Every shape shows; ids are unique."""

    family: str
    style: str
    seed: int
    size: int
    shapes: tuple[Shape, ...]

    def __post_init__(self) -> None:
        if len({shape.id for shape in self.shapes}) != len(self.shapes):
            raise ValueError(f"two shapes of {self.family} in {self.style} share an id")

    @property
    def svg(self) -> str:
        return render.svg_text(self.shapes, self.size, f"{self.family}, {self.style}")

    @property
    def picture(self) -> RGB:
        return render.picture(self.svg)


def scene(family: str, style: str, seed: int, size: int = DESIGN) -> Scene:
    """Draw ``family`` in ``style``; the same arguments always give the same scene, another seed another of its kind.

    The motif depends on family and seed alone, so the same seed shows one motif in every style.
    """
    motif, look = _known(FAMILIES, family, "motif family"), _known(STYLES, style, "style")
    sheet = Sheet()
    motif(sheet, Random(f"{family} {seed}"))
    shapes = look.apply(tuple(sheet.shapes), Random(f"{family} {style} {seed}"))
    shapes = _that_show(shapes)
    if size != DESIGN:
        scale = size / DESIGN
        shapes = tuple(shape.mapped((scale, 0, 0, scale, 0, 0)) for shape in shapes)
    return Scene(family, style, seed, size, shapes)


def _known(choices: Mapping[str, Value], name: str, kind: str) -> Value:
    if name not in choices:
        raise ConfigError(f"no {kind} {name!r}; there are {', '.join(choices)}")
    return choices[name]


def _that_show(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Without the shapes that are covered, or that make no difference because all around them has their colour."""
    inks = np.array([(255, 255, 255), *(colours.channels(shape.fill) for shape in shapes)])
    top = np.pad(render.top_shapes(shapes, DESIGN), 1)
    seen = np.bincount(top.ravel(), minlength=len(inks)) >= _LEAST_PIXELS
    lost = {shape.id for index, shape in enumerate(shapes, 1) if not seen[index]}
    lost |= {shape.id for index, shape in enumerate(shapes, 1) if seen[index] and not _stands_out(top, inks, index)}
    kept = shapes
    for shape in shapes:
        if shape.id in lost:
            kept = _without(shape, kept)
    return kept


def _stands_out(top: NDArray[np.int64], inks: NDArray[np.int64], index: int) -> bool:
    """Whether the shape touches another of a colour that can be told from its own."""
    for one, two in ((top[1:], top[:-1]), (top[:, 1:], top[:, :-1])):
        edge = (one != two) & ((one == index) | (two == index))
        if (apart(inks[one[edge]], inks[two[edge]]) >= _LEAST_DIFFERENCE).any():
            return True
    return False


def _without(shape: Shape, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The shapes without one, if the picture stays as it is; its parts then belong to what it belonged to."""
    fewer = tuple(
        replace(other, part_of=shape.part_of) if other.part_of == shape.id else other
        for other in shapes
        if other != shape
    )
    return fewer if (_colours(fewer) == _colours(shapes)).mean() > 0.9999 else shapes


def _colours(shapes: tuple[Shape, ...]) -> NDArray[np.uint8]:
    inks = np.array([(255, 255, 255), *(colours.channels(shape.fill) for shape in shapes)], dtype=np.uint8)
    return inks[render.top_shapes(shapes, DESIGN)]
