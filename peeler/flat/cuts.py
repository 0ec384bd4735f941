"""Cuts: straight lines through a shape between two of its concave corners.

The minima rule is from Hoffman and Richards, *Parts of recognition*, 1984; an edge at each corner must go on along the
cut, as where a handle meets the rim of a cup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Corner, Vector, along
from peeler.flat.matting import grown
from peeler.geometry import Pixels

SHORT_CUT = 12.0
"""Pixels up to which the pixel grid makes directions uncertain; ``GRID_SLACK`` degrees are allowed for it."""
GRID_SLACK = 12.0
SUBPIXEL = 4
"""Bits of a pixel to which cuts are drawn."""
SMALLEST_PART = 40
"""Pixels of a part."""
SEEN = 0.25
"""Share of a cut that must be visible."""
MOST_TWO_BY_TWO = 12
"""Of the cheapest cuts that part nothing alone, which are tried two by two."""


class Slack(NamedTuple):
    """``turn``: degrees between a cut and the edge that goes on along it, at most; ``detour``: by which factor the way
    around along the outline must be longer than the cut, at least.
    """

    turn: float
    detour: float


OF_PARTS = Slack(turn=50.0, detour=1.12)
OF_SIDES = Slack(turn=16.0, detour=1.6)
"""Of the sides of bars, which run on straight: the points of a star do not."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A line between two corners, and by how many degrees the edges there turn off it, the straighter first."""

    first: Corner
    second: Corner
    turns: tuple[float, float]

    @property
    def cost(self) -> float:
        """Grows with its length and with how far the edges turn off it."""
        return self.length * (1 + sum(self.turns) / 60)

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


def possible_cuts(corners: Sequence[Corner], mask: Pixels, visible: Pixels, slack: Slack) -> list[Cut]:
    """Every line between two corners along which an edge goes on at both, cheapest first."""
    # The line from pixel to pixel may step over the outline right at a corner.
    inside = grown(mask, 1)
    cuts = []
    for first, second in combinations(corners, 2):
        way = (second.point - first.point).astype(np.float64)
        length = float(np.hypot(*way))
        if length < 3 or first.way_to(second) < slack.detour * length:
            continue
        direction = way / length
        # The edge of one shape arrives at a corner, runs on along the cut and leaves from the other corner.
        onward = first.arriving @ direction, second.leaving @ direction
        backward = -(second.arriving @ direction), -(first.leaving @ direction)
        fits = max(onward, backward, key=min)
        least, largest = np.sort(np.degrees(np.arccos(np.clip(fits, -1, 1)))).tolist()
        allowed = slack.turn + (GRID_SLACK if length <= SHORT_CUT else 0)
        line = along(first.point, second.point)
        cut = Cut(first, second, (least, largest))
        # Two corners may have the same vertex, where the sides of a thin neck meet.
        if cut.length > 0 and largest <= allowed and inside[line].all() and visible[line].mean() >= SEEN:
            cuts.append(cut)
    return sorted(cuts, key=lambda cut: cut.cost)


def opened(mask: Pixels, cuts: Sequence[Cut]) -> NDArray[np.uint8]:
    """``mask`` without the pixels of the cuts."""
    canvas = mask.astype(np.uint8)
    for cut in cuts:
        # From the outline itself: a vertex may lie a pixel inside.
        way = np.stack([cut.first.point, *cut.ends, cut.second.point])
        cv2.polylines(canvas, [np.rint(way * (1 << SUBPIXEL)).astype(np.int32)], False, (0,), 1, cv2.LINE_8, SUBPIXEL)
    return canvas


@dataclass(frozen=True, eq=False)
class Parting:
    """Cuts that part a shape together, and the ``pieces`` on their sides, the largest first, without the cuts."""

    cuts: tuple[Cut, ...]
    pieces: list[Pixels]


def partings(mask: Pixels, cuts: Sequence[Cut]) -> list[Parting]:
    """Each cut that parts ``mask``, and each two that do so together, as where an outline leaves another one."""
    alone = [Parting((cut,), pieces(opened(mask, [cut]))) for cut in cuts]
    idle = [parting.cuts[0] for parting in alone if len(parting.pieces) == 1][:MOST_TWO_BY_TWO]
    pairs = [Parting(pair, pieces(opened(mask, pair))) for pair in combinations(idle, 2) if not _touch(*pair)]
    return [parting for parting in alone + pairs if len(parting.pieces) > 1]


def _touch(one: Cut, other: Cut) -> bool:
    return bool({id(one.first), id(one.second)} & {id(other.first), id(other.second)})


def pieces(mask: NDArray[np.uint8]) -> list[Pixels]:
    """The connected pieces of a mask that are no specks, the largest first."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA]
    return [labels == label for label in 1 + np.argsort(-areas[1:], kind="stable") if areas[label] >= SMALLEST_PART]
