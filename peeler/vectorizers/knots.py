"""Where curves meet: the corners of an outline, the ends of its straight runs, or its extremes if it has neither."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.corners import ARM, ROUNDING, apart, corner_tips, turns, unit
from peeler.vectorizers.outlines import Outline, Points

STRAIGHT = 0.15
"""Pixels by which a piece may leave its chord and still be drawn as a line."""
CALMING = 4
"""Times that hard stretches are smoothed: the steps go, and a corner moves by less than a pixel."""
CALM = np.deg2rad(3.5)
"""Turn up to which an outline runs straight."""
LONG = 24
"""Steps from which a straight run is kept as one line."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Knot:
    """Where two pieces meet: the place along the outline, the point, and the direction unless there is a corner."""

    place: int
    point: Numbers
    direction: Numbers | None


def spaced(outline: Outline) -> tuple[Points, Numbers]:
    """The outline with points a pixel apart, and how hard it is around each (0–1)."""
    closed = np.concatenate([outline.points, outline.points[:1]])
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    places = np.linspace(0, along[-1], max(8, round(along[-1])), endpoint=False)
    points = np.stack([np.interp(places, along, closed[:, axis]) for axis in (0, 1)], axis=1)
    hard = np.interp(places, along, np.append(outline.hard, outline.hard[0]))
    return points, np.clip(2 * _means(hard, ARM) - 1, 0, 1)


def _means(values: Numbers, reach: int) -> Numbers:
    """Per place the mean of those up to ``reach`` before and after it."""
    window = np.arange(-reach, reach + 1)
    around: Numbers = values[(np.arange(len(values))[:, None] + window) % len(values)].mean(axis=1)
    return around


def _smoothed(points: Points) -> Points:
    return (np.roll(points, 1, axis=0) + 2 * points + np.roll(points, -1, axis=0)) / 4


def find_knots(points: Points, hard: Numbers, alpha: NDArray[np.uint8] | None) -> tuple[Points, list[Knot]]:
    """The outline without pixel steps; its corners and ends of straight runs, or its extremes if it has neither."""
    count, knots = len(points), {}
    if count >= LONG:
        points = _smoothed(points)
        tips = corner_tips(points, alpha)
        points = _calmed(points, hard, tips)
        knots = natural_knots(points, tips)
    if not knots:
        x, y = points.T
        extremes = {int(x.argmin()), int(y.argmin()), int(x.argmax()), int(y.argmax())}
        arm = max(1, min(ARM - 1, count // 8))
        around = np.arange(-arm, arm + 1)
        knots = {place: smooth_knot(place, points[(place + around) % count]) for place in extremes}
    return points, [knots[place] for place in sorted(knots)]


def natural_knots(points: Points, tips: Mapping[int, Numbers]) -> dict[int, Knot]:
    """Corners, whose ``tips`` are known by their places along a closed outline, and the ends of straight runs."""
    count, knots = len(points), {place: Knot(place, tip, None) for place, tip in tips.items()}
    for start, end in _straight_runs(points):
        direction = unit(points[end % count] - points[start % count])
        for place in (start % count, end % count):
            if not any(apart(place, corner, count) <= 2 * ROUNDING for corner in tips):
                knots[place] = Knot(place, points[place], direction)
    return knots


def _calmed(points: Points, hard: Numbers, corners: Iterable[int]) -> Points:
    """The points with hard stretches smoothed, but for those around corners."""
    if not hard.any():
        return points
    share = hard.copy()
    for corner in corners:
        share[np.arange(corner - CALMING, corner + CALMING + 1) % len(points)] = 0
    calm = points
    for _ in range(CALMING):
        calm = _smoothed(calm)
    return points + (calm - points) * share[:, None]


def smooth_knot(place: int, around: Points) -> Knot:
    """A knot on the parabola through the points ``around`` it, an odd number (Savitzky and Golay 1964)."""
    arm = len(around) // 2
    steps = np.arange(-arm, arm + 1)
    squares = steps * steps
    # The value of the least-squares parabola at its middle; with three points it is the middle one.
    weights = squares @ squares - squares * squares.sum()
    return Knot(place, weights @ around / weights.sum(), unit(steps @ around))


def _straight_runs(points: Points) -> list[tuple[int, int]]:
    """First and last place of each stretch without a turn, at least ``LONG`` steps long."""
    count = len(points)
    calm = np.abs(turns(points, ARM)) < CALM
    if calm.all() or not calm.any():
        return []
    starts = np.flatnonzero(calm & ~np.roll(calm, 1)).tolist()
    ends = np.flatnonzero(calm & ~np.roll(calm, -1)).tolist()
    if ends[0] < starts[0]:
        ends = [*ends[1:], ends[0] + count]
    # A turn is felt an arm's length ahead.
    runs = [(start - ARM + 2, end + ARM - 2) for start, end in zip(starts, ends, strict=True)]
    return [run for run in runs if run[1] - run[0] >= LONG and _is_straight(points, *run)]


def _is_straight(points: Points, start: int, end: int) -> bool:
    inner = points[np.arange(start, end + 1) % len(points)]
    chord = inner[-1] - inner[0]
    off = np.abs((inner - inner[0]) @ np.array([-chord[1], chord[0]])) / max(1e-9, float(np.hypot(*chord)))
    return bool(off.max() <= STRAIGHT)
