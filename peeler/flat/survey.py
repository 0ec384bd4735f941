"""What there is to see in a flat picture: inks, regions, which are ground and which strokes, the cues of each pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from peeler.flat.cleaning import has_ramps
from peeler.flat.contacts import Boundary, boundaries
from peeler.flat.cues import SHORTEST_CONTACT, Evidence, Measured, measure
from peeler.flat.dots import with_dots
from peeler.flat.figures import surroundings
from peeler.flat.fine_lines import with_fine_lines
from peeler.flat.fine_text import with_fine_text
from peeler.flat.forms import forms_of
from peeler.flat.leaks import Coincidences, coincidences, find_leaks, with_edges
from peeler.flat.learned_order import OrderNet, verdicts
from peeler.flat.matting import grown
from peeler.flat.meetings import find_meetings, leaks_at, painted_last
from peeler.flat.order import log_odds
from peeler.flat.overlays import Overlay, lift_overlays
from peeler.flat.palette import CLEAN_NOISE, Palette, find_palette, without_noise
from peeler.flat.passing import Passage, find_passages, with_passages
from peeler.flat.regions import Regions, find_regions, held
from peeler.flat.seams import parted_at_seams
from peeler.flat.shading import CLEAN, explains, has_gradients, may_have_gradients, shaded_regions, smooth_areas
from peeler.flat.strokes import Strokes, find_strokes, uncrossed, without_strokes
from peeler.geometry import RGB

ENCLOSED = 0.9
"""A patch of background ink with this share of its outline on one neighbour is a shape on it rather than a hole,"""
ON_GROUND = 0.2
"""and so is one with this share on the ground itself: an edge keeps the two apart, as a card's beside its shadow."""
SMALLEST_CLEANED = 96
"""Pixels, on a canvas of 512 × 512, of the smallest region of a picture that had to be cleaned."""


@dataclass(frozen=True, eq=False)
class Survey:
    """The ``regions`` of a picture and the same without its strokes, the ``fills``; ``background`` and ``strokes`` are
    labels of both. Neither has the ``overlays``, which are above all that they tint, bottom first. ``evidence`` says of
    each of the ``pairs`` who is in front; ``passages`` are where thin lines pass behind something.
    """

    palette: Palette
    regions: Regions
    fills: Regions
    background: frozenset[int]
    strokes: frozenset[int]
    pairs: tuple[Measured, ...]
    evidence: tuple[Evidence, ...]
    overlays: tuple[Overlay, ...] = ()
    edges: Coincidences = Coincidences()
    passages: tuple[Passage, ...] = ()

    @property
    def filled(self) -> list[int]:
        """The labels of what is neither ground nor stroke."""
        aside = self.background | self.strokes
        return [region.label for region in self.regions.all if region.area and region.label not in aside]


def survey(picture: RGB, net: OrderNet | None = None) -> Survey:
    """What there is to see in ``picture``; who is in front is judged by the rules and, if given, a network."""
    palette, regions = _read(picture)
    regions, overlays = lift_overlays(regions, palette) if palette.flat else (regions, ())
    background = find_background(regions)
    forms = forms_of(regions, palette.inks, background)
    strokes = find_strokes(forms) if palette.flat else Strokes()
    if strokes.all:
        regions = uncrossed(regions, without_strokes(regions, strokes.all), background)
        forms = forms_of(regions, palette.inks, background)
    fills = without_strokes(regions, strokes.all)
    borders = boundaries(regions.labels)
    around = surroundings(regions, borders, background)
    pairs = [
        *measure(regions, forms, strokes.outlines, borders, around, background),
        *_across_strokes(fills, palette, background | strokes.all, borders),
    ]
    meetings = find_meetings(picture, palette, regions, background)
    evidence = verdicts(pairs, regions.inks, net, painted_last(meetings))
    leaks = [*find_leaks(picture, palette, regions, borders), *leaks_at(meetings)]
    odds = log_odds(len(regions.all), evidence)
    edges = coincidences(leaks, background, odds)
    evidence = with_edges(with_dots(evidence, regions, borders, background), edges)
    passages = find_passages(regions, background, odds) if palette.flat else ()
    evidence = with_passages(evidence, passages)
    return Survey(palette, regions, fills, background, strokes.all, tuple(pairs), evidence, overlays, edges, passages)


def _read(picture: RGB) -> tuple[Palette, Regions]:
    """The inks and the regions of ``picture``: even ones if that is all there is, shaded ones, or coarse tones."""
    drifts = may_have_gradients(picture)
    if drifts:
        areas = smooth_areas(picture)
        if explains(areas, CLEAN) and has_gradients(picture, areas):
            return with_fine_text(picture, *shaded_regions(picture, areas), shaded=True)
    palette = find_palette(picture)
    if drifts or not palette.flat:
        calm = without_noise(picture)
        areas = smooth_areas(calm)
        drifting = has_gradients if palette.tolerance == CLEAN_NOISE else has_ramps
        if explains(areas) and (not palette.flat or drifting(calm, areas)):
            return with_fine_text(picture, *shaded_regions(calm, areas, SMALLEST_CLEANED), shaded=True)
    regions = find_regions(picture, palette)
    if not palette.flat:
        return palette, regions
    palette, regions = with_fine_text(picture, palette, regions, shaded=False)
    if palette.tolerance != CLEAN_NOISE:
        return palette, regions
    return with_fine_lines(picture, palette, parted_at_seams(picture, palette, regions))


def find_background(regions: Regions) -> frozenset[int]:
    """Of the ink that has most of the picture's border the region that has most of it, and all others through which
    this is seen.
    """
    labels = regions.labels
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    sides = np.bincount(rim, minlength=len(regions.all))
    by_ink = np.bincount(regions.inks, sides)
    ground = regions.all[int((sides * (np.array(regions.inks) == by_ink.argmax())).argmax())]
    at_rim = set(np.unique(rim).tolist())
    return frozenset(
        region.label
        for region in regions.all
        if region.ink == ground.ink and (region.label in at_rim or not _lies_on(regions, region.label, ground.label))
    )


def _lies_on(regions: Regions, label: int, ground: int) -> bool:
    """Whether nearly all of the region's outer outline lies on one neighbour, or a part of it on the ground."""
    labels, inside = held(regions, label)
    around = np.bincount(labels[grown(inside, 1) & ~inside], minlength=len(regions.all))
    return bool(around.max() >= ENCLOSED * around.sum() or around[ground] >= ON_GROUND * around.sum())


def _across_strokes(
    fills: Regions, palette: Palette, aside: frozenset[int], borders: Sequence[Boundary]
) -> Iterator[Measured]:
    """The cues of the fills that only strokes keep apart; ``borders`` are those of the drawing with its strokes."""
    touching = {(border.first, border.second) for border in borders if border.length >= SHORTEST_CONTACT}
    every = boundaries(fills.labels)
    apart = [border for border in every if (border.first, border.second) not in touching]
    if apart:
        around = surroundings(fills, every, aside)
        yield from measure(fills, forms_of(fills, palette.inks, aside), frozenset(), apart, around, aside)
