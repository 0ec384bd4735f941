"""A scene: a motif in a style, drawn from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

import numpy as np

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
    """Shapes bottom first on a white canvas of ``size`` × ``size`` pixels. Every shape shows."""

    family: str
    style: str
    seed: int
    size: int
    shapes: tuple[Shape, ...]

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
    """Without the shapes that are covered, or that have the colour of everything around what shows of them."""
    top = np.pad(render.top_shapes(shapes, DESIGN), 1)
    inks = np.array([(255, 255, 255), *(colours.channels(shape.fill) for shape in shapes)])
    seen = np.bincount(top.ravel(), minlength=len(shapes) + 1) >= _LEAST_PIXELS
    stands_out = np.zeros(len(shapes) + 1, dtype=np.bool_)
    for one, two in ((top[1:], top[:-1]), (top[:, 1:], top[:, :-1])):
        edge = one != two
        first, second = one[edge], two[edge]
        apart = np.abs(inks[first] - inks[second]).max(axis=1) >= _LEAST_DIFFERENCE
        stands_out[first[apart]] = stands_out[second[apart]] = True
    kept = [shape for index, shape in enumerate(shapes, 1) if seen[index] and stands_out[index]]
    ids = {shape.id for shape in kept}
    return tuple(shape if shape.part_of in ids else replace(shape, part_of=None) for shape in kept)
