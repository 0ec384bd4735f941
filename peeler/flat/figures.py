"""What a region is beside a neighbour, in figures that a network can learn from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import Boundary
from peeler.flat.forms import Form
from peeler.flat.regions import Regions

FIGURES = (
    "log of its area",
    "its depth at the deepest by the mean",
    "its brightness",
    "its saturation",
    "share of it inside the other's outline",
    "share of its hull that it fills",
    "it is an outline",
    "share of its edge on the background",
    "share of its edge on the other",
    "log of its neighbours",
    "other regions of its ink",
)
MOST_SIBLINGS = 6
SPECK = 8
"""Pixels up to which a region is no sibling: a rest of smoothed edges."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Per region (n): pixel sides of its ``edge``, those ``on_background``, how many ``neighbours``, and
    ``siblings``, others of its ink.
    """

    edge: NDArray[np.int64]
    on_background: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    siblings: NDArray[np.int64]


def surroundings(regions: Regions, borders: Sequence[Boundary], background: frozenset[int]) -> Surroundings:
    """What lies around each region; ``borders`` are all that there are."""
    edge, on_background, neighbours = np.zeros((3, len(regions.all)), np.int64)
    for border in borders:
        for mine, theirs in ((border.first, border.second), (border.second, border.first)):
            edge[mine] += border.length
            neighbours[mine] += 1
            on_background[mine] += border.length * (theirs in background)
    drawn = [region for region in regions.all if region.area > SPECK and region.label not in background]
    of_ink = Counter(region.ink for region in drawn)
    siblings = np.array([max(of_ink[region.ink] - 1, 0) for region in regions.all], np.int64)
    return Surroundings(edge, on_background, neighbours, siblings)


def figures(mine: Form, theirs: Form, around: Surroundings, contact: int, outlines: frozenset[int]) -> list[float]:
    """The ``FIGURES`` of a region beside one with which it shares ``contact`` pixel sides."""
    label, edge = mine.label, max(int(around.edge[mine.label]), 1)
    return [
        float(np.log(mine.area)),
        mine.deepest,
        mine.brightness / 255,
        mine.saturation,
        float(theirs.filled_of[label] / mine.area),
        mine.area / float(mine.hull_of.total()),
        float(label in outlines),
        float(around.on_background[label] / edge),
        contact / edge,
        float(np.log1p(around.neighbours[label])),
        float(min(around.siblings[label], MOST_SIBLINGS)),
    ]
