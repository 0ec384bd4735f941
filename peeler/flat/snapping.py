"""Painted colours brought back to the inks of a drawing.

A diffusion model paints an ink a few levels off and not quite even, and its autoencoder blurs edges. In flat art it is
known better: nearly every pixel shows an ink of the drawing, and those on edges mix the two inks that meet there.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.matting import coverage
from peeler.geometry import RGB, Box, Pixels

FOREIGN = 48
"""Grey levels from every ink past which a colour is a new one, if it fills more than an edge."""
EDGE = 5
"""Pixels of the widest blurred edge: what is no wider and lies between inks is no colour of its own."""
SMOOTHED = 3
"""Pixels of the window over which the nearest ink is found, so that single noisy pixels do not speckle it."""

Labels = NDArray[np.intp]
Colours = NDArray[np.float32]


def snap(painted: RGB, inks: NDArray[np.uint8], where: Pixels) -> RGB:
    """``painted`` with the pixels ``where`` in one of ``inks`` (k × 3) or, on edges, in a mixture of two of them.

    An area of a colour that is none of the inks gets that colour's median: the drawing may have hidden it until now.
    """
    box = Box.around(where).expand(EDGE, (where.shape[1], where.shape[0]))
    if not box.area:
        return painted
    part = np.ascontiguousarray(painted[box.slices])
    palette = _with_new_inks(part, inks.astype(np.float32))
    labels = _distances(part, palette).argmin(axis=0)
    snapped = painted.copy()
    chosen = where[box.slices]
    snapped[box.slices][chosen] = np.rint(_with_soft_edges(part.astype(np.float32), labels, palette))[chosen]
    return snapped


def _distances(picture: RGB, palette: Colours) -> NDArray[np.float32]:
    """How far each pixel's surroundings are from each ink, inks × height × width."""
    far = [apart(picture, ink) for ink in palette]
    return np.stack([cv2.blur(one.astype(np.float32), (SMOOTHED, SMOOTHED)) for one in far])


def _with_new_inks(picture: RGB, palette: Colours) -> Colours:
    """The palette and the median colour of each area that is wider than an edge and shows none of it."""
    foreign = (_distances(picture, palette).min(axis=0) > FOREIGN).astype(np.uint8)
    areas = cv2.morphologyEx(foreign, cv2.MORPH_OPEN, np.ones((EDGE, EDGE), np.uint8))
    count, labels = cv2.connectedComponents(areas)
    new = [np.median(picture[labels == label], axis=0) for label in range(1, count)]
    return np.vstack([palette, *new]).astype(np.float32)


def _with_soft_edges(picture: Colours, labels: Labels, palette: Colours) -> Colours:
    """Each pixel in its ink; next to another ink in the mixture of the two that is nearest to what was painted."""
    own = palette[labels]
    best = own.copy()
    error = apart(picture, own)
    height, width = labels.shape
    padded = np.pad(labels, 1, mode="edge")
    for down, across in ((0, 1), (1, 0), (1, 2), (2, 1)):
        other = palette[padded[down : down + height, across : across + width]]
        mixed = own + (other - own) * coverage(picture, own, other)[..., None]
        missed = apart(picture, mixed)
        better = (missed < error) & (labels != padded[down : down + height, across : across + width])
        best[better], error[better] = mixed[better], missed[better]
    return best
