"""Shapes whose left and right half are alike: one half is drawn, from what both show, and mirrored."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.bezier import Curve, fit_open_curve
from peeler.vectorizers.corners import ARM, LONGEST_TAIL, ROUNDING, corner_tips, unit
from peeler.vectorizers.outlines import Outline, Points
from peeler.vectorizers.strokes import even, nearest
from peeler.vectorizers.twins import alike, middle_of

LEVEL = np.cos(np.deg2rad(12))
"""Cosine of the angle to the horizontal up to which an outline crosses the axis smoothly."""
MOST_POINTS = 1500

Numbers = NDArray[np.float64]


def mirrored_halves(outline: Outline, tolerance: float) -> list[Curve] | None:
    """The curves of an outline whose sides are alike; None if they are not, or it crosses its axis more than twice."""
    if len(outline.points) > MOST_POINTS:
        return None
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
    return _joined(curves, other)


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


def _joined(half: list[Curve], other: list[Curve]) -> list[Curve]:
    """Both halves; a level line that goes on across the axis is one line."""
    curves = [*half, *other]
    if _is_level(half[-1]) and _is_level(other[0]):
        curves[len(half) - 1 : len(half) + 1] = [np.stack([half[-1][0], other[0][-1]])]
    if len(curves) > 2 and _is_level(curves[0]) and _is_level(curves[-1]):
        curves = [np.stack([curves[-1][0], curves[0][-1]]), *curves[1:-1]]
    return curves


def _is_level(curve: Curve) -> bool:
    return len(curve) == 2 and abs(float(curve[1][1] - curve[0][1])) < 0.005
