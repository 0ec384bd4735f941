"""Seams: where two shapes of one ink meet without a gap, what lies below them shines through their soft edges.

A pixel that one shape covers by a and the other by 1 − a shows a (1 − a) of what is below, a quarter at most, and the
pixels across a seam hardly more together. A drawing that was never compressed has nothing else like it inside of a
region; the lines of a chart show more.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.cuts import Parting, pieces
from peeler.flat.matting import mixture
from peeler.flat.palette import Palette, grain
from peeler.flat.parts import parted
from peeler.flat.regions import Regions, inside_of, measured, off_inks, shared_sides
from peeler.geometry import RGB, Pixels

FAINTEST = 2
"""Grey levels by which a pixel of a seam differs from its ink, at least."""
SHORTEST = 5
"""Pixels, at 512 × 512, that a seam is long at least."""
MOST_SEEN = 0.3
"""Share of a pixel in which what lies below shows across a seam, at most: a quarter, and what rounding adds."""
ACROSS = np.ones((1, 5)), np.ones((5, 1))
"""The width of a seam lies in so many pixels."""
ON_THE_LINE, MOSTLY = 6.0, 0.8
"""Grey levels by which a pixel of a seam may miss that mixture, and share of its pixels that do not."""
REACH = 3
"""Pixels by which a seam may go on to the outline: a soft edge hides its ends."""


def parted_at_seams(picture: RGB, palette: Palette, regions: Regions) -> Regions:
    """``regions`` of a clean ``picture``, each in as many as the seams that run through it make."""
    inks = palette.inks.astype(np.float32)
    off = off_inks(picture, palette, regions) > FAINTEST
    labels, every = regions.labels.copy(), list(regions.all)
    seams = _seams(off & inside_of(regions.labels), regions, SHORTEST * grain(picture))
    if not seams:
        return regions
    one, other, _ = shared_sides(regions.labels, len(every))
    for label, seam in seams.items():
        region = every[label]
        part = regions.labels[region.box.slices] == label
        around = {every[beside].ink for beside in other[one == label]} - {region.ink}
        shown = picture[region.box.slices]
        if not any(shines_through(shown, seam, inks[region.ink], inks[ink]) for ink in around):
            continue
        near = cv2.dilate(seam.astype(np.uint8), np.ones((2 * REACH + 1,) * 2, np.uint8)) > 0
        apart = pieces((part & ~near).astype(np.uint8))
        for piece in parted(part, Parting((), apart))[1:]:
            labels[region.box.slices][piece] = len(every)
            every.append(replace(region, label=len(every)))
    return measured(labels, [region.ink for region in every])


def _seams(marks: Pixels, regions: Regions, shortest: int) -> dict[int, Pixels]:
    """By the label of its region the ``marks`` that may be seams in it, in its box.

    Where a slanted seam steps from one row of pixels to the next it does not show.
    """
    band = cv2.dilate(marks.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(band, connectivity=8)
    long = np.asarray(stats)[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= shortest + 2
    long[0] = False
    seams = marks & long[parts]
    boxes = {int(label): regions.all[label].box for label in np.unique(regions.labels[seams])}
    return {label: seams[box.slices] & (regions.labels[box.slices] == label) for label, box in boxes.items()}


def shines_through(shown: RGB, seam: Pixels, ink: NDArray[np.float32], below: NDArray[np.float32]) -> bool:
    """Whether the pixels of a ``seam`` show an ``ink`` and a little of another one that lies ``below``."""
    colours = shown[seam].astype(np.float32)
    share, missed = mixture(colours, *(np.broadcast_to(colour, colours.shape) for colour in (ink, below)))
    shares = np.zeros(seam.shape, np.float32)
    shares[seam] = share
    across = np.minimum(*(cv2.filter2D(shares, -1, line, borderType=cv2.BORDER_CONSTANT) for line in ACROSS))
    return bool(((missed <= ON_THE_LINE) & (across[seam] <= MOST_SEEN)).mean() >= MOSTLY)
