"""Regions: the connected areas of one ink, with every mixed pixel on the side it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import dot, strongest
from peeler.flat.contours import filled
from peeler.flat.palette import (
    CLEAN_NOISE,
    Labels,
    Palette,
    grain,
    have_twins,
    mixtures,
    nearest_ink,
    solid,
    wide,
    without_noise,
)
from peeler.geometry import RGB, Box, Pixels

SMALLEST_REGION = 8
"""Pixels, on a canvas of 512 × 512; what is smaller belongs to its surroundings."""
SMALLEST_LOSSY = 32
"""The same where JPEG or the like left specks beside the edges."""
SMALLEST_NARROW = 256
"""The same there for narrow regions of an ink that is close to another one."""
MOST_REGIONS = 3000
"""The smallest of more regions are merged into their surroundings: noise must not make a drawing endless."""
SMALLEST_TONE = 0.002
"""The same as a share of the canvas where the picture is no flat art."""
MOST_TONE_REGIONS = 20
"""The most regions there."""
SMOOTHED = 9
"""Side in pixels of the median filter that takes the texture out of a picture that is no flat art, at 512 × 512."""
_NEIGHBOURS = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3) if dy or dx]


@dataclass(frozen=True, eq=False)
class Region:
    """A connected area (8-connected, but for fine lines across it) of one ink: ``label`` in the map of regions, ``ink``
    its index in the palette.
    """

    label: int
    ink: int
    box: Box
    area: int


@dataclass(frozen=True, eq=False)
class Regions:
    """``labels`` (height × width) holds the index of each pixel's region in ``all``; no pixel is without one."""

    labels: Labels
    all: tuple[Region, ...]

    @property
    def inks(self) -> list[int]:
        """The ink of each region."""
        return [region.ink for region in self.all]

    def mask(self, label: int) -> Pixels:
        mask: Pixels = self.labels == label
        return mask


def held(regions: Regions, label: int) -> tuple[Labels, Pixels]:
    """The labels in a window that is a little larger than a region, and what its outer outline holds there."""
    height, width = regions.labels.shape
    labels = regions.labels[regions.all[label].box.expand(2, (width, height)).slices]
    return labels, filled(labels == label)


def find_regions(picture: RGB, palette: Palette) -> Regions:
    """Cut ``picture`` (height × width × 3) into regions of the inks of ``palette``, a bounded number of them."""
    return _ink_regions(picture, palette) if palette.flat else _tone_regions(picture, palette)


def _ink_regions(picture: RGB, palette: Palette) -> Regions:
    lossy = palette.tolerance != CLEAN_NOISE
    if lossy:
        picture = without_noise(picture)
    inks = nearest_ink(picture, palette.inks, palette.tolerance)
    inks = _without_slivers(picture, inks, solid(picture, palette.tolerance), palette.inks)
    regions = _connected(_spread(picture, inks, palette.inks))
    specks = _lossy_specks(regions, palette) if lossy else _below(regions, SMALLEST_REGION)
    return _coarser(_absorb_specks(regions, picture, palette, specks), MOST_REGIONS, 1)


def _below(regions: Regions, smallest: int) -> NDArray[np.bool_]:
    """Which regions have fewer pixels than ``smallest``, at 512 × 512."""
    return np.array([region.area < smallest * grain(regions.labels) ** 2 for region in regions.all])


def _lossy_specks(regions: Regions, palette: Palette) -> NDArray[np.bool_]:
    """Which regions are what loss left beside the edges."""
    twins, size = have_twins(palette.inks), grain(regions.labels)
    narrow = _below(regions, SMALLEST_NARROW) & twins[_ink_of(regions)]
    for label in np.flatnonzero(narrow):
        part = regions.labels[regions.all[label].box.slices] == label
        narrow[label] = not wide(np.pad(part, 1), size).any()
    return _below(regions, SMALLEST_LOSSY) | narrow


def _tone_regions(picture: RGB, palette: Palette) -> Regions:
    inks = nearest_ink(_smoothed(picture), palette.inks, 255)
    return _coarser(_connected(inks), MOST_TONE_REGIONS, int(SMALLEST_TONE * inks.size))


def _smoothed(picture: RGB) -> RGB:
    """``picture`` without its texture: a median taken on at most 512 × 512 pixels."""
    height, width = picture.shape[:2]
    scale = min(1.0, 512 / float(np.sqrt(height * width)))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    median = cv2.medianBlur(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), SMOOTHED)
    return np.asarray(cv2.resize(median, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _without_slivers(picture: RGB, inks: Labels, core: Pixels, colours: NDArray[np.uint8]) -> Labels:
    """Unset the pixels that show an ink only because the mixture of two others passes through its colour."""
    suspects = np.argwhere((inks >= 0) & ~core)
    mixed = mixtures(picture, inks, core, colours, suspects)
    cleared = inks.copy()
    cleared[tuple(suspects[mixed].T)] = -1
    return cleared


def _spread(picture: RGB, inks: Labels, colours: NDArray[np.uint8]) -> Labels:
    """Give each unset pixel the ink nearest in colour among those set within two pixels, from the rims inwards."""
    height, width = inks.shape
    framed = np.pad(inks, 2, constant_values=-1)
    palette = colours.astype(np.int32)
    kernel = np.ones((5, 5), np.uint8)
    unset = inks < 0
    while unset.any() and not unset.all():
        rim = np.argwhere((cv2.dilate((~unset).astype(np.uint8), kernel) > 0) & unset)
        target = picture[tuple(rim.T)].astype(np.int32)
        best = np.zeros(len(rim), np.int32)
        closest = np.full(len(rim), 1 << 30, np.int32)
        for step in _NEIGHBOURS:
            near = framed[tuple((rim + 2 + step).T)]
            off = palette[near] - target
            distance = np.where(near < 0, 1 << 30, dot(off, off))
            nearer = distance < closest
            best[nearer], closest[nearer] = near[nearer], distance[nearer]
        framed[tuple((rim + 2).T)] = best
        unset[tuple(rim.T)] = False
    return np.maximum(framed[2:-2, 2:-2], 0)


def _connected(inks: Labels) -> Regions:
    """Connected areas of equal ink, numbered by ink and then in reading order."""
    labels = np.zeros(inks.shape, np.int32)
    regions: list[Region] = []
    for ink in range(int(inks.max()) + 1):
        mask = inks == ink
        around = Box.around(mask)
        if not around.area:
            continue
        inside = mask[around.slices]
        number, parts, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
        np.copyto(labels[around.slices], np.asarray(parts, np.int32) + (len(regions) - 1), where=inside)
        for x, y, width, height, area in np.asarray(stats)[1:number].tolist():
            box = Box(x, y, x + width, y + height).shifted(around.x0, around.y0)
            regions.append(Region(len(regions), ink, box, area))
    return Regions(labels, tuple(regions))


def inside_of(labels: Labels) -> Pixels:
    """Which pixels have only their own label within two pixels, so that they are in no soft edge."""
    labels, kernel = labels.astype(np.float32), np.ones((5, 5), np.uint8)
    return np.asarray(cv2.dilate(labels, kernel) == cv2.erode(labels, kernel))


def off_inks(picture: RGB, palette: Palette, regions: Regions) -> NDArray[np.uint8]:
    """Per pixel the largest difference of a channel from the ink of its region, in grey levels."""
    ink_of = np.array(regions.inks)
    return strongest(cv2.absdiff(picture, palette.inks[ink_of].take(regions.labels, axis=0)))


def measured(labels: Labels, inks: Sequence[int]) -> Regions:
    """The regions that ``labels`` are of; ``inks`` has the ink of each."""
    areas = np.bincount(labels.ravel(), minlength=len(inks)).tolist()
    every = zip(inks, boxes_of(labels, len(inks)), areas, strict=True)
    return Regions(labels, tuple(Region(label, ink, box, area) for label, (ink, box, area) in enumerate(every)))


def boxes_of(labels: Labels, count: int) -> list[Box]:
    """The smallest box around each of ``count`` labels; empty at the origin for those that no pixel has."""
    ends = []
    for lines in (labels.T, labels):
        places = np.arange(lines.size) // lines.shape[1]
        first, past = np.zeros((2, count), np.intp)
        # Of what is written twice the last one stays.
        first[lines.ravel()[::-1]], past[lines.ravel()] = places[::-1], places + 1
        ends += [first, past]
    left, right, top, bottom = (end.tolist() for end in ends)
    return [Box(*corners) for corners in zip(left, top, right, bottom, strict=True)]


def _absorb_specks(regions: Regions, picture: RGB, palette: Palette, specks: NDArray[np.bool_]) -> Regions:
    """Give the pixels of ``specks`` to the inks around them."""
    if not specks.any():
        return regions
    inks = np.where(specks[regions.labels], -1, _ink_of(regions)[regions.labels])
    return _connected(_spread(picture, inks, palette.inks))


def _ink_of(regions: Regions) -> Labels:
    return np.array([region.ink for region in regions.all], np.int32)


def _coarser(regions: Regions, most: int, smallest: int) -> Regions:
    """At most ``most`` regions, none below ``smallest`` pixels: each smaller one joins its closest neighbour."""
    owner = owners(regions.labels, np.array([region.area for region in regions.all], np.int64), most, smallest)
    return regions if owner is None else _connected(_ink_of(regions)[owner][regions.labels])


def owners(labels: Labels, areas: NDArray[np.int64], most: int, smallest: int) -> Labels | None:
    """For each label the one it joins so that at most ``most`` are left, none below ``smallest`` pixels.

    ``areas`` are the pixels of each label. None when all may stay.
    """
    if len(areas) <= most and areas.min() >= smallest:
        return None
    owner = np.arange(len(areas), dtype=np.int32)
    while (joins := _joins(owner[labels], areas, most, smallest)) is not None:
        owner = joins[owner]
        areas = np.bincount(joins, areas, len(areas)).astype(np.int64)
    return owner


def _joins(labels: Labels, areas: NDArray[np.int64], most: int, smallest: int) -> Labels | None:
    """For each label the larger one it joins, itself for those that stay; None when all may stay.

    A small region joins the larger neighbour with which it shares most of its outline.
    """
    rank = np.empty(len(areas), np.int32)
    rank[np.argsort(-areas, kind="stable")] = np.arange(len(areas))
    small = (areas > 0) & ((rank >= most) | (areas < smallest)) & (rank > 0)
    if not small.any():
        return None
    one, other, length = shared_sides(labels, len(areas))
    fits = small[one] & (rank[other] < rank[one])
    one, other, length = one[fits], other[fits], length[fits]
    order = np.lexsort((rank[other], length))
    joins = np.arange(len(areas), dtype=np.int32)
    joins[one[order]] = other[order]  # the last one written stays: the longest
    while (joins[joins] != joins).any():
        joins = joins[joins]
    return joins


def shared_sides(labels: Labels, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every ordered pair of labels that meet, and how many pixel sides they share."""
    keys = []
    for one, other in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        differ = one != other
        near, far = one[differ].astype(np.int64), other[differ].astype(np.int64)
        keys += [near * count + far, far * count + near]
    pairs, lengths = np.unique(np.concatenate(keys), return_counts=True)
    return pairs // count, pairs % count, lengths
