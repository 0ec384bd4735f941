"""Crossings: points around which four regions or six lie in turn, such as where two edges cross."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import RADII, canvas_scale
from peeler.flat.palette import Labels
from peeler.flat.regions import Region, Regions
from peeler.geometry import Box, Pixels

SMALLEST_ARC = 3
"""Of 72 directions around a crossing; what takes up fewer is the rim of something."""
NARROW = 2
"""Pixels around a point within which a region that touches two others there is narrow."""
_DIRECTIONS = np.arange(72) * (2 * np.pi / 72)
_CLUSTER = 7
"""Pixels, at 512 × 512, within which points where regions meet are one crossing."""

Points = NDArray[np.float64]


class Ring(NamedTuple):
    """What is seen around a ``point`` (y, x): the labels in turn, and the ``angles`` in degrees that they take up."""

    point: tuple[int, int]
    labels: tuple[int, ...]
    angles: list[float]


def rings(labels: Labels, points: Points) -> Iterator[Ring]:
    """What is seen around those of ``points`` (n × 2: y, x) around which there are four or six regions in turn."""
    if not len(points):
        return
    height, width = labels.shape
    seen_on = []
    for radius in RADII:
        reach = radius * canvas_scale(labels)
        ys = np.rint(points[:, :1] + reach * np.sin(_DIRECTIONS)).astype(int).clip(0, height - 1)
        xs = np.rint(points[:, 1:] + reach * np.cos(_DIRECTIONS)).astype(int).clip(0, width - 1)
        seen_on.append(labels[ys, xs])
    for point, circles in zip(np.rint(points).astype(int).tolist(), np.stack(seen_on, axis=1), strict=True):
        seen: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for ring in circles:
            names, lengths = _arcs(ring)
            if len(names) in (4, 6):
                seen.setdefault(names, []).append(lengths)
        if seen:
            names, found = max(seen.items(), key=lambda item: len(item[1]))
            if len(found) > 1:
                yield Ring((point[0], point[1]), names, (np.mean(found, axis=0) * 5).tolist())


def meeting_points(labels: Labels) -> Points:
    """The middles (y, x) of the places where three regions or more meet."""
    one, *others = labels[:-1, :-1], labels[:-1, 1:], labels[1:, :-1], labels[1:, 1:]
    # Few windows differ at all, so sort only those.
    ys, xs = np.nonzero(np.logical_or.reduce([one != other for other in others]))
    window = np.sort(np.stack([corner[ys, xs] for corner in (one, *others)]), axis=0)
    places = np.zeros(one.shape, np.bool_)
    places[ys, xs] = (window[1:] != window[:-1]).sum(axis=0) >= 2
    return _middles(places, canvas_scale(labels))


def _narrow_points(labels: Labels) -> Points:
    """The middles (y, x) of the places where a region is but a few pixels wide between two others."""
    numbers, kernel = labels.astype(np.float32), np.ones((2 * NARROW + 1,) * 2, np.uint8)
    between = (numbers != cv2.dilate(numbers, kernel)) & (numbers != cv2.erode(numbers, kernel))
    return _middles(between, canvas_scale(labels))


def _middles(places: Pixels, scale: float) -> Points:
    """The middle (y, x) of each cluster of ``places`` (height × width)."""
    side = round(_CLUSTER * scale) | 1
    _, clusters = cv2.connectedComponents(cv2.dilate(places.astype(np.uint8), np.ones((side, side), np.uint8)))
    ys, xs = np.nonzero(places)
    members = np.asarray(clusters)[ys, xs]
    counts = np.maximum(np.bincount(members), 1)
    middles = np.stack([np.bincount(members, ys) / counts, np.bincount(members, xs) / counts], axis=1) + 0.5
    return np.asarray(middles[np.unique(members)], np.float64)


def _arcs(ring: Labels) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The labels of a ring of directions in turn, from the least turn on, and how many directions each takes up."""
    starts = np.flatnonzero(ring != np.roll(ring, 1))
    if len(starts) < 4:
        return (), ()
    lengths = np.diff(np.append(starts, starts[0] + len(ring)))
    kept: list[list[int]] = []
    for name, length in zip(ring[starts].tolist(), lengths.tolist(), strict=True):
        if length < SMALLEST_ARC:
            continue
        if kept and kept[-1][0] == name:
            kept[-1][1] += length
        else:
            kept.append([name, length])
    if len(kept) > 1 and kept[0][0] == kept[-1][0]:
        kept[0][1] += kept.pop()[1]
    # The same crossing must read the same on every circle.
    turned = min(
        (kept[turn:] + kept[:turn] for turn in range(len(kept))), key=lambda arcs: [arc[0] for arc in arcs], default=[]
    )
    return tuple(arc[0] for arc in turned), tuple(arc[1] for arc in turned)


def cut_at_crossings(regions: Regions) -> Regions:
    """The regions with those in two where two of their corners touch at a crossing, as discs of one ink do."""
    labels, reach = regions.labels.copy(), round(2 * canvas_scale(regions.labels))
    cuts = []
    for (y, x), names, _ in rings(labels, _narrow_points(labels)):
        if len(names) == 4 and len(set(names)) == 3:
            cuts.append((names[0] if names[0] == names[2] else names[1], y, x))
    inks = [region.ink for region in regions.all]
    for label in {label for label, *_ in cuts}:
        mask = (labels == label).astype(np.uint8)
        for _, y, x in (cut for cut in cuts if cut[0] == label):
            mask[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach] = 0
        _, parts = cv2.connectedComponents(mask)
        # What was cut out goes to some part beside it.
        spread = cv2.dilate(np.asarray(parts, np.float32), np.ones((4 * reach + 1,) * 2, np.uint8)).astype(np.int32)
        parts = np.where(labels != label, 0, np.where(mask > 0, parts, spread))
        for part in range(2, int(parts.max()) + 1):
            labels[parts == part] = len(inks)
            inks.append(regions.all[label].ink)
    if len(inks) == len(regions.all):
        return regions
    return Regions(labels, tuple(region_of(labels, label, ink) for label, ink in enumerate(inks)))


def region_of(labels: Labels, label: int, ink: int) -> Region:
    """The region of one of ``labels``."""
    mask = labels == label
    return Region(label, ink, Box.around(mask), int(np.count_nonzero(mask)))
