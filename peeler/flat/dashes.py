"""Dashed lines: short bars of one ink that follow each other in even steps, each along the way to the next; and dotted
ones.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from peeler.flat.contours import Vector
from peeler.flat.palette import grain
from peeler.flat.regions import Region, Regions
from peeler.flat.soft_edges import Array

WIDEST, LONGEST = 7.0, 48.0
"""Pixels, at 512 × 512, that a dash is wide and long at most."""
SMALLEST = 6
"""Pixels of a dash."""
SLENDER, FULL = 1.4, 0.7
"""Times as long as wide, and a pixel, that what is no dot is at least; and share of such a bar that it fills."""
MOST = 600
"""Bars of one ink; more are texture."""
FEWEST, FEWEST_DOTS, FEWEST_MORE = 5, 8, 3
"""Dashes of a line, dots of one, and dashes or dots with which it goes on around a corner."""
LIKE = 1.5
"""Ratio of the lengths, and of the widths, of neighbours at most; a pixel may always be missed."""
AHEAD = 0.9
"""Cosine of the angle between a dash and the way to the next one, at least."""
FURTHEST = 4.0
"""Lengths of a dash from the middle of one to that of the next, at most."""
EVEN = 1.35
"""Ratio of the longest step of a line to the shortest, at most; a pixel may always be missed."""
TURN = 2.2
"""Steps between the ends of two lines that are one, which turns a corner there, at most."""
NEXT, LARGEST = 1.3, 2.2
"""Steps from the end of a line to what is left of the next dash, or that one bent around a corner, and times as large
as the others that it is, at most.
"""


class _Bar(NamedTuple):
    """A region that may be a dash: its ``middle`` (x, y), the unit vector ``along`` it, and its sides in pixels."""

    region: Region
    middle: Vector
    along: Vector
    length: float
    width: float

    @property
    def is_dot(self) -> bool:
        """Whether it is too short to tell which way it lies."""
        return self.length < SLENDER * self.width + 1


class _Run(NamedTuple):
    """Dashes in turn, and the mean step from the middle of one to that of the next, in pixels."""

    bars: list[_Bar]
    step: float

    @property
    def is_sure(self) -> bool:
        """Whether there are enough of them to be a line."""
        return len(self.bars) >= (FEWEST_DOTS if self.bars[0].is_dot else FEWEST)

    @property
    def ends(self) -> Array:
        return np.array([self.bars[0].middle, self.bars[-1].middle])


def find_dashes(regions: Regions, aside: Collection[int] = frozenset()) -> list[frozenset[int]]:
    """The labels of the dashes of each dashed line, none of them ``aside``."""
    by_ink: defaultdict[int, list[Region]] = defaultdict(list)
    size = grain(regions.labels)
    for region in regions.all:
        is_short = max(region.box.width, region.box.height) <= LONGEST * size
        if is_short and SMALLEST <= region.area <= WIDEST * LONGEST * size**2 and region.label not in aside:
            by_ink[region.ink].append(region)
    few = [members for members in by_ink.values() if FEWEST <= len(members) <= MOST]
    return [line for members in few for line in _lines([_bar(regions, region) for region in members], size)]


def _bar(regions: Regions, region: Region) -> _Bar:
    """A region as the bar that has its moments."""
    y, x = np.nonzero(regions.labels[region.box.slices] == region.label)
    spread, ways = np.linalg.eigh(np.cov(np.array([x, y]), bias=True))
    # Of the middles of n pixels in a row the variance is (n² − 1) / 12.
    width, length = np.sqrt(12 * np.maximum(spread, 0) + 1)
    middle = np.array([x.mean() + region.box.x0, y.mean() + region.box.y0])
    return _Bar(region, middle, ways[:, 1], float(length), float(width))


def _lines(bars: Sequence[_Bar], size: int) -> list[frozenset[int]]:
    """The dashed lines among bars of one ink."""
    dashes = [bar for bar in bars if _may_be_dash(bar, size)]
    chains = _chains(dashes) if len(dashes) >= FEWEST else []
    runs = [run for chain in chains if (run := _run(chain)) is not None]
    lines = []
    while (first := next((run for run in runs if run.is_sure), None)) is not None:
        line, runs = [first], [run for run in runs if run is not first]
        while (more := next((run for run in runs if any(_meet(run, own) for own in line)), None)) is not None:
            line.append(more)
            runs = [run for run in runs if run is not more]
        told = {bar.region.label for run in line for bar in run.bars}
        lines.append(frozenset(told | {bar.region.label for bar in bars if any(_at_end(bar, run) for run in line)}))
    return lines


def _may_be_dash(bar: _Bar, size: int) -> bool:
    is_full = bar.region.area >= FULL * bar.length * bar.width
    return is_full and bar.width <= WIDEST * size and bar.length <= LONGEST * size


def _chains(bars: Sequence[_Bar]) -> list[list[_Bar]]:
    """Bars in turn, each of which is the nearest one ahead of the other, and the other way round."""
    middles, sides = np.array([bar.middle for bar in bars]), np.array([(bar.length, bar.width) for bar in bars])
    ways = middles[None] - middles[:, None]
    far = np.hypot(ways[..., 0], ways[..., 1])
    alike = (np.maximum(sides[:, None], sides) <= LIKE * np.minimum(sides[:, None], sides) + 1).all(axis=-1)
    near = alike & (far > 0) & (far <= FURTHEST * np.maximum(sides[:, None, 0], sides[:, 0]))
    # A dot has no direction but that to the nearest one.
    nearest = ways[np.arange(len(bars)), np.where(near, far, np.inf).argmin(axis=1)]
    to_nearest = nearest / np.maximum(np.hypot(*nearest.T), 1)[:, None]
    is_dot = np.array([bar.is_dot for bar in bars])[:, None]
    along = np.where(is_dot, to_nearest, np.array([bar.along for bar in bars]))
    ahead = (ways * along[:, None]).sum(axis=-1)
    aligned = np.abs(ahead) >= AHEAD * far
    follows = aligned & aligned.T & near
    next_to: list[set[int]] = [set() for _ in bars]
    for forward in (True, False):
        distance = np.where(follows & ((ahead > 0) == forward), far, np.inf)
        for one, other in enumerate(distance.argmin(axis=1).tolist()):
            if distance[one, other] < np.inf:
                next_to[one].add(other)
    mutual = [{other for other in near if one in next_to[other]} for one, near in enumerate(next_to)]
    return [[bars[place] for place in chain] for chain in _paths(mutual)]


def _paths(next_to: Sequence[set[int]]) -> list[list[int]]:
    """The paths of a graph in which nobody has more than two neighbours; a ring is cut open."""
    seen: set[int] = set()
    paths = []
    for start in sorted(range(len(next_to)), key=lambda place: len(next_to[place])):
        path, here = [], start
        while here not in seen:
            seen.add(here)
            path.append(here)
            here = next((other for other in sorted(next_to[here]) if other not in seen), here)
        if path:
            paths.append(path)
    return paths


def _run(chain: list[_Bar]) -> _Run | None:
    """The dashes of a chain if they follow each other in even steps."""
    if len(chain) < FEWEST_MORE:
        return None
    steps = np.hypot(*np.diff([bar.middle for bar in chain], axis=0).T)
    # The first and the last dash may be cut off.
    inner = steps[1:-1] if len(steps) > FEWEST else steps
    return _Run(chain, float(np.median(steps))) if inner.max() <= EVEN * inner.min() + 1 else None


def _meet(one: _Run, other: _Run) -> bool:
    """Whether two runs end beside each other."""
    shorter, longer = sorted((one.step, other.step))
    apart = np.hypot(*np.moveaxis(one.ends[:, None] - other.ends, -1, 0))
    return longer <= EVEN * shorter and bool(apart.min() <= TURN * longer)


def _at_end(bar: _Bar, run: _Run) -> bool:
    """Whether a bar is what is left of the next dash, or that one bent around a corner."""
    if bar.region.area > LARGEST * np.median([dash.region.area for dash in run.bars]):
        return False
    return bool(np.hypot(*(run.ends - bar.middle).T).min() <= NEXT * run.step)
