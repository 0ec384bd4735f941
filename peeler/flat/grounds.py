"""Grounds: what regions show where nothing lies on them, one colour or one gradient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.gradients import FEWEST, Plain, Shade, fit
from peeler.flat.palette import Labels, grain, packed, unpacked
from peeler.flat.regions import Regions
from peeler.geometry import RGB, Pixels

SMALLEST = 300
"""Pixels, at 512 × 512, of the smallest fade, and of its part on one ground."""
PALEST, PALEST_ON_SHADE = 10.0, 20.0
"""Grey levels by which even ground, or a gradient, must change in some channel where a fade is densest."""
SAMPLE = 1000
"""Pixels of a region that are asked for its even colour, or a few more."""
GROUND = 0.5
"""Share of a region that must show exactly one colour, or one gradient, for it to be a ground."""
TRIED, FEW = 48, 200
"""Planes of colour that are laid through three pixels of a region each, to find its gradient, by so many pixels,"""
ON_PLANE, ON_SHADE = 2.5, 1.5
"""and the grey levels by which what shows it may miss the best of them, and in the end the gradient."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The ``labels`` (height × width) that the regions of a picture have, and what those that are grounds show bare.

    ``plain`` (height × width × 3) are the colours of the grounds, the picture's elsewhere; ``off`` the grey levels by
    which the picture differs from them, and ``shaded`` those of gradients.
    """

    labels: Labels
    found: frozenset[int]
    plain: NDArray[np.float32]
    off: NDArray[np.float32]
    shaded: Pixels


def find_grounds(picture: RGB, regions: Regions, inner: Pixels) -> Ground:
    """The regions that are ground but do not show it everywhere, and what they show where they do."""
    found, plain, colours = [], picture.astype(np.float32), packed(picture)
    shaded = np.zeros(regions.labels.shape, np.bool_)
    for region in regions.all:
        if region.area < 2 * SMALLEST * grain(picture) ** 2:
            continue
        own = regions.labels[region.box.slices] == region.label
        places = np.argwhere(own & inner[region.box.slices]) + (region.box.y0, region.box.x0)
        if not len(places):
            continue
        codes = colours[tuple(places.T)]
        # What half of the pixels have is found in the middle of any sample.
        few = np.sort(codes[:: len(codes) // SAMPLE + 1])
        usual = few[len(few) // 2]
        share = np.count_nonzero(codes == usual) / len(codes)
        shade = Plain(unpacked(usual).astype(np.float64)) if share >= GROUND else _gradient(picture, places)
        if shade is not None and share < 1:
            rows, columns = (np.argwhere(own) + (region.box.y0, region.box.x0)).T
            plain[rows, columns] = shade.at(np.stack([columns, rows], axis=1).astype(np.float64))
            shaded[rows, columns] = not isinstance(shade, Plain)
            found.append(region.label)
    return Ground(regions.labels, frozenset(found), plain, apart(picture, plain), shaded)


def _gradient(picture: RGB, places: NDArray[np.intp]) -> Shade | None:
    """The gradient that most of some pixels (n × 2: y, x) show, if one does.

    It is found as in Rousseeuw, *Least median of squares regression*, 1984: of planes of colour through three pixels
    each the one that half of all miss by least tells which pixels show it.
    """
    sample = places[:: len(places) // SAMPLE + 1]
    points, colours = sample[:, ::-1].astype(np.float64), picture[tuple(sample.T)].astype(np.float64)
    threes = np.random.default_rng(0).integers(len(sample), size=(TRIED, 3))
    level = np.column_stack([points - points.mean(axis=0), np.ones(len(points))])
    corners = level[threes]
    sound = np.abs(np.linalg.det(corners)) > 1
    if not sound.any():
        return None
    planes = np.linalg.solve(corners[sound], colours[threes][sound])
    few = np.s_[:: len(sample) // FEW + 1]
    missed = np.median(np.abs(level[few] @ planes - colours[few]).max(axis=2), axis=1)
    missed = apart(level @ planes[missed.argmin()], colours)
    shows, differs = missed <= ON_PLANE, missed >= PALEST_ON_SHADE
    if np.count_nonzero(shows) < max(GROUND * len(shows), FEWEST) or not differs.any():
        return None
    shade = fit(points[shows], colours[shows])
    told = np.count_nonzero(apart(shade.at(points), colours) <= ON_SHADE)
    return shade if told >= GROUND * len(points) else None
