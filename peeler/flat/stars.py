"""Stars: points all around a core, which are one shape however well a cut would fit between two of their corners."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Corner, outlines
from peeler.geometry import Pixels

FEWEST_POINTS = 4
CORE = 0.15
"""Share of the star that its core takes up, at least; on a zigzag edge all corners lie in a line."""
CONVEX = 0.9
"""Share of its hull that the core between the concave corners fills, at least."""
POINTED = 0.7
"""Share of its tilted box that a point fills, at most: a triangle has ½, half a disc 0.79, a bar 1."""


def is_star(mask: Pixels, corners: Sequence[Corner]) -> bool:
    """Whether ``mask`` is a convex core with a point on each of its sides; ``corners`` are its concave ones."""
    if len(corners) < FEWEST_POINTS or len({corner.outline for corner in corners}) > 1:
        return False
    outline = list(outlines(mask))[corners[0].outline][0].astype(np.float32)
    places = sorted(corner.place for corner in corners)
    core = outline[places]
    within, area = cv2.contourArea(core), cv2.contourArea(outline, oriented=True)
    if within < CORE * abs(area) or within < CONVEX * cv2.contourArea(cv2.convexHull(core)):
        return False
    turn = float(np.sign(area))
    fullness = [turn * _fullness(outline, *side) for side in pairwise([*places, places[0] + len(outline)])]
    return min(fullness) > 0 and max(fullness) <= POINTED


def _fullness(outline: NDArray[np.float32], start: int, stop: int) -> float:
    """The share of its tilted box that the stretch of an outline from ``start`` to ``stop`` fills beyond its chord;
    of the other sign than the outline's own area where it goes inwards.
    """
    stretch = outline[np.arange(start, stop + 1) % len(outline)]
    _, (long, short), _ = cv2.minAreaRect(stretch)
    return float(cv2.contourArea(stretch, oriented=True) / max(long * short, 1))
