"""Meetings: what the pixels where three regions come together tell of how they were painted.

The shape that was painted last has its exact area of each pixel there; of what it leaves, the one before it has its
share, and the rest shows what lies below (the rule "over" of Porter and Duff, *Compositing digital images*, 1984, §3,
pixel by pixel as renderers apply it). The edges of each two regions are known from the pixels further out, so every
order predicts the colours at the meeting, and they differ by a tenth of the contrast or more. What was compressed with
loss has colours at half the resolution; there only brightness tells, and less.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.contacts import meeting_triples
from peeler.flat.forms import LUMA
from peeler.flat.leaks import Leak
from peeler.flat.matting import mixture
from peeler.flat.palette import CLEAN_NOISE, Labels, Palette
from peeler.flat.regions import Regions
from peeler.flat.soft_edges import Array, Course, along_and_off, fit_courses, share, share_of_both
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
ON_THE_EDGE, ON_A_LOSSY_ONE = 3.0, 8.0
"""Grey levels by which they may miss a mixture of their two inks, and in a picture compressed with loss."""
CORE = 2.6
"""Pixels around a meeting whose colours tell."""
NOISE, LOSS = 10.0, 100.0
"""Squared grey levels by which even the right order misses the colours of the core, at least, and after loss. Anything
from 30 to 400 is as good for that."""
VAGUE = 200.0
"""Squared grey levels missed by the best order, at which it tells half as much."""
TRUST = 1.5
"""Log odds for each power of e by which the next order misses more."""
SUREST = 5.0
"""Log odds at most: what is drawn in one piece, or seen through, follows other rules."""
UNCLEAR = 60.0
"""Squared grey levels missed by all orders, from which on the edges may give way,"""
FURTHER_OUT = 0.1
"""which costs this share of what it makes their other pixels miss;"""
MOVES, LONGEST_MOVE, TRIED = 2, 0.5, 0.02
"""in so many steps, none of them longer than this, by slopes taken over the last (pixels)."""
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
    ``WAYS``, told from each of the three, misses the pixels there (n × 3 × 5); of these so many are ``noise``.
    """

    labels: Labels
    missed: Array
    noise: float = NOISE


def find_meetings(picture: RGB, palette: Palette, regions: Regions, background: Collection[int]) -> Meetings:
    """The meetings of three regions of a flat picture with nothing else near. The background is never painted last."""
    none = Meetings(np.zeros((0, 3), np.intp), np.zeros((0, 3, len(WAYS))))
    if not palette.flat:
        return none
    points, triples = meeting_triples(regions.labels)
    free = (points > REACH).all(axis=1) & (points < np.array(regions.labels.shape) - REACH - 2).all(axis=1)
    # The middle of a meeting is a corner of pixels.
    labels, angles, middles = _in_turn(regions.labels, points[free] + np.float64(0.5), triples[free])
    if not len(middles):
        return none
    seen = _seen(picture, palette)
    inks = seen.inks[np.array(regions.inks)[labels]]
    parts = [np.s_[start : start + AT_ONCE] for start in range(0, len(middles), AT_ONCE)]
    missed = [_missed(seen, regions.labels, middles[part], labels[part], angles[part], inks[part]) for part in parts]
    ground = np.isin(labels, sorted(background))
    last = np.stack([np.roll(ground, -way.last, axis=1) for way in WAYS], axis=-1)
    return Meetings(labels, np.where(last, np.inf, np.concatenate(missed)), seen.noise)


class _Seen(NamedTuple):
    """The ``colours`` (height × width × channels) by which the order is told, those of the ``inks`` (k × channels), by
    how many grey levels pixels may be ``off`` the mixtures on an edge, and what of squared ones is ``noise``.
    """

    colours: NDArray[np.uint8]
    inks: Array
    off: float
    noise: float


def _seen(picture: RGB, palette: Palette) -> _Seen:
    if palette.tolerance == CLEAN_NOISE:
        return _Seen(picture, palette.inks.astype(np.float64), ON_THE_EDGE, NOISE)
    brightness = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
    return _Seen(np.asarray(brightness, np.uint8), (palette.inks @ LUMA)[..., None], ON_A_LOSSY_ONE, LOSS)


def painted_last(meetings: Meetings) -> dict[tuple[int, int], float]:
    """For pairs of regions that meet others the log odds that the first was painted after the second."""
    said = defaultdict[tuple[int, int], float](float)
    for labels, missed in zip(meetings.labels.tolist(), _by_last(meetings.missed), strict=True):
        last = int(missed.argmin())
        least, next_to_least, _ = np.sort(missed).tolist()
        if np.isinf(next_to_least):
            continue
        sure = np.log((next_to_least + meetings.noise) / (least + meetings.noise))
        weight = TRUST * sure / (1 + least / VAGUE)
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
        others = missed[:, 0].min() + meetings.noise
        if way.coincident and least <= COINCIDE and others >= CLEARLY * (least + meetings.noise):
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


def _missed(seen: _Seen, shown: Labels, points: Array, labels: Labels, angles: Array, inks: Array) -> Array:
    """By how much each way of painting misses the pixels at meetings (n × 3 × 5), in squared grey levels."""
    steps = np.mgrid[1 - REACH : REACH + 1, 1 - REACH : REACH + 1].reshape(2, -1).T
    places = np.floor(points).astype(np.intp)[:, None] + steps
    ys, xs = places[..., 0], places[..., 1]
    offsets, colours = (places - points[:, None])[..., ::-1], seen.colours[ys, xs].astype(np.float64)
    course, certain = _courses(offsets, colours, shown[ys, xs], labels, angles, inks, seen.off)
    core = np.hypot(*(steps - 0.5).T) <= CORE
    told = _Told(
        *(_from_each(each) for each in (*course, certain, inks)),
        *(np.repeat(each[:, core], 3, axis=0) for each in (offsets, colours)),
    )
    missed = np.stack([told.missed(way) for way in _painted(told)], axis=-1)
    unclear = np.repeat(missed.reshape(len(points), -1).min(axis=1) > UNCLEAR, 3)
    if unclear.any():
        missed[unclear, 0] = np.minimum(missed[unclear, 0], _missed_at_best(told.those(unclear)))
    return missed.reshape(len(points), 3, len(WAYS))


def _from_each(values: Array) -> Array:
    """What is known of each three regions or edges in turn (n × 3 × …), three times over, from each on (3n × 3 × …)."""
    turned = np.stack([np.roll(values, -first, axis=1) for first in range(3)], axis=1)
    return turned.reshape(-1, *values.shape[1:])


class _Told(NamedTuple):
    """m meetings, told from one of their regions: it lies left of the first edge and right of the second one, and the
    third is that of the other two.

    ``angle`` (m × 3), ``bends`` (m × 3 × 3) and how ``certain`` these are (m × 3 × 3 × 3, in squared grey levels) are
    of the edges; ``inks`` (m × 3 × channels) those of the regions in turn; ``offsets`` (m × p × 2) and the colours
    ``seen`` (m × p × channels) those of the pixels at the meeting.
    """

    angle: Array
    bends: Array
    certain: Array
    inks: Array
    offsets: Array
    seen: Array

    @property
    def course(self) -> Course:
        return Course(self.angle, self.bends)

    def those(self, chosen: NDArray[np.bool_]) -> "_Told":
        return _Told(*(each[chosen] for each in self))

    def moved(self, moves: Array) -> "_Told":
        """With the offsets and slopes of the edges changed (m × 6)."""
        bends = self.bends.copy()
        bends[..., :2] += moves.reshape(-1, 3, 2)
        return self._replace(bends=bends)

    def missed(self, painted: Array) -> Array:
        """The squared grey levels by which colours (m × p × channels) miss those that are seen."""
        squares: Array = (apart(painted, self.seen) ** 2).sum(axis=-1)
        return squares


def _courses(
    offsets: Array, colours: Array, shown: Labels, labels: Labels, angles: Array, inks: Array, off_edge: float
) -> tuple[Course, Array]:
    """The courses of the three edges at meetings (n × 3), each with a region on its left, by the pixels around; and how
    certain they are (n × 3 × 3 × 3, in squared grey levels). Pixels on an edge are ``off_edge`` at most.
    """
    right_inks, right_labels = np.roll(inks, 1, axis=1), np.roll(labels, 1, axis=1)
    mixed = np.broadcast_arrays(colours[:, None], right_inks[:, :, None], inks[:, :, None])
    covered, missed = mixture(*(each.astype(np.float32) for each in mixed))
    shares, near = covered.astype(np.float64), np.asarray(missed <= off_edge, np.bool_)
    near &= (shown[:, None] == labels[..., None]) | (shown[:, None] == right_labels[..., None])
    along, off = along_and_off(angles, offsets)
    near &= (along >= CLEAR) & (along <= REACH) & (np.abs(off) <= BAND)
    # Few pixels are near an edge, so gather them: each edge is a row with its own.
    taken = np.argsort(~near, axis=-1, kind="stable")[..., :MOST_ON_EDGE]
    beside = np.take_along_axis(offsets[:, None], taken[..., None], axis=2).reshape(-1, MOST_ON_EDGE, 2)
    known = np.take_along_axis(near, taken, axis=2).reshape(-1, 1, MOST_ON_EDGE)
    shares = np.take_along_axis(shares, taken, axis=2).reshape(-1, 1, MOST_ON_EDGE)
    found, certain = fit_courses(angles.reshape(-1, 1), beside, shares, known)
    contrast = apart(inks, right_inks)[..., None, None]
    return Course(angles, found.bends.reshape(*angles.shape, 3)), certain.reshape(*angles.shape, 3, 3) * contrast**2


def _painted(told: _Told) -> Iterator[Array]:
    """The colours (m × p × channels) of the pixels for each of ``WAYS``."""
    yield _first_last(told)
    left = told.course.left(told.offsets)
    own, second, third = (told.inks[:, place] for place in range(3))
    bars = (left.of(0), second, third, left.of(2).other), (left.of(1).other, third, second, left.of(2))
    for bar, other, rest, beside in bars:
        of_bar, of_other = share(bar), share_of_both(bar.other, beside)
        yield _over(of_bar, own, of_other, other, rest)
        yield _over(of_other, other, of_bar, own, rest)


def _first_last(told: _Told) -> Array:
    """The colours (m × p × channels) of the pixels if the first region was painted last."""
    left, headings = told.course.left(told.offsets), told.course.heading
    narrow = ((headings[:, 1] - headings[:, 0]) % (2 * np.pi) < np.pi)[:, None]
    within = share_of_both(left.of(0).where(narrow), left.of(1).other.where(narrow))
    own, second, third = (told.inks[:, place] for place in range(3))
    return _over(np.where(narrow, within, 1 - within), own, share(left.of(2).other), second, third)


def _missed_at_best(told: _Told) -> Array:
    """What the first regions, if painted last, miss (m) where the edges may give way a little, and these moves are
    counted as missed, too: pixels further out tell the course of an edge less well if it is short or bent. Steps of
    Gauss and Newton.
    """
    moves = np.zeros((len(told.seen), 6))
    certain = np.zeros((len(moves), 6, 6))
    for edge in range(3):
        certain[:, 2 * edge : 2 * edge + 2, 2 * edge : 2 * edge + 2] = FURTHER_OUT * told.certain[:, edge, :2, :2]
    painted = _first_last(told)
    least = told.missed(painted)
    for _ in range(MOVES):
        slopes = np.stack([_first_last(told.moved(moves + step)) - painted for step in TRIED * np.eye(6)], axis=-1)
        slopes = slopes.reshape(len(moves), -1, 6) / TRIED
        normal = np.einsum("mpi,mpj->mij", slopes, slopes) + certain + np.eye(6)
        wanted = np.einsum("mpi,mp->mi", slopes, (told.seen - painted).reshape(len(moves), -1))
        wanted -= np.einsum("mij,mj->mi", certain, moves)
        moves = moves + np.linalg.solve(normal, wanted[..., None])[..., 0].clip(-LONGEST_MOVE, LONGEST_MOVE)
        painted = _first_last(told.moved(moves))
        strain = np.einsum("mi,mij,mj->m", moves, certain, moves)
        least = np.minimum(least, told.missed(painted) + strain)
    return least


def _over(share_of_last: Array, last: Array, share_before: Array, before: Array, below: Array) -> Array:
    """The colours (m × p × channels) of pixels of which the shape painted last covers a share (m × p), and the one
    before it one of the rest, by their inks (m × channels).
    """
    of_last, of_before = share_of_last[..., None], share_before[..., None]
    last, before, below = last[:, None], before[:, None], below[:, None]
    colour: Array = of_last * last + (1 - of_last) * (of_before * before + (1 - of_before) * below)
    return colour
