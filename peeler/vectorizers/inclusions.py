"""What a flat layer shows besides its ink: areas and lines of other colours, and how much of each a pixel has."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, strongest
from peeler.geometry import RGBA, Pixels

FOREIGN = 32
"""Grey levels by which a pixel misses the ink of its layer if it shows something else."""
ALIKE = 8
"""Levels within which pixels of a thin line are alike, alpha included."""
MOST = 16
"""Other colours of one layer that are drawn."""
SHORTEST = 6
"""Pixels that what is thinner than three is long at least."""


def find_inclusions(pixels: RGBA, ink: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """What of a layer (height × width × 4) shows another colour than its ink: the coverage (0–255) and the colour."""
    low, high = ink.astype(np.int16) - FOREIGN, ink.astype(np.int16) + FOREIGN
    plain = cv2.inRange(pixels, np.array([*low, 0]).clip(0, 255), np.array([*high, 255]).clip(0, 255)) > 0
    solid = pixels[..., 3] >= 128
    left = _without_soft_edges(solid & ~plain, solid, pixels)
    colours = pixels[..., :3].astype(np.int16)
    for _ in range(MOST):
        if not left.any():
            return
        found, counts = np.unique(colours[left], axis=0, return_counts=True)
        colour = found[counts.argmax()]
        area = left & (apart(colours, colour) <= FOREIGN)
        near = _changed(cv2.MORPH_DILATE, area, 5)
        span = (colour - ink.astype(np.int16)).astype(np.float64)
        share = (((colours - ink) @ span) / (span @ span)).clip(0, 1) * near
        mixed = apart(ink + share[..., None] * span, colours) <= FOREIGN
        share *= mixed * pixels[..., 3]
        yield np.rint(share).astype(np.uint8), "#" + bytes(colour.astype(np.uint8)).hex()
        left &= ~(area | (near & mixed))


def _without_soft_edges(foreign: Pixels, solid: Pixels, pixels: RGBA) -> Pixels:
    """What of ``foreign`` is wider than a soft edge, a pixel or two, or a line with the layer on both sides."""
    if not foreign.any():
        return foreign
    wide = _changed(cv2.MORPH_OPEN, foreign, 3)
    inside = _changed(cv2.MORPH_ERODE, _changed(cv2.MORPH_CLOSE, solid, 5), 3)
    lines = foreign & inside & _in_threes(pixels)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines.astype(np.uint8), connectivity=8)
    extent: NDArray[np.int32] = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    long = [label for label in range(1, count) if extent[label] >= SHORTEST]
    kept: Pixels = wide | np.isin(labels, long)
    return kept


def _in_threes(pixels: RGBA) -> Pixels:
    """Pixels that are like two others in a square of four. Along a soft edge two are alike, across it none."""
    whole = pixels.astype(np.int16)
    height, width = whole.shape[0] - 1, whole.shape[1] - 1
    corners = [(row, column) for row in (0, 1) for column in (0, 1)]
    squares = [whole[row : row + height, column : column + width] for row, column in corners]
    found: Pixels = np.zeros(whole.shape[:2], np.bool_)
    for out in range(4):
        one, two, three = (square for place, square in enumerate(squares) if place != out)
        spread = np.maximum(np.maximum(one, two), three) - np.minimum(np.minimum(one, two), three)
        alike = strongest(spread) <= ALIKE
        for place, (row, column) in enumerate(corners):
            if place != out:
                found[row : row + height, column : column + width] |= alike
    return found


def _changed(how: int, mask: Pixels, side: int) -> Pixels:
    changed: Pixels = cv2.morphologyEx(mask.astype(np.uint8), how, np.ones((side, side), np.uint8)) > 0
    return changed
