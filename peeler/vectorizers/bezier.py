"""Few smooth curves through many points: straight runs, corners, and cubic Béziers or arcs between them.

Schneider 1990 (*Graphics Gems* I, p. 612), with all pieces of a shape fitted at once, each reduced to the same
number of samples, so that a round costs a few dozen array operations however many pieces there are.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.arcs import fitted_arcs, rounded_corner
from peeler.vectorizers.corners import ARM, ROUNDING, corner_tips
from peeler.vectorizers.knots import STRAIGHT, Knot, find_knots, natural_knots, smooth_knot, spaced
from peeler.vectorizers.outlines import Outline, Points

TOLERANCE = 0.25
"""Pixels by which a curve may miss an outline."""
CLOSER = 0.65
"""Share of that by which one curve in the place of two may miss."""
HARD = 1.2
"""How much more of both where the outline comes from hard pixels, in pixel steps."""
SAMPLES = 40
"""Points to which a piece is reduced for fitting."""
ROUNDS = 9
"""Rounds of fit and split; what is not within tolerance then is drawn as it is."""
MIDDLE = 0.2
"""Share of a piece from its ends within which it is not split, so that every round brings shorter ones."""
ALIGNED = np.cos(np.deg2rad(2.5))
"""Cosine of the angle up to which two directions are one."""

ROUND = 0.4
"""Share of the tolerance by which an arc may miss."""
LONGEST_RUN = 5
"""Curves that one arc can replace."""

Index = NDArray[np.int64]
Numbers = NDArray[np.float64]
Curve = Points
"""Control points: 2 × 2 for a line, 4 × 2 for a cubic; 3 × 2 for an arc of a circle, its ends and its middle."""


Piece = tuple[Knot, Knot]


class _Drawn(NamedTuple):
    """A piece of an outline and the curve that stands for it."""

    piece: Piece
    curve: Curve


@dataclass(frozen=True, eq=False)
class _Track:
    """All outlines of a shape on one line of points, each two times round, so that every piece is a stretch of it."""

    points: Points
    slack: Numbers
    loops: list[list[Piece]]

    @classmethod
    def around(cls, outlines: Sequence[Outline], looser: float = 1.0) -> "_Track":
        points, slack, loops, start = [np.empty((0, 2))], [np.empty(0)], [], 0
        for outline in outlines:
            even, hard = spaced(outline)
            even, knots = find_knots(even, hard, outline.alpha)
            knots = [Knot(knot.place + start, knot.point, knot.direction) for knot in knots]
            again = Knot(knots[0].place + len(even), knots[0].point, knots[0].direction)
            loops.append(list(pairwise([*knots, again])))
            points += [even, even, even[:1]]
            slack.append(looser * (1 + HARD * np.concatenate([hard, hard, hard[:1]])))
            start += 2 * len(even) + 1
        return cls(np.concatenate(points), np.concatenate(slack), loops)

    def split(self, piece: Piece, share: float) -> list[Piece]:
        """Two pieces with a smooth knot between them, ``share`` (0–1) of the way along."""
        start, end = piece[0].place, piece[1].place
        place = start + max(2, min(end - start - 2, round((end - start) * share)))
        arm = min(ARM - 1, place - start, end - place)
        knot = smooth_knot(place, self.points[place - arm : place + arm + 1])
        return [(piece[0], knot), (knot, piece[1])]


def fit_curves(outlines: Sequence[Outline], tolerance: float = TOLERANCE) -> list[list[Curve]]:
    """Each closed outline as lines, arcs and cubics, every one beginning where the one before ends.

    ``tolerance`` is by how many pixels a curve may miss; what a line may leave its chord by goes along with it.
    """
    track = _Track.around(outlines, tolerance / TOLERANCE)
    found = _split_until_they_fit(track)
    _merge_while_they_fit(track, found)
    _round_corners_where_they_fit(track, found)
    _put_arcs_where_they_fit(track, found)
    places = sorted(found)
    bounds = [bisect_left(places, loop[0][0].place) for loop in track.loops] + [len(places)]
    return [[found[place].curve for place in places[start:end]] for start, end in pairwise(bounds)]


def fit_open_curve(
    line: Points,
    tolerance: float = TOLERANCE,
    alpha: NDArray[np.uint8] | None = None,
    ends: tuple[Numbers | None, Numbers | None] = (None, None),
) -> list[Curve]:
    """A line with two ends, of points a pixel apart, as lines, arcs and cubics within ``tolerance`` pixels.

    ``alpha`` is what it is an outline of, if of anything; ``ends`` are the directions of the line there, if known.
    """
    there_and_back = np.concatenate([line, line[-2:0:-1]])
    last = len(line) - 1
    inner = natural_knots(there_and_back, corner_tips(there_and_back, alpha))
    knots = [Knot(0, line[0], ends[0]), *(inner[place] for place in sorted(inner) if ARM <= place <= last - ARM)]
    pieces = list(pairwise([*knots, Knot(last, line[-1], ends[1])]))
    track = _Track(line, np.full(len(line), tolerance / TOLERANCE), [pieces])
    found = _split_until_they_fit(track)
    _merge_while_they_fit(track, found)
    _round_corners_where_they_fit(track, found)
    _put_arcs_where_they_fit(track, found)
    return [found[place].curve for place in sorted(found)]


def _split_until_they_fit(track: _Track) -> dict[int, _Drawn]:
    """Curves within tolerance by the places where they begin; pieces that miss are split where they miss most."""
    pieces = [piece for loop in track.loops for piece in loop]
    found: dict[int, _Drawn] = {}
    for last in (*[False] * ROUNDS, True):
        if not pieces:
            break
        samples, weights = _sampled(track, pieces)
        fitted, misses, worst = _fitted(samples, weights, pieces)
        flat = _off_chord(samples, weights) <= STRAIGHT
        rest = []
        for piece, curve, miss, split, straight in zip(pieces, fitted, misses, worst, flat, strict=True):
            one, other = piece
            if straight and _runs_along(piece):
                found[one.place] = _Drawn(piece, np.stack([one.point, other.point]))
            elif miss <= TOLERANCE or last or other.place - one.place < 4:
                found[one.place] = _Drawn(piece, curve)
            else:
                rest += track.split(piece, float(np.clip(split, MIDDLE, 1 - MIDDLE)))
        pieces = rest
    return found


def _merge_while_they_fit(track: _Track, found: dict[int, _Drawn]) -> None:
    """Put one curve in the place of two neighbours wherever it is close enough, the best fitting first."""
    fresh = set(found)
    while pairs := _neighbours(found, fresh):
        pieces = [(found[one].piece[0], found[other].piece[1]) for one, other in pairs]
        samples, weights = _sampled(track, pieces)
        fitted, misses, _ = _fitted(samples, weights, pieces)
        fresh = set()
        for index in np.argsort(misses, kind="stable").tolist():
            one, other = pairs[index]
            if misses[index] > CLOSER * TOLERANCE:
                break
            if one in found and other in found and one not in fresh and other not in fresh:
                del found[other]
                found[one] = _Drawn(pieces[index], fitted[index])
                fresh.add(one)


def _put_arcs_where_they_fit(track: _Track, found: dict[int, _Drawn]) -> None:
    """Put one arc in the place of one or several curves wherever it is close enough, the longest first."""
    runs = _smooth_runs(found)
    if not runs:
        return
    pieces = [(found[run[0]].piece[0], found[run[-1]].piece[1]) for run in runs]
    arcs, misses, first, last = fitted_arcs(*_sampled(track, pieces))
    for index in sorted(range(len(runs)), key=lambda index: (-len(runs[index]), misses[index])):
        ends = zip(pieces[index], (first[index], last[index]), strict=True)
        is_smooth = all(knot.direction is None or knot.direction @ way >= ALIGNED for knot, way in ends)
        still_there = all(place in found and len(found[place].curve) == 4 for place in runs[index])
        if is_smooth and still_there and misses[index] <= ROUND * TOLERANCE:
            for place in runs[index][1:]:
                del found[place]
            found[runs[index][0]] = _Drawn(pieces[index], arcs[index])


def _round_corners_where_they_fit(track: _Track, found: dict[int, _Drawn]) -> None:
    """Put one arc in the place of what is between two lines wherever it touches both and is close enough."""
    first_again = {loop[-1][1].place: loop[0][0].place for loop in track.loops}

    def after(drawn: _Drawn) -> int:
        return first_again.get(drawn.piece[1].place, drawn.piece[1].place)

    lines = {after(drawn): place for place, drawn in found.items() if len(drawn.curve) == 2}
    for run in sorted(_smooth_runs(found), key=len):
        if not all(place in found for place in run) or run[0] not in lines:
            continue
        before, next_place = lines[run[0]], after(found[run[-1]])
        piece = found[run[0]].piece[0], found[run[-1]].piece[1]
        is_smooth = all(knot.direction is not None for knot in piece)
        if not is_smooth or next_place == before or next_place not in lines.values():
            continue
        samples, weights = _sampled(track, [piece])
        rounded = rounded_corner(found[before].curve, found[next_place].curve, samples[0], weights[0])
        if rounded is not None and rounded.miss <= ROUND * TOLERANCE:
            for place in run[1:]:
                del found[place]
            found[run[0]] = _Drawn(piece, rounded.arc)
            for place, line in ((before, rounded.before), (next_place, rounded.after)):
                found[place] = found[place]._replace(curve=line)


def _smooth_runs(found: dict[int, _Drawn]) -> list[list[int]]:
    """Up to ``LONGEST_RUN`` cubics that follow each other without a corner, from each of them on."""
    runs = []
    for place, drawn in found.items():
        run: list[int] = []
        while len(drawn.curve) > 2 and len(run) < LONGEST_RUN:
            runs.append(run := [*run, place])
            knot = drawn.piece[1]
            if knot.direction is None or knot.place not in found:
                break
            place, drawn = knot.place, found[knot.place]
    return runs


def _neighbours(found: dict[int, _Drawn], fresh: set[int]) -> list[tuple[int, int]]:
    """Curves that follow each other without a corner, of which one is new."""
    return [
        (place, after)
        for place, drawn in found.items()
        if (after := drawn.piece[1].place) in found
        and drawn.piece[1].direction is not None
        and len(drawn.curve) == len(found[after].curve) == 4
        and (place in fresh or after in fresh)
    ]


def _runs_along(piece: Piece) -> bool:
    """Whether a line fits the directions at both ends, so that it makes no kink where the outline has none."""
    chord = piece[1].point - piece[0].point
    length = float(np.hypot(*chord))
    return all(knot.direction is None or float(knot.direction @ chord) >= ALIGNED * length for knot in piece)


def _sampled(track: _Track, pieces: list[Piece]) -> tuple[Numbers, Numbers]:
    """Per piece ``SAMPLES`` even points and weights (0–1): hard points count less, those rounded off at corners not."""
    starts, ends = (np.array([piece[side].place for piece in pieces], dtype=float)[:, None] for side in (0, 1))
    places = starts + (ends - starts) * np.linspace(0, 1, SAMPLES)
    low = np.floor(places).astype(int).clip(0, len(track.points) - 2)
    part = (places - low)[..., None]
    samples = track.points[low] * (1 - part) + track.points[low + 1] * part
    sharp = np.array([[knot.direction is None for knot in piece] for piece in pieces])
    away = np.stack([places - starts, ends - places]) <= ROUNDING
    weights = (1.0 - (away & sharp.T[..., None]).any(axis=0)) / track.slack[low]
    samples[:, 0] = [piece[0].point for piece in pieces]
    samples[:, -1] = [piece[1].point for piece in pieces]
    weights[:, [0, -1]] = 1
    return samples, weights


def _off_chord(samples: Numbers, weights: Numbers) -> Numbers:
    """Per piece, how far it leaves its chord at most."""
    chord = samples[:, -1] - samples[:, 0]
    normal = np.stack([-chord[:, 1], chord[:, 0]], axis=1) / np.maximum(1e-9, np.hypot(*chord.T))[:, None]
    off = np.abs(((samples - samples[:, :1]) * normal[:, None]).sum(axis=2))
    beyond = np.hypot(*(samples - samples[:, :1]).transpose(2, 0, 1)).max(axis=1) > np.hypot(*chord.T) + 1
    return np.where(beyond, np.inf, (off * weights).max(axis=1))


def _fitted(samples: Numbers, weights: Numbers, pieces: list[Piece]) -> tuple[Numbers, Numbers, Numbers]:
    """Cubics (pieces × 4 × 2), by how much each misses its samples, and where along it that is (0–1)."""
    first, last = _directions(samples, weights, pieces)
    share = np.broadcast_to(np.linspace(0, 1, SAMPLES), weights.shape)
    curves = _solved(samples, weights, share, first, last)
    for _ in range(3):
        share = _nearer(curves, samples, share)
        curves = _solved(samples, weights, share, first, last)
    off = np.hypot(*(_at(curves, share) - samples).transpose(2, 0, 1)) * weights
    return curves, off.max(axis=1), off.argmax(axis=1) / (SAMPLES - 1)


def _directions(samples: Numbers, weights: Numbers, pieces: list[Piece]) -> tuple[Numbers, Numbers]:
    """Unit directions into each piece from its two ends; at a corner from a parabola through the points near it."""
    found = []
    for side, line in ((0, samples), (1, samples[:, ::-1])):
        steps = np.array([piece[1].place - piece[0].place for piece in pieces])
        near = np.ceil(ARM * (SAMPLES - 1) / steps).astype(int).clip(1, (SAMPLES - 1) // 2)
        rows = np.arange(len(pieces))
        guess = -3 * line[:, 0] + 4 * line[rows, near] - line[rows, 2 * near]
        for row, piece in enumerate(pieces):
            known = piece[side].direction
            if known is not None:
                guess[row] = known if side == 0 else -known
        found.append(guess / np.maximum(1e-9, np.hypot(*guess.T))[:, None])
    return found[0], found[1]


def _bernstein(share: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    rest = 1 - share
    return rest**3, 3 * share * rest**2, 3 * share**2 * rest, share**3


def _solved(samples: Numbers, weights: Numbers, share: Numbers, first: Numbers, last: Numbers) -> Numbers:
    """Least squares for the lengths of the two handles (Schneider's 2 × 2 system), per piece."""
    b0, b1, b2, b3 = _bernstein(share)
    start, end = samples[:, 0], samples[:, -1]
    fixed = (b0 + b1)[..., None] * start[:, None] + (b2 + b3)[..., None] * end[:, None]
    rest = samples - fixed
    c00, c11 = (weights * b1 * b1).sum(axis=1), (weights * b2 * b2).sum(axis=1)
    c01 = (weights * b1 * b2).sum(axis=1) * (first * last).sum(axis=1)
    x0 = (weights * b1 * (rest * first[:, None]).sum(axis=2)).sum(axis=1)
    x1 = (weights * b2 * (rest * last[:, None]).sum(axis=2)).sum(axis=1)
    chord = np.hypot(*(end - start).T)
    length = np.hypot(*np.diff(samples, axis=1).transpose(2, 0, 1)).sum(axis=1)
    determinant = c00 * c11 - c01 * c01
    safe = np.where(np.abs(determinant) > 1e-9, determinant, 1)
    handles = np.stack([x0 * c11 - x1 * c01, c00 * x1 - c01 * x0]) / safe
    bad = (np.abs(determinant) <= 1e-9) | (handles < 0.01 * chord).any(axis=0) | (handles > 2 * length).any(axis=0)
    handles = np.where(bad, length / 3, handles)
    return np.stack([start, start + first * handles[0][:, None], end + last * handles[1][:, None], end], axis=1)


def _at(curves: Numbers, share: Numbers) -> Numbers:
    points: Numbers = np.einsum("bps,pbx->psx", np.stack(_bernstein(share)), curves)
    return points


def _nearer(curves: Numbers, samples: Numbers, share: Numbers) -> Numbers:
    """One Newton step towards the nearest point of the curve for each sample."""
    away = _at(curves, share) - samples
    d1 = 3 * np.diff(curves, axis=1)
    d2 = 2 * np.diff(d1, axis=1)
    rest = 1 - share
    speed = np.einsum("bps,pbx->psx", np.stack([rest**2, 2 * share * rest, share**2]), d1)
    bend = rest[..., None] * d2[:, None, 0] + share[..., None] * d2[:, None, 1]
    below = (speed * speed).sum(axis=2) + (away * bend).sum(axis=2)
    step = (away * speed).sum(axis=2) / np.where(np.abs(below) > 1e-9, below, 1)
    moved = np.clip(share - step, 0, 1)
    return np.maximum.accumulate(moved, axis=1)
