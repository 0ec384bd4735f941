"""Soft edges: split each mixed pixel into the ink on top and the ground below.

An anti-aliased edge pixel is ``P = α F + (1 − α) B``: projecting ``P − B`` on ``F − B`` gives the coverage α
(Yang et al., *Subpixel deblurring of anti-aliased raster clip-art*, CGF 2023, §3).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import RGB, RGBA, Pixels

SAME_INK = 3
"""Grey levels by which a pixel may differ from an ink and still be pure."""
EXACT = 1.0
"""Grey levels by which a layer over its ground may miss the picture."""
NOISE = 24
"""Grey levels by which the inside of a shape may miss its ink without being a mixture, as loss leaves it."""
REACH = 2
"""Pixels that an anti-aliased edge extends beyond a mask."""

Ink = tuple[int, int, int]


def unmix(before: RGB, after: RGB, mask: Pixels, ink: Ink | NDArray[np.float32] | None = None) -> RGBA:
    """The layer that, painted over ``after``, gives ``before`` to within a grey level wherever it reaches.

    ``mask`` (height × width) says which pixels show the element; the layer reaches ``REACH`` pixels beyond it, where a
    change has to be explained by its soft edge. With an ``ink``, one colour or one for each pixel (height × width × 3),
    the layer has that wherever it can, so that no ground shines through its edge; without one it has the colours of
    ``before``. Deeper inside than ``REACH`` it is opaque where it shows noise.
    """
    ground, picture = after.astype(np.float32), before.astype(np.float32)
    colour = picture if ink is None else np.broadcast_to(np.asarray(ink, np.float32), picture.shape)
    change = np.abs(picture - ground).max(axis=2) > 0
    near = grown(mask, REACH)
    solid = mask if ink is None else mask & (np.abs(picture - colour).max(axis=2) <= SAME_INK)
    alpha = np.where(solid, np.float32(1), coverage(picture, ground, colour) * (near & change))
    alpha = np.rint(alpha * 255) / 255
    missed = np.abs(ground + (colour - ground) * alpha[..., None] - picture).max(axis=2) > EXACT
    missed &= near & (change | mask)
    alpha = np.where(missed, np.maximum(alpha, least_coverage(picture, ground)), alpha)
    if (missed & mask).any():
        noise = missed & mask & ~grown(~mask, REACH)
        noise[noise] = np.abs(picture[noise] - colour[noise]).max(axis=1) <= NOISE
        alpha[noise] = 1
    alpha = np.ceil(alpha * 255 - 1e-3) / 255
    cover = alpha[..., None]
    exact = ground + np.divide(picture - ground, cover, out=np.zeros_like(picture), where=cover > 0)
    colour = np.where(missed[..., None], exact, colour)
    layer = np.concatenate([colour, alpha[..., None] * 255], axis=2)
    layer[alpha == 0] = 0
    pixels: RGBA = np.rint(layer).clip(0, 255).astype(np.uint8)
    return pixels


def coverage(
    picture: NDArray[np.float32], ground: NDArray[np.float32], colour: NDArray[np.float32]
) -> NDArray[np.float32]:
    """α by projection, 0–1; 1 where ink and ground are the same colour."""
    span = colour - ground
    length = (span * span).sum(axis=2)
    along = ((picture - ground) * span).sum(axis=2)
    share: NDArray[np.float32] = np.divide(along, length, out=np.ones_like(length), where=length > 1).clip(0, 1)
    return share


def least_coverage(picture: NDArray[np.float32], ground: NDArray[np.float32]) -> NDArray[np.float32]:
    """The smallest α for which some colour within 0–255 turns ``ground`` into ``picture``."""
    room = np.where(picture > ground, 255 - ground, ground)
    share = np.divide(np.abs(picture - ground), room, out=np.zeros_like(room), where=room > 0)
    least: NDArray[np.float32] = share.max(axis=2)
    return least


def grown(mask: Pixels, radius: int) -> Pixels:
    """``mask`` with a rim of ``radius`` pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel) > 0
