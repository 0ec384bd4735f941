"""Shapes whose halves are alike, left and right or top and bottom: one is drawn, from what both show, and mirrored."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.arcs import HALF, arc_through
from peeler.vectorizers.bezier import Curve, fit_open_curve
from peeler.vectorizers.corners import ARM, LONGEST_TAIL, ROUNDING, corner_tips, unit
from peeler.vectorizers.outlines import Outline, Points
from peeler.vectorizers.strokes import even, nearest
from peeler.vectorizers.twins import alike, middle_of

LEVEL = np.cos(np.deg2rad(12))
"""Cosine of the angle to the horizontal up to which an outline crosses the axis smoothly."""
AS_GOOD_AS_LEVEL = 0.1
"""Pixels by which a line that crosses the axis may rise, or the centre of an arc be beside it."""
MOST_POINTS = 1500

Numbers = NDArray[np.float64]


def mirrored_halves(outline: Outline, tolerance: float) -> list[Curve] | None:
    """The curves of an outline whose halves are alike; None if they are not, or it crosses its axis more than twice."""
    if len(outline.points) > MOST_POINTS:
        return None
    if (curves := _from_right_half(outline, tolerance)) is not None:
        return curves
    # With x and y exchanged, and backwards to go the same way round, top and bottom are left and right.
    alpha = None if outline.alpha is None else outline.alpha.T
    turned = _from_right_half(Outline(outline.points[::-1, ::-1], outline.hard[::-1], alpha), tolerance)
    return None if turned is None else [curve[::-1, ::-1] for curve in turned[::-1]]


def _from_right_half(outline: Outline, tolerance: float) -> list[Curve] | None:
    axis = float(middle_of([outline])[0])
    points = even(outline.points) - (axis, 0)
    if not alike(points * (-1, 1), points):
        return None
    right = _right_half(points)
    if right is None:
        return None
    line = _averaged(right, points)
    tips = [tip - (axis, 0) for tip in corner_tips(points + (axis, 0), outline.alpha).values()]
    first, last = (_end(line[::way], tips) for way in (1, -1))
    line[0], line[-1] = first.point, last.point
    ends = first.direction, None if last.direction is None else -last.direction
    curves = fit_open_curve(line + (axis, 0), tolerance, outline.alpha, ends)
    other = [(curve[::-1] - (axis, 0)) * (-1, 1) + (axis, 0) for curve in curves[::-1]]
    return _joined(curves, other, axis)


def _right_half(points: Points) -> Points | None:
    """The stretch of an outline right of x = 0, from where it crosses that to where it comes back."""
    is_right = points[:, 0] >= 0
    enters = np.flatnonzero(is_right & ~np.roll(is_right, 1))
    leaves = np.flatnonzero(is_right & ~np.roll(is_right, -1))
    if len(enters) != 1 or len(leaves) != 1:
        return None
    count = len(points)
    start = int(enters[0])
    inner = points[(start + np.arange((int(leaves[0]) - start) % count + 1)) % count]
    if len(inner) < 2 * ARM:
        return None
    crossings = [
        _crossing(points[start - 1], points[start]),
        _crossing(points[(int(leaves[0]) + 1) % count], inner[-1]),
    ]
    return np.vstack([crossings[0], inner, crossings[1]])


def _crossing(left: Numbers, right: Numbers) -> Numbers:
    share = -left[0] / max(1e-9, float(right[0] - left[0]))
    return np.array([0.0, left[1] + (right[1] - left[1]) * share])


def _averaged(right: Points, points: Points) -> Points:
    """The right half, half way to what the left one shows; its ends stay on the axis."""
    _, across = nearest(right, even(points * (-1, 1), 0.25))
    line = (right + across) / 2
    line[[0, -1], 0] = 0
    return even(line, is_closed=False)


class _End(NamedTuple):
    """Where half of an outline begins on the axis, and its direction there unless the halves meet in a corner."""

    point: Numbers
    direction: Numbers | None


def _end(line: Points, tips: Sequence[Numbers]) -> _End:
    """The beginning of a line; ``tips`` are those of all corners of the outline."""
    for tip in tips:
        if abs(tip[0]) <= ROUNDING and np.hypot(*(tip - line[0])) <= LONGEST_TAIL:
            return _End(np.array([0.0, tip[1]]), None)
    smooth = min(unit(line[place] - line[0])[0] for place in (ROUNDING, ARM)) >= LEVEL
    return _End(line[0], np.array([1.0, 0.0]) if smooth else None)


def _joined(half: list[Curve], other: list[Curve], axis: float) -> list[Curve]:
    """Both halves; a level line, and an arc around a point of the axis, that go on across it are one."""
    curves = [*half, *other]
    if (one := _in_one(half[-1], other[0], axis)) is not None:
        curves[len(half) - 1 : len(half) + 1] = [one]
    if len(curves) > 2 and (one := _in_one(curves[-1], curves[0], axis)) is not None:
        curves = [one, *curves[1:-1]]
    return curves


def _in_one(before: Curve, after: Curve, axis: float) -> Curve | None:
    """What two curves that meet on the axis are together, if they are one; the first comes from one side."""
    if len(before) == len(after) == 2 and abs(float(before[1][1] - before[0][1])) <= AS_GOOD_AS_LEVEL:
        return np.stack([before[0], after[1]])
    if len(before) == len(after) == 3:
        arc = arc_through(before)
        is_short = abs(arc.turn) < np.pi / 2 * 0.92
        is_half = abs(before[0][1] - arc.centre[1]) <= HALF
        if abs(arc.centre[0] - axis) <= AS_GOOD_AS_LEVEL and (is_short or is_half):
            return np.stack([before[0], before[2], after[2]])
    return None
