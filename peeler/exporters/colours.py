"""What colour a layer is."""

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import RGBA
from peeler.stack import Layer

SAME = 4
"""Grey levels that are seen as one colour."""
STRAY = 1 / 5000
"""Largest share of pixels that may have another colour without being seen."""
GRAIN, LOUDEST = 14, 64
"""Grey levels by which loss changes a plain colour, and at most beside an edge."""
LOUD, SEEN = 0.02, 0.001
"""Shares of the pixels that may be off by more than ``GRAIN``, and that may be another colour once it is blurred."""
STEPS = 15
"""Pixels over which the eye blurs grain."""
FADED = 0.5
"""Share of what a layer shows that must be see-through all around for it to be a fade."""


def only_colour(layer: Layer) -> str | None:
    """The colour (``#rrggbb``) of a layer that is opaque all over its box and has but one to the eye, else None.

    What loss adds to one colour, grain and rings that are gone from a few steps away, is not seen either.
    """
    if not layer.box.area or (layer.pixels[..., 3] < 255).any():
        return None
    sample = np.ascontiguousarray(layer.pixels[::7, ::7])
    values, counts = np.unique(sample.view(np.uint32), return_counts=True)
    colour = values[[counts.argmax()]].view(np.uint8)
    if _off(layer.pixels, colour, SAME) <= STRAY:
        return "#" + colour[:3].tobytes().hex()
    middle = np.median(sample.reshape(-1, 4), axis=0).astype(np.uint8)
    return "#" + middle[:3].tobytes().hex() if _is_grain(layer.pixels, middle) else None


def _is_grain(pixels: RGBA, colour: NDArray[np.uint8]) -> bool:
    """Whether pixels are off a colour as loss leaves them: few by much, and none of it seen from a few steps away."""
    if _off(pixels, colour, LOUDEST) > STRAY or _off(pixels, colour, GRAIN) > LOUD:
        return False
    return _off(np.asarray(cv2.blur(pixels, (STEPS, STEPS)), np.uint8), colour, SAME) <= SEEN


def _off(pixels: RGBA, colour: NDArray[np.uint8], levels: int) -> float:
    """The share of pixels that differ from a colour by more than ``levels`` in any channel."""
    low, high = colour.astype(np.int16) - levels, colour.astype(np.int16) + levels
    return 1 - cv2.countNonZero(cv2.inRange(pixels, low.clip(0, 255), high.clip(0, 255))) / (pixels.size / 4)


def has_many_colours(layer: Layer, few: int = 32) -> bool:
    """Whether a layer without an ink has more than ``few`` colours."""
    return not layer.ink and len(np.unique(np.ascontiguousarray(layer.pixels).view(np.uint32))) > few


def fades(layer: Layer) -> bool:
    """Whether a layer without an ink is see-through inside and not only on its edges: a soft shadow or a glow."""
    alpha = layer.pixels[..., 3]
    thin = np.pad(((alpha > 0) & (alpha < 255)).astype(np.uint8), 2)
    inside = cv2.countNonZero(cv2.erode(thin, np.ones((5, 5), np.uint8)))
    return not layer.ink and inside >= FADED * max(1, cv2.countNonZero(alpha))
