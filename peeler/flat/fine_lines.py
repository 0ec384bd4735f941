"""Fine lines: marks that are too thin to show an ink, such as the axes of a chart, the rim of a card or a whisker.

A line of one or two pixels has no pixel whose whole neighbourhood has its colour, so that its ink is none of the
palette's. It is found by what no ink and no mixture of two inks explains.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import picked
from peeler.flat.matting import REACH, grown
from peeler.flat.palette import Labels, Palette, grain, ink_like, mixtures, off_the_line, packed, solid
from peeler.flat.regions import Regions, inside_of, measured, off_inks
from peeler.flat.seams import shines_through
from peeler.flat.text import find_lines
from peeler.geometry import RGB, Box, Pixels

OFF = 12
"""Grey levels by which a pixel of a line differs from the ink of its region, at least."""
STRONG, NEAR = 0.4, 5
"""Share of the greatest such difference within so many pixels that it has, too; its soft edge has less."""
SHORTEST = 12
"""Pixels, at 512 × 512, that a line is long at least."""
ONE_INK, MOSTLY = 16.0, 0.8
"""Grey levels by which a pixel may miss the mixtures of the line's ink and its ground, and the share of pixels that do
not.
"""
INSIDE = 0.5
"""Share of the pixels of a line that have one ink all around: along the seams of two shapes there are rests of both,
and of what lies below.
"""
PUREST = 0.8
"""Share of the greatest difference from which on a pixel tells the ink of its line."""
MOST = 200
"""More are texture."""


def with_fine_lines(picture: RGB, palette: Palette, regions: Regions) -> tuple[Palette, Regions]:
    """``palette`` and ``regions`` of a clean ``picture`` with the lines that are too thin for an ink.

    What a line divides stays one region: a surface goes on under a hairline.
    """
    inked = np.array(regions.inks, np.int32)[regions.labels]
    ground: RGB = palette.inks.take(inked, axis=0)
    off = off_inks(picture, palette, regions)
    unexplained = _unexplained(picture, palette, inked, off)
    marks = list(_marks(off, unexplained, grain(picture)))
    if marks:
        inside, whole = inside_of(inked) & ~_beside_text(regions), inside_of(regions.labels)
        marks = [
            (box, mask)
            for box, mask in marks
            if inside[box.slices][mask].mean() >= INSIDE
            and (whole[box.slices][mask].mean() >= INSIDE or not _is_seam(picture, palette, inked, box, mask))
        ]
    if not 0 < len(marks) <= MOST:
        return palette, regions
    inks, labels, ink_of = list(palette.inks), regions.labels.copy(), list(regions.inks)
    for box, mask in marks:
        shown, behind, contrast = (picked(each[box.slices], mask) for each in (picture, ground, off[..., None]))
        ink = _ink(shown, behind, contrast[:, 0])
        if ink is not None:
            room, whole = _led_on(picture, inked, box, mask)
            labels[room.slices][whole] = len(ink_of)
            ink_of.append(ink_like(ink, inks, ONE_INK))
    return Palette(np.array(inks, np.uint8), palette.tolerance, palette.flat), measured(labels, ink_of)


def _is_seam(picture: RGB, palette: Palette, inked: Labels, box: Box, mask: Pixels) -> bool:
    """Whether a line is where two shapes of one ink meet, and what is near it shines through."""
    inks = palette.inks.astype(np.float32)
    own = np.bincount(inked[box.slices][mask]).argmax()
    near = np.unique(inked[box.expand(NEAR, inked.shape[::-1]).slices])
    return any(shines_through(picture[box.slices], mask, inks[own], inks[ink]) for ink in near if ink != own)


def _beside_text(regions: Regions) -> Pixels:
    """Where letters are and their soft edges."""
    letters = [label for line in find_lines(regions) for label in line.letters]
    return grown(np.isin(regions.labels, letters), REACH)


def _unexplained(picture: RGB, palette: Palette, inked: Labels, off: NDArray[np.uint8]) -> Pixels:
    """Which pixels neither show the ink of their region nor mix two inks beside them."""
    unexplained: Pixels = off > OFF
    points = np.argwhere(unexplained)
    known = np.where(unexplained, -1, inked)
    core = solid(picture, palette.tolerance)
    unexplained[tuple(points[mixtures(picture, known, core, palette.inks, points)].T)] = False
    return unexplained


def _marks(off: NDArray[np.uint8], unexplained: Pixels, size: int) -> Iterator[tuple[Box, Pixels]]:
    """The connected lines among pixels that are ``off`` by so many grey levels, each in its box."""
    greatest = cv2.dilate(np.where(unexplained, off, 0).astype(np.uint8), np.ones((NEAR * size,) * 2, np.uint8))
    strong = unexplained & (off >= STRONG * greatest)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=8)
    for label, (x, y, width, height, _area) in enumerate(np.asarray(stats).tolist()[:count]):
        if label and max(width, height) >= SHORTEST * size:
            box = Box(x, y, x + width, y + height)
            yield box, np.asarray(labels)[box.slices] == label


def _led_on(picture: RGB, inked: Labels, box: Box, mask: Pixels) -> tuple[Box, Pixels]:
    """A line with the pixels of its colours on its ground at its ends, which may mix two inks as well."""
    room = box.expand(REACH + 1, (inked.shape[1], inked.shape[0]))
    whole = np.zeros((room.height, room.width), np.bool_)
    whole[box.y0 - room.y0 :, box.x0 - room.x0 :][: box.height, : box.width] = mask
    own = np.bincount(inked[box.slices][mask]).argmax()
    colours = packed(picture[room.slices])
    free = (inked[room.slices] == own) & np.isin(colours, colours[whole])
    for _ in range(REACH + 1):
        whole |= grown(whole, 1) & free
    return room, whole


def _ink(colours: RGB, ground: RGB, off: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The ink of pixels (n × 3) on a ``ground`` (n × 3), if mixtures of one with the ground are what they show."""
    purest = colours[off >= PUREST * np.percentile(off, 95)]
    ink = np.median(purest, axis=0).astype(np.float32)
    missed = off_the_line(colours.astype(np.float32), ground.astype(np.float32), np.broadcast_to(ink, colours.shape))
    return ink.astype(np.uint8) if (missed <= ONE_INK).mean() >= MOSTLY else None
