"""Interrupted shapes: pieces of one ink that go on behind an occluder and belong together."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.completion import quadrilateral
from peeler.flat.contacts import boundaries
from peeler.flat.contours import End, Points
from peeler.flat.likes import of_likes
from peeler.flat.matting import grown
from peeler.flat.regions import Regions
from peeler.flat.relatability import ends_under, related_ends
from peeler.flat.text import Line
from peeler.geometry import Pixels

FRAMED_SHARE = 0.85
"""Share of the hull between two framed pieces that must be hidden."""
SURE = 3.0
"""Log odds from which on it does not matter how sure it is that the occluder lies above."""
SEEN_IN_HULL, MOST_IN_HULL = 0.01, 2.0
"""Share of what a common hull holds beside its pieces that may show, and by what they show how much it is at most."""
SMALLEST_IN_HULL = 60
"""Pixels of a piece, and of what counts for showing there."""
MOST_PIECES = 40
"""Of one ink; a picture with more is a pattern."""
GAIN = {
    "at all": -0.158,
    "log of the share that the hull adds": -0.135,
    "odds that the cover lies above": 0.158,
    "framed": -0.149,
    "degree of turn": -0.0096,
}
"""Weights of ``_gain``, by least squares (``benchmarks/fit_joins.py``)."""
LEAST_HULL = 0.02
TEXT, DASHES = "text", "dashed line"
"""What pieces may be drawn as."""
DOUBTFUL = -0.25
"""Gain from which on two pieces that are not joined are said to be perhaps one interrupted shape."""


Join = tuple[int, int, Pixels]
"""Two regions that are one shape, and the hidden area that joins them."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One or several regions that make one shape, and the hidden area that joins them. What is ``drawn_as`` a line of
    text or of dashes is one shape that shows as a whole.
    """

    members: tuple[int, ...]
    bridge: Pixels | None = None
    drawn_as: str = ""


@dataclass(frozen=True, eq=False)
class Link:
    """Two regions that may be one shape: ``bridge`` is the hidden area between them, ``terms`` speak of ``GAIN``,
    ``inks`` are theirs and that of their cover, and ``likes`` is what others of these inks add to the gain.
    """

    first: int
    second: int
    terms: NDArray[np.float64]
    bridge: Pixels
    inks: tuple[int, int]
    likes: float = 0.0

    @property
    def gain(self) -> float:
        """By how much the overlap with the true shapes is expected to rise when the two are joined.

        A wrong join loses up to two shapes and a missed one half a shape, which is why this is no probability.
        """
        return float(self.terms @ np.array(list(GAIN.values()))) + self.likes


@dataclass(frozen=True)
class Joined:
    """The pieces, and the pairs of regions that may be pieces of one interrupted shape but were not joined."""

    pieces: list[Piece]
    doubtful: list[tuple[int, int]]


def join_pieces(
    regions: Regions,
    labels: Sequence[int],
    links: Sequence[Link],
    above: Pixels,
    lined: Iterable[tuple[int, int]] = (),
    known: Iterable[Join] = (),
) -> Joined:
    """The regions ``labels`` in groups: those of one ink that are more likely one shape than not by their ``links``,
    that are all of one hull with what hides them, that both go on under all of a third (the first of a ``lined``
    pair lies above the second), or that are ``known`` to be one.
    """
    by_ink: defaultdict[int, list[int]] = defaultdict(list)
    for label in labels:
        by_ink[regions.all[label].ink].append(label)
    joins = [(link.first, link.second, link.bridge) for link in links if link.gain > 0]
    joins += _under_one(regions, labels, lined)
    joins += [join for join in known if {*join[:2]} <= {*labels}]
    pieces = [
        piece
        for members in by_ink.values()
        for piece in _grouped(members, [*joins, *_in_one_hull(regions, members, above)])
    ]
    doubtful = [(link.first, link.second) for link in links if DOUBTFUL < link.gain <= 0 and _apart(link, pieces)]
    return Joined(sorted(pieces, key=lambda piece: piece.members), doubtful)


def with_lines(joined: Joined, lines: Sequence[Line], dashed: Sequence[Collection[int]] = ()) -> Joined:
    """The pieces and those that ``lines`` of text and ``dashed`` ones make; what is seen in letters belongs to the
    ground of their line.
    """
    pieces = []
    for piece in joined.pieces:
        seen = (line.counters for line in lines if line.ground in piece.members)
        pieces.append(replace(piece, members=tuple(sorted({*piece.members}.union(*seen)))))
    text = (Piece(tuple(sorted(line.letters)), drawn_as=TEXT) for line in lines)
    return Joined([*pieces, *text, *(Piece(tuple(sorted(line)), drawn_as=DASHES) for line in dashed)], joined.doubtful)


def links(regions: Regions, labels: Sequence[int], above: Pixels, odds: NDArray[np.float64]) -> list[Link]:
    """Every pair of regions of one ink that may go on in each other behind what is above both.

    Either two outlines of one relate to two of the other, in that a line across the gap turns little off each (Kellman
    and Shipley, *A theory of visual interpolation in object perception*, 1991), or all between the two is hidden.
    ``odds[i, j]`` (count × count) are the log odds that i lies above j where there is evidence, else 0.
    """
    by_ink: defaultdict[int, list[int]] = defaultdict(list)
    for label in labels:
        if above[:, label].any():
            by_ink[regions.all[label].ink].append(label)
    shows = np.bincount(regions.labels.ravel(), minlength=len(regions.all)) > 0
    few = [members for members in by_ink.values() if len(members) <= MOST_PIECES]
    ends = {
        label: ends_under(regions, label, above[:, label]) for members in few for label in members if len(members) > 1
    }
    hulls = {label: _hull(regions, label) for label in ends}
    found = []
    for first, second in (pair for members in few for pair in combinations(members, 2)):
        hides = above[:, first] & above[:, second] & shows
        if not hides.any() or above[first, second] or above[second, first]:
            continue
        hull = np.concatenate([hulls[first], hulls[second]])
        over = (above[:, first] | above[:, second]) & ~(above[first] | above[second])
        turn, bridge = _continued(regions, first, second, ends, hides) or _framed(regions, first, second, over, hull)
        if bridge is not None:
            found.append(_link(regions, first, second, turn, bridge, hull, odds))
    return found


def links_across_strokes(
    regions: Regions, fills: Regions, labels: Sequence[int], above: Pixels, odds: NDArray[np.float64]
) -> list[Link]:
    """Every pair of ``fills`` of one ink that touch where their strokes are away and go on in each other behind these.

    What order the two might have does not count: cues that compare neighbours always find one.
    """
    shown = set(labels)
    found = []
    for border in boundaries(fills.labels):
        first, second = border.first, border.second
        if not {first, second} <= shown or fills.all[first].ink != fills.all[second].ink:
            continue
        ends = {label: ends_under(regions, label, above[:, label]) for label in (first, second)}
        continued = _continued(regions, first, second, ends, above[:, first] & above[:, second])
        if continued is not None:
            hull = np.concatenate([_hull(regions, first), _hull(regions, second)])
            found.append(_link(regions, first, second, *continued, hull, odds))
    return found


def with_likes(links: Sequence[Link]) -> list[Link]:
    """The links, each with what others of its inks say: bars of one ink behind one cover go on alike."""
    said = of_likes([link.inks for link in links], np.array([link.gain for link in links]))
    return [replace(link, likes=float(likes)) for link, likes in zip(links, said, strict=True)]


def _hull(regions: Regions, label: int) -> Points:
    """The corners of a region's convex hull (n × 2: x, y), in pixels of the canvas."""
    box = regions.all[label].box
    corners = cv2.convexHull(np.argwhere(regions.labels[box.slices] == label)[:, ::-1].astype(np.int32))
    return np.asarray(corners[:, 0] + (box.x0, box.y0), np.intp)


def _link(
    regions: Regions,
    first: int,
    second: int,
    turn: float | None,
    bridge: Pixels,
    corners: Points,
    odds: NDArray[np.float64],
) -> Link:
    """``turn`` is None for a framed shape, ``corners`` are those of both hulls."""
    one = regions.all[first]
    area = one.area + regions.all[second].area
    hull = int(quadrilateral(corners, regions.labels.shape).sum())
    sureness, ink = 0.0, -1
    if bridge.any():
        sure = np.minimum(odds[:, first], odds[:, second])
        under = np.bincount(regions.labels[bridge], minlength=len(sure))
        over_both = under * (sure > 0)
        cover = int((over_both if over_both.any() else under).argmax())
        sureness, ink = float(min(sure[cover], SURE)), regions.all[cover].ink
    terms = np.array([1.0, np.log(max(hull / area - 1, LEAST_HULL)), sureness, turn is None, turn or 0.0])
    return Link(first, second, terms, bridge, (one.ink, ink))


def _apart(link: Link, pieces: Sequence[Piece]) -> bool:
    return not any(link.first in piece.members and link.second in piece.members for piece in pieces)


def _continued(
    regions: Regions, first: int, second: int, ends: dict[int, list[End]], hides: Pixels
) -> tuple[float, Pixels] | None:
    """Two outlines of the first go on in two of the second: the larger turn in degrees, and the area between.

    ``hides`` says of every region whether it lies above both.
    """
    over_or_own = hides.copy()
    over_or_own[[first, second]] = True
    pairs = related_ends(ends[first], ends[second], regions.labels, over_or_own)
    if len(pairs) < 2:
        return None
    corners = np.array([end.point for pair in pairs[:2] for end in (pair.one, pair.other)])
    return pairs[1].turn, quadrilateral(corners, regions.labels.shape) & hides[regions.labels]


def _framed(regions: Regions, first: int, second: int, hides: Pixels, corners: Points) -> tuple[None, Pixels | None]:
    """Everything between the two is hidden, and it is less than what they show: perhaps one plain shape behind bars.

    ``hides`` says of every region whether it lies above either and below none; ``corners`` are those of their hulls.
    """
    box = regions.all[first].box.union(regions.all[second].box)
    labels = regions.labels[box.slices]
    shown = (labels == first) | (labels == second)
    cover = hides[labels]
    # Along a slanted edge the hull steps over the pixels beside it.
    hull = quadrilateral(corners - (box.x0, box.y0), labels.shape)
    between = hull & np.where(cover, ~shown, ~grown(shown, 1))
    hidden = between & cover
    if between.sum() > shown.sum() or not between.any() or hidden.sum() < FRAMED_SHARE * between.sum():
        return None, None
    bridge = np.zeros(regions.labels.shape, np.bool_)
    bridge[box.slices] = hidden
    return None, bridge


def _under_one(regions: Regions, labels: Sequence[int], lined: Iterable[tuple[int, int]]) -> Iterator[Join]:
    """What goes on in each other because it goes on under all of the same region."""
    under: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for cover, label in sorted(lined):
        if label in labels:
            under[cover, regions.all[label].ink].append(label)
    for (cover, _), (first, *others) in under.items():
        yield from ((first, other, regions.mask(cover)) for other in others)


def _in_one_hull(regions: Regions, members: Sequence[int], above: Pixels) -> Iterator[Join]:
    """Three or more regions of one ink whose common hull holds nothing else that is not above one of them: one plain
    shape behind several others; or one with patches of it that show between what lies on it.
    """
    covered = [label for label in members if above[:, label].any() and regions.all[label].area >= SMALLEST_IN_HULL]
    if not 2 <= len(covered) <= MOST_PIECES:
        return
    hulls = {label: _hull(regions, label) for label in covered}
    groups = [covered] if len(covered) > 2 else []
    for label in covered:
        box = regions.all[label].box
        groups.append([other for other in covered if box.union(regions.all[other].box) == box])
    for group in groups:
        if len(group) > 1:
            yield from _plain(regions, group, members, np.concatenate([hulls[label] for label in group]), above)


def _plain(
    regions: Regions, group: Sequence[int], members: Sequence[int], corners: Points, above: Pixels
) -> Iterator[Join]:
    """The joins of a ``group`` of regions if between them, inside the hull of ``corners``, only shows what lies on one.

    ``members`` are all regions of their ink, of which specks may show there, as of anything.
    """
    hull = quadrilateral(corners, regions.labels.shape)
    shown = np.isin(regions.labels, members)
    hides = above[:, group].any(axis=1) | (np.array([region.area for region in regions.all]) < SMALLEST_IN_HULL)
    hides[list(members)] = False
    hidden = hull & hides[regions.labels]
    between = hull & ~grown(shown, 1)
    size, seen = np.count_nonzero(between), np.count_nonzero(between & ~hidden)
    if 0 < size <= MOST_IN_HULL * np.count_nonzero(shown & hull) and seen <= SEEN_IN_HULL * size:
        yield from ((group[0], label, hidden) for label in group[1:])


def _grouped(members: Sequence[int], joins: Sequence[Join]) -> list[Piece]:
    group = {label: [label] for label in members}
    bridges: defaultdict[int, list[Pixels]] = defaultdict(list)
    for first, second, bridge in joins:
        if first not in group:
            continue
        bridges[first].append(bridge)
        one, other = group[first], group[second]
        if one is not other:
            one += other
            for label in other:
                group[label] = one
    pieces = []
    for labels in {id(labels): labels for labels in group.values()}.values():
        hidden = [bridge for label in labels for bridge in bridges[label]]
        pieces.append(Piece(tuple(sorted(labels)), np.logical_or.reduce(hidden) if hidden else None))
    return pieces
