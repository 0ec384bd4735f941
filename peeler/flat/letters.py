"""Letters: regions that are drawn with a pen of one width and lie on one ground.

After Epshtein, Ofek and Wexler, *Detecting text in natural scenes with stroke width transform* (CVPR 2010).
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import filled
from peeler.flat.matting import grown
from peeler.flat.regions import Region, Regions
from peeler.geometry import Box, Pixels

LEAST_HEIGHT, HIGHEST = 5, 0.5
"""Pixels, as smaller letters have no shape, and share of the canvas."""
WIDEST = 4.0
"""Heights that a letter may be wide, or several that touch."""
PEN = 1.9, 24.0
"""Pen widths that a letter is high, at least and at most."""
UNEVEN = 0.76
"""Standard deviation of the depth of a letter's pixels, in units of its mean, at most; a line has 0.58, a disc 0.71,
bold letters that touch up to 0.74."""
ON_GROUND = 0.8
"""Share of a letter's rim that lies on the ground of its line, and of its box that holds nothing else than the two."""
BENT = 1.25
"""Heights that the stroke of a letter is long, at least, where it is no upright bar."""
SOLID = 0.85
"""Share of its hull that such a letter fills at most."""
SAME, SAME_SMALL, SMALL = 0.8, 0.7, 16
"""Overlap (IoU) from which on two letters have the same shape, and so where both are fewer pixels high than that."""
SIDES = 0.1
"""Share by which the sides of two letters of one shape differ at most, but a pixel may always be missed."""
GRID = 24
"""Cells of the square in which shapes are compared."""


@dataclass(frozen=True, eq=False)
class Letter:
    """A region that may be a letter: its ``mask`` in its box, the width of its strokes in pixels (``pen``) and the
    label of its ``ground``.
    """

    region: Region
    mask: Pixels
    pen: float
    ground: int

    @property
    def box(self) -> Box:
        return self.region.box

    @cached_property
    def is_bent(self) -> bool:
        """Whether it is more than one stroke upwards, and nothing solid."""
        outlines, _ = cv2.findContours(self.mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        stroke = sum(cv2.arcLength(outline, closed=True) for outline in outlines) / 2 - self.pen
        if stroke < BENT * self.box.height:
            return False
        hull = cv2.convexHull(np.argwhere(self.mask)[:, ::-1].astype(np.int32))
        held = cv2.fillConvexPoly(np.zeros(self.mask.shape, np.uint8), hull, (1,))
        return bool(self.region.area <= SOLID * np.count_nonzero(held))

    @cached_property
    def _framed(self) -> Pixels:
        """The mask in a square as high as the letter is, or as wide where it is wider."""
        side = max(self.mask.shape)
        square = np.zeros((side, side), np.float32)
        y, x = ((side - own) // 2 for own in self.mask.shape)
        square[y : y + self.mask.shape[0], x : x + self.mask.shape[1]] = self.mask
        return cv2.resize(square, (GRID, GRID), interpolation=cv2.INTER_AREA) > 0.5

    def likeness(self, other: "Letter") -> float:
        """Overlap (IoU) with another one, mirrored either way or not."""
        turned = (other._framed[::rows, ::columns] for rows in (1, -1) for columns in (1, -1))
        return max(_overlap(self._framed, each) for each in turned)

    def is_like(self, other: "Letter") -> bool:
        """Whether the two may be the same letter; mirror images are."""
        for mine, its in zip(self.mask.shape, other.mask.shape, strict=True):
            if abs(mine - its) > max(1, SIDES * mine):
                return False
        is_small = max(self.box.height, other.box.height) < SMALL
        return self.likeness(other) >= (SAME_SMALL if is_small else SAME)


def letter_of(regions: Regions, inks: NDArray[np.int64], region: Region) -> Letter | None:
    """A region with strokes of one width on one ground, upright bars included; ``inks`` are those of all regions."""
    box = region.box
    if not region.area or box.height < LEAST_HEIGHT or box.width > WIDEST * box.height:
        return None
    if box.height > HIGHEST * regions.labels.shape[0]:
        return None
    labels = regions.labels[box.slices]
    mask = labels == region.label
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1][mask] - 0.5
    pen = 4 * float(depth.mean())
    if not PEN[0] <= box.height / pen <= PEN[1] or depth.std() > UNEVEN * depth.mean():
        return None
    ground = ground_of(regions, inks, region)
    if ground is None or np.isin(inks[labels], (region.ink, inks[ground])).mean() < ON_GROUND:
        return None
    return Letter(region, mask, pen, ground)


def ground_of(regions: Regions, inks: NDArray[np.int64], region: Region) -> int | None:
    """The label around the region, if its ink has nearly all of the outer rim; none at the rim of the canvas."""
    height, width = regions.labels.shape
    box = region.box
    if min(box.x0, box.y0) == 0 or box.x1 == width or box.y1 == height:
        return None
    labels = regions.labels[box.expand(1, (width, height)).slices]
    inside = filled(labels == region.label)
    rim = labels[grown(inside, 1) & ~inside]
    most = int(np.bincount(rim).argmax())
    return most if (inks[rim] == inks[most]).mean() >= ON_GROUND else None


def _overlap(one: Pixels, other: Pixels) -> float:
    return int(np.count_nonzero(one & other)) / max(1, int(np.count_nonzero(one | other)))
