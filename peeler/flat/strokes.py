"""Drawn outlines: dark strokes around fills, and the drawing as it would be without them.

Two fills with an outline between them do not touch, so nothing tells which one is in front. Where every stroke is given
to the nearest fill they meet in its middle, and the junctions there are those of the shapes.
"""

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import filled
from peeler.flat.cues import OUTLINE_THICKNESS, Form
from peeler.flat.matting import grown
from peeler.flat.regions import Regions
from peeler.geometry import Box, Pixels

ENCLOSED = 0.9
"""Share of a fill that must lie inside the outline of its stroke."""
OUTLINED = 0.8
"""Share of a fill's rim that must be drawn for it to have an outline of its own."""
LEAST_HIDDEN = 0.005
"""Share of itself that a fill must have behind others for its outline to be told from theirs."""


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


def own_outline(cell: Pixels, whole: Pixels, drawn: Pixels, front: Pixels) -> tuple[Pixels, Pixels] | None:
    """The outline of a fill that goes on behind another one: what shows of it, and the whole of it.

    ``cell`` is the fill up to the middle of its outline, ``whole`` what it is believed to be, ``drawn`` all strokes
    over it and ``front`` the other fills over it. None where the fill does not go on or has no outline all around.
    """
    if np.count_nonzero(whole & front) < LEAST_HIDDEN * np.count_nonzero(cell):
        return None
    half = 2 * float(cv2.distanceTransform(drawn.astype(np.uint8), cv2.DIST_L2, 3)[drawn].mean())
    near_front = grown(front, round(half))
    rim = cell & grown(~cell, 1) & ~near_front
    if not rim.any() or drawn[rim].mean() < OUTLINED:
        return None
    inside = filled(whole)
    band = _distance(inside) + _distance(~inside) <= half
    shows = band & drawn & ~near_front
    return shows, shows | (band & (front | drawn))


def _distance(mask: Pixels) -> NDArray[np.float32]:
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
