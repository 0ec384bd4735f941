"""Who is in front: evidence from the picture about each pair of regions that touch.

Every cue is a number that is positive when it speaks for the first region and changes its sign when the two are
swapped. Their weighted sum is the log odds that the first lies on top. The weights were fitted by logistic regression
to the true order of 13,214 pairs in 1,337 openly licensed icons (``docs/benchmarks.md``), which share no
picture with any test set. The figures of a pair are what a network asks that learned more of them (``learned_order``).

Sources: T-junctions and convexity as in Palou and Salembier, *Monocular depth ordering using T-junctions and convexity
occlusion cues*, IEEE TIP 22(5), 2013; covered area of the convex hull as in Law and Kang, arXiv 2409.06648, §3.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import Boundary, Junction, junctions, neighbours
from peeler.flat.contours import End
from peeler.flat.figures import FIGURES, Surroundings, figures
from peeler.flat.forms import Form
from peeler.flat.regions import Region, Regions
from peeler.flat.relatability import ends_under, related_ends
from peeler.flat.strokes import outlined

WEIGHTS = {
    "its edge runs straight through a junction": 0.88,
    "its edge runs straight past the background": 1.45,
    "the other's hull covers it": 1.86,
    "it interrupts the other": 1.57,
    "none of its edges goes on behind the other": 0.87,
    "it is one of twins on the other": 0.62,
    "it is the thinner one": 0.35,
    "it lies inside the other": 0.34,
    "it is a detail inside the other": 0.52,
    "it is a dark outline around the other": 4.0,
}
"""Log odds for one unit of each cue. The last is no fit but a convention: outlines are drawn over whole fills, and what
frames something without being its outline (a rim, a plate) is lighter."""
LEARNED = "it looks like what lies in front"
"""The reason where no rule speaks for what has been learned."""
REPEATED = "others of the two colours lie so"
"""The reason where only these speak for it."""
JUNCTIONS = 2
"""The first of the cues speak of junctions."""
SIDE = (*WEIGHTS, *FIGURES)
"""What is known of either region of a pair."""
STRAIGHT_TOLERANCE = 22.0
"""Degrees from 180 at which an edge counts 1/e as straight."""
MOST_VOTES = 3.0
DETAIL_SHARE = 0.1
"""A region smaller than this share of the one around it is a detail."""
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
class Measured:
    """The ``cues`` of a pair of regions in the order of ``WEIGHTS``, and what they come from.

    ``sides`` (2 × ``SIDE``) are the two taken apart; ``contact`` is the log of the pixel sides that they share.
    """

    first: int
    second: int
    cues: NDArray[np.float64]
    sides: NDArray[np.float64]
    contact: float

    @property
    def is_outline(self) -> bool:
        """Whether one is a dark outline around the other."""
        return bool(self.cues[-1])


def measure(
    regions: Regions,
    forms: Mapping[int, Form],
    outlines: frozenset[int],
    borders: Sequence[Boundary],
    around: Surroundings,
    background: frozenset[int],
) -> Iterator[Measured]:
    """The cues of the pairs of regions outside the background that share ``borders``; their ``forms`` are given."""
    votes = _straight_edges(junctions(regions.labels), background)
    interruptions = _interruptions(regions, borders, background)
    for border in borders:
        first, second = border.first, border.second
        if border.length < SHORTEST_CONTACT or first in background or second in background:
            continue
        one, other = forms[first], forms[second]
        say = partial(_one_sided, interruptions=interruptions, outlines=outlines)
        says = np.array([[*votes[first, second], *say(one, other)], [*votes[second, first], *say(other, one)]])
        cues = says[0] - says[1]
        cues[:JUNCTIONS] = np.clip(cues[:JUNCTIONS], -MOST_VOTES, MOST_VOTES)
        is_like = partial(figures, around=around, contact=border.length, outlines=outlines)
        sides = np.column_stack([says, [is_like(one, other), is_like(other, one)]])
        yield Measured(first, second, cues, sides, float(np.log(border.length)))


def by_rule(pair: Measured) -> float:
    """The log odds that the first of a pair lies above the second, by the rules alone."""
    return float(_terms(pair).sum())


def verdict(pair: Measured, odds: float, otherwise: str = LEARNED) -> Evidence:
    """Who of the two is in front, when these are the log ``odds`` for the first; ``otherwise`` is the reason where no
    rule says so.
    """
    sign = 1 if odds >= 0 else -1
    above, below = (pair.first, pair.second)[::sign]
    terms = sign * _terms(pair)
    clearest = int(terms.argmax())
    return Evidence(above, below, abs(odds), list(WEIGHTS)[clearest] if terms[clearest] > 0 else otherwise)


def without(evidence: Sequence[Evidence], pairs: Iterable[tuple[int, int]]) -> list[Evidence]:
    """The evidence about all but these pairs, of which something else is known."""
    told = {frozenset(pair) for pair in pairs}
    return [item for item in evidence if frozenset((item.above, item.below)) not in told]


def _terms(pair: Measured) -> NDArray[np.float64]:
    terms: NDArray[np.float64] = pair.cues * np.array(list(WEIGHTS.values()))
    return terms


def _straight_edges(
    meetings: Sequence[Junction], background: frozenset[int]
) -> defaultdict[tuple[int, int], list[float]]:
    """Per ordered pair how often the first takes up a straight angle, at all and beside the background.

    There it occludes the boundary of the other two.
    """
    votes: defaultdict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for meeting in meetings:
        straight = np.exp(-(((np.array(meeting.angles) - 180) / STRAIGHT_TOLERANCE) ** 2))
        for place, label in enumerate(meeting.labels):
            for other in {0, 1, 2} - {place}:
                rival, third = meeting.labels[other], meeting.labels[3 - place - other]
                if label in background or rival in background:
                    continue
                votes[label, rival][0] += straight[place]
                votes[label, rival][1] += straight[place] * (third in background)
    return votes


@dataclass(frozen=True)
class Interruption:
    """How one region interrupts another: between it and its siblings, other regions of its ink that touch the first.

    ``related``: some outline goes on in one of a sibling; ``twins``: all siblings are as large as the region itself.
    """

    related: bool
    twins: bool


def _interruptions(
    regions: Regions, borders: Sequence[Boundary], background: frozenset[int]
) -> dict[tuple[int, int], Interruption]:
    """(a, b) → how a interrupts b, where it does."""
    found = {}
    for above, touching in neighbours(borders).items():
        if above in background:
            continue
        only = np.arange(len(regions.all)) == above
        by_ink: defaultdict[int, list[int]] = defaultdict(list)
        for label in sorted(touching):
            by_ink[regions.all[label].ink].append(label)
        for pieces in by_ink.values():
            ends = {label: ends_under(regions, label, only) for label in pieces if len(pieces) > 1}
            for label in ends:
                siblings = [other for other in pieces if other != label]
                related = any(_go_on(regions, above, ends, label, other) for other in siblings)
                twins = all(_are_twins(regions.all[label], regions.all[other]) for other in siblings)
                found[above, label] = Interruption(related, twins)
    return found


def _go_on(regions: Regions, above: int, ends: dict[int, list[End]], one: int, other: int) -> bool:
    if not (ends[one] and ends[other]):
        return False
    hides = np.zeros(len(regions.all), np.bool_)
    hides[[above, one, other]] = True
    return bool(related_ends(ends[one], ends[other], regions.labels, hides))


def _are_twins(one: Region, other: Region) -> bool:
    def agree(mine: int, theirs: int) -> float:
        return min(mine, theirs) / max(mine, theirs)

    boxes = agree(one.box.width, other.box.width) * agree(one.box.height, other.box.height)
    return boxes * agree(one.area, other.area) > TWINS


def _one_sided(
    mine: Form, theirs: Form, interruptions: dict[tuple[int, int], Interruption], outlines: frozenset[int]
) -> NDArray[np.float64]:
    """The cues that speak for ``mine`` by what the two regions are, in the order of ``WEIGHTS`` after the junctions."""
    split_by_it = interruptions.get((theirs.label, mine.label))
    inside = theirs.encloses(mine)
    return np.array(
        [
            theirs.hull_of[mine.label] / mine.area,
            float((mine.label, theirs.label) in interruptions),
            float(split_by_it is not None and not split_by_it.related),
            float(split_by_it is not None and split_by_it.twins),
            -np.log(mine.thickness),
            inside * theirs.thickness / mine.thickness,
            float(inside and mine.area < DETAIL_SHARE * theirs.area),
            float(mine.label in outlines and outlined(mine, theirs)),
        ]
    )
