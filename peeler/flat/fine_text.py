"""Small text: letters whose strokes are too thin to show an ink, found by how far they are off the ground around them.

A stroke of one or two pixels has no pixel that shows its ink unmixed, so that it is no region. What is found is taken
only where it makes a line of text; nothing else in a picture changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, strongest
from peeler.flat.palette import Labels, Palette, grain, off_the_line
from peeler.flat.regions import Region, Regions
from peeler.flat.text import find_lines
from peeler.geometry import RGB, Box, Pixels

OFF_GROUND = 40
"""Grey levels by which a mark differs from its ground, at least."""
FEWEST_PIXELS = 40
"""Pixels, at 512 × 512, that differ so much from the ink of their region, at least, before a closer look."""
WINDOW = 31
"""Side in pixels of the median filter that tells the ground, at 512 × 512; letters cover less than half of it."""
STRONG = 0.4
"""Share of the greatest contrast near that a pixel of a letter has; its soft edge has less."""
NEAR = 7
"""Side in pixels of that nearness, at 512 × 512."""
LARGEST, LEAST = 40, 2
"""Sides in pixels of a mark, at 512 × 512: both at most, and one of them at least."""
MOST_MARKS = 600
"""More are texture, no text."""
FEWEST_LETTERS = 4
"""Letters that a line with small marks has at least."""
ONE_INK = 16.0
"""Grey levels by which a mark may miss the line from its ground to the ink of its text."""


@dataclass(frozen=True, eq=False)
class _Mark:
    """A connected mark on one ground: its ``mask`` in its ``box``, the label of the region ``around`` it, the purest of
    its colours and that of its ground.
    """

    box: Box
    mask: Pixels
    around: int
    colour: NDArray[np.float32]
    ground: NDArray[np.float32]


def with_fine_text(picture: RGB, palette: Palette, regions: Regions, shaded: bool) -> tuple[Palette, Regions]:
    """``palette`` and ``regions`` of ``picture`` with the letters that are too thin for an ink.

    Where it is ``shaded`` no ink tells what a region looks like, so all of it is looked at closely, known letters too.
    """
    if not (shaded or _has_unexplained(picture, palette, regions)):
        return palette, regions
    known = () if shaded else [label for line in find_lines(regions) for label in line.letters]
    marks = list(_marks(picture, regions, known))
    if not FEWEST_LETTERS <= len(marks) <= MOST_MARKS:
        return palette, regions
    inks, ink_of = _inks(marks, palette)
    first = len(regions.all)
    lines = [line.letters for line in find_lines(_drawn(regions, marks, ink_of)) if len(line.letters) >= FEWEST_LETTERS]
    chosen = sorted(label - first for letters in lines for label in letters if label >= first)
    if not chosen:
        return palette, regions
    drawn = _drawn(regions, [marks[at] for at in chosen], [ink_of[at] for at in chosen])
    return Palette(inks, palette.tolerance, flat=True), drawn


def _has_unexplained(picture: RGB, palette: Palette, regions: Regions) -> bool:
    """Whether enough pixels inside of regions show something else than their ink."""
    ink_of = np.array([region.ink for region in regions.all])
    off = _difference(picture, palette.inks[ink_of].take(regions.labels, axis=0)) > OFF_GROUND
    if np.count_nonzero(off) < FEWEST_PIXELS * grain(picture) ** 2:
        return False
    labels, kernel = regions.labels.astype(np.float32), np.ones((5, 5), np.uint8)
    inside = cv2.dilate(labels, kernel) == cv2.erode(labels, kernel)
    return int(np.count_nonzero(off & inside)) >= FEWEST_PIXELS * grain(picture) ** 2


def _difference(one: RGB, other: RGB) -> NDArray[np.uint8]:
    """Per pixel the largest difference of a channel, in grey levels."""
    return strongest(cv2.absdiff(one, other))


def _marks(picture: RGB, regions: Regions, known: Sequence[int]) -> Iterator[_Mark]:
    """Small connected areas that stand out from one region around them, and are no ``known`` letters."""
    size = grain(picture)
    ground: RGB = np.asarray(cv2.medianBlur(picture, WINDOW * size | 1), np.uint8)
    contrast = _difference(picture, ground)
    greatest = cv2.dilate(contrast, np.ones((NEAR * size,) * 2, np.uint8))
    strong = (contrast > OFF_GROUND) & (contrast >= STRONG * greatest)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=8)
    for label, (x, y, width, height, _area) in enumerate(np.asarray(stats).tolist()[:count]):
        if not label or max(width, height) > LARGEST * size or max(width, height) < LEAST:
            continue
        box = Box(x, y, x + width, y + height)
        mask: Pixels = np.asarray(labels)[box.slices] == label
        around = _around(regions.labels, box)
        if around is None or np.isin(regions.labels[box.slices][mask], known).any():
            continue
        purest = np.unravel_index(int((contrast[box.slices] * mask).argmax()), mask.shape)
        colours = (np.asarray(each)[box.slices][purest].astype(np.float32) for each in (picture, ground))
        yield _Mark(box, mask, around, *colours)


def _around(labels: Labels, box: Box) -> int | None:
    """The label of the one region that is all around ``box``, if there is one, and not at the rim of the canvas."""
    height, width = labels.shape
    if min(box.x0, box.y0) == 0 or box.x1 == width or box.y1 == height:
        return None
    part = labels[box.expand(1, (width, height)).slices]
    rim = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    return int(rim[0]) if (rim == rim[0]).all() else None


def _inks(marks: Sequence[_Mark], palette: Palette) -> tuple[NDArray[np.uint8], list[int]]:
    """The inks with those of the marks, and the one of each mark: paler ones are mixed with their ground."""
    inks = list(palette.inks)
    ink_of = [0] * len(marks)
    heads: list[int] = []
    for at in sorted(range(len(marks)), key=lambda at: -float(np.abs(marks[at].colour - marks[at].ground).max())):
        mark = marks[at]
        ends = np.array([inks[head] for head in heads], np.float32).reshape(-1, 3)
        own, under = (np.broadcast_to(colour, ends.shape) for colour in (mark.colour, mark.ground))
        fits = np.flatnonzero(off_the_line(own, under, ends) <= ONE_INK)
        if not len(fits):
            heads.append(_known_ink(mark.colour, palette, inks))
        ink_of[at] = heads[int(fits[0])] if len(fits) else heads[-1]
    return np.array(inks, np.uint8), ink_of


def _known_ink(colour: NDArray[np.float32], palette: Palette, inks: list[NDArray[np.uint8]]) -> int:
    """The index of the ink of the drawing that ``colour`` is, or that of a new one."""
    missed = apart(palette.inks, colour)
    if missed.min() > ONE_INK:
        inks.append(colour.astype(np.uint8))
        return len(inks) - 1
    return int(missed.argmin())


def _drawn(regions: Regions, marks: Sequence[_Mark], ink_of: Sequence[int]) -> Regions:
    """``regions`` with each of the ``marks`` as one more region; what was known of a letter is part of its mark."""
    labels = regions.labels.copy()
    every = list(regions.all)
    for mark, ink in zip(marks, ink_of, strict=True):
        part = labels[mark.box.slices]
        for label, area in zip(*np.unique(part[mark.mask], return_counts=True), strict=True):
            if 2 * area >= regions.all[label].area:
                part[part == label] = mark.around
        part[mark.mask] = len(every)
        every.append(Region(len(every), ink, mark.box, int(np.count_nonzero(mark.mask))))
    areas = np.bincount(labels.ravel(), minlength=len(every)).tolist()
    return Regions(labels, tuple(replace(one, area=areas[one.label]) for one in every))
