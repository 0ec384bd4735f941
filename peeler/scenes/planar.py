"""Flat regions: union, difference, intersection and offset of closed curves.

Curves are flattened to polygons, all crossings are found, and the pieces of edge that have the wanted region on their
left and not on their right are chained up again (Weiler and Atherton 1977 on an arrangement). Operands are shifted
against each other by a few thousandths of a pixel, so that no two edges coincide. Offsets are raw parallel curves of
which the part with positive winding is kept (Chen and McMains 2005).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from peeler.scenes.paths import Loop, Path

Polygon = NDArray[np.float64]
"""n × 2 corners, not repeated at the end."""
Windings = NDArray[np.int64]
"""Operands × points: how often each operand winds around each point."""

STEP = 5.0
"""Longest piece of a flattened curve, in pixels; a longer edge of a polygon is a straight line."""
_NUDGE = 0.0037
_SIDE = 1e-6
_LEAST_AREA = 1.5
_GAP = 0.05
_BEND = math.radians(9)


def flatten(path: Path) -> list[Polygon]:
    """The loops as polygons: curves cut so that they turn little at each corner, lines left whole."""
    return [_flat_loop(loop) for loop in path.loops]


def _flat_loop(loop: Loop) -> Polygon:
    corners = [np.array([loop.start])]
    here = loop.start
    for segment in loop.segments:
        corners.append(np.array([segment[0]]) if len(segment) == 1 else _flat_cubic(np.array([here, *segment])))
        here = segment[-1]
    polygon = np.concatenate(corners)
    apart = np.abs(polygon - np.roll(polygon, 1, axis=0)).max(axis=1) > 1e-3
    return polygon[apart] if apart.any() else polygon[:1]


def _flat_cubic(handles: Polygon) -> Polygon:
    legs = np.diff(handles, axis=0)
    length = float(np.hypot(legs[:, 0], legs[:, 1]).sum())
    count = max(6, math.ceil(length / STEP))
    t = np.linspace(0, 1, count + 1)[1:, None]
    p0, p1, p2, p3 = handles
    curve: Polygon = (1 - t) ** 3 * p0 + 3 * (1 - t) ** 2 * t * p1 + 3 * (1 - t) * t**2 * p2 + t**3 * p3
    return curve


def area(polygon: Polygon) -> float:
    """Signed area in square pixels."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def resolve(operands: Sequence[Sequence[Polygon]], keep: Callable[[Windings], NDArray[np.bool_]]) -> list[Polygon]:
    """The outline of the region where ``keep`` says so of the operands' winding numbers.

    The region lies on the left of every edge.
    """
    starts, ends, owner = _edges(operands)
    if not len(starts):
        return []
    starts, ends, owner = _split(starts, ends, owner)
    along = ends - starts
    length = np.hypot(along[:, 0], along[:, 1])[:, None]
    left_of = (starts + ends) / 2 + np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(length, 1e-12) * _SIDE
    left = _windings(left_of, operands)
    right = left.copy()
    right[owner, np.arange(len(owner))] -= 1
    inside, outside = keep(left), keep(right)
    forward, backward = inside & ~outside, outside & ~inside
    chosen_starts = np.concatenate([starts[forward], ends[backward]])
    chosen_ends = np.concatenate([ends[forward], starts[backward]])
    return [loop for loop in _chains(chosen_starts, chosen_ends) if abs(area(loop)) > _LEAST_AREA]


def _edges(operands: Sequence[Sequence[Polygon]]) -> tuple[Polygon, Polygon, NDArray[np.int64]]:
    starts = [polygon for polygons in operands for polygon in polygons]
    if not starts:
        return np.empty((0, 2)), np.empty((0, 2)), np.empty(0, dtype=np.int64)
    ends = [np.roll(polygon, -1, axis=0) for polygon in starts]
    counts = [sum(len(polygon) for polygon in polygons) for polygons in operands]
    return np.concatenate(starts), np.concatenate(ends), np.repeat(np.arange(len(operands)), counts)


def _split(starts: Polygon, ends: Polygon, owner: NDArray[np.int64]) -> tuple[Polygon, Polygon, NDArray[np.int64]]:
    """The edges cut at every crossing."""
    one, two, where_one, where_two = _crossings(starts, ends)
    points = starts[one] + (ends[one] - starts[one]) * where_one[:, None]
    edge = np.concatenate([np.arange(len(starts)), one, two])
    place = np.concatenate([np.zeros(len(starts)), where_one, where_two])
    corner = np.concatenate([starts, points, points])
    order = np.lexsort((place, edge))
    edge, corner = edge[order], corner[order]
    last = np.append(edge[1:] != edge[:-1], True)
    following = np.roll(corner, -1, axis=0)
    following[last] = ends[edge[last]]
    real = np.abs(following - corner).max(axis=1) > 0
    return corner[real], following[real], owner[edge[real]]


def _crossings(
    starts: Polygon, ends: Polygon
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs of edges that properly cross, and where along each (0 to 1)."""
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    near = (low[:, None, 0] <= high[None, :, 0]) & (low[:, None, 1] <= high[None, :, 1])
    near &= near.T
    one, two = np.nonzero(np.triu(near, 1))
    first, second, gap = ends[one] - starts[one], ends[two] - starts[two], starts[two] - starts[one]
    turn = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    safe = np.where(np.abs(turn) < 1e-12, np.inf, turn)
    where_one = (gap[:, 0] * second[:, 1] - gap[:, 1] * second[:, 0]) / safe
    where_two = (gap[:, 0] * first[:, 1] - gap[:, 1] * first[:, 0]) / safe
    tiny = 1e-9
    proper = (where_one > tiny) & (where_one < 1 - tiny) & (where_two > tiny) & (where_two < 1 - tiny)
    return one[proper], two[proper], where_one[proper], where_two[proper]


def _windings(points: Polygon, operands: Sequence[Sequence[Polygon]]) -> Windings:
    return np.stack([_winding(points, polygons) for polygons in operands])


def _winding(points: Polygon, polygons: Sequence[Polygon]) -> NDArray[np.int64]:
    """Sunday's winding number: upward edges with the point on their left minus downward ones with it on their right."""
    total = np.zeros(len(points), dtype=np.int64)
    for polygon in polygons:
        ends = np.roll(polygon, -1, axis=0)
        x0, y0, x1, y1 = polygon[:, 0], polygon[:, 1], ends[:, 0], ends[:, 1]
        for first in range(0, len(points), 512):
            x, y = points[first : first + 512, 0, None], points[first : first + 512, 1, None]
            side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
            up, down = (y0 <= y) & (y1 > y) & (side > 0), (y0 > y) & (y1 <= y) & (side < 0)
            total[first : first + 512] += up.sum(axis=1) - down.sum(axis=1)
    return total


def _chains(starts: Polygon, ends: Polygon) -> list[Polygon]:
    """The edges joined to closed loops; a gap of up to a few hundredths of a pixel is bridged."""
    leaving: dict[tuple[float, float], list[int]] = {}
    keys = [(float(x), float(y)) for x, y in starts]
    for index, key in enumerate(keys):
        leaving.setdefault(key, []).append(index)
    targets = [(float(x), float(y)) for x, y in ends]
    loops = [np.array(_walk(key, leaving, targets)) for key in keys]
    return [_without_flat_corners(loop) for loop in loops if len(loop) > 2]


def _walk(
    start: tuple[float, float], leaving: dict[tuple[float, float], list[int]], targets: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    loop, here = [], start
    while leaving.get(here):
        loop.append(here)
        there = targets[leaving[here].pop()]
        if not leaving[here]:
            del leaving[here]
        here = there if there in leaving else _nearest(there, [*leaving, start])
        if here == start:
            return loop
    return []


def _nearest(point: tuple[float, float], others: Sequence[tuple[float, float]]) -> tuple[float, float]:
    other = min(others, key=lambda candidate: math.dist(point, candidate))
    return other if math.dist(point, other) < _GAP else point


def _without_flat_corners(polygon: Polygon) -> Polygon:
    """Without the corners that lie within a hundredth of a pixel of the line between their neighbours, one pass in each
    parity.
    """
    for parity in (0, 1):
        before, after = np.roll(polygon, 1, axis=0), np.roll(polygon, -1, axis=0)
        chord = after - before
        length = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
        off = (
            np.abs(chord[:, 0] * (polygon[:, 1] - before[:, 1]) - chord[:, 1] * (polygon[:, 0] - before[:, 0])) / length
        )
        off = np.maximum(off, np.where((chord * (polygon - before)).sum(axis=1) < 0, np.inf, 0))
        spare = (off < 0.006) & (np.arange(len(polygon)) % 2 == parity)
        polygon = polygon[~spare]
        if len(polygon) < 3:
            break
    return polygon


def nudged(polygons: Sequence[Polygon], rank: int) -> list[Polygon]:
    """Shifted by a few thousandths of a pixel, differently for every rank."""
    shift = np.array([math.cos(rank * 2.4), math.sin(rank * 2.4)]) * _NUDGE * math.sqrt(rank)
    return [polygon + shift for polygon in polygons]


def union(operands: Sequence[Sequence[Polygon]]) -> list[Polygon]:
    """Where any operand (even-odd) is."""
    shifted = [nudged(polygons, rank) for rank, polygons in enumerate(operands)]
    return resolve(shifted, lambda winding: (winding % 2 == 1).any(axis=0))


def difference(one: Sequence[Polygon], two: Sequence[Polygon]) -> list[Polygon]:
    """Where ``one`` is and ``two`` is not."""
    return resolve([one, nudged(two, 1)], lambda winding: (winding[0] % 2 == 1) & (winding[1] % 2 == 0))


def intersection(one: Sequence[Polygon], two: Sequence[Polygon]) -> list[Polygon]:
    """Where both are."""
    return resolve([one, nudged(two, 1)], lambda winding: (winding % 2 == 1).all(axis=0))


def oriented(polygons: Sequence[Polygon]) -> list[Polygon]:
    """The same region (even-odd) without self-crossings, with the inside on the left."""
    return resolve([polygons], lambda winding: winding[0] % 2 == 1)


def offset(polygons: Sequence[Polygon], distance: float) -> list[Polygon]:
    """The region grown by ``distance`` pixels with round corners, or shrunk if it is negative.

    ``polygons`` must be oriented.
    """
    raw = [_parallel(polygon, distance) for polygon in polygons if len(polygon) > 1]
    return resolve([raw], lambda winding: winding[0] > 0)


def _parallel(polygon: Polygon, distance: float) -> Polygon:
    along = np.roll(polygon, -1, axis=0) - polygon
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)[:, None]
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1)
    corners: list[tuple[float, float]] = []
    for point, before, after in zip(
        polygon.tolist(), np.roll(outward, 1, axis=0).tolist(), outward.tolist(), strict=True
    ):
        corners += _joint(point, before, after, distance)
    return np.array(corners)


def _joint(point: list[float], before: list[float], after: list[float], distance: float) -> list[tuple[float, float]]:
    """The parallel curve at one corner: an arc on its open side, a way through the corner itself on the closed side."""
    turn = math.atan2(before[0] * after[1] - before[1] * after[0], before[0] * after[0] + before[1] * after[1])
    if abs(turn) > math.pi - 1e-6:  # the end of a line that comes back: its cap is on the open side
        turn = math.pi
    if turn * distance < 0 and abs(turn) > 1.5 * _BEND:
        inner = [(point[0] + n[0] * distance, point[1] + n[1] * distance) for n in (before, after)]
        return [inner[0], (point[0], point[1]), inner[1]]
    count = math.ceil(abs(turn) / _BEND)
    if count <= 1:
        middle = (before[0] + after[0], before[1] + after[1])
        size = math.hypot(*middle) or 1.0
        return [(point[0] + middle[0] / size * distance, point[1] + middle[1] / size * distance)]
    begin = math.atan2(before[1], before[0])
    angles = [begin + turn * step / count for step in range(count + 1)]
    return [(point[0] + math.cos(angle) * distance, point[1] + math.sin(angle) * distance) for angle in angles]
