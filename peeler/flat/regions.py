"""Regions: the connected areas of one ink, with every mixed pixel on the side it belongs to."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.palette import Labels, Palette, nearest_ink, solid
from peeler.geometry import RGB, Box, Pixels

SMALLEST_REGION = 8
"""Pixels; what is smaller belongs to its surroundings."""
ON_THE_LINE = 6.0
"""Grey levels by which a mixed colour may miss the straight line between the two inks that it mixes."""
_NEIGHBOURS = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3) if dy or dx]


@dataclass(frozen=True, eq=False)
class Region:
    """A connected area (8-connected) of one ink: ``label`` in the map of regions, ``ink`` its index in the palette."""

    label: int
    ink: int
    box: Box
    area: int


@dataclass(frozen=True, eq=False)
class Regions:
    """``labels`` (height × width) holds the index of each pixel's region in ``all``; no pixel is without one."""

    labels: Labels
    all: tuple[Region, ...]

    def mask(self, label: int) -> Pixels:
        return self.labels == label


def find_regions(picture: RGB, palette: Palette) -> Regions:
    """Cut ``picture`` into regions of the inks of ``palette``."""
    inks = nearest_ink(picture, palette.inks, palette.tolerance if palette.flat else 255)
    core = solid(picture, palette.tolerance)
    inks = _without_slivers(picture, inks, core, palette)
    inks = _spread(picture, inks, palette.inks)
    return _absorb_specks(_connected(inks, len(palette.inks)), picture, palette)


def _without_slivers(picture: RGB, inks: Labels, core: Pixels, palette: Palette) -> Labels:
    """Unset the pixels that show an ink only because the mixture of two others passes through its colour."""
    suspects = np.argwhere((inks >= 0) & ~core)
    if not len(suspects):
        return inks
    mixed = _is_mixture(picture, inks, core, palette.inks, suspects)
    cleared = inks.copy()
    cleared[tuple(suspects[mixed].T)] = -1
    return cleared


def _is_mixture(
    picture: RGB, inks: Labels, core: Pixels, colours: NDArray[np.uint8], points: NDArray[np.intp]
) -> Pixels:
    """Which ``points`` (n × 2: y, x) lie between two other inks that are solid within two pixels on opposite sides."""
    height, width = inks.shape
    own = inks[tuple(points.T)]
    target = picture[tuple(points.T)].astype(np.float32)
    result = np.zeros(len(points), np.bool_)
    palette = colours.astype(np.float32)
    for dy, dx in _NEIGHBOURS[: len(_NEIGHBOURS) // 2]:
        sides = []
        for sign in (1, -1):
            ys = np.clip(points[:, 0] + sign * dy, 0, height - 1)
            xs = np.clip(points[:, 1] + sign * dx, 0, width - 1)
            sides.append(np.where(core[ys, xs], inks[ys, xs], -1))
        one, two = sides
        valid = (one >= 0) & (two >= 0) & (one != two) & (one != own) & (two != own)
        if valid.any():
            result[valid] |= _misses(target[valid], palette[one[valid]], palette[two[valid]]) <= ON_THE_LINE
    return result


def _misses(colour: NDArray[np.float32], one: NDArray[np.float32], two: NDArray[np.float32]) -> NDArray[np.float32]:
    """Largest channel difference of each colour to the nearest point of the segment from ``one`` to ``two``."""
    span = two - one
    along = ((colour - one) * span).sum(axis=1) / np.maximum((span * span).sum(axis=1), 1)
    return np.abs(one + span * along.clip(0, 1)[:, None] - colour).max(axis=1)


def _spread(picture: RGB, inks: Labels, colours: NDArray[np.uint8]) -> Labels:
    """Give each unset pixel the ink nearest in colour among those set within two pixels, from the rims inwards."""
    inks = inks.copy()
    height, width = inks.shape
    palette = colours.astype(np.int32)
    unset = np.argwhere(inks < 0)
    while len(unset):
        target = picture[tuple(unset.T)].astype(np.int32)
        best = np.full(len(unset), -1, np.int32)
        closest = np.full(len(unset), 1 << 30, np.int64)
        for dy, dx in _NEIGHBOURS:
            ys, xs = unset[:, 0] + dy, unset[:, 1] + dx
            inside = (ys >= 0) & (ys < height) & (xs >= 0) & (xs < width)
            near = np.where(inside, inks[ys.clip(0, height - 1), xs.clip(0, width - 1)], -1)
            distance = ((palette[near] - target) ** 2).sum(axis=1)
            nearer = (near >= 0) & (distance < closest)
            best[nearer], closest[nearer] = near[nearer], distance[nearer]
        found = best >= 0
        if not found.any():
            inks[tuple(unset.T)] = 0
            break
        inks[tuple(unset[found].T)] = best[found]
        unset = unset[~found]
    return inks


def _connected(inks: Labels, count: int) -> Regions:
    """Connected areas of equal ink, numbered by ink and then in reading order."""
    labels = np.zeros(inks.shape, np.int32)
    regions: list[Region] = []
    for ink in range(count):
        mask = (inks == ink).astype(np.uint8)
        number, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        labels += np.where(parts > 0, parts + (len(regions) - 1), 0)
        for part in range(1, number):
            x, y, width, height, area = (int(value) for value in stats[part])
            regions.append(Region(len(regions), ink, Box(x, y, x + width, y + height), area))
    return Regions(labels, tuple(regions))


def _absorb_specks(regions: Regions, picture: RGB, palette: Palette) -> Regions:
    """Merge regions below the smallest size into their surroundings."""
    small = np.array([region.area < SMALLEST_REGION for region in regions.all])
    if not small.any():
        return regions
    ink_of = np.array([region.ink for region in regions.all], np.int32)
    inks = np.where(small[regions.labels], -1, ink_of[regions.labels])
    return _connected(_spread(picture, inks, palette.inks), len(palette.inks))
