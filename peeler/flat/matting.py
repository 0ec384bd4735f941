"""Soft edges: split each mixed pixel into the ink on top and the ground below.

An anti-aliased edge pixel is ``P = α F + (1 − α) B``: projecting ``P − B`` on ``F − B`` gives the coverage α
(Yang et al., *Subpixel deblurring of anti-aliased raster clip-art*, CGF 2023, §3).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, dot, picked, strongest
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
Levels = NDArray[np.float32]
Flags = NDArray[np.bool_]


def unmix(
    before: RGB, after: RGB, mask: Pixels, ink: Ink | NDArray[np.float32] | None = None, reach: int = REACH
) -> RGBA:
    """The layer that, painted over ``after``, gives ``before`` to within a grey level wherever it reaches.

    ``mask`` (height × width) says which pixels show the element; the layer goes ``reach`` pixels beyond it, where a
    change has to be explained by its soft edge. With an ``ink``, one colour or one for each pixel (height × width × 3),
    the layer has that wherever it can, so that no ground shines through its edge; without one it has the colours of
    ``before``. Deeper inside it is opaque where it shows noise.
    """
    colour = before if ink is None else np.broadcast_to(ink, before.shape)
    pure = mask & (apart(before.astype(np.int16), colour) <= EXACT)
    mixed = grown(mask, reach) & ~pure
    deep = mask & ~grown(~mask, reach)
    layer = np.zeros((*mask.shape, 4), np.uint8)
    layer[pure, :3] = np.rint(picked(colour, pure)).clip(0, 255)
    layer[pure, 3] = 255
    picture, ground, paint = (picked(each, mixed).astype(np.float32) for each in (before, after, colour))
    layer[mixed] = _mixtures(picture, ground, paint, mask[mixed], deep[mixed])
    return layer


def _mixtures(picture: Levels, ground: Levels, ink: Levels, inside: Flags, deep: Flags) -> NDArray[np.uint8]:
    """The layer (n × 4) at pixels (n × 3 each) that are not the plain ink inside a shape."""
    change = apart(picture, ground) > 0
    solid = inside & (apart(picture, ink) <= SAME_INK)
    alpha = np.where(solid, np.float32(1), coverage(picture, ground, ink) * change)
    alpha = np.rint(alpha * 255) / 255
    missed = apart(ground + (ink - ground) * alpha[..., None], picture) > EXACT
    missed &= change | inside
    alpha = np.where(missed, np.maximum(alpha, least_coverage(picture, ground)), alpha)
    alpha[missed & deep & (apart(picture, ink) <= NOISE)] = 1
    alpha = np.ceil(alpha * 255 - 1e-3) / 255
    cover = alpha[..., None]
    exact = ground + np.divide(picture - ground, cover, out=np.zeros_like(picture), where=cover > 0)
    layer = np.concatenate([np.where(missed[..., None], exact, ink), cover * 255], axis=1)
    layer[alpha == 0] = 0
    pixels: NDArray[np.uint8] = np.rint(layer).clip(0, 255).astype(np.uint8)
    return pixels


def coverage(picture: Levels, ground: Levels, colour: Levels) -> Levels:
    """α by projection of colours (… × 3 each), 0–1; 1 where ink and ground are the same colour."""
    span = colour - ground
    length = dot(span, span)
    along = dot(picture - ground, span)
    share: Levels = np.divide(along, length, out=np.ones_like(length), where=length > 1).clip(0, 1)
    return share


def mixture(picture: Levels, ground: Levels, ink: Levels) -> tuple[Levels, Levels]:
    """The mixtures of ink and ground (… × 3 each) that are nearest to the picture: the coverage of the ink, and how
    many grey levels the mixture misses the picture by.
    """
    alpha = coverage(picture, ground, ink)
    return alpha, apart(ground + (ink - ground) * alpha[..., None], picture)


def least_coverage(picture: Levels, ground: Levels) -> Levels:
    """The smallest α for which some colour within 0–255 turns ``ground`` into ``picture``."""
    room = np.where(picture > ground, 255 - ground, ground)
    share = np.divide(np.abs(picture - ground), room, out=np.zeros_like(room), where=room > 0)
    least: Levels = strongest(share)
    return least


def grown(mask: Pixels, radius: int) -> Pixels:
    """``mask`` with a rim of ``radius`` pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel) > 0
