"""Lines that pass behind something: pieces of one thin line that end at the edges of what lies between them.

Whoever draws the line of a chart, a ring or a wire draws it in one piece. It ends at an edge of something that it does
not run in, and goes on at another one in the same course, as wide as before: what lies between is in front of it
(relatability: Kellman and Shipley, *A theory of visual interpolation in object perception*, 1991).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Vector, runs
from peeler.flat.cues import Evidence, without
from peeler.flat.palette import Labels, grain
from peeler.flat.pieces import Join
from peeler.flat.regions import Region, Regions
from peeler.flat.soft_edges import Array
from peeler.geometry import Pixels

WIDEST, SLENDER = 8.0, 3.0
"""Pixels, at 512 × 512, that a thin line is wide at most, and times as long as wide it is at least."""
MOST = 40
"""Lines of one ink; a picture with more is a pattern."""
TAPER = 1.25
"""Times its width that a line may be wide where it ends."""
FURTHER = 3
"""Times as far from its end as the end is told, its direction is."""
LEAST_SPAN = 0.5
"""Share of how far its outline goes that a line goes on there: a blob or a corner does not."""
MOST_TURN = 0.45
"""Radians by which each end may turn on its way to the other, as a bow does;"""
OFFSET = 0.5
"""widths of the line by which they may lie beside each other instead, and a pixel."""
LIKE_WIDTH = 1.5
"""Ratio of the widths of two pieces of a line at most."""
LONGEST_GAP = 0.35
"""Share of the canvas, its longer side, that a line is hidden at most."""
EDGE = 2.5
"""Pixels by which a line ends before what hides it begins, at most: soft edges are anybody's."""
HIDDEN = 0.9
"""Share of the way that what is neither ground nor of the line's ink must have."""
STEP = 0.5
"""Pixels between two points of a way."""
BAND = 0.8
"""Share of a crumb of the line's ink that lies in the hidden part of the line."""
SURE = 2.0
"""Log odds from which on a line is known to lie on what it ends at."""
ODDS = 6.0
"""Log odds that what hides a line lies above it."""
REASON = "a line goes on behind it"


class Tip(NamedTuple):
    """Where a line ends: its ``label``, the ``point`` (x, y), the ``direction`` in which it would go on, a unit vector,
    and the ``width`` of the line in pixels.
    """

    label: int
    point: Vector
    direction: Vector
    width: float


class Passage(NamedTuple):
    """Two pieces of one line (labels; ``crumbs`` are others that show of it in between), what hides the rest, and the
    ``band`` (height × width) that it has there.
    """

    first: int
    second: int
    crumbs: tuple[int, ...]
    covers: tuple[int, ...]
    band: Pixels

    @property
    def pieces(self) -> frozenset[int]:
        """The labels of what shows of the line."""
        return frozenset((self.first, self.second, *self.crumbs))


def find_passages(regions: Regions, background: frozenset[int], odds: NDArray[np.float64]) -> tuple[Passage, ...]:
    """Where thin lines pass behind something that is no ground, nor surely below them.

    ``odds[i, j]`` (count × count) are the log odds that region i lies above j where there is evidence, else 0.
    """
    by_ink: defaultdict[int, list[list[Tip]]] = defaultdict(list)
    for region in regions.all:
        if region.label not in background and (tips := tips_of(regions, region)):
            by_ink[region.ink].append(tips)
    found: list[Passage] = []
    for lines in by_ink.values():
        if len(lines) <= MOST:
            tips = [tip for line in lines for tip in line]
            found += _passages(tips, regions, background)
    return tuple(passage for passage in found if not _on_cover(passage, odds))


def _on_cover(passage: Passage, odds: NDArray[np.float64]) -> bool:
    return bool(odds[np.ix_(passage[:2], passage.covers)].max() > SURE)


def passed_by(passages: Iterable[Passage], members: Collection[int]) -> list[int]:
    """The labels behind which the ``members`` of a shape pass, if these are pieces of a line and nothing else."""
    own = [passage for passage in passages if passage.first in members]
    is_line = frozenset[int]().union(*(passage.pieces for passage in own)) >= {*members}
    return sorted({cover for passage in own for cover in passage.covers}) if is_line else []


def joins(passages: Iterable[Passage]) -> Iterator[Join]:
    """The pieces of each line as one shape."""
    for passage in passages:
        for label in (passage.second, *passage.crumbs):
            yield passage.first, label, passage.band


def with_passages(evidence: Sequence[Evidence], passages: Iterable[Passage]) -> tuple[Evidence, ...]:
    """The evidence, but for lines and what hides them only that."""
    above = {(cover, line) for passage in passages for line in passage[:2] for cover in passage.covers}
    return (*without(evidence, above), *(Evidence(cover, line, ODDS, REASON) for cover, line in sorted(above)))


def tips_of(regions: Regions, region: Region) -> list[Tip]:
    """The ends of a region if it is a thin line, straight or bent: where its outline turns back on itself."""
    size = grain(regions.labels)
    box = region.box
    if not region.area or region.area > WIDEST * size * (box.width + box.height) * 2:
        return []
    mask = np.pad((regions.labels[box.slices] == region.label).astype(np.uint8), 1)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = np.asarray(max(outlines, key=len)[:, 0], np.float64) + (box.x0 - 1, box.y0 - 1)
    length = cv2.arcLength(outline.astype(np.float32), closed=True) / 2 + 1
    width = region.area / length
    if width > WIDEST * size or length < SLENDER * width or len(outline) < 8:
        return []
    return [Tip(region.label, *end, width) for end in _ends(outline, width)]


def _ends(outline: Array, width: float) -> Iterator[tuple[Vector, Vector]]:
    """The points and directions where an ``outline`` (n × 2) turns back within the width of its line."""
    near = int(np.ceil(width)) + 1
    far = min(FURTHER * near, len(outline) // 4)
    if far <= near:
        return
    chord = np.hypot(*(np.roll(outline, near, axis=0) - np.roll(outline, -near, axis=0)).T)
    turned = chord <= max(TAPER * width, width + 0.5)
    for start, length in [] if turned.all() else runs(turned):
        middle = (start + length // 2) % len(outline)
        inner, further = (outline[[middle - step, (middle + step) % len(outline)]].mean(axis=0) for step in (near, far))
        way = inner - further
        span = float(np.hypot(*way))
        if span > LEAST_SPAN * (far - near):
            # The outline may turn on either side of the middle of its line.
            yield inner + (outline[middle] - inner) @ way / span**2 * way, way / span


def _passages(tips: Sequence[Tip], regions: Regions, background: frozenset[int]) -> Iterator[Passage]:
    """The pairs of tips that go on in each other, straightest and nearest first, each tip at most once."""
    longest = LONGEST_GAP * max(regions.labels.shape)
    ranked = []
    for one, other in combinations(range(len(tips)), 2):
        cost = _cost(tips[one], tips[other])
        if cost is not None and np.hypot(*(tips[one].point - tips[other].point)) <= longest:
            ranked.append((cost, one, other))
    used: set[int] = set()
    for _, one, other in sorted(ranked):
        if not used & {one, other}:
            passage = _passage(tips[one], tips[other], regions, background)
            if passage is not None:
                used |= {one, other}
                yield passage


def _cost(one: Tip, other: Tip) -> float | None:
    """How long and bent the way from one tip to the other is; None if they do not go on in each other."""
    gap = other.point - one.point
    length = float(np.hypot(*gap))
    if length < 2 or max(one.width, other.width) > LIKE_WIDTH * min(one.width, other.width) + 0.5:
        return None
    turns = _turn(one.direction, gap), _turn(gap, -other.direction)
    # A bow turns the same way at both ends; what turns back is set off sideways.
    off = length * abs(np.sin((turns[0] - turns[1]) / 2))
    if max(map(abs, turns)) > MOST_TURN or off > OFFSET * min(one.width, other.width) + 1:
        return None
    return length * (1 + (abs(turns[0]) + abs(turns[1])) / MOST_TURN)


def _turn(one: Vector, other: Vector) -> float:
    """The angle in radians, −π to π, from one vector to another."""
    return float(np.arctan2(one[0] * other[1] - one[1] * other[0], one @ other))


def _passage(one: Tip, other: Tip, regions: Regions, background: frozenset[int]) -> Passage | None:
    """What lies between two tips, if it hides a line and does not lie beside it at either end."""
    labels, ink, inks = regions.labels, regions.all[one.label].ink, np.array(regions.inks)
    path = _path(one, other)
    on_way = _labels_at(labels, path)
    grounds = [background | _beside(tip, labels) for tip in (one, other)]
    cover, last = _cover(one, on_way, regions, grounds[0]), _cover(other, on_way[::-1], regions, grounds[1])
    soft = _soft(labels)
    seen = on_way[soft:-soft] if len(on_way) > 2 * soft else on_way
    if cover is None or last is None or np.isin(seen, list(frozenset.union(*grounds))).mean() > 1 - HIDDEN:
        return None
    band = _band(path, (one.width + other.width) / 2, labels.shape)
    shown = np.bincount(labels[band], minlength=len(inks))
    crumbs = tuple(
        region.label
        for region in regions.all
        if region.ink == ink and region.label not in (one.label, other.label, *background)
        if shown[region.label] > BAND * region.area
    )
    return Passage(one.label, other.label, crumbs, (cover, last), band & (inks[labels] != ink))


def _band(path: Array, width: float, shape: tuple[int, ...]) -> Pixels:
    """The pixels whose middles a line of this ``width`` along a ``path`` covers."""
    reach = int(np.ceil(width / 2))
    steps = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    places = np.rint(path).astype(np.intp)[:, None] + steps
    near = np.hypot(*np.moveaxis(places - path[:, None], -1, 0)) < width / 2
    band = np.zeros(shape, np.bool_)
    x, y = places[near].clip(0, np.array(shape[::-1]) - 1).T
    band[y, x] = True
    return band


def _cover(tip: Tip, on_way: NDArray[np.intp], regions: Regions, grounds: frozenset[int]) -> int | None:
    """What a line runs into at its end, by the labels on its way from there, other than the ``grounds`` around it."""
    ahead = on_way[: _soft(regions.labels) + 1].tolist()
    ink = regions.all[tip.label].ink
    return next((label for label in ahead if regions.all[label].ink != ink and label not in grounds), None)


def _soft(labels: Labels) -> int:
    """Steps along a way that a soft edge has at most."""
    return int(np.ceil(EDGE * grain(labels) / STEP)) + 1


def _path(one: Tip, other: Tip) -> Array:
    """The points (n × 2: x, y), about a ``STEP`` apart, of the way from one tip to the other: a cubic curve that
    leaves both in their directions (Hermite).
    """
    length = float(np.hypot(*(other.point - one.point)))
    t = np.linspace(0, 1, int(length / STEP) + 2)[:, None]
    start, end = length * one.direction, -length * other.direction
    curve: Array = (
        (2 * t**3 - 3 * t**2 + 1) * one.point
        + (t**3 - 2 * t**2 + t) * start
        + (3 * t**2 - 2 * t**3) * other.point
        + (t**3 - t**2) * end
    )
    return curve


def _beside(tip: Tip, labels: Labels) -> frozenset[int]:
    """The labels on either side of a line shortly before it ends."""
    across = np.array([-tip.direction[1], tip.direction[0]])
    off = tip.width / 2 + EDGE * grain(labels)
    back = tip.point - off * tip.direction
    return frozenset(_labels_at(labels, np.array([back + off * across, back - off * across])).tolist())


def _labels_at(labels: Labels, points: Array) -> NDArray[np.intp]:
    limits = np.array(labels.shape[::-1]) - 1
    x, y = np.rint(points).astype(np.intp).clip(0, limits).T
    return np.asarray(labels[y, x], np.intp)
