"""Drawn outlines: dark strokes around fills, and the drawing as it would be without them.

Two fills with an outline between them do not touch, so nothing tells which one is in front. Where every stroke is given
to the nearest fill they meet in its middle, and the junctions there are those of the shapes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.completion import joined_to
from peeler.flat.contacts import boundaries
from peeler.flat.contours import filled
from peeler.flat.forms import Form
from peeler.flat.matting import grown
from peeler.flat.palette import Labels
from peeler.flat.regions import Regions, boxes_of
from peeler.geometry import Pixels

LINE_THICKNESS = 8.0
"""Mean distance to its edge in pixels of a canvas of 512 × 512; a stroke of 32 pixels has 8."""
EVEN = 1.92
"""Depth, in mean depths, that 95 % of the pixels of an outline stay under: a line of one width has 1.9, a disc 2.3."""
DARKER = 0.85
"""An outline has less than this share of the brightness of what it goes around; one that has more is a rim."""
FRAME_SHARE = 0.6
"""A line with less than this share of what its outline holds is an outline."""
OUTLINED = 0.8
"""Share of a fill's rim that must be drawn for it to have an outline of its own."""
LINED = 0.5
"""Share of what lies between a fill and those that cover it that must be drawn for these to have outlines, too."""
CROSSED = 0.4
"""Share of both outlines along which two fills of one ink must meet for them to be one that a stroke crosses."""
LEAST_HIDDEN = 0.005
"""Share of itself that a fill must have behind others for its outline to be told from theirs."""

CRUMB = 40
"""Pixels of a stroke that make no shape of their own beside an outline."""


@dataclass(frozen=True)
class Strokes:
    """Labels of the ``outlines``, even dark lines around what is lighter, and of ``all`` thin regions of their inks."""

    outlines: frozenset[int] = frozenset()
    all: frozenset[int] = frozenset()


def find_strokes(forms: Mapping[int, Form]) -> Strokes:
    """Where an ink outlines one thing, every even line of it around something lighter is an outline, however small."""
    thin = [form for form in forms.values() if form.thickness < LINE_THICKNESS]
    around = [form for form in thin if form.deepest < EVEN and _outlines_any(form, forms)]
    inks = {form.ink for form in around if form.area < FRAME_SHARE * form.filled_of.total()}
    return Strokes(
        outlines=frozenset(form.label for form in around if form.ink in inks),
        all=frozenset(form.label for form in thin if form.ink in inks),
    )


def _outlines_any(line: Form, forms: Mapping[int, Form]) -> bool:
    """Whether a line outlines something in it. A disc of its own ink that has most of the room in it is no hole of the
    line but goes on in it, under a ring that is drawn on both.
    """
    inside = [forms[label] for label, _ in line.filled_of.most_common() if label in forms and label != line.label]
    return bool(inside) and inside[0].ink != line.ink and any(outlined(line, form) for form in inside)


def outlined(line: Form, form: Form) -> bool:
    """Whether a line goes around something lighter."""
    return line.brightness < DARKER * form.brightness and line.encloses(form)


def without_strokes(regions: Regions, strokes: frozenset[int]) -> Regions:
    """The regions with each pixel of a stroke given to the nearest other one; strokes keep their place, empty."""
    if not strokes:
        return regions
    drawn = np.isin(regions.labels, list(strokes))
    _, nearest = cv2.distanceTransformWithLabels(drawn.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[~drawn]] = regions.labels[~drawn]
    labels = owner[nearest]
    return _relabelled(regions, labels)


def uncrossed(regions: Regions, fills: Regions, background: frozenset[int]) -> Regions:
    """The regions with the pieces of a fill that strokes cross, as the bars of a cage do, under one label.

    ``fills`` are the regions without their strokes, where such pieces meet with their whole width. What a line goes
    around is no piece of the background, even if it has its ink.
    """
    outlines, borders = np.zeros(len(regions.all)), boundaries(fills.labels)
    for border in borders:
        outlines[[border.first, border.second]] += border.length
    label_of = np.arange(len(regions.all))
    for border in borders:
        pair = [border.first, border.second]
        alike = fills.all[pair[0]].ink == fills.all[pair[1]].ink and (pair[0] in background) == (pair[1] in background)
        if alike and border.length >= CROSSED * outlines[pair].max():
            label_of[np.isin(label_of, label_of[pair])] = label_of[pair].min()
    return _relabelled(regions, label_of[regions.labels].astype(regions.labels.dtype))


def _relabelled(regions: Regions, labels: Labels) -> Regions:
    """Regions with the same numbers and inks where ``labels`` says."""
    areas = np.bincount(labels.ravel(), minlength=len(regions.all))
    return Regions(
        labels,
        tuple(
            replace(region, area=int(areas[region.label]), box=box)
            for region, box in zip(regions.all, boxes_of(labels, len(regions.all)), strict=True)
        ),
    )


def own_outline(cell: Pixels, whole: Pixels, drawn: Pixels, front: Pixels, half: float) -> tuple[Pixels, Pixels] | None:
    """The outline of a fill that goes on behind another one: what shows of it, and the whole of it.

    ``cell`` is the fill up to the middle of its outline, ``whole`` what it is believed to be, ``drawn`` all strokes
    over it, ``half`` as wide as these, and ``front`` the other fills over it. None where the fill does not go on or has
    no outline all around, and where no line is between the fill and what it goes on behind: then the line lies around
    both, as that of a sticker.
    """
    inside = filled(whole)
    outside = _distance(~inside)
    # What does not reach beyond the outline lies in it, and the outline over both.
    beyond = joined_to(front & (outside > half), front)
    if np.count_nonzero(whole & beyond) < LEAST_HIDDEN * np.count_nonzero(cell):
        return None
    near_front = grown(front, round(half))
    rim = cell & grown(~cell, 1) & ~near_front
    if not rim.any() or drawn[rim].mean() < OUTLINED:
        return None
    seam = cell & grown(beyond, 1)
    if drawn[seam].mean() < LINED:
        return None
    band = _distance(inside) + outside <= half
    shows = _with_crumbs(band & drawn & ~near_front, drawn & ~near_front)
    return shows, shows | (band & (front | drawn))


def depths(drawn: Pixels) -> NDArray[np.float32]:
    """How deep in strokes their pixels lie, 0 elsewhere; its mean is a quarter of their width."""
    return np.asarray(cv2.distanceTransform(drawn.astype(np.uint8), cv2.DIST_L2, 3), np.float32)


def _with_crumbs(outline: Pixels, drawn: Pixels) -> Pixels:
    """The ``outline`` with what would be left over of the strokes as specks along it."""
    rest = (drawn & ~outline).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    small = np.asarray(stats)[:, cv2.CC_STAT_AREA] < CRUMB
    small[0] = False
    return joined_to(outline, outline | small[np.asarray(labels)])


def _distance(mask: Pixels) -> NDArray[np.float32]:
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
