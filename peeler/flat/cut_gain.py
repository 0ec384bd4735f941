"""Whether a shape is better told as two: what speaks for a cut, in one sum with calibrated weights.

Short cuts between parts that are each simpler than the whole are preferred, as in Singh, Seyranian and Hoffman,
*Parsing silhouettes: the short-cut rule*, 1999.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Vector
from peeler.flat.cuts import Cut, Parting
from peeler.geometry import Pixels

GAIN = {
    "at all": 1.35,
    "whole: share of its hull": -6.74,
    "whole: share of its tilted box": 0.201,
    "whole: share of its box": 0.645,
    "whole: log of length² by area": 0.153,
    "whole: likeness left to right": -3.45,
    "whole: likeness top to bottom": -0.357,
    "whole: log of elongation": 1.78,
    "smaller part: share of its hull": -3.91,
    "smaller part: share of its tilted box": 3.24,
    "smaller part: share of its box": 3.22,
    "smaller part: log of length² by area": 2.21,
    "smaller part: likeness left to right": 2.7,
    "smaller part: likeness top to bottom": 1.07,
    "smaller part: log of elongation": -0.0919,
    "log of length by the whole's size": -1.88,
    "log of length by the smaller part's size": -0.344,
    "log of length by the outline's": -1.26,
    "log of the way round by length": 1.27,
    "both ends on one outline": -6.22,
    "degrees of the lesser turn": 0.011,
    "degrees of the larger turn": -0.0811,
    "log of the smaller part's share": -1.82,
    "off the upright middle line": 5.19,
    "off the level middle line": 3.38,
    "log of the ways to part it": -0.431,
    "share of the whole that shows": -10.5,
    "degrees to another cut": 0.0139,
}
"""Weights of ``gains``, by ``benchmarks/fit_cuts.py``: the log odds that make the expected overlap with the true shapes
largest."""
PRICE = 1.0
"""Log odds that a cut must have at least: a wrong one costs more than the overlap of its shapes, as their order."""
LONGEST_WAY = 8.0
"""Lengths of a cut from which on it does not matter how long the way round is; there is none between two outlines."""
FARTHEST_OFF = 1.5


@dataclass(frozen=True, eq=False)
class Silhouette:
    """The ``area`` of a mask, ``length`` and ``size`` (x, y) of its outer outline, and ``measures`` of its form."""

    area: int
    length: float
    size: Vector
    measures: NDArray[np.float64]


def silhouette(mask: Pixels) -> Silhouette:
    """How full, plain, even and long the form of a mask is; its measures do not change with its size."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    left, top, width, height = cv2.boundingRect(outline)
    _, (long, short), _ = cv2.minAreaRect(outline)
    area = int(np.count_nonzero(mask))
    length = cv2.arcLength(outline, closed=True)
    inside = mask[top : top + height, left : left + width]
    measures = [
        min(area / max(cv2.contourArea(cv2.convexHull(outline)), 1), 1.1),
        area / max(long * short, 1),
        area / (width * height),
        np.log(length**2 / area),
        _likeness(inside, inside[:, ::-1]),
        _likeness(inside, inside[::-1]),
        np.log(max(long, short, 1) / max(min(long, short), 1)),
    ]
    return Silhouette(area, length, np.array([width, height], np.float64), np.array(measures))


def _likeness(one: Pixels, other: Pixels) -> float:
    """Intersection over union of two masks of one size."""
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))


def gains(ways: Sequence[Parting], mask: Pixels, visible: Pixels) -> NDArray[np.float64]:
    """For each way to part ``mask`` how much better it is then told, above 0 if it is; ``visible`` is seen of it."""
    gain: NDArray[np.float64] = terms(ways, mask, visible) @ np.array(list(GAIN.values())) - PRICE
    return gain


def terms(ways: Sequence[Parting], mask: Pixels, visible: Pixels) -> NDArray[np.float64]:
    """What the gain of each way to part ``mask`` depends on (ways × terms), in the order of ``GAIN``."""
    if not ways:
        return np.zeros((0, len(GAIN)))
    whole, middle = silhouette(mask), np.argwhere(mask).mean(axis=0)[::-1]
    shown = np.count_nonzero(visible & mask) / whole.area
    cuts = {id(cut): cut for way in ways for cut in way.cuts}.values()
    rows = []
    for way in ways:
        smaller = silhouette(way.pieces[1])
        among = np.log(len(ways)), shown, _least_angle(way.cuts, [cut for cut in cuts if cut not in way.cuts])
        rows.append([1.0, *whole.measures, *smaller.measures, *_place(way.cuts, whole, smaller, middle), *among])
    return np.array(rows)


def _place(cuts: Sequence[Cut], whole: Silhouette, smaller: Silhouette, middle: Vector) -> list[float]:
    """How long cuts are and where they lie in their shape, whose pixels have their ``middle`` (x, y) there."""
    length = float(np.mean([cut.length for cut in cuts]))
    one, other = np.mean([cut.ends for cut in cuts], axis=0)
    apart = np.mean([np.abs(cut.ends[0] - cut.ends[1]) for cut in cuts], axis=0) / whole.size
    off = np.abs(one + other - 2 * middle) / whole.size
    return [
        np.log(length / np.sqrt(whole.area)),
        np.log(length / np.sqrt(smaller.area)),
        np.log(length / whole.length),
        np.log(min(LONGEST_WAY, *(cut.first.way_to(cut.second) / cut.length for cut in cuts))),
        float(all(cut.first.outline == cut.second.outline for cut in cuts)),
        *np.max([cut.turns for cut in cuts], axis=0),
        np.log(smaller.area / whole.area),
        min(off[0] + apart[1], FARTHEST_OFF),
        min(off[1] + apart[0], FARTHEST_OFF),
    ]


def _least_angle(cuts: Sequence[Cut], others: Sequence[Cut]) -> float:
    """Degrees between any of the cuts and any of the others, 90 if there are none."""
    cosines = [abs(one.way @ other.way) for one in cuts for other in others]
    return float(np.degrees(np.arccos(np.clip(max(cosines, default=0.0), 0, 1))))
