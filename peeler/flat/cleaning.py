"""What a picture went through before it came here, undone for the eye that cuts it into regions: enlarging and loss.

Only the regions are found in the clean picture; layers keep the pixels that were given.
"""

import cv2
import numpy as np

from peeler.flat.palette import grain
from peeler.geometry import RGB

LARGEST_PIXEL = 4
"""Times that a picture may have been enlarged by repeating its pixels."""
SMALLEST_SIDE = 64
"""Pixels that a side had at least before it was enlarged; a smaller drawing may be made of even numbers."""
NOISE = 20.0
"""Grey levels within which neighbouring pixels are smoothed together: JPEG artefacts, dither, grain."""
REACH = 3.0
"""Pixels, at 512 × 512, over which they are: a block of JPEG's has 8."""


def pixel_size(picture: RGB) -> int:
    """How many times ``picture`` (height × width × 3) was enlarged by repeating its pixels; 1 if it was not."""
    height, width = picture.shape[:2]
    for size in range(LARGEST_PIXEL, 1, -1):
        if height % size or width % size or min(height, width) < SMALLEST_SIDE * size:
            continue
        corners = picture[::size, ::size]
        if all((picture[y::size, x::size] == corners).all() for y in range(size) for x in range(size) if x or y):
            return size
    return 1


def without_noise(picture: RGB) -> RGB:
    """``picture`` without what is weaker than an edge (bilateral filter, Tomasi and Manduchi 1998)."""
    reach = REACH * grain(picture)
    return np.asarray(cv2.bilateralFilter(picture, 2 * round(reach) + 1, NOISE, reach), np.uint8)
