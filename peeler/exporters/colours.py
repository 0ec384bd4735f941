"""What colour a layer is."""

import cv2
import numpy as np

from peeler.stack import Layer

SAME = 4
"""Grey levels that are seen as one colour."""
STRAY = 1 / 5000
"""Largest share of pixels that may have another colour without being seen."""
FADED = 0.5
"""Share of what a layer shows that must be see-through all around for it to be a fade."""


def only_colour(layer: Layer) -> str | None:
    """The colour (``#rrggbb``) of a layer that is opaque all over its box and has but one to the eye, else None."""
    if not layer.box.area or (layer.pixels[..., 3] < 255).any():
        return None
    sample = np.ascontiguousarray(layer.pixels[::7, ::7]).view(np.uint32)
    values, counts = np.unique(sample, return_counts=True)
    colour = values[[counts.argmax()]].view(np.uint8)
    low, high = colour.astype(np.int16) - SAME, colour.astype(np.int16) + SAME
    other = cv2.bitwise_not(cv2.inRange(layer.pixels, low.clip(0, 255), high.clip(0, 255)))
    return "#" + colour[:3].tobytes().hex() if cv2.countNonZero(other) <= STRAY * layer.box.area else None


def has_many_colours(layer: Layer, few: int = 32) -> bool:
    """Whether a layer without an ink has more than ``few`` colours."""
    return not layer.ink and len(np.unique(np.ascontiguousarray(layer.pixels).view(np.uint32))) > few


def fades(layer: Layer) -> bool:
    """Whether a layer without an ink is see-through inside and not only on its edges: a soft shadow or a glow."""
    alpha = layer.pixels[..., 3]
    thin = np.pad(((alpha > 0) & (alpha < 255)).astype(np.uint8), 2)
    inside = cv2.countNonZero(cv2.erode(thin, np.ones((5, 5), np.uint8)))
    return not layer.ink and inside >= FADED * max(1, cv2.countNonZero(alpha))
