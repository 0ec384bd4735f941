"""Cuts: straight lines through a shape between two of its concave corners.

The minima rule is from Hoffman and Richards, *Parts of recognition*, 1984; short cuts are preferred as in Singh,
Seyranian and Hoffman, *Parsing silhouettes: the short-cut rule*, 1999. An edge at each corner must continue along the
cut, as where a handle meets the rim of a cup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Corner, Points, Vector, along
from peeler.flat.matting import grown
from peeler.geometry import Pixels

WIDEST_TURN = 32.0
"""Degrees between a cut and the edge that continues along it."""
SHORT_CUT = 12.0
"""Pixels up to which the pixel grid makes directions uncertain; ``GRID_SLACK`` degrees are allowed for it."""
GRID_SLACK = 12.0
DETOUR = 1.6
"""The way around along the outline must be longer than the cut by this factor."""
SUBPIXEL = 4
"""Bits of a pixel to which cuts are drawn."""
SEEN = 0.25
"""Share of a cut that must be visible."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A line between two corners; its ``cost`` grows with its length and with how far the edges turn off it."""

    first: Corner
    second: Corner
    cost: float

    @cached_property
    def ends(self) -> Vector:
        """2 × 2: x, y."""
        return np.array([self.first.vertex, self.second.vertex])

    @cached_property
    def length(self) -> float:
        return float(np.hypot(*(self.ends[1] - self.ends[0])))

    @cached_property
    def way(self) -> Vector:
        """Unit direction from the first corner to the second."""
        way: Vector = (self.ends[1] - self.ends[0]) / self.length
        return way


def possible_cuts(corners: Sequence[Corner], mask: Pixels, visible: Pixels) -> list[Cut]:
    """Every line between two corners along which an edge goes on at both, cheapest first."""
    # The line from pixel to pixel may step over the outline right at a corner.
    inside = grown(mask, 1)
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
        if turns.max() <= allowed and inside[line].all() and visible[line].mean() >= SEEN:
            cuts.append(Cut(first, second, length * (1 + turns.mean() / 30)))
    return sorted(cuts, key=lambda cut: cut.cost)


def compatible(cuts: Sequence[Cut], made: Sequence[Cut]) -> list[Cut]:
    """The cheapest cuts that share no corner and do not cross, neither each other nor those already ``made``."""
    chosen: list[Cut] = []
    for cut in cuts:
        corners = {id(corner) for other in (*made, *chosen) for corner in (other.first, other.second)}
        if not corners & {id(cut.first), id(cut.second)} and not any(_cross(cut, other) for other in (*made, *chosen)):
            chosen.append(cut)
    return chosen


def _cross(one: Cut, other: Cut) -> bool:
    a, b, c, d = one.first.point, one.second.point, other.first.point, other.second.point
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(start: Points, stop: Points, point: Points) -> int:
    return int((stop[0] - start[0]) * (point[1] - start[1]) - (stop[1] - start[1]) * (point[0] - start[0]))


def opened(mask: Pixels, cuts: Sequence[Cut]) -> NDArray[np.uint8]:
    """``mask`` without the pixels of the cuts."""
    canvas = mask.astype(np.uint8)
    for cut in cuts:
        # From the outline itself: a vertex may lie a pixel inside.
        way = np.stack([cut.first.point, *cut.ends, cut.second.point])
        cv2.polylines(canvas, [np.rint(way * (1 << SUBPIXEL)).astype(np.int32)], False, (0,), 1, cv2.LINE_8, SUBPIXEL)
    return canvas
