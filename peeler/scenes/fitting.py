"""Polygons back to smooth paths: corners and straight lines stay, what lies between them becomes cubic Bézier curves.

The curves are fitted by least squares with the tangents given (Schneider, *An algorithm for automatically fitting
digitized curves*, Graphics Gems 1990).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peeler.scenes.paths import Loop, Path, Point
from peeler.scenes.planar import STEP, Polygon

_CORNER = math.radians(24)
_STRAIGHT = STEP * 1.7
_ERROR = 0.16
_TIE = 1e-6
"""Pixels within which two points are as far off, so that machines that round otherwise part a curve at the same one."""
Vector = NDArray[np.float64]


def smooth(polygons: Sequence[Polygon]) -> Path:
    """A path through the polygons, at most about a tenth of a pixel away."""
    return Path(tuple(_smooth_loop(polygon) for polygon in polygons))


def _smooth_loop(polygon: Polygon) -> Loop:
    edges = np.roll(polygon, -1, axis=0) - polygon
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    directions = edges / lengths[:, None]
    before = np.roll(directions, 1, axis=0)
    turns = np.arctan2(
        before[:, 0] * directions[:, 1] - before[:, 1] * directions[:, 0],
        (before * directions).sum(axis=1),
    )
    straight = lengths > _STRAIGHT
    corner = np.abs(turns) > _CORNER
    breaks = np.flatnonzero(corner | straight | np.roll(straight, 1))
    if not len(breaks):
        breaks = np.array([0])
    segments: list[tuple[Point, ...]] = []
    for here, there in zip(breaks, np.append(breaks[1:], breaks[0] + len(polygon)), strict=True):
        run = np.arange(here, there + 1) % len(polygon)
        if len(run) == 2:
            segments.append((_point(polygon[run[1]]),))
            continue
        leave = _tangent(directions, turns, corner, straight, int(run[0]), int(run[1]), backward=False)
        arrive = _tangent(directions, turns, corner, straight, int(run[-1]), int(run[-2]), backward=True)
        segments += _fit(polygon[run], leave, arrive)
    return Loop(_point(polygon[breaks[0]]), tuple(segments))


def _tangent(
    directions: Polygon,
    turns: Vector,
    corner: NDArray[np.bool_],
    straight: NDArray[np.bool_],
    end: int,
    near: int,
    backward: bool,
) -> Vector:
    """Unit tangent into the run at its ``end``.

    Along an adjoining line, across a smooth joint, or one-sided at a corner.
    """
    edge, other = (near, end) if backward else (end, end - 1)
    if not corner[end]:
        whole = directions[other] if straight[other] else directions[edge] + directions[other]
    else:
        half = turns[near] / 2 * (1 if backward else -1)
        x, y = directions[edge]
        whole = np.array([x * math.cos(half) - y * math.sin(half), x * math.sin(half) + y * math.cos(half)])
    unit: Vector = whole / max(math.hypot(*whole), 1e-12)
    return -unit if backward else unit


def _fit(points: Polygon, leave: Vector, arrive: Vector) -> list[tuple[Point, ...]]:
    chord = points[-1] - points[0]
    length = math.hypot(*chord)
    if length > 1e-6:
        off = np.abs(chord[0] * (points[:, 1] - points[0, 1]) - chord[1] * (points[:, 0] - points[0, 0])) / length
        if off.max() < 0.04:
            return [(_point(points[-1]),)]
    if len(points) == 3 and length < 3:
        return [(_point(points[1]),), (_point(points[2]),)]
    t = _chord_lengths(points)
    for _ in range(4):
        handles = _least_squares(points, t, leave, arrive)
        miss = np.hypot(*(_at(handles, t) - points).T)
        if miss.max() < _ERROR:
            return [(_point(handles[1]), _point(handles[2]), _point(handles[3]))]
        t = _closer(points, t, handles)
    first_worst = int((miss > miss.max() - _TIE).argmax())
    worst = int(np.clip(first_worst, 1, len(points) - 2))
    if len(points) < 4:
        return [(_point(point),) for point in points[1:]]
    across = points[worst + 1] - points[worst - 1]
    across /= max(math.hypot(*across), 1e-12)
    return _fit(points[: worst + 1], leave, -across) + _fit(points[worst:], across, arrive)


def _chord_lengths(points: Polygon) -> Vector:
    legs = np.diff(points, axis=0)
    total = np.concatenate([[0.0], np.cumsum(np.hypot(legs[:, 0], legs[:, 1]))])
    result: Vector = total / total[-1]
    return result


def _least_squares(points: Polygon, t: Vector, leave: Vector, arrive: Vector) -> Polygon:
    b0, b1, b2, b3 = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    one, two = b1[:, None] * leave, b2[:, None] * arrive
    rest = points - (b0 + b1)[:, None] * points[0] - (b2 + b3)[:, None] * points[-1]
    c00, c01, c11 = (one * one).sum(), (one * two).sum(), (two * two).sum()
    x0, x1 = (one * rest).sum(), (two * rest).sum()
    determinant = c00 * c11 - c01 * c01
    chord = math.hypot(*(points[-1] - points[0]))
    first = (x0 * c11 - x1 * c01) / determinant if abs(determinant) > 1e-12 else 0.0
    second = (c00 * x1 - c01 * x0) / determinant if abs(determinant) > 1e-12 else 0.0
    if min(first, second) < 0.02 * chord or max(first, second) > 3 * chord + 4:
        first = second = chord / 3
    return np.stack([points[0], points[0] + leave * first, points[-1] + arrive * second, points[-1]])


def _at(handles: Polygon, t: Vector) -> Polygon:
    u = t[:, None]
    value: Polygon = (
        (1 - u) ** 3 * handles[0]
        + 3 * (1 - u) ** 2 * u * handles[1]
        + 3 * (1 - u) * u**2 * handles[2]
        + u**3 * handles[3]
    )
    return value


def _closer(points: Polygon, t: Vector, handles: Polygon) -> Vector:
    """One Newton step of every parameter towards the foot of its point."""
    u = t[:, None]
    legs = 3 * np.diff(handles, axis=0)
    bends = 2 * np.diff(legs, axis=0)
    slope = (1 - u) ** 2 * legs[0] + 2 * (1 - u) * u * legs[1] + u**2 * legs[2]
    bend = (1 - u) * bends[0] + u * bends[1]
    gap = _at(handles, t) - points
    below = (slope * slope).sum(axis=1) + (gap * bend).sum(axis=1)
    step = np.divide((gap * slope).sum(axis=1), below, out=np.zeros_like(t), where=np.abs(below) > 1e-9)
    moved = np.clip(t - step, 0, 1)
    moved[0], moved[-1] = 0.0, 1.0
    return np.maximum.accumulate(moved)


def _point(value: Vector) -> Point:
    return float(value[0]), float(value[1])
