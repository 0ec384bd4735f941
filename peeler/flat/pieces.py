"""Interrupted shapes: pieces of one ink that go on behind an occluder and belong together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from peeler.flat.completion import quadrilateral
from peeler.flat.contours import End, along, covered_arcs
from peeler.flat.regions import Regions
from peeler.geometry import Pixels

WIDEST_TURN = 32.0
"""Degrees by which an outline may turn on its way across a gap and still be seen as one (relatability)."""
HIDDEN_SHARE = 0.93
"""Share of the way that must lie under the occluder or on the pieces themselves."""
FRAMED_SHARE = 0.9
"""Share of the convex hull's rest that must be hidden for two pieces to be one framed shape."""
MOST_PIECES = 40
"""Of one ink; a picture with more is a pattern."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One or several regions that make one shape, and the hidden area that joins them."""

    members: tuple[int, ...]
    bridge: Pixels | None = None


@dataclass(frozen=True, eq=False)
class _Link:
    first: int
    second: int
    turn: float
    bridge: Pixels


def join_pieces(regions: Regions, labels: Sequence[int], above: Pixels) -> list[Piece]:
    """The regions ``labels`` in groups: those of one ink whose outlines continue into each other behind what is above.

    Two outlines relate when a straight line across the gap turns off each by less than ``WIDEST_TURN``
    (Kellman and Shipley, *A theory of visual interpolation in object perception*, 1991); two regions are one shape
    when both of their outlines relate.
    """
    by_ink: defaultdict[int, list[int]] = defaultdict(list)
    for label in labels:
        by_ink[regions.all[label].ink].append(label)
    pieces: list[Piece] = []
    for members in by_ink.values():
        covered = [label for label in members if above[:, label].any()]
        links = _links(regions, covered, above) if 1 < len(covered) <= MOST_PIECES else []
        pieces += _grouped(members, links)
    return sorted(pieces, key=lambda piece: piece.members)


def _links(regions: Regions, labels: Sequence[int], above: Pixels) -> list[_Link]:
    ends = {label: _ends(regions, label, above) for label in labels}
    links = []
    for first, second in combinations(labels, 2):
        common = above[:, first] & above[:, second]
        if not common.any() or above[first, second] or above[second, first]:
            continue
        cover = common[regions.labels]
        link = _continued(regions, first, second, ends, cover) or _framed(regions, first, second, cover)
        if link:
            links.append(link)
    return links


def _continued(regions: Regions, first: int, second: int, ends: dict[int, list[End]], cover: Pixels) -> _Link | None:
    """Two outlines of the first go on in two of the second."""
    pairs = _related(ends[first], ends[second], cover | regions.mask(first) | regions.mask(second))
    if len(pairs) < 2:
        return None
    corners = np.array([end.point for _, *pair in pairs[:2] for end in pair])
    return _Link(first, second, pairs[0][0] + pairs[1][0], quadrilateral(corners, cover.shape) & cover)


def _framed(regions: Regions, first: int, second: int, cover: Pixels) -> _Link | None:
    """Everything between the two is hidden, and it is less than what they show: one plain shape behind bars."""
    shown = regions.mask(first) | regions.mask(second)
    hull = quadrilateral(np.argwhere(shown)[:, ::-1], cover.shape)
    between = hull & ~shown
    if between.sum() > shown.sum() or not between.any() or cover[between].mean() < FRAMED_SHARE:
        return None
    return _Link(first, second, 2 * WIDEST_TURN, between & cover)


def _ends(regions: Regions, label: int, above: Pixels) -> list[End]:
    cover = above[:, label][regions.labels]
    return [end for arc in covered_arcs(regions.mask(label), cover) if arc.ends for end in arc.ends]


def _related(ones: Sequence[End], others: Sequence[End], hidden: Pixels) -> list[tuple[float, End, End]]:
    """Pairs of ends that relate, straightest first, each end at most once."""
    found = [(turn, one, other) for one in ones for other in others if (turn := _turn(one, other, hidden)) is not None]
    found.sort(key=lambda pair: pair[0])
    pairs: list[tuple[float, End, End]] = []
    for turn, one, other in found:
        if all(one is not used and other is not taken for _, used, taken in pairs):
            pairs.append((turn, one, other))
    return pairs


def _turn(one: End, other: End, hidden: Pixels) -> float | None:
    """Degrees of turn plus a tenth of the gap's pixels; None where the two do not relate."""
    gap = other.point - one.point
    length = float(np.hypot(*gap))
    if one.direction is None or other.direction is None or length < 2:
        return None
    turns = _angle(one.direction, gap / length), _angle(other.direction, -gap / length)
    if max(turns) > WIDEST_TURN or hidden[along(one.point, other.point)].mean() < HIDDEN_SHARE:
        return None
    return sum(turns) + 0.1 * length


def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


def _grouped(members: Sequence[int], links: Sequence[_Link]) -> list[Piece]:
    group = {label: [label] for label in members}
    bridges: defaultdict[int, list[Pixels]] = defaultdict(list)
    for link in sorted(links, key=lambda link: link.turn):
        bridges[link.first].append(link.bridge)
        one, other = group[link.first], group[link.second]
        if one is not other:
            one += other
            for label in other:
                group[label] = one
    pieces = []
    for labels in {id(labels): labels for labels in group.values()}.values():
        hidden = [bridge for label in labels for bridge in bridges[label]]
        pieces.append(Piece(tuple(sorted(labels)), np.logical_or.reduce(hidden) if hidden else None))
    return pieces
