"""Dots: discs that show the ink of what is around the shape in which they lie, as the knob of a switch or the hole of a
washer.

A disc in the middle of a shape is seen through it, one off its middle lies on it.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from peeler.flat.contacts import Boundary, neighbours
from peeler.flat.cues import Evidence, without
from peeler.flat.matting import grown
from peeler.flat.palette import Labels
from peeler.flat.regions import Regions, held
from peeler.geometry import Pixels

SMALLEST = 60
"""Pixels of a dot."""
ROUND = 0.93
"""Share of the smallest circle around it that a disc fills."""
AROUND = 0.5
"""Share of what is around a shape that must have the ink of a dot for this to be perhaps a hole."""
OFF_MIDDLE = 1.3
"""Times as wide as at its narrowest a shape is at its widest around a dot, from which on this is off its middle."""
ODDS = 2.5
"""Log odds: of 36 such discs in icons whose layers are known 34 lie so."""
REASON = "it is a dot on it", "the other is a hole in it"


def with_dots(
    evidence: Sequence[Evidence], regions: Regions, borders: Sequence[Boundary], background: frozenset[int]
) -> tuple[Evidence, ...]:
    """The evidence, but for dots and the shapes in which they lie only what their places tell."""
    dots = list(_dots(regions, borders, background))
    return (*without(evidence, [(dot.above, dot.below) for dot in dots]), *dots)


def _dots(regions: Regions, borders: Sequence[Boundary], background: frozenset[int]) -> Iterator[Evidence]:
    """Who of a dot and the shape around it is in front."""
    for label, beside in neighbours(borders).items():
        region = regions.all[label]
        # What has but one neighbour lies in it, or around it.
        if len(beside) > 1 or region.area < SMALLEST or background & {label, *beside}:
            continue
        (shape,) = beside
        if region.area < ROUND * np.pi / 4 * max(region.box.width, region.box.height) ** 2:
            continue
        labels, outer = held(regions, shape)
        if _may_be_hole(regions, label, labels, outer):
            on_it = _margin(labels == label, outer) >= OFF_MIDDLE
            yield Evidence(label, shape, ODDS, REASON[0]) if on_it else Evidence(shape, label, ODDS, REASON[1])


def _may_be_hole(regions: Regions, label: int, labels: Labels, outer: Pixels) -> bool:
    """Whether what is around the shape that fills ``outer`` has the ink of what lies in it, and could go on below."""
    around = labels[grown(outer, 1) & ~outer]
    alike = np.array(regions.inks)[around] == regions.all[label].ink
    if not len(alike) or alike.mean() < AROUND:
        return False
    ground = int(np.bincount(around[alike]).argmax())
    return bool(regions.all[ground].area >= np.count_nonzero(outer))


def _margin(dot: Pixels, outer: Pixels) -> float:
    """How many times as wide as at its narrowest the shape that fills ``outer`` is at its widest around a dot."""
    depth = cv2.distanceTransform(outer.astype(np.uint8), cv2.DIST_L2, 5)[grown(dot, 1) & ~dot]
    narrowest, widest = np.percentile(depth, (5, 95)).tolist()
    return float(widest / max(narrowest, 1.0))
