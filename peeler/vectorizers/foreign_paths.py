"""Contours that others drew as outlines like ours: closed, and filled by the rule *nonzero*."""

from collections.abc import Sequence

import numpy as np

from peeler.svg_paths import Contour
from peeler.vectorizers.bezier import Curve


def as_curves(contour: Contour) -> list[Curve]:
    """A contour as control points, closed."""
    here = contour.start
    curves = []
    for piece in contour.pieces:
        curves.append(np.array([here, *piece]))
        here = piece[-1]
    if here != contour.start:
        curves.append(np.array([here, contour.start]))
    return curves


def wound(contours: Sequence[Contour]) -> list[Contour]:
    """Contours that do not cross, turned so that the rule *nonzero* fills what *evenodd* does."""
    outlines = [np.array([contour.start, *(piece[-1] for piece in contour.pieces)]) for contour in contours]
    turned = []
    for index, (contour, outline) in enumerate(zip(contours, outlines, strict=True)):
        inside = sum(_holds(other, outline[0]) for place, other in enumerate(outlines) if place != index)
        x, y = outline.T
        clockwise = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) > 0
        turned.append(contour if clockwise == (inside % 2 == 0) else _backwards(contour))
    return turned


def _holds(outline: Curve, point: Curve) -> bool:
    """Whether a point lies in a polygon, by the crossings of a ray to the right."""
    x, y = outline.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > point[1]) != (next_y > point[1])
    rise = np.where(crosses, next_y - y, 1)
    return bool((crosses & (point[0] < x + (point[1] - y) * (next_x - x) / rise)).sum() % 2)


def _backwards(contour: Contour) -> Contour:
    ends = [contour.start, *(piece[-1] for piece in contour.pieces)]
    pieces = [(*reversed(piece[:-1]), before) for before, piece in zip(ends, contour.pieces, strict=False)]
    return Contour(ends[-1], tuple(reversed(pieces)), contour.closed)
