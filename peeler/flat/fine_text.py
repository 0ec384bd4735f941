"""Small text: letters whose strokes are too thin to show an ink, found by how far they are off the ground around them.

A stroke of one or two pixels has no pixel that shows its ink unmixed, so that it is no region. What is found is taken
only where it makes a line of text or a dashed line; nothing else in a picture changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import strongest
from peeler.flat.arc_text import with_arcs
from peeler.flat.dashes import find_dashes
from peeler.flat.palette import Labels, Palette, grain, ink_like, off_the_line
from peeler.flat.regions import Region, Regions, inside_of, measured, off_inks
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
KNOWN = 0.9
"""Share of a mark that known letters have from which on it tells nothing new."""
MOST_MARKS = 600
"""More are texture, no text."""
BESIDE = 2
"""Heights between two marks of one line, at most;"""
ABOVE = 0.5
"""and between a letter and its dot."""
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
    """``palette`` and ``regions`` of ``picture`` with the letters and dashes that are too thin for an ink.

    Where it is ``shaded`` no ink tells what a region looks like, so all of it is looked at closely, known letters too.
    """
    if not (shaded or _has_unexplained(picture, palette, regions)):
        return palette, regions
    known = () if shaded else [label for line in find_lines(regions) for label in line.letters]
    marks = list(_marks(picture, regions, known))
    if not 0 < len(marks) <= MOST_MARKS:
        return palette, regions
    inks, ink_of = _inks(marks, palette)
    first = len(regions.all)
    every = _drawn(regions, marks, inks, ink_of)
    letters = frozenset[int]().union(*(line.letters for line in with_arcs(every, find_lines(every))))
    dashes = frozenset[int]().union(*find_dashes(every, letters))
    chosen = sorted(label - first for label in letters | dashes if label >= first)
    if not chosen:
        return palette, regions
    drawn = _drawn(regions, [marks[at] for at in chosen], inks, [ink_of[at] for at in chosen])
    return Palette(inks, palette.tolerance, flat=True), drawn


def _has_unexplained(picture: RGB, palette: Palette, regions: Regions) -> bool:
    """Whether enough pixels inside of regions show something else than their ink."""
    off = off_inks(picture, palette, regions) > OFF_GROUND
    if np.count_nonzero(off) < FEWEST_PIXELS * grain(picture) ** 2:
        return False
    return int(np.count_nonzero(off & inside_of(regions.labels))) >= FEWEST_PIXELS * grain(picture) ** 2


def _marks(picture: RGB, regions: Regions, known: Sequence[int]) -> Iterator[_Mark]:
    """Small connected areas that stand out from one region around them, and are no ``known`` letters."""
    size = grain(picture)
    ground: RGB = np.asarray(cv2.medianBlur(picture, WINDOW * size | 1), np.uint8)
    contrast = strongest(cv2.absdiff(picture, ground))
    greatest = cv2.dilate(contrast, np.ones((NEAR * size,) * 2, np.uint8))
    strong = (contrast > OFF_GROUND) & (contrast >= STRONG * greatest)
    # Letters that are regions already are nobody's ground, and neither are the specks beside them.
    areas = np.bincount(regions.labels.ravel(), minlength=len(regions.all))
    areas[2 * np.bincount(regions.labels[contrast > OFF_GROUND], minlength=len(areas)) > areas] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=8)
    for label, (x, y, width, height, _area) in enumerate(np.asarray(stats).tolist()[:count]):
        if not label or max(width, height) > LARGEST * size or max(width, height) < LEAST:
            continue
        box = Box(x, y, x + width, y + height)
        mask: Pixels = np.asarray(labels)[box.slices] == label
        around = _around(regions.labels, areas, box)
        if around is None or np.isin(regions.labels[box.slices][mask], known).mean() >= KNOWN:
            continue
        purest = np.unravel_index(int((contrast[box.slices] * mask).argmax()), mask.shape)
        colours = (np.asarray(each)[box.slices][purest].astype(np.float32) for each in (picture, ground))
        yield _Mark(box, mask, around, *colours)


def _around(labels: Labels, areas: NDArray[np.int64], box: Box) -> int | None:
    """The label of the one region that is all around ``box``, if there is one, and not at the rim of the canvas;
    regions of a smaller area than the box do not count.
    """
    height, width = labels.shape
    if min(box.x0, box.y0) == 0 or box.x1 == width or box.y1 == height:
        return None
    part = labels[box.expand(1, (width, height)).slices]
    rim = np.unique(np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]]))
    large = rim[areas[rim] > box.area]
    return int(large[0]) if len(large) == 1 else None


def _inks(marks: Sequence[_Mark], palette: Palette) -> tuple[NDArray[np.uint8], list[int]]:
    """The inks with those of the marks, and the one of each mark: where paler marks stand beside a purer one and may
    mix its ink with their ground, they do.
    """
    inks, ink_of = list(palette.inks), [-1] * len(marks)
    colours, grounds = (np.array([getattr(mark, name) for mark in marks]) for name in ("colour", "ground"))
    boxes = np.array([mark.box for mark in marks])
    for head in np.argsort(-strongest(np.abs(colours - grounds)), kind="stable").tolist():
        if ink_of[head] >= 0:
            continue
        ink_of[head] = ink_like(colours[head], inks, ONE_INK)
        reached = [head]
        while reached:
            beside = [at for at in _beside(boxes, reached.pop()) if ink_of[at] < 0]
            ends = np.broadcast_to(colours[head], (len(beside), 3))
            mixed = off_the_line(colours[beside], grounds[beside], ends) <= ONE_INK
            for at in np.array(beside, np.intp)[mixed].tolist():
                ink_of[at] = ink_of[head]
                reached.append(at)
    return np.array(inks, np.uint8), ink_of


def _beside(boxes: NDArray[np.int64], at: int) -> list[int]:
    """Which of ``boxes`` (n × 4: x0, y0, x1, y1) are on a level with one of them, as the letters of a line, or right
    above or below it, as dots and accents.
    """
    x0, y0, x1, y1 = boxes.T
    high = np.maximum(y1 - y0, y1[at] - y0[at])
    across, down = np.maximum(x0, x0[at]) - np.minimum(x1, x1[at]), np.maximum(y0, y0[at]) - np.minimum(y1, y1[at])
    return np.flatnonzero(((down < 0) & (across <= BESIDE * high)) | ((across < 0) & (down <= ABOVE * high))).tolist()


def _drawn(regions: Regions, marks: Sequence[_Mark], inks: NDArray[np.uint8], ink_of: Sequence[int]) -> Regions:
    """``regions`` with each of the ``marks`` as one more region; what was known of a letter is part of its mark, and
    what is beside or in it and mixes its ink with its ground is ground.
    """
    labels = regions.labels.copy()
    covered = np.zeros(len(regions.all), np.int64)
    for mark in marks:
        np.add.at(covered, regions.labels[mark.box.slices][mark.mask], 1)
    every = list(regions.all)
    for mark, ink in zip(marks, ink_of, strict=True):
        room = mark.box.padded(1)
        part = labels[room.slices]
        for label in np.unique(part).tolist():
            region = every[label]
            if (
                label < len(regions.all)
                and label != mark.around
                and _is_trace(region, covered[label], mark, room, inks)
            ):
                labels[region.box.slices][labels[region.box.slices] == label] = mark.around
        labels[mark.box.slices][mark.mask] = len(every)
        every.append(Region(len(every), ink, mark.box, int(np.count_nonzero(mark.mask))))
    return measured(labels, [region.ink for region in every])


def _is_trace(region: Region, covered: int, mark: _Mark, room: Box, inks: NDArray[np.uint8]) -> bool:
    """Whether a region is what was known of marks, which have ``covered`` so much of it, or a soft edge of one."""
    if 2 * covered >= region.area:
        return True
    own, ground, ink = (each[None].astype(np.float32) for each in (inks[region.ink], mark.ground, mark.colour))
    return region.box.intersect(room) == region.box and bool(off_the_line(own, ground, ink)[0] <= ONE_INK)
