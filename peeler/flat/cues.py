"""Who is in front: evidence from the picture about each pair of regions that touch.

Every cue is a number that is positive when it speaks for the first region and changes its sign when the two are
swapped. Their weighted sum is the log odds that the first lies on top. The weights were fitted by logistic regression
to the true order of 12,978 touching pairs in 1,337 openly licensed icons (``docs/benchmarks.md``), which share no
picture with any test set.

Sources: T-junctions and convexity as in Palou and Salembier, *Monocular depth ordering using T-junctions and convexity
occlusion cues*, IEEE TIP 22(5), 2013; covered area of the convex hull as in Law and Kang, arXiv 2409.06648, §3.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import Boundary, Junction, canvas_scale
from peeler.flat.contours import End, covered_arcs, related_ends
from peeler.flat.palette import Labels
from peeler.flat.regions import Region, Regions

WEIGHTS = {
    "its edge runs straight through a junction": 0.89,
    "its edge runs straight past the background": 1.46,
    "the other's hull covers it": 1.79,
    "it interrupts the other": 1.57,
    "none of its edges goes on behind the other": 0.86,
    "it is one of twins on the other": 0.56,
    "it is the thinner one": 0.39,
    "it lies inside the other": 0.34,
    "it is a detail inside the other": 0.55,
    "it is a dark outline around the other": 4.0,
}
"""Log odds for one unit of each cue. The last is no fit but a convention: outlines are drawn over whole fills, and what
frames something without being its outline (a rim, a plate) is lighter."""
LUMA = np.array([0.299, 0.587, 0.114])
"""Brightness of the channels (ITU-R BT.601)."""
STRAIGHT_TOLERANCE = 22.0
"""Degrees from 180 at which an edge counts 1/e as straight."""
MOST_VOTES = 3.0
DETAIL_SHARE = 0.1
"""A region smaller than this share of the one around it is a detail."""
OUTLINE_THICKNESS = 8.0
"""Mean distance to its edge in pixels of a canvas of 512 × 512; a stroke of 32 pixels has 8."""
FRAME_SHARE = 0.35
"""A region with less than this share of its filled outline is a frame."""
TWINS = 0.75
"""Two regions whose areas and boxes agree by this are twins: repeated shapes rather than pieces of one."""
SHORTEST_CONTACT = 4
"""Pixel sides; regions that share fewer do not really touch."""


@dataclass(frozen=True)
class Evidence:
    """``above`` lies over ``below`` with log odds ``weight`` (≥ 0); ``reason`` is the cue that says so most clearly."""

    above: int
    below: int
    weight: float
    reason: str


@dataclass(frozen=True, eq=False)
class Form:
    """What the cues ask about one region.

    ``thickness`` is the mean distance of its pixels to its edge, in pixels of a canvas of 512 × 512; ``hull_of`` and
    ``filled_of`` count, per region, its pixels inside this region's convex hull and outline; ``brightness`` is 0–255.
    """

    area: int
    thickness: float
    hull_of: NDArray[np.int64]
    filled_of: NDArray[np.int64]
    brightness: float

    def outlines(self, other: "Form") -> bool:
        """Whether this may be the drawn outline of ``other``: dark, thin, a small share of what it goes around."""
        frames = self.area < FRAME_SHARE * int(self.filled_of.sum())
        return frames and self.thickness < OUTLINE_THICKNESS and self.brightness < other.brightness


def weigh(
    regions: Regions,
    forms: Mapping[int, Form],
    borders: Sequence[Boundary],
    meetings: Sequence[Junction],
    background: frozenset[int],
) -> list[Evidence]:
    """Evidence for every touching pair of regions outside the background, whose ``forms`` are given."""
    return [_judged(*measured) for measured in measure(regions, forms, borders, meetings, background)]


def measure(
    regions: Regions,
    forms: Mapping[int, Form],
    borders: Sequence[Boundary],
    meetings: Sequence[Junction],
    background: frozenset[int],
) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
    """For every touching pair outside the background its labels and its cues, in the order of ``WEIGHTS``."""
    votes = _straight_edges(meetings, background)
    interruptions = _interruptions(regions, borders)
    for border in borders:
        first, second = border.first, border.second
        if border.length < SHORTEST_CONTACT or first in background or second in background:
            continue
        forward, back = votes[first, second], votes[second, first]
        straight = forward.all - back.all, forward.beside_background - back.beside_background
        forms_say = _one_sided(forms, interruptions, first, second) - _one_sided(forms, interruptions, second, first)
        yield first, second, np.concatenate([np.clip(straight, -MOST_VOTES, MOST_VOTES), forms_say])


def forms_of(regions: Regions, inks: NDArray[np.uint8], background: frozenset[int]) -> dict[int, Form]:
    """The forms of all regions outside the background, by their labels; ``inks`` (k × 3) are the palette's."""
    brightness = inks @ LUMA
    shown = (region for region in regions.all if region.label not in background and region.area)
    return {region.label: _form(regions, region, float(brightness[region.ink])) for region in shown}


def _judged(first: int, second: int, cues: NDArray[np.float64]) -> Evidence:
    terms = cues * np.array(list(WEIGHTS.values()))
    total = float(terms.sum())
    if total < 0:
        first, second, total, terms = second, first, -total, -terms
    return Evidence(first, second, total, list(WEIGHTS)[int(terms.argmax())])


@dataclass
class _Votes:
    all: float = 0.0
    beside_background: float = 0.0


def _straight_edges(meetings: Sequence[Junction], background: frozenset[int]) -> defaultdict[tuple[int, int], _Votes]:
    """Per ordered pair how often the first takes up a straight angle: it occludes the others' boundary."""
    votes: defaultdict[tuple[int, int], _Votes] = defaultdict(_Votes)
    for meeting in meetings:
        straight = np.exp(-(((np.array(meeting.angles) - 180) / STRAIGHT_TOLERANCE) ** 2))
        for place, label in enumerate(meeting.labels):
            for other in {0, 1, 2} - {place}:
                rival, third = meeting.labels[other], meeting.labels[3 - place - other]
                if label in background or rival in background:
                    continue
                votes[label, rival].all += straight[place]
                if third in background:
                    votes[label, rival].beside_background += straight[place]
    return votes


@dataclass(frozen=True)
class Interruption:
    """How one region interrupts another: between it and its siblings, other regions of its ink that touch the first.

    ``related``: some outline goes on in one of a sibling; ``twins``: all siblings are as large as the region itself.
    """

    related: bool
    twins: bool


def _interruptions(regions: Regions, borders: Sequence[Boundary]) -> dict[tuple[int, int], Interruption]:
    """(a, b) → how a interrupts b, where it does."""
    around: defaultdict[int, set[int]] = defaultdict(set)
    for border in borders:
        around[border.first].add(border.second)
        around[border.second].add(border.first)
    found = {}
    for above, neighbours in around.items():
        by_ink: defaultdict[int, list[int]] = defaultdict(list)
        for label in sorted(neighbours):
            by_ink[regions.all[label].ink].append(label)
        for pieces in by_ink.values():
            ends = {label: _ends_at(regions, label, above) for label in pieces if len(pieces) > 1}
            for label in ends:
                siblings = [other for other in pieces if other != label]
                related = any(_go_on(regions, above, ends, label, other) for other in siblings)
                twins = all(_are_twins(regions.all[label], regions.all[other]) for other in siblings)
                found[above, label] = Interruption(related, twins)
    return found


def _ends_at(regions: Regions, label: int, above: int) -> list[End]:
    """Where the outline of a region goes under another one, in pixels of the canvas."""
    box = regions.all[label].box.expand(2, (regions.labels.shape[1], regions.labels.shape[0]))
    labels = regions.labels[box.slices]
    corner = np.array([box.x0, box.y0], np.float64)
    arcs = covered_arcs(labels == label, labels == above)
    return [End(end.point + corner, end.direction) for arc in arcs if arc.ends for end in arc.ends]


def _go_on(regions: Regions, above: int, ends: dict[int, list[End]], one: int, other: int) -> bool:
    if not (ends[one] and ends[other]):
        return False
    hidden = np.zeros(len(regions.all), np.bool_)
    hidden[[above, one, other]] = True
    return bool(related_ends(ends[one], ends[other], hidden[regions.labels]))


def _are_twins(one: Region, other: Region) -> bool:
    def agree(mine: int, theirs: int) -> float:
        return min(mine, theirs) / max(mine, theirs)

    boxes = agree(one.box.width, other.box.width) * agree(one.box.height, other.box.height)
    return boxes * agree(one.area, other.area) > TWINS


def _one_sided(
    forms: Mapping[int, Form], interruptions: dict[tuple[int, int], Interruption], one: int, other: int
) -> NDArray[np.float64]:
    """The cues that speak for ``one`` by what the two regions are, in the order of ``WEIGHTS`` after the junctions."""
    mine, theirs = forms[one], forms[other]
    split_by_it = interruptions.get((other, one))
    inside = theirs.filled_of[one] > 0.9 * mine.area
    return np.array(
        [
            theirs.hull_of[one] / mine.area,
            float((one, other) in interruptions),
            float(split_by_it is not None and not split_by_it.related),
            float(split_by_it is not None and split_by_it.twins),
            -np.log(mine.thickness),
            inside * theirs.thickness / mine.thickness,
            float(inside and mine.area < DETAIL_SHARE * theirs.area),
            float(mine.outlines(theirs) and mine.filled_of[other] > 0.9 * theirs.area),
        ]
    )


def _form(regions: Regions, region: Region, brightness: float) -> Form:
    scale = canvas_scale(regions.labels)
    labels: Labels = regions.labels[region.box.slices]
    mask = (labels == region.label).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull, filled = np.zeros_like(mask), np.zeros_like(mask)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(list(outlines))), (1,))
    cv2.drawContours(filled, outlines, -1, (1,), cv2.FILLED)
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return Form(
        area=region.area,
        thickness=float(depth[mask > 0].mean()) / scale,
        hull_of=np.bincount(labels[hull > 0], minlength=len(regions.all)),
        filled_of=np.bincount(labels[filled > 0], minlength=len(regions.all)),
        brightness=brightness,
    )
