"""Relatability: outlines that end at a cover and go on beyond it.

Kellman and Shipley, *A theory of visual interpolation in object perception*, 1991.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from peeler.flat.contours import End, Vector, along, covered_arcs
from peeler.flat.palette import Labels
from peeler.flat.regions import Regions
from peeler.geometry import Pixels

WIDEST_TURN = 50.0
"""Degrees by which an outline may turn on its way across a gap and still be seen as one (relatability)."""
HIDDEN_SHARE = 0.85
"""Share of the way that must lie under the occluder or on the pieces themselves."""


def ends_under(regions: Regions, label: int, hides: Pixels) -> list[End]:
    """Where the outline of a region goes under what ``hides``, one flag for each region; in pixels of the canvas."""
    height, width = regions.labels.shape
    box = regions.all[label].box.expand(2, (width, height))
    labels = regions.labels[box.slices]
    corner = np.array([box.x0, box.y0], np.float64)
    arcs = covered_arcs(labels == label, hides[labels])
    return [End(end.point + corner, end.direction) for arc in arcs if arc.ends for end in arc.ends]


class RelatedEnds(NamedTuple):
    """Two ends that may be of one outline: the larger turn in degrees, and how long and bent the way is."""

    cost: float
    turn: float
    one: End
    other: End


def related_ends(ones: Sequence[End], others: Sequence[End], labels: Labels, hides: Pixels) -> list[RelatedEnds]:
    """Pairs of ends that relate, straightest first, each end at most once.

    Two ends relate when a line across the gap turns little off each and lies under what ``hides`` (one flag for each of
    the ``labels``).
    """
    found = [pair for one in ones for other in others if (pair := _relation(one, other, labels, hides)) is not None]
    pairs: list[RelatedEnds] = []
    for pair in sorted(found, key=lambda pair: pair.cost):
        if all(pair.one is not used.one and pair.other is not used.other for used in pairs):
            pairs.append(pair)
    return pairs


def _relation(one: End, other: End, labels: Labels, hides: Pixels) -> RelatedEnds | None:
    """None where the two do not relate. The cost is the turns' sum plus a tenth of the gap's pixels."""
    gap = other.point - one.point
    length = float(np.hypot(*gap))
    if one.direction is None or other.direction is None or length < 2:
        return None
    turns = _angle(one.direction, gap / length), _angle(other.direction, -gap / length)
    if max(turns) > WIDEST_TURN or hides[labels[along(one.point, other.point)]].mean() < HIDDEN_SHARE:
        return None
    return RelatedEnds(sum(turns) + 0.1 * length, max(turns), one, other)


def _angle(one: Vector, other: Vector) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))
