"""Drawn outlines: dark strokes around fills, and the drawing as it would be without them.

Two fills with an outline between them do not touch, so nothing tells which one is in front. Where every stroke is given
to the nearest fill they meet in its middle, and the junctions there are those of the shapes.
"""

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from peeler.flat.cues import OUTLINE_THICKNESS, Form
from peeler.flat.regions import Regions
from peeler.geometry import Box

ENCLOSED = 0.9
"""Share of a fill that must lie inside the outline of its stroke."""


def find_strokes(regions: Regions, forms: Mapping[int, Form]) -> frozenset[int]:
    """The labels of the regions that are drawn outlines, and of the other thin regions of their inks."""
    outlines = {label for label, form in forms.items() if _outlines_any(form, forms)}
    stroke_inks = {regions.all[label].ink for label in outlines}
    thin = {label for label, form in forms.items() if form.thickness < OUTLINE_THICKNESS}
    return frozenset(outlines | {label for label in thin if regions.all[label].ink in stroke_inks})


def _outlines_any(form: Form, forms: Mapping[int, Form]) -> bool:
    return any(
        form.outlines(other) and form.filled_of[label] > ENCLOSED * other.area
        for label, other in forms.items()
        if other is not form
    )


def without_strokes(regions: Regions, strokes: frozenset[int]) -> Regions:
    """The regions with each pixel of a stroke given to the nearest other one; strokes keep their place, empty."""
    if not strokes:
        return regions
    drawn = np.isin(regions.labels, list(strokes))
    _, nearest = cv2.distanceTransformWithLabels(drawn.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[~drawn]] = regions.labels[~drawn]
    labels = owner[nearest]
    areas = np.bincount(labels.ravel(), minlength=len(regions.all))
    return Regions(
        labels,
        tuple(
            replace(region, area=int(areas[region.label]), box=Box.around(labels == region.label))
            for region in regions.all
        ),
    )
