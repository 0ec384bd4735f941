"""Shapes that look alike are drawn alike: a twin gets the very curves of the one before it, moved or mirrored.

Two eyes are fitted from pixels that differ in how they are cut by the grid, and would come out a little different.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.bezier import Curve
from peeler.vectorizers.markup import DIGITS, Drawing
from peeler.vectorizers.outlines import Outline, Points
from peeler.vectorizers.primitives import Ellipse, Rectangle
from peeler.vectorizers.strokes import Stroke, even, nearest

ALIKE, MOST = 0.2, 0.95
"""Pixels by which outlines of twins may differ, and the share of them at which they may not differ by more."""
WORST = 0.5
"""Pixels by which they may differ anywhere."""
MOST_POINTS = 1500
"""Points of a shape up to which twins are looked for, and the number of shapes that are remembered."""
MOST_KNOWN = 200

Numbers = NDArray[np.float64]


class Known:
    """A shape that was drawn: its outlines around its middle, and its drawing."""

    def __init__(self, outlines: Sequence[Outline], drawing: Drawing) -> None:
        self.outlines = [even(outline.points) for outline in outlines]
        self.areas = np.array([outline.area for outline in outlines])
        self.middle = middle_of(outlines)
        self.drawing = drawing

    def redrawn(self, outlines: Sequence[Outline]) -> Drawing | None:
        """The drawing for ``outlines`` that are a twin's, moved or mirrored; None if they are none."""
        if len(outlines) != len(self.areas):
            return None
        areas = np.array([outline.area for outline in outlines])
        if np.abs(areas - self.areas).max() > 0.01 * np.abs(areas).max() + 1:
            return None
        middle = middle_of(outlines)
        theirs = [even(outline.points) - middle for outline in outlines]
        for sign in (1, -1):
            mine = [(points - self.middle) * (sign, 1) for points in self.outlines]
            if all(alike(one, other) for one, other in zip(mine, theirs, strict=True)):
                # Whole hundredths, so that numbers are rounded as those of the first one are.
                shift = np.round(middle - self.middle * (sign, 1), DIGITS)
                return moved(self.drawing if sign == 1 else mirrored(self.drawing), shift)
        return None


def middle_of(outlines: Sequence[Outline]) -> Numbers:
    """The centre of the area of the outermost outline."""
    points = max(outlines, key=lambda outline: outline.area).points
    after = np.roll(points, -1, axis=0)
    cross = points[:, 0] * after[:, 1] - after[:, 0] * points[:, 1]
    middle: Numbers = ((points + after) * cross[:, None]).sum(axis=0) / (3 * cross.sum() or 1)
    return middle


def alike(one: Points, other: Points) -> bool:
    """Whether two closed outlines, of points a pixel apart, are the same but for what the grid makes of them."""
    if np.abs(np.concatenate([one.min(axis=0) - other.min(axis=0), one.max(axis=0) - other.max(axis=0)])).max() > WORST:
        return False
    # To the nearest of points half a pixel apart, sideways steps count for little and are left out below.
    return _within(one, even(other, 0.5)) and _within(other, even(one, 0.5))


def _within(points: Points, others: Points) -> bool:
    away, _ = nearest(points, others)
    off = np.sqrt(np.maximum(away**2 - 0.25**2, 0))
    return bool(np.quantile(off, MOST) <= ALIKE and off.max() <= WORST)


def moved(drawing: Drawing, shift: Numbers, scale: float = 1.0) -> Drawing:
    """A drawing ``scale`` times as large, about the origin, and then so many pixels to the right and down."""
    x, y = (float(value) for value in shift)
    if isinstance(drawing, Ellipse):
        middle = scale * drawing.x + x, scale * drawing.y + y
        return Ellipse(*middle, scale * drawing.across, scale * drawing.down, drawing.turn)
    if isinstance(drawing, Rectangle):
        x0, y0, x1, y1, radius = (scale * value for value in drawing)
        return Rectangle(x0 + x, y0 + y, x1 + x, y1 + y, radius)
    if isinstance(drawing, Stroke):
        return drawing._replace(middle=_moved_line(drawing.middle, shift, scale), width=scale * drawing.width)
    return [_moved_line(one, shift, scale) for one in drawing]  # type: ignore[misc]


def _moved_line(
    line: list[Curve] | Ellipse | Rectangle, shift: Numbers, scale: float
) -> list[Curve] | Ellipse | Rectangle:
    if isinstance(line, list):
        return [scale * curve + shift for curve in line]
    return moved(line, shift, scale)  # type: ignore[return-value]


def mirrored(drawing: Drawing) -> Drawing:
    """A drawing with left and right exchanged, about the line x = 0; outlines keep the way round that they go."""
    if isinstance(drawing, Ellipse):
        return drawing._replace(x=-drawing.x, turn=(np.pi - drawing.turn) % np.pi)
    if isinstance(drawing, Rectangle):
        return drawing._replace(x0=-drawing.x1, x1=-drawing.x0)
    if isinstance(drawing, Stroke):
        return drawing._replace(middle=_mirrored_line(drawing.middle))
    return [_mirrored_line(one) for one in drawing]  # type: ignore[misc]


def _mirrored_line(line: list[Curve] | Ellipse | Rectangle) -> list[Curve] | Ellipse | Rectangle:
    if isinstance(line, list):
        return [curve[::-1] * (-1, 1) for curve in line[::-1]]
    return mirrored(line)  # type: ignore[return-value]
