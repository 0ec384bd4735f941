"""Meetings: what the pixels where three regions come together tell of how they were painted.

The shape that was painted last has its exact area of each pixel there; of what it leaves, the one before it has its
share, and the rest shows what lies below (the rule "over" of Porter and Duff, *Compositing digital images*, 1984, §3,
pixel by pixel as renderers apply it). The edges of each two regions are known from the pixels further out, so every
order predicts the colours at the meeting, and they differ by a tenth of the contrast or more. Only pictures that were
never compressed are as exact.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from peeler.flat.contacts import meeting_triples
from peeler.flat.leaks import Leak
from peeler.flat.palette import CLEAN_NOISE, Labels, Palette
from peeler.flat.regions import Regions
from peeler.flat.soft_edges import Array, Course, Side, along_and_off, fit_courses, share, share_of_both
from peeler.geometry import RGB

REACH = 6
"""Pixels around a meeting in which the edges of each two regions are looked at,"""
RING = 4
"""and at which they are found first."""
CLEAR = 1.5
"""Pixels from a meeting from which on only two regions share a pixel of their edge."""
BAND = 2.2
"""Pixels from where an edge is thought to be, within which its soft pixels lie."""
MOST_ON_EDGE = 28
"""Such pixels, at most."""
ON_THE_EDGE = 3.0
"""Grey levels by which they may miss a mixture of their two inks."""
CORE = 2.6
"""Pixels around a meeting whose colours tell."""
NOISE = 10.0
"""Squared grey levels by which even the right order misses the colours of the core, at least."""
VAGUE = 200.0
"""Squared grey levels missed by the best order, at which it tells half as much."""
TRUST = 1.5
"""Log odds for each power of e by which the next order misses more."""
SUREST = 5.0
"""Log odds at most: what is drawn in one piece, or seen through, follows other rules."""
COINCIDE, CLEARLY = 100.0, 5.0
"""Squared grey levels missed at most by edges that coincide, and the factor by which all others miss more."""
AT_ONCE = 512
"""Meetings looked at together, for the sake of memory."""
_DIRECTIONS = np.arange(144) * (2 * np.pi / 144)


class Way(NamedTuple):
    """One way to paint the regions at a meeting: the ``last`` one, the one before it, and what lies ``below`` both, as
    steps from a region in turn. With ``coincident`` edges the upper two end along one line, where the third shines
    through.
    """

    last: int
    before: int
    below: int
    coincident: bool


WAYS = (
    Way(0, 1, 2, coincident=False),
    Way(0, 1, 2, coincident=True),
    Way(1, 0, 2, coincident=True),
    Way(0, 2, 1, coincident=True),
    Way(2, 0, 1, coincident=True),
)
"""For each region in turn: it is the last; or its edge with one neighbour is straight, and that of the other neighbour
ends along it, either of the two being the last.
"""


class Meetings(NamedTuple):
    """The ``labels`` (n × 3) of the regions around n meetings in turn, and the squared grey levels by which each of
    ``WAYS``, told from each of the three, misses the pixels there (n × 3 × 5).
    """

    labels: Labels
    missed: Array


def find_meetings(picture: RGB, palette: Palette, regions: Regions, background: Collection[int]) -> Meetings:
    """The meetings of three regions of a flat picture with nothing else near; none in one compressed with loss. The
    background is never painted last.
    """
    none = Meetings(np.zeros((0, 3), np.intp), np.zeros((0, 3, len(WAYS))))
    if not palette.flat or palette.tolerance != CLEAN_NOISE:
        return none
    points, triples = meeting_triples(regions.labels)
    free = (points > REACH).all(axis=1) & (points < np.array(regions.labels.shape) - REACH - 2).all(axis=1)
    # The middle of a meeting is a corner of pixels.
    labels, angles, middles = _in_turn(regions.labels, points[free] + np.float64(0.5), triples[free])
    inks = palette.inks[np.array(regions.inks)[labels]].astype(np.float64)
    parts = [np.s_[start : start + AT_ONCE] for start in range(0, len(middles), AT_ONCE)]
    missed = [_missed(picture, regions.labels, middles[part], labels[part], angles[part], inks[part]) for part in parts]
    if not parts:
        return none
    ground = np.isin(labels, sorted(background))
    last = np.stack([np.roll(ground, -way.last, axis=1) for way in WAYS], axis=-1)
    return Meetings(labels, np.where(last, np.inf, np.concatenate(missed)))


def painted_last(meetings: Meetings) -> dict[tuple[int, int], float]:
    """For pairs of regions that meet others the log odds that the first was painted after the second."""
    said = defaultdict[tuple[int, int], float](float)
    for labels, missed in zip(meetings.labels.tolist(), _by_last(meetings.missed), strict=True):
        last = int(missed.argmin())
        least, next_to_least, _ = np.sort(missed).tolist()
        if np.isinf(next_to_least):
            continue
        weight = TRUST * np.log((next_to_least + NOISE) / (least + NOISE)) / (1 + least / VAGUE)
        for other in {0, 1, 2} - {last}:
            said[labels[last], labels[other]] += weight
            said[labels[other], labels[last]] -= weight
    return {pair: float(np.clip(weight, -SUREST, SUREST)) for pair, weight in said.items()}


def leaks_at(meetings: Meetings) -> list[Leak]:
    """Where edges coincide at a meeting and what lies below shines through."""
    found = set()
    for labels, missed in zip(meetings.labels.tolist(), meetings.missed, strict=True):
        first, kind = np.unravel_index(int(missed.argmin()), missed.shape)
        way, least = WAYS[kind], missed[first, kind]
        if way.coincident and least <= COINCIDE and missed[:, 0].min() + NOISE >= CLEARLY * (least + NOISE):
            found.add(Leak(*(labels[(first + step) % 3] for step in way[:3])))
    return sorted(found)


def _by_last(missed: Array) -> Array:
    """How much the best way with each of the three as the last misses (n × 3)."""
    best: Array = np.minimum.reduce([np.roll(missed[..., kind], way.last, axis=1) for kind, way in enumerate(WAYS)])
    return best


def _in_turn(labels: Labels, points: Array, triples: Labels) -> tuple[Labels, Array, Array]:
    """The labels around those of ``points`` (y, x) where a ring shows just the three of them, the directions (radians,
    from right by down) from which on it shows them, and these points.
    """
    ys = np.rint(points[:, :1] + RING * np.sin(_DIRECTIONS)).astype(np.intp)
    xs = np.rint(points[:, 1:] + RING * np.cos(_DIRECTIONS)).astype(np.intp)
    ring = labels[ys, xs]
    changes = ring != np.roll(ring, 1, axis=1)
    three = changes.sum(axis=1) == 3
    starts = np.nonzero(changes[three])[1].reshape(-1, 3)
    turn = np.take_along_axis(ring[three], starts, axis=1).astype(np.intp)
    alone = (np.sort(turn, axis=1) == np.sort(triples[three], axis=1)).all(axis=1)
    return turn[alone], _DIRECTIONS[starts[alone]] - np.pi / 144, points[three][alone]


def _missed(picture: RGB, shown: Labels, points: Array, labels: Labels, angles: Array, inks: Array) -> Array:
    """By how much each way of painting misses the pixels at meetings (n × 3 × 5), in squared grey levels."""
    steps = np.mgrid[1 - REACH : REACH + 1, 1 - REACH : REACH + 1].reshape(2, -1).T
    places = np.floor(points).astype(np.intp)[:, None] + steps
    ys, xs = places[..., 0], places[..., 1]
    offsets, colours = (places - points[:, None])[..., ::-1], picture[ys, xs].astype(np.float64)
    course = _courses(offsets, colours, shown[ys, xs], labels, angles, inks)
    core = np.hypot(*(steps - 0.5).T) <= CORE
    seen = colours[:, None, core]
    ways = _painted(course.left(offsets[:, core]), course.angle + np.arctan(course.bends[..., 1]), inks)
    return np.stack([((way - seen) ** 2).max(axis=-1).sum(axis=-1) for way in ways], axis=-1)


def _courses(offsets: Array, colours: Array, shown: Labels, labels: Labels, angles: Array, inks: Array) -> Course:
    """The courses of the three edges at meetings (n × 3), each with a region on its left, by the pixels around."""
    right_inks, right_labels = np.roll(inks, 1, axis=1), np.roll(labels, 1, axis=1)
    axis = inks - right_inks
    squares = np.maximum((axis**2).sum(axis=-1), 1)
    shares = (np.einsum("npc,nkc->nkp", colours, axis) - (right_inks * axis).sum(axis=-1)[..., None]) / squares[
        ..., None
    ]
    shares = shares.clip(0, 1)
    mixed = right_inks[:, :, None] + shares[..., None] * axis[:, :, None]
    near = np.abs(mixed - colours[:, None]).max(axis=-1) <= ON_THE_EDGE
    near &= (shown[:, None] == labels[..., None]) | (shown[:, None] == right_labels[..., None])
    along, off = along_and_off(angles, offsets)
    near &= (along >= CLEAR) & (along <= REACH) & (np.abs(off) <= BAND)
    # Few pixels are near an edge, so gather them: each edge is a row with its own.
    taken = np.argsort(~near, axis=-1, kind="stable")[..., :MOST_ON_EDGE]
    beside = np.take_along_axis(offsets[:, None], taken[..., None], axis=2).reshape(-1, MOST_ON_EDGE, 2)
    shares, known = (np.take_along_axis(each, taken, axis=2).reshape(-1, 1, MOST_ON_EDGE) for each in (shares, near))
    found = fit_courses(angles.reshape(-1, 1), beside, shares, known)
    return Course(angles, found.bends.reshape(*angles.shape, 3))


def _painted(left: Side, angles: Array, inks: Array) -> Iterator[Array]:
    """The colours (n × 3 × p × 3) of the pixels that lie ``left`` of the edges for each of ``WAYS``, told from each
    region in turn; it lies left of its own edge and right of the next one's.
    """
    own, second, third = (inks.take((np.arange(3) + step) % 3, axis=1)[:, :, None] for step in range(3))
    begins, ends, across = left, left.turned(1), left.turned(2)
    narrow = ((np.roll(angles, -1, axis=1) - angles) % (2 * np.pi) < np.pi)[..., None]
    within = share_of_both(begins.where(narrow), ends.other.where(narrow))
    yield _over(np.where(narrow, within, 1 - within), own, share(across.other), second, third)
    for bar, other, rest, beside in (
        (begins, second, third, across.other),
        (ends.other, third, second, across),
    ):
        of_bar, of_other = share(bar), share_of_both(bar.other, beside)
        yield _over(of_bar, own, of_other, other, rest)
        yield _over(of_other, other, of_bar, own, rest)


def _over(share_of_last: Array, last: Array, share_before: Array, before: Array, below: Array) -> Array:
    """The colour of pixels of which the shape painted last covers a share, and the one before it one of the rest."""
    of_last, of_before = share_of_last[..., None], share_before[..., None]
    colour: Array = of_last * last + (1 - of_last) * (of_before * before + (1 - of_before) * below)
    return colour
