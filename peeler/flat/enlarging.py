"""Enlarged pictures: how many times larger than drawn they are, and what was read at the size of the drawing as it is
in them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import strongest
from peeler.flat.layering import Shape
from peeler.flat.matting import REACH
from peeler.flat.palette import Labels
from peeler.flat.undoing import Filter, find_filter, undone
from peeler.geometry import RGB, Box, Mask

LARGEST_PIXEL = 4
"""Times that a picture may have been enlarged by repeating its pixels."""
SMALLEST_SIDE = 64
"""Pixels that a side had at least before it was enlarged; a smaller drawing may be made of even numbers."""
ACROSS = 9
"""Pixels across an edge within which its whole contrast is taken,"""
STRONG, STEEPEST = 48, 16
"""grey levels that this and the steepest step across it have at least,"""
ACROSS_ONLY = 2
"""and how many times as steep it is across as along the other axis, so that it is not seen slantwise."""
FEWEST_EDGES = 50
"""Places at edges by which their sharpness is told."""
ROWS = 128
"""Rows, and columns, that are looked at, or a few less."""
DRAWN = 0.8
"""Share of the contrast that the steepest step has across the sharper quarter of edges in what was drawn at this size,
where it is 0.75 to 0.94; in drawings enlarged twice it is 0.37 to 0.51, three times 0.29 to 0.35, four times 0.23 to
0.27, and after JPEG of quality 50 0.46 or more.
"""
LEAST_DRAWN = 0.7
"""The same from which on nothing was enlarged by a smooth filter."""
SOFT = 1.9
"""Pixels from which on edges are wider than any that were drawn at this size."""


class Scale(NamedTuple):
    """A picture is ``times`` as large as it was drawn: with ``repeated`` pixels, by a smooth ``filter``, or with edges
    as soft as that.
    """

    times: int
    repeated: bool = False
    filter: Filter | None = None

    def reduced(self, picture: RGB) -> RGB:
        """``picture`` (height × width × 3) as it was drawn."""
        if self.repeated:
            return np.ascontiguousarray(picture[:: self.times, :: self.times])
        height, width = picture.shape[:2]
        across, down = self.small((width, height))
        lacking = down * self.times - height, across * self.times - width
        full = cv2.copyMakeBorder(picture, 0, lacking[0], 0, lacking[1], cv2.BORDER_REPLICATE)
        if self.filter is None:
            return np.asarray(cv2.resize(full, (across, down), interpolation=cv2.INTER_AREA), np.uint8)
        return np.rint(undone(full.astype(np.float32), self.times, self.filter)).astype(np.uint8)

    def small(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height as drawn of a picture of ``size``."""
        return -(-size[0] // self.times), -(-size[1] // self.times)

    def enlarged(self, values: NDArray[Any]) -> NDArray[Any]:
        """``values`` (height × width) of a picture as it was drawn, as they are in the larger one."""
        way = cv2.INTER_NEAREST_EXACT if self.repeated else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(values, None, fx=self.times, fy=self.times, interpolation=way))


def scale_of(picture: RGB) -> Scale:
    """How much ``picture`` (height × width × 3) was enlarged."""
    repeated = _pixel_size(picture)
    if repeated > 1:
        return Scale(repeated, repeated=True)
    sharpness = _sharpness(picture)
    if sharpness >= LEAST_DRAWN:
        return Scale(1)
    most = min(picture.shape[:2]) // SMALLEST_SIDE
    found = find_filter(picture, most)
    return Scale(found[0], filter=found[1]) if found else Scale(max(1, min(int(DRAWN / sharpness), most)))


def reach_of(picture: RGB) -> int:
    """Pixels that the soft edges of ``picture`` extend beyond what they are of: further in what was enlarged."""
    width = 1 / _sharpness(picture)
    return int(REACH * max(_pixel_size(picture), width if width >= SOFT else 1))


def enlarged(shapes: Sequence[Shape], scale: Scale, size: tuple[int, int]) -> tuple[Shape, ...]:
    """``shapes`` in painting order, bottom first, on a canvas of ``size`` (width, height): those that were read in a
    picture reduced by ``scale``.
    """
    shown = _shown([shape.visible for shape in shapes], scale, size)
    inks = np.array([(-1, -1, -1), *(shape.ink for shape in shapes)])  # the last of all, for none, first
    return tuple(_enlarged(place, shape, shown, inks, scale) for place, shape in enumerate(shapes))


def _enlarged(place: int, shape: Shape, shown: Labels, inks: NDArray[np.int_], scale: Scale) -> Shape:
    """What shows of a shape is where it is the one of the ``shown``; its whole has no pixels that show a lower one of
    another ink.
    """
    size = shown.shape[1], shown.shape[0]
    box, share = _share_of(shape.whole, scale, size)
    seen = shown[box.slices]
    visible = seen == place
    free = (seen >= place) | (inks[seen + 1] == shape.ink).all(axis=-1)
    levels = shape.levels
    if levels is not None:
        levels = scale.enlarged(levels)[: size[1], : size[0]]
    whole = Mask.of(visible | (share >= 0.5) & free, box[:2])
    return replace(shape, visible=Mask.of(visible, box[:2]), whole=whole, levels=levels)


def _shown(masks: Sequence[Mask], scale: Scale, size: tuple[int, int]) -> Labels:
    """Per pixel the index of the one of ``masks`` that has most of it, −1 where none has half of it."""
    shown = np.full(size[::-1], -1, np.int32)
    most = np.full(size[::-1], 0.5, np.float32)
    for place, mask in enumerate(masks):
        box, share = _share_of(mask, scale, size)
        more = share >= most[box.slices]
        shown[box.slices][more] = place
        most[box.slices][more] = share[more]
    return shown


def _share_of(mask: Mask, scale: Scale, size: tuple[int, int]) -> tuple[Box, NDArray[np.float32]]:
    """How much of each pixel (0–1) a mask has on the larger canvas, and the box there that holds all of it."""
    around = mask.box.expand(1, scale.small(size))
    box = Box(*(scale.times * side for side in around)).intersect(Box.whole(size))
    share = scale.enlarged(mask.within(around).astype(np.float32))
    return box, np.asarray(share[: box.height, : box.width], np.float32)


def _pixel_size(picture: RGB) -> int:
    """How many times ``picture`` was enlarged by repeating its pixels; 1 if it was not."""
    height, width = picture.shape[:2]
    for size in range(LARGEST_PIXEL, 1, -1):
        if height % size or width % size or min(height, width) < SMALLEST_SIDE * size:
            continue
        corners = picture[::size, ::size]
        if all((picture[y::size, x::size] == corners).all() for y in range(size) for x in range(size) if x or y):
            return size
    return 1


def _sharpness(picture: RGB) -> float:
    """Share of the contrast of edges (0–1) that the steepest step across them has, in the sharper quarter of them; that
    of a drawing where there are too few to tell.
    """
    if min(picture.shape[:2]) < ACROSS:
        return DRAWN
    found = np.concatenate([_steepest(picture), _steepest(np.ascontiguousarray(picture.transpose(1, 0, 2)))])
    return float(np.percentile(found, 75)) if len(found) >= FEWEST_EDGES else DRAWN


def _steepest(picture: RGB) -> NDArray[np.float32]:
    """The same of each edge that runs from top to bottom, in some of the rows."""
    step = (len(picture) - 1) // ROWS + 1
    rows, below = picture[:-1:step], picture[1::step]
    across = strongest(cv2.absdiff(rows[:, 1:], rows[:, :-1]))
    down = strongest(cv2.absdiff(rows, below))[:, :-1].astype(np.int16)
    line = np.ones((1, ACROSS), np.uint8)
    edge = (across >= STEEPEST) & (across == cv2.dilate(across, line)) & (across >= ACROSS_ONLY * down)
    spread = strongest(cv2.subtract(cv2.dilate(rows, line), cv2.erode(rows, line)))
    contrast = np.maximum(spread[:, 1:], spread[:, :-1])[edge].astype(np.float32)
    strong = contrast >= STRONG
    return np.asarray(across[edge][strong] / contrast[strong], np.float32)
