"""The inks of a drawing: the few colours that fill areas, told apart from the mixed pixels between them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import RGB, Pixels

CLEAN_NOISE = 2
"""Grey levels within which neighbouring pixels of one ink lie in a picture that was never compressed with loss."""
LOSSY_NOISE = 14
"""The same for JPEG artefacts, dithering and slight shading."""
FEWEST_PIXELS = 6
"""An ink needs this many solid pixels."""
MOST_INKS = 64
"""Flat art with more inks is not flat art; the most frequent are kept."""
FLAT_SHARE = 0.90
"""At least this share of the pixels of flat art shows an ink."""

Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Palette:
    """``inks`` (k × 3, uint8) sorted by area, largest first; a pixel within ``tolerance`` of an ink shows it."""

    inks: NDArray[np.uint8]
    tolerance: int
    flat: bool


def find_palette(picture: RGB) -> Palette:
    """The inks of ``picture`` (height × width × 3).

    A pixel is *solid* when its whole 3 × 3 neighbourhood has its colour; the frequent colours of solid pixels are inks.
    Where too little of the picture shows an ink, a wider tolerance is tried before the picture counts as not flat.
    """
    for tolerance in (CLEAN_NOISE, LOSSY_NOISE):
        inks = _frequent_colours(picture[solid(picture, tolerance)], tolerance)
        if len(inks) and _share(picture, inks, tolerance) >= FLAT_SHARE:
            return Palette(inks, tolerance, flat=True)
    return Palette(_posterised(picture), LOSSY_NOISE, flat=False)


def solid(picture: RGB, tolerance: int) -> Pixels:
    """Pixels whose 3 × 3 neighbourhood stays within ``tolerance`` grey levels in every channel."""
    kernel = np.ones((3, 3), np.uint8)
    spread = cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel))
    return spread.max(axis=2) <= tolerance


def packed(colours: RGB) -> Labels:
    """Colours (… × 3) as one number each, 0xRRGGBB."""
    red, green, blue = np.moveaxis(colours.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue


def unpacked(numbers: Labels) -> Labels:
    """Numbers 0xRRGGBB as colours (… × 3)."""
    return np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=-1)


def _frequent_colours(colours: RGB, tolerance: int) -> NDArray[np.uint8]:
    """Colours by frequency; one within ``2 × tolerance`` of a more frequent one is the same ink."""
    values, counts = np.unique(packed(colours), return_counts=True)
    order = np.lexsort((values, -counts))
    candidates = unpacked(values[order])
    inks: list[NDArray[np.int32]] = []
    areas: list[int] = []
    for colour, count in zip(candidates[:4096], counts[order], strict=False):
        near = _nearest(inks, colour, 2 * tolerance)
        if near is None:
            inks.append(colour)
            areas.append(int(count))
        else:
            areas[near] += int(count)
    ranked = [index for index in np.argsort([-area for area in areas], kind="stable") if areas[index] >= FEWEST_PIXELS]
    return np.array([inks[index] for index in ranked[:MOST_INKS]], np.uint8).reshape(-1, 3)


def _nearest(inks: list[NDArray[np.int32]], colour: NDArray[np.int32], limit: int) -> int | None:
    if not inks:
        return None
    distance = np.abs(np.array(inks) - colour).max(axis=1)
    best = int(distance.argmin())
    return best if distance[best] <= limit else None


def _share(picture: RGB, inks: NDArray[np.uint8], tolerance: int) -> float:
    return float((nearest_ink(picture, inks, tolerance) >= 0).mean())


def nearest_ink(picture: RGB, inks: NDArray[np.uint8], tolerance: int) -> Labels:
    """Per pixel the index of the nearest ink, −1 where none lies within ``tolerance`` in every channel."""
    values, inverse = np.unique(packed(picture), return_inverse=True)
    colours = unpacked(values)
    best = np.full(len(values), -1, np.int32)
    closest = np.full(len(values), tolerance + 1, np.int32)
    for index, ink in enumerate(inks.astype(np.int32)):
        distance = np.abs(colours - ink).max(axis=1)
        nearer = distance < closest
        best[nearer], closest[nearer] = index, distance[nearer]
    return best[inverse].reshape(picture.shape[:2])


def _posterised(picture: RGB) -> NDArray[np.uint8]:
    """At most 12 colours for a picture that has no inks (k-means with fixed seeds on a thumbnail)."""
    thumb = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    count = min(12, len(np.unique(thumb.astype(np.uint8), axis=0)))
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, labels, centres = cv2.kmeans(thumb, count, np.zeros((0, 0), np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
    sizes = np.bincount(labels.ravel(), minlength=count)
    return np.rint(centres[np.argsort(-sizes, kind="stable")]).clip(0, 255).astype(np.uint8)
