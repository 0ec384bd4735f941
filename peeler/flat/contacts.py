"""Where regions meet: along shared boundaries and in points where three of them come together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from peeler.flat.palette import Labels

RADII = (4, 6, 8, 11, 15)
"""Pixels, on a canvas of 512 × 512: the circles on which the angles at a junction are measured."""
_DIRECTIONS = np.arange(72) * (2 * np.pi / 72)
_APART = 4


@dataclass(frozen=True, eq=False)
class Boundary:
    """Where two regions meet: ``points`` (n × 2: y, x) are the pixels on the side of ``first``; ``first < second``."""

    first: int
    second: int
    points: NDArray[np.intp]

    @property
    def length(self) -> int:
        return len(self.points)


@dataclass(frozen=True, eq=False)
class Junction:
    """A point (y, x) where three regions meet, and the angle in degrees that each takes up there."""

    point: tuple[int, int]
    labels: tuple[int, int, int]
    angles: tuple[float, float, float]


def canvas_scale(labels: Labels) -> float:
    """The size of a canvas against the 512 × 512 for which lengths are given, held between ½ and 4."""
    return float(np.clip(np.sqrt(labels.size) / 512, 0.5, 4))


def neighbours(borders: Iterable[Boundary]) -> dict[int, set[int]]:
    """The labels of the regions that each region touches, of those that touch any."""
    beside = defaultdict[int, set[int]](set)
    for border in borders:
        beside[border.first].add(border.second)
        beside[border.second].add(border.first)
    return dict(beside)


def boundaries(labels: Labels) -> list[Boundary]:
    """Every pair of regions that share pixel sides, ordered by their labels."""
    keys, points = [], []
    count = int(labels.max()) + 1
    for one, other, step in ((labels[:, :-1], labels[:, 1:], (0, 1)), (labels[:-1], labels[1:], (1, 0))):
        differ = np.flatnonzero(one != other)
        near, far = (side.ravel()[differ].astype(np.int64) for side in (one, other))
        where = np.stack(np.divmod(differ, one.shape[1]), axis=1)
        keys.append(np.minimum(near, far) * count + np.maximum(near, far))
        points.append(where + (near > far)[:, None] * np.array(step))
    return [Boundary(int(key // count), int(key % count), rows) for key, rows in _grouped(keys, points)]


def _grouped(
    keys: list[NDArray[np.int64]], points: list[NDArray[np.intp]]
) -> Iterator[tuple[np.int64, NDArray[np.intp]]]:
    every, rows = np.concatenate(keys), np.concatenate(points)
    order = np.argsort(every, kind="stable")
    every, rows = every[order], rows[order]
    starts = [0, *(np.flatnonzero(np.diff(every)) + 1), len(every)]
    for start, end in pairwise(starts):
        if end > start:
            yield every[start], rows[start:end]


def junctions(labels: Labels) -> list[Junction]:
    """The points where exactly three regions meet and stay alone together on at least the two smallest circles.

    A single circle sees the square grid rather than the drawing: the angles are means over all circles
    up to the first that meets something else.
    """
    points, triples = meeting_triples(labels)
    if not len(points):
        return []
    height, width = labels.shape
    total = np.zeros((len(points), 3))
    circles = np.zeros(len(points), np.int32)
    alive = np.ones(len(points), np.bool_)
    for radius in RADII:
        reach = radius * canvas_scale(labels)
        ys = np.rint(points[:, :1] + 0.5 + reach * np.sin(_DIRECTIONS)).astype(int).clip(0, height - 1)
        xs = np.rint(points[:, 1:] + 0.5 + reach * np.cos(_DIRECTIONS)).astype(int).clip(0, width - 1)
        ring = labels[ys, xs]
        shares = (ring[:, None, :] == triples[:, :, None]).mean(axis=2)
        changes = (ring != np.roll(ring, 1, axis=1)).sum(axis=1)
        alive &= (changes == 3) & (shares.min(axis=1) > 0) & (shares.sum(axis=1) > 0.999)
        total[alive] += shares[alive]
        circles += alive
    angles = 360 * total / np.maximum(circles, 1)[:, None]
    sure = circles >= 2
    return [
        Junction((int(y), int(x)), (int(a), int(b), int(c)), (float(p), float(q), float(r)))
        for (y, x), (a, b, c), (p, q, r) in zip(points[sure], triples[sure], angles[sure], strict=True)
    ]


def meeting_triples(labels: Labels) -> tuple[NDArray[np.intp], Labels]:
    """The upper left pixels (y, x) of 2 × 2 windows with three labels, the middle of each cluster, and those labels."""
    window = labels[:-1, :-1], labels[:-1, 1:], labels[1:, :-1], labels[1:, 1:]
    # Three labels in four pixels: few windows differ at all, so sort only those.
    ys, xs = np.nonzero((window[0] != window[1]) | (window[0] != window[2]) | (window[0] != window[3]))
    values = np.sort(np.stack([corner[ys, xs] for corner in window], axis=1), axis=1)
    new = np.concatenate([np.ones((len(values), 1), np.bool_), values[:, 1:] != values[:, :-1]], axis=1)
    three = new.sum(axis=1) == 3
    points = np.stack([ys[three], xs[three]], axis=1)
    triples = values[three][new[three]].reshape(-1, 3)
    clusters: dict[tuple[int, ...], list[list[NDArray[np.intp]]]] = {}
    for point, triple in zip(points, triples, strict=True):
        known = clusters.setdefault(tuple(triple.tolist()), [])
        near = [cluster for cluster in known if np.abs(point - cluster[0]).max() <= _APART]
        if near:
            near[0].append(point)
        else:
            known.append([point])
    centres = [(np.rint(np.mean(cluster, axis=0)), triple) for triple, known in clusters.items() for cluster in known]
    return (
        np.array([centre for centre, _ in centres], np.intp).reshape(-1, 2),
        np.array([triple for _, triple in centres], np.int32).reshape(-1, 3),
    )
