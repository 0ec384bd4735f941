"""From the outlines of a shape to its drawing: a shape with a name, a stroke, or lines and curves around it."""

from collections.abc import Sequence

import numpy as np

from peeler.vectorizers.bezier import TOLERANCE, Curve, fit_curves
from peeler.vectorizers.markup import Drawing
from peeler.vectorizers.outlines import Outline
from peeler.vectorizers.primitives import Ellipse, recognised
from peeler.vectorizers.strokes import find_stroke
from peeler.vectorizers.symmetry import mirrored_halves
from peeler.vectorizers.twins import MOST_KNOWN, Known
from peeler.vectorizers.twins import MOST_POINTS as MOST_POINTS_OF_TWINS

MOST_OUTLINES, MOST_POINTS = 1500, 80_000
"""A shape with more is noise, and is drawn with straight lines."""


class Pen:
    """Draws shapes within ``tolerance`` pixels, and those that look like one that it drew before like that one.

    The outlines of a ``rough`` one are those that loss left; such as are nearly those of shapes with a name are.
    """

    def __init__(self, tolerance: float = TOLERANCE, rough: bool = False) -> None:
        self.tolerance = tolerance
        self._rough = rough
        self._known: list[Known] = []

    def draw(self, outlines: Sequence[Outline]) -> Drawing:
        """The shape with these outlines, which are at least one; holes are outlines that go the other way round."""
        points = sum(len(outline.points) for outline in outlines)
        if len(outlines) > MOST_OUTLINES or points > MOST_POINTS:
            return [_polygon(outline) for outline in outlines]
        if points > MOST_POINTS_OF_TWINS:
            return drawn(outlines, self.tolerance, self._rough)
        for known in self._known:
            if (twin := known.redrawn(outlines)) is not None:
                return twin
        drawing = drawn(outlines, self.tolerance, self._rough)
        if len(self._known) < MOST_KNOWN:
            self._known.append(Known(outlines, drawing))
        return drawing


def drawn(outlines: Sequence[Outline], tolerance: float, rough: bool = False) -> Drawing:
    """The drawing of a shape by itself."""
    named = [recognised(outline, rough) for outline in outlines]
    if len(outlines) == 1 and named[0] is not None:
        return named[0]
    if stroke := find_stroke(outlines, named, tolerance):
        return stroke
    if len(outlines) == 1 and (halves := mirrored_halves(outlines[0], tolerance)):
        return [halves]
    free = [outline for outline, name in zip(outlines, named, strict=True) if not isinstance(name, Ellipse)]
    curves = iter(fit_curves(free, tolerance))
    return [
        _turning(name, outline) if isinstance(name, Ellipse) else next(curves)
        for outline, name in zip(outlines, named, strict=True)
    ]


def _turning(shape: Ellipse, outline: Outline) -> Ellipse:
    """The ellipse, the other way round if it is a hole."""
    return shape if outline.area > 0 else shape._replace(down=-shape.down)


def _polygon(outline: Outline) -> list[Curve]:
    return list(np.stack([outline.points, np.roll(outline.points, -1, axis=0)], axis=1))
