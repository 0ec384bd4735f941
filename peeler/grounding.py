"""What a model says about a canvas, tied to the shapes that the pixels really show.

Words never overrule pixels silently: a claim that fits no shape is dropped, an order that the outlines contradict is
not believed, and both are told with the reason. A shape that no claim names stays, under the name it had.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from peeler.geometry import Box, Mask
from peeler.graph import Element, LayerGraph
from peeler.replies import Claim, Claims, Dropped

INSIDE = 0.5
"""Share of what shows of a shape that must lie where the claim says."""
WELL_INSIDE = 0.85
"""The same for further shapes of a claim that has one already."""
WRONG_COLOUR = 140
"""Grey levels in some channel from which a claim speaks of something else."""
SAME_INK = 40
"""Grey levels within which another shape may be a further piece of what is claimed."""
POOREST = 0.08
"""The least fit: overlap (intersection over union) times likeness of colour, 0–1."""
UNPLACED = 0.3
"""What a fit by colour and words alone is worth."""


class Belief(NamedTuple):
    """A claim and the elements that it is taken to speak of, the best fit first."""

    claim: str
    name: str
    elements: tuple[str, ...]
    fit: float


@dataclass(frozen=True)
class Grounded:
    """The graph after listening to a model, what was believed of it, and what was not and why."""

    graph: LayerGraph
    believed: tuple[Belief, ...]
    dropped: tuple[Dropped, ...]


class Fit(NamedTuple):
    """How well a claim fits a shape.

    ``score`` is 0–1, ``inside`` the share of the shape that lies in the claim's place, ``off`` by how many grey levels
    the colours differ, 0 if the claim names none.
    """

    score: float
    inside: float
    off: int


def match(said: Claims, seen: LayerGraph) -> tuple[dict[str, tuple[str, ...]], tuple[Belief, ...], tuple[Dropped, ...]]:
    """For each claim that is believed the ids of its elements, with the beliefs and the claims that fit nothing."""
    fits = {(claim.id, item.id): fit_of(claim, item) for claim in said.elements for item in seen.elements}
    main = _best_pairs(said, seen, fits)
    spare = [item for item in seen.elements if item.id not in main.values()]
    pieces = {name: [element] for name, element in main.items()}
    for item in spare:
        if owner := _owner(item, said, seen, main, fits):
            pieces[owner].append(item.id)
    believed = tuple(
        Belief(claim.id, claim.name, tuple(pieces[claim.id]), round(fits[claim.id, main[claim.id]].score, 3))
        for claim in said.elements
        if claim.id in main
    )
    dropped = tuple(
        Dropped(f"{claim.id} ({claim.name})", _why_not(claim, seen, fits, main))
        for claim in said.elements
        if claim.id not in main
    )
    return {belief.claim: belief.elements for belief in believed}, believed, dropped


def fit_of(claim: Claim, element: Element) -> Fit:
    """How well ``claim`` speaks of ``element``, which has a mask."""
    shown = element.mask or Mask.filling(element.box)
    off = 0 if claim.colour is None else int(np.abs(np.subtract(claim.colour, rgb(element))).max())
    likeness = 0.8 if claim.colour is None else max(0.05, 1 - off / 128)
    if claim.box is None:
        near = claim.colour is not None and off <= SAME_INK
        return Fit(UNPLACED * likeness * (1 + _shared_words(claim.name, element.name)) / 2 if near else 0.0, 1.0, off)
    whole = element.shape or shown
    if claim.mask is not None:
        overlap = max(claim.mask.iou(shown), claim.mask.iou(whole))
        inside = claim.mask.overlap(shown) / max(1, shown.area)
    else:
        overlap = max(claim.box.iou(shown.box), claim.box.iou(whole.box))
        inside = _overlap(shown, claim.box) / max(1, shown.area)
    return Fit(overlap * likeness, inside, off)


def rgb(element: Element) -> tuple[int, int, int]:
    """The colour of an element, 0–255."""
    red, green, blue = bytes.fromhex(element.colour[1:])
    return red, green, blue


def named(
    said: Claims, seen: LayerGraph, elements_of: dict[str, tuple[str, ...]], targeted: bool
) -> tuple[Element, ...]:
    """The elements of ``seen`` with the names and objects of their claims; ``wanted`` counts if the user named any."""
    known = {item.id: item for item in seen.elements}
    changed: dict[str, Element] = {}
    for claim in said.elements:
        object_ = part_of(claim, said, elements_of)
        for number, id in enumerate(elements_of.get(claim.id, ()), start=1):
            changed[id] = known[id].model_copy(
                update={
                    "name": (claim.name or known[id].name)
                    if number == 1
                    else f"{claim.name or known[id].name} {number}",
                    "part_of": object_ or (elements_of[claim.id][0] if number > 1 else None),
                    "wanted": targeted and claim.id in said.wanted,
                }
            )
    return tuple(changed.get(item.id, item) for item in seen.elements)


def part_of(claim: Claim, said: Claims, elements_of: dict[str, tuple[str, ...]]) -> str | None:
    """What a claim is a part of: the element that has the object's name, or the name."""
    if not claim.part_of:
        return None
    wanted = claim.part_of.casefold()
    owners = (other.id for other in said.elements if other.name.casefold() == wanted and other.id != claim.id)
    return next((elements_of[owner][0] for owner in owners if owner in elements_of), claim.part_of)


def _best_pairs(said: Claims, seen: LayerGraph, fits: dict[tuple[str, str], Fit]) -> dict[str, str]:
    """Claim → element, best fits first, one to one."""
    place = {item.id: number for number, item in enumerate(seen.elements)}
    usable = [
        (-fit.score, place[element], claim, element)
        for (claim, element), fit in fits.items()
        if fit.score >= POOREST and fit.inside >= INSIDE and fit.off <= WRONG_COLOUR
    ]
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for _, _, claim, element in sorted(usable):
        if claim not in pairs and element not in taken:
            pairs[claim] = element
            taken.add(element)
    return pairs


def _owner(
    item: Element, said: Claims, seen: LayerGraph, main: dict[str, str], fits: dict[tuple[str, str], Fit]
) -> str | None:
    """The claim with the smallest place of which an element that is left over may be a further piece."""
    fitting = [
        (claim.box.area, number, claim.id)
        for number, claim in enumerate(said.elements)
        if claim.id in main
        and claim.box is not None
        and fits[claim.id, item.id].inside >= WELL_INSIDE
        and np.abs(np.subtract(rgb(item), rgb(seen[main[claim.id]]))).max() <= SAME_INK
    ]
    return min(fitting)[2] if fitting else None


def _why_not(claim: Claim, seen: LayerGraph, fits: dict[tuple[str, str], Fit], main: dict[str, str]) -> str:
    if claim.box is None and claim.colour is None:
        return "it says neither where it is nor in what colour"
    there = [(fits[claim.id, item.id], item) for item in seen.elements if fits[claim.id, item.id].inside >= INSIDE]
    if not there or claim.box is None:
        return "no shape of the picture fits it"
    best, item = max(there, key=lambda pair: (pair[0].score, pair[1].id))
    if best.off > WRONG_COLOUR:
        return f"what lies there is {item.colour}"
    if best.score >= POOREST and (other := next((name for name, id in main.items() if id == item.id), None)):
        return f"{item.id} lies there, and {other} fits it better"
    return "no shape of the picture has this place and colour"


def _shared_words(one: str, other: str) -> float:
    """Share of the words of the shorter name that both have."""
    first, second = (set(re.findall(r"[^\W_]+", name.casefold())) for name in (one, other))
    return len(first & second) / max(1, min(len(first), len(second)))


def _overlap(mask: Mask, box: Box) -> int:
    shared = mask.box.intersect(box)
    if not shared.area:
        return 0
    return int(np.count_nonzero(mask.pixels[shared.shifted(-mask.box.x0, -mask.box.y0).slices]))
