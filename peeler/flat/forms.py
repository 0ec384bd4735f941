"""The form of each region: how thick it is, how even, and what lies inside its outline and hull."""

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import canvas_scale
from peeler.flat.palette import Labels
from peeler.flat.regions import Region, Regions

LUMA = np.array([0.299, 0.587, 0.114])
"""Brightness of the channels (ITU-R BT.601)."""
INSIDE = 0.9
"""Share of a region that must lie inside the outline of another one for it to be enclosed by that."""


@dataclass(frozen=True, eq=False)
class Form:
    """What the cues ask about one region.

    ``thickness`` is the mean distance of its pixels to its edge, in pixels of a canvas of 512 × 512; ``deepest`` the
    95th percentile of the distances in units of their mean; ``hull_of`` and ``filled_of`` count the pixels that each
    region, by its label, has inside this one's convex hull and outline; ``brightness`` is 0–255, ``saturation``, the
    spread of the ink's channels, 0–1.
    """

    label: int
    ink: int
    area: int
    thickness: float
    deepest: float
    hull_of: Counter[int]
    filled_of: Counter[int]
    brightness: float
    saturation: float

    def encloses(self, other: "Form") -> bool:
        return bool(self.filled_of[other.label] > INSIDE * other.area)


def forms_of(regions: Regions, inks: NDArray[np.uint8], background: frozenset[int]) -> dict[int, Form]:
    """The forms of all regions outside the background, by their labels; ``inks`` (k × 3) are the palette's."""
    shown = (region for region in regions.all if region.label not in background and region.area)
    return {region.label: _form(regions, region, inks[region.ink]) for region in shown}


def _form(regions: Regions, region: Region, ink: NDArray[np.uint8]) -> Form:
    scale = canvas_scale(regions.labels)
    labels: Labels = regions.labels[region.box.slices]
    mask = (labels == region.label).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull, filled = np.zeros_like(mask), np.zeros_like(mask)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(list(outlines))), (1,))
    cv2.drawContours(filled, outlines, -1, (1,), cv2.FILLED)
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1][mask > 0]
    return Form(
        label=region.label,
        ink=region.ink,
        area=region.area,
        thickness=float(depth.mean()) / scale,
        deepest=float(np.percentile(depth, 95) / depth.mean()),
        hull_of=_counted(labels[hull > 0]),
        filled_of=_counted(labels[filled > 0]),
        brightness=float(ink @ LUMA),
        saturation=float(np.ptp(ink)) / 255,
    )


def _counted(labels: Labels) -> Counter[int]:
    counts = np.bincount(labels)
    found = np.flatnonzero(counts)
    return Counter(dict(zip(found.tolist(), counts[found].tolist(), strict=True)))
