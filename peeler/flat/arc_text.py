"""Text along an arc, as on seals, badges and logos: unrolled, it is a line of text like any other."""

from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np

from peeler.flat.letters import Letter
from peeler.flat.palette import Labels
from peeler.flat.regions import Regions, measured
from peeler.flat.soft_edges import Array
from peeler.flat.text import Line, find_lines, letters_by_look

FEWEST, FEWEST_NEW = 5, 3
"""Letters of a line along an arc, and those of them that were in no line, at least."""
MOST = 200
"""Letters of one look; more are texture."""
MOST_TRIED = 6
"""Arcs of letters of one look that are unrolled, those with most letters first."""
REFINED = 3
"""Times that an arc is laid through the letters along it."""
BOW = 0.6
"""Heights of a letter by which the middle of a line lies off the way between its ends, at least; less is straight."""
NEIGHBOURS = 2.5
"""Heights of a letter in which the next ones are."""
OFF_ARC = 0.4
"""Heights of a letter by which its middle may lie off the arc."""
SMALLEST, LARGEST = 1.5, 0.75
"""Radius of an arc in heights of its letters, at least, and in sides of the canvas, the longer one, at most."""
ROOM = 1.1
"""Heights of a letter on either side of an arc that are unrolled."""


class _Arc(NamedTuple):
    """The ``centre`` (x, y) and ``radius`` of a circle, in pixels, and the letters along it."""

    centre: Array
    radius: float
    letters: list[Letter]


def with_arcs(regions: Regions, lines: Sequence[Line]) -> list[Line]:
    """The ``lines`` and those along arcs, which take in what of them was told as straight ones."""
    every = list(lines)
    for letters in letters_by_look(regions).values():
        if len(letters) > MOST:
            continue
        while (found := _next_line(regions, letters, every)) is not None:
            every = [line for line in every if not line.letters & found.letters] + [found]
    return every


def _next_line(regions: Regions, letters: Sequence[Letter], lines: Sequence[Line]) -> Line | None:
    """The line along the arc that has most of the letters that are in no line yet."""
    told = frozenset[int]().union(*(line.letters for line in lines))
    arcs = (arc for arc in _arcs(letters, told, max(regions.labels.shape)) if _is_bent(arc, arc.letters))
    for arc in islice(arcs, MOST_TRIED):
        for outward in (True, False):
            for line in find_lines(_unrolled(regions, arc, outward)):
                along = [letter for letter in arc.letters if letter.region.label in line.letters]
                taken = frozenset[int]().union(*(own.letters for own in lines if own.letters & line.letters))
                if taken <= line.letters and len(line.letters - told) >= FEWEST_NEW and _is_bent(arc, along):
                    return line
    return None


def _is_bent(arc: _Arc, letters: Sequence[Letter]) -> bool:
    """Whether ``letters`` follow an arc so far that they are on no straight line."""
    if len(letters) < FEWEST:
        return False
    turn = 2 * np.pi - _widest_gap(np.array([letter.box.centre for letter in letters]) - arc.centre)[1]
    return bool(arc.radius * (1 - np.cos(turn / 2)) >= BOW * np.median([_size(letter) for letter in letters]))


def _arcs(letters: Sequence[Letter], told: frozenset[int], canvas: int) -> Iterator[_Arc]:
    """Arcs of letters, the one with most of them that are not ``told`` first."""
    free = [place for place, letter in enumerate(letters) if letter.region.label not in told]
    if len(free) < FEWEST_NEW or len(letters) < FEWEST:
        return
    middles = np.array([letter.box.centre for letter in letters])
    sizes = np.array([_size(letter) for letter in letters])
    found: dict[tuple[int, ...], _Arc] = {}
    for three in _threes(middles, sizes, free):
        arc = _arc_through(middles, sizes, three, canvas)
        if arc is not None:
            centre, radius, on = arc
            found[tuple(on)] = _Arc(centre, radius, [letters[place] for place in on])
    yield from sorted(found.values(), key=lambda arc: -sum(letter.region.label not in told for letter in arc.letters))


def _threes(middles: Array, sizes: Array, free: Sequence[int]) -> Iterator[list[int]]:
    """Each of the ``free`` letters with two of the three that are nearest to it."""
    for place in free:
        apart = np.hypot(*(middles - middles[place]).T)
        near = [other for other in np.argsort(apart)[1:4].tolist() if apart[other] <= NEIGHBOURS * sizes[place]]
        yield from ([place, *two] for two in combinations(near, 2))


def _arc_through(
    middles: Array, sizes: Array, three: Sequence[int], canvas: int
) -> tuple[Array, float, list[int]] | None:
    """The centre and radius of an arc that starts from three letters, and the indices of all that are along it."""
    on = np.array(three)
    for _ in range(REFINED):
        centre, radius = _fitted(middles[on])
        size = float(np.median(sizes[on]))
        on = np.flatnonzero(np.abs(np.hypot(*(middles - centre).T) - radius) <= OFF_ARC * size)
        if len(on) < FEWEST or not SMALLEST * size <= radius <= LARGEST * canvas:
            return None
    return centre, radius, on.tolist()


def _size(letter: Letter) -> float:
    """The longer side of a letter in pixels, which says how high it is whichever way it is turned."""
    return float(max(letter.box.height, letter.box.width))


def _widest_gap(ways: Array) -> tuple[float, float]:
    """Where the widest gap between directions (n × 2: x, y) begins, and how wide it is, in radians."""
    turns = np.sort(np.arctan2(ways[:, 1], ways[:, 0]) % (2 * np.pi))
    gaps = np.diff(turns, append=turns[0] + 2 * np.pi)
    return float(turns[gaps.argmax()]), float(gaps.max())


def _fitted(points: Array) -> tuple[Array, float]:
    """The circle that points (n × 2) miss least (Kåsa, *A circle fitting procedure and its error analysis*, 1976)."""
    middle = points.mean(axis=0)
    x, y = (points - middle).T
    solved, *_ = np.linalg.lstsq(np.column_stack([2 * x, 2 * y, np.ones(len(x))]), x**2 + y**2, rcond=None)
    centre = solved[:2]
    return centre + middle, float(np.sqrt(max(solved[2] + centre @ centre, 0)))


def _unrolled(regions: Regions, arc: _Arc, outward: bool) -> Regions:
    """The strip along an arc as straight, with the letters' tops ``outward`` or towards the middle; what lies only in
    part in it is left out, and there is room above and below.
    """
    high = float(np.median([_size(letter) for letter in arc.letters]))
    gap, wide = _widest_gap(np.array([letter.box.centre for letter in arc.letters]) - arc.centre)
    # Beyond its ends there is room for two letters more.
    beyond = min(2 * high / arc.radius, wide / 2)
    along = np.arange(gap + wide - beyond, gap + 2 * np.pi + beyond, 1 / arc.radius)
    across = arc.radius + np.arange(ROOM * high, -ROOM * high, -1.0)
    x = np.rint(arc.centre[0] + across[:, None] * np.cos(along)).astype(np.intp)
    y = np.rint(arc.centre[1] + across[:, None] * np.sin(along)).astype(np.intp)
    height, width = regions.labels.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (across[:, None] > 0)
    ground = int(np.bincount([letter.ground for letter in arc.letters]).argmax())
    strip: Labels = np.where(inside, regions.labels[y.clip(0, height - 1), x.clip(0, width - 1)], ground)
    strip[np.isin(strip, np.unique(strip[[0, -1]]))] = ground
    strip = np.pad(strip, ((len(across), len(across)), (0, 0)), constant_values=ground)
    return measured(strip if outward else strip[::-1, ::-1].copy(), regions.inks)
