"""Loss that a picture went through before it came here, told for the eye that cuts it into regions.

Only the regions are found in the clean picture; layers keep the pixels that were given.
"""

import numpy as np

from peeler.channels import apart
from peeler.flat.palette import Labels, grain
from peeler.geometry import RGB

SMALLEST_RAMP, RAMP = 200, 12
"""Pixels, at 512 × 512, of the smallest area that can be a gradient, and grey levels that it has at least."""
ONE_INK = 3
"""Grey levels within which the pixels of one ink lie for the most part, in a picture without noise."""
TWO_INKS = 0.75
"""Share of an area that its two most frequent colours have where loss lets two inks run into each other, at least: a
gradient has 0.72 at most, and two inks of a JPEG of quality 60 have 0.76 at least."""
SAMPLE = 500
"""Pixels of an area that are asked."""


def has_ramps(calm: RGB, areas: Labels) -> bool:
    """Whether one of the smooth ``areas`` (height × width, 0 for none) of a picture without its noise is a gradient.

    Not so if it only joins two inks, as where JPEG blurred the edge between them.
    """
    sizes = np.bincount(areas.ravel())
    order = np.argsort(areas, axis=None, kind="stable")
    starts = np.cumsum(sizes) - sizes
    large = np.flatnonzero(sizes >= SMALLEST_RAMP * grain(calm) ** 2)
    members = (order[starts[area] : starts[area] + sizes[area]] for area in large if area)
    return any(_is_ramp(calm.reshape(-1, 3)[area[:: len(area) // SAMPLE + 1]]) for area in members)


def _is_ramp(colours: RGB) -> bool:
    low, high = np.percentile(colours, (2, 98), axis=0)
    if (high - low).max() < RAMP:
        return False
    near = apart(colours[:, None].astype(np.int16), colours) <= ONE_INK
    first = near[near.sum(axis=1).argmax()]
    both = np.count_nonzero(first) + int((near & ~first).sum(axis=1).max())
    return bool(both < TWO_INKS * len(colours))
