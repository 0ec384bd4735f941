"""Touching shapes of one ink told apart: bars that cross, and parts between cuts."""

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np

from peeler.flat.completion import quadrilateral
from peeler.flat.contours import Corner, Vector, concave_corners
from peeler.flat.cut_gain import gains
from peeler.flat.cuts import OF_PARTS, OF_SIDES, Cut, Parting, opened, partings, pieces, possible_cuts
from peeler.flat.matting import grown
from peeler.flat.stars import is_star
from peeler.geometry import Pixels

THINNEST = 3
"""Pixels between the two sides of a bar."""
BEYOND = 4
"""Pixels by which a bar must go on beyond its sides."""
PARALLEL = 0.95
"""Least cosine of the angle between the two sides of a bar."""
MOST_CUTS = 80
"""Of the cheapest cuts, among which sides are looked for."""
ASKEW = 0.75
"""Share of the larger of a cut and the gap between two by which they may be shifted against each other."""
ROUND = 0.97
"""Share of the hull of what is left beside crossing bars that must be of the shape, for it to be one under them."""
MOST_CORNERS = 128
"""Concave corners from which on a shape is a pattern, as a net or a QR code, that nobody wants in pieces."""
MOST_PARTED = 24
"""Of the cheapest cuts, whose gain is asked."""


def split(mask: Pixels, visible: Pixels, own_edge: Pixels) -> list[tuple[Pixels, Pixels]]:
    """What shows of each part of ``mask`` between its cuts and the whole part; the mask itself if there are none.

    A cut is made where it can be seen, in ``visible``, and only between corners on ``own_edge``: pixels where the
    outline is the shape's own and not that of an occluder. Bars that cross share the pixels of their crossing, which
    show the first.
    """
    parts, free = [], mask
    for whole in [part for form in bars_apart(mask, visible, own_edge) for part in _cut_apart(form, visible, own_edge)]:
        parts.append((whole & free, whole))
        free = free & ~whole
    return parts


def bars_apart(mask: Pixels, visible: Pixels, own_edge: Pixels) -> list[Pixels]:
    """The whole bars of ``mask`` that cross and what is left beside them; the mask itself if there are none."""
    sides = _sides(possible_cuts(_own_corners(mask, own_edge), mask, visible, OF_SIDES), mask)
    bars = _bars(sides, mask)
    return [*bars, *_beside(bars, mask)] if bars else [mask]


def _beside(bars: Sequence[Pixels], mask: Pixels) -> list[Pixels]:
    """What is left of ``mask`` beside its bars: one shape if that goes on under all of them, as the disc of a wheel."""
    left = pieces((mask & ~np.logical_or.reduce(bars)).astype(np.uint8))
    if len(left) < 2:
        return left
    core = quadrilateral(np.argwhere(np.logical_or.reduce(left))[:, ::-1], mask.shape)
    return [core & mask] if np.count_nonzero(core & mask) >= ROUND * np.count_nonzero(core) else left


def ways_to_part(mask: Pixels, visible: Pixels, own_edge: Pixels) -> list[Parting]:
    """The cuts that may part ``mask``, of the cheapest."""
    cuts = possible_cuts(_own_corners(mask, own_edge), mask, visible & mask, OF_PARTS)
    return partings(mask, cuts[:MOST_PARTED])


def parted(mask: Pixels, parting: Parting) -> list[Pixels]:
    """The parts of ``mask``, the largest first; the pixels of the cuts and of specks go to their neighbours."""
    owner = np.zeros(mask.shape, np.float32)
    for number, piece in enumerate(parting.pieces, start=1):
        owner[piece] = number
    while (unowned := mask & (owner == 0)).any():
        spread = cv2.dilate(owner, np.ones((3, 3), np.uint8))
        if not (spread[unowned] > 0).any():
            break
        owner[unowned] = spread[unowned]
    return [owner == number for number in range(1, len(parting.pieces) + 1)]


def _own_corners(mask: Pixels, own_edge: Pixels) -> list[Corner]:
    """Where cuts may end: nowhere on a star, or on a pattern."""
    corners = concave_corners(mask)
    if len(corners) > MOST_CORNERS or is_star(mask, corners):
        return []
    return [corner for corner in corners if own_edge[corner.point[1], corner.point[0]]]


def _cut_apart(mask: Pixels, visible: Pixels, own_edge: Pixels) -> list[Pixels]:
    """The parts of ``mask`` beside its best cut, and so on with these, as long as there is a gain."""
    ways = ways_to_part(mask, visible, own_edge)
    gain = gains(ways, mask, visible)
    if gain.max(initial=0) <= 0:
        return [mask]
    parts = parted(mask, ways[int(gain.argmax())])
    return [piece for part in parts for piece in _cut_apart(part, visible, own_edge)]


def _bars(sides: Sequence[tuple[Cut, Cut]], mask: Pixels) -> list[Pixels]:
    """The whole bars between ``sides``, each once however many others it crosses."""
    bars: dict[bytes, Pixels] = {}
    for pair in sides:
        alike = [cut for other in sides for cut in other if _parallel(pair[0], cut)]
        _, parts = cv2.connectedComponents(opened(mask, alike), connectivity=4)
        x, y = np.mean([cut.ends for cut in pair], axis=(0, 1)).astype(int)
        if parts[y, x]:
            bar: Pixels = grown(parts == parts[y, x], 1) & mask
            bars[bar.tobytes()] = bar
    return list(bars.values())


def _sides(candidates: Sequence[Cut], mask: Pixels) -> list[tuple[Cut, Cut]]:
    """Pairs of cuts that are the two sides of a bar which runs on beyond them, the cheapest first; each cut once.

    A single bar is none: it crosses nothing, so its sides are cuts like others.
    """
    found: list[tuple[Cut, Cut]] = []
    pairs = [pair for pair in combinations(candidates[:MOST_CUTS], 2) if _runs_between(*pair, mask)]
    for pair in sorted(pairs, key=_width_and_cost):
        if not any(cut is used for cut in pair for other in found for used in other):
            found.append(pair)
    return found if len(found) > 1 else []


def _width_and_cost(sides: tuple[Cut, Cut]) -> float:
    one, other = sides
    return float(np.hypot(*(one.ends.mean(axis=0) - other.ends.mean(axis=0)))) + one.cost + other.cost


def _parallel(one: Cut, other: Cut) -> bool:
    return abs(float(one.way @ other.way)) >= PARALLEL


def _runs_between(one: Cut, other: Cut, mask: Pixels) -> bool:
    """Whether the mask goes on at both openings between two parallel cuts."""
    if not _parallel(one, other):
        return False
    way = one.way
    ends = [cut.ends if cut.way @ way > 0 else cut.ends[::-1] for cut in (one, other)]
    across = ends[1].mean(axis=0) - ends[0].mean(axis=0)
    longest = max(one.length, other.length, float(np.hypot(*across)))
    if abs(across @ way) > ASKEW * longest or abs(way[0] * across[1] - way[1] * across[0]) < THINNEST:
        return False
    start, stop = (ends[0] + ends[1]) / 2
    return all(_inside(mask, point) for point in (start - BEYOND * way, stop + BEYOND * way))


def _inside(mask: Pixels, point: Vector) -> bool:
    x, y = np.rint(point).astype(int)
    return bool(0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x])
