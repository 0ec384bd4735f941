"""Touching shapes of one ink: cut where one outline runs straight on through another.

The cut joins two concave corners (minima rule: Hoffman and Richards 1984; short cuts: Singh, Seyranian and Hoffman
1999), and an edge at each of them must continue along it, as where a handle meets the rim of a cup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from peeler.flat.contours import Corner, Points, along, concave_corners
from peeler.geometry import Pixels

WIDEST_TURN = 32.0
"""Degrees between a cut and the edge that continues along it."""
SHORT_CUT = 12.0
"""Pixels up to which the pixel grid makes directions uncertain; ``GRID_SLACK`` degrees are allowed for it."""
GRID_SLACK = 12.0
DETOUR = 1.6
"""The way around along the outline must be longer than the cut by this factor."""
SEEN = 0.25
"""Share of a cut that must be visible."""
SMALLEST_PART = 40
"""Pixels."""


@dataclass(frozen=True, eq=False)
class _Cut:
    first: Corner
    second: Corner
    cost: float


def split(mask: Pixels, visible: Pixels, own_edge: Pixels) -> list[Pixels]:
    """The parts of ``mask`` between its cuts; the mask itself if there are none.

    A cut is made where it can be seen, in ``visible``, and only between corners on ``own_edge``: pixels where the
    outline is the shape's own and not that of an occluder.
    """
    corners = [corner for corner in concave_corners(mask) if own_edge[corner.point[1], corner.point[0]]]
    cuts = _chosen(_candidates(corners, mask, visible))
    if not cuts:
        return [mask]
    open_mask = mask.astype(np.uint8)
    for cut in cuts:
        cv2.line(open_mask, _xy(cut.first.point), _xy(cut.second.point), (0,), 1, cv2.LINE_8)
    return _parts(mask, open_mask)


def _candidates(corners: Sequence[Corner], mask: Pixels, visible: Pixels) -> list[_Cut]:
    cuts = []
    for first, second in combinations(corners, 2):
        way = (second.point - first.point).astype(np.float64)
        length = float(np.hypot(*way))
        if length < 3 or first.way_to(second) < DETOUR * length:
            continue
        direction = way / length
        # The edge of one shape arrives at a corner, runs on along the cut and leaves from the other corner.
        onward = first.arriving @ direction, second.leaving @ direction
        backward = -(second.arriving @ direction), -(first.leaving @ direction)
        fits = max(onward, backward, key=min)
        turns = np.degrees(np.arccos(np.clip(fits, -1, 1)))
        allowed = WIDEST_TURN + (GRID_SLACK if length <= SHORT_CUT else 0)
        line = along(first.point, second.point)
        if turns.max() <= allowed and mask[line].all() and visible[line].mean() >= SEEN:
            cuts.append(_Cut(first, second, length * (1 + turns.mean() / 30)))
    return sorted(cuts, key=lambda cut: cut.cost)


def _chosen(cuts: Sequence[_Cut]) -> list[_Cut]:
    """The cheapest cuts that share no corner and do not cross."""
    chosen: list[_Cut] = []
    for cut in cuts:
        corners = {id(corner) for other in chosen for corner in (other.first, other.second)}
        if not corners & {id(cut.first), id(cut.second)} and not any(_cross(cut, other) for other in chosen):
            chosen.append(cut)
    return chosen


def _cross(one: _Cut, other: _Cut) -> bool:
    a, b, c, d = one.first.point, one.second.point, other.first.point, other.second.point
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(start: Points, stop: Points, point: Points) -> int:
    return int((stop[0] - start[0]) * (point[1] - start[1]) - (stop[1] - start[1]) * (point[0] - start[0]))


def _xy(point: Points) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def _parts(mask: Pixels, cut_open: np.ndarray) -> list[Pixels]:
    """Connected parts of the cut mask; the pixels of the cuts and of tiny parts go to their neighbours."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cut_open, connectivity=4)
    large = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= SMALLEST_PART]
    if len(large) < 2:
        return [mask]
    numbers = np.zeros(count, np.float32)
    numbers[large] = np.arange(1, len(large) + 1)
    owner = numbers[labels]
    while (unowned := mask & (owner == 0)).any():
        grown = cv2.dilate(owner, np.ones((3, 3), np.uint8))
        if not (grown[unowned] > 0).any():
            break
        owner[unowned] = grown[unowned]
    return [owner == number for number in range(1, len(large) + 1)]
