"""Translucent overlays: even sheets that tint what lies below them, such as a shadow across stripes or crossing discs.

Where the edge of a sheet crosses an edge below it, four regions meet: a and b beside the sheet, a' and b' under it. A
sheet of ink k and opacity t gives a' = (1 − t) a + t k, the same t and k for all (Metelli, *The perception of
transparency*, 1974), and both edges go straight on at the crossing (Adelson and Anandan, *Ordinal characteristics of
transparency*, 1990).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.contacts import Boundary, boundaries
from peeler.flat.crossings import cut_at_crossings, meeting_points, region_of, rings
from peeler.flat.palette import CLEAN_NOISE, Labels, Palette
from peeler.flat.regions import Regions
from peeler.geometry import Pixels

FAINTEST, DENSEST = 0.04, 0.9
"""Opacities between which a sheet is told from nothing and from an opaque shape."""
MISSED, MISSED_LOSSY = 2.5, 5.0
"""Grey levels by which a region may miss the tinted colour of its base, in a clean picture and in a lossy one."""
ROUND, ROUNDING = (0.05, 0.01), 0.8
"""Steps of the opacities that people choose, and grey levels by which a colour may miss as both sides are rounded."""
CONTRAST = 24
"""Grey levels by which the bases of a sheet must differ in some channel; less would fit any sheet."""
ONE_LINE = 12.0
"""Grey levels off a straight line within which colours tell only one number each, as greys do."""
STRAIGHT = 35.0
"""Degrees by which an edge may turn at a crossing."""
FEWEST_CROSSINGS = 2
MATCHED = 0.35
"""Share of a sheet's outline beyond which its bases must go on."""
_PURE = np.array([[0.0] * 3, [255.0] * 3])

Colours = NDArray[np.float64]
Pair = tuple[int, int]
"""The labels of a base beside a sheet and of what shows of it under the sheet."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """A sheet of one ``ink`` (3,) and ``opacity``, and the pixels (height × width) that show something through it.

    One that fades has ``levels`` instead (height × width, 0–255): how much of the ink each pixel has, hidden ones, too.
    """

    ink: NDArray[np.uint8]
    opacity: float
    visible: Pixels
    levels: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class Tint:
    """What a sheet does to colours; ``ink`` (3,) is 0–255."""

    ink: Colours
    opacity: float

    def over(self, colours: Colours) -> Colours:
        return (1 - self.opacity) * colours + self.opacity * self.ink

    def miss(self, bases: Colours, seen: Colours) -> float:
        """Grey levels by which a tinted base (n × 3) differs from what is seen of it, at most."""
        return float(np.abs(self.over(bases) - seen).max())


def lift_overlays(regions: Regions, palette: Palette) -> tuple[Regions, tuple[Overlay, ...]]:
    """The regions as they would be without their sheets, and these, bottom first."""
    lifted: list[Overlay] = []
    while (found := _told(regions, palette)) is not None:
        regions, sheet = found
        visible: Pixels = np.isin(regions.labels, list(sheet.bases))
        ink = np.rint(sheet.tint.ink).astype(np.uint8)
        lifted.insert(0, Overlay(ink, round(sheet.tint.opacity, 3), visible))
        regions = _without(regions, sheet)
    return regions, tuple(lifted)


@dataclass(frozen=True, eq=False)
class _Sheet:
    """A tint, the crossings of its edge, and for each label under it the label of its base or one with its ink."""

    tint: Tint
    crossings: tuple["_Crossing", ...]
    bases: Mapping[int, int]


class _Crossing(NamedTuple):
    """A place where the edge of a sheet may cross edges of its bases: pairs around it, in turn."""

    place: int
    pairs: tuple[Pair, ...]


def _told(regions: Regions, palette: Palette) -> tuple[Regions, _Sheet] | None:
    """The clearest sheet, and the regions, of which some may first have to be cut where their corners touch."""
    sheet = _clearest(regions, palette)
    if sheet is None and (cut := cut_at_crossings(regions)) is not regions:
        regions, sheet = cut, _clearest(cut, palette)
    return None if sheet is None else (regions, sheet)


def _clearest(regions: Regions, palette: Palette) -> _Sheet | None:
    """The sheet that most crossings speak for, if there is any."""
    if len(regions.all) < 4:
        return None
    inks = palette.inks.astype(np.float64)
    colours = inks[[region.ink for region in regions.all]]
    missed = MISSED if palette.tolerance == CLEAN_NOISE else MISSED_LOSSY
    crossings = [one for one in _crossings(regions.labels) if _fitted([one], colours, missed) is not None]
    if len(crossings) < FEWEST_CROSSINGS:
        return None
    borders = boundaries(regions.labels)
    for sheet in _sheets(crossings, colours, missed):
        whole = _with_insides(sheet, regions, borders, colours, missed)
        if _goes_on_beyond(whole, regions, borders):
            return whole
    return None


def _sheets(crossings: Sequence[_Crossing], colours: Colours, missed: float) -> list[_Sheet]:
    """The sheets whose edges make the crossings, that with the most first."""
    found: list[_Sheet] = []
    taken: set[_Crossing] = set()
    for seed in crossings:
        if seed not in taken:
            sheet = _grown_from(seed, crossings, colours, missed)
            taken.update(sheet.crossings)
            found.append(sheet)
    clear = [sheet for sheet in found if len({one.place for one in sheet.crossings}) >= FEWEST_CROSSINGS]
    return sorted(clear, key=lambda sheet: -len(sheet.crossings))


def _grown_from(seed: _Crossing, crossings: Sequence[_Crossing], colours: Colours, missed: float) -> _Sheet:
    """The crossing and all others that the same sheet makes and that share a region under it."""
    taken = [seed]
    inside = {under for _, under in seed.pairs}
    waiting = [one for one in crossings if one is not seed]
    while near := [one for one in waiting if inside & {under for _, under in one.pairs}]:
        for one in near:
            waiting.remove(one)
            if _fitted([*taken, one], colours, missed) is not None:
                taken.append(one)
                inside |= {under for _, under in one.pairs}
    tint = _fitted(taken, colours, missed)
    assert tint is not None, "each crossing fits by itself"
    return _Sheet(tint, tuple(taken), {under: base for one in taken for base, under in one.pairs})


def _fitted(crossings: Sequence[_Crossing], colours: Colours, missed: float) -> Tint | None:
    """The tint that makes of each base what shows under the sheet, if there is one; ``colours`` are the regions'."""
    pairs = {pair for one in crossings for pair in one.pairs}
    bases, under = np.array(sorted(pairs)).T
    if set(bases.tolist()) & set(under.tolist()):
        return None
    mixed = np.unique(np.hstack([colours[bases], colours[under]]), axis=0)
    return tint_of(mixed[:, :3], mixed[:, 3:], missed)


def tint_of(bases: Colours, seen: Colours, missed: float = MISSED) -> Tint | None:
    """The sheet that turns ``bases`` (n × 3) into ``seen`` (n × 3) to within ``missed`` grey levels, if one does.

    Black or white that explains as much is more likely than any other ink. Colours on one line, such as greys, fit some
    sheet whatever they are; there it takes black or white, a third base, or steps of one tint, as where two sheets of
    one ink cross.
    """
    if np.ptp(bases, axis=0).max() < CONTRAST:
        return None
    candidates = [_tint_with(ink, bases, seen) for ink in _PURE]
    if len(np.unique(bases, axis=0)) > 2 or _are_steps(bases, seen) or not _on_one_line(np.vstack([bases, seen])):
        candidates.append(_tint_free(bases, seen))
    for tint in candidates:
        if tint is not None and tint.miss(bases, seen) <= missed:
            return tint
    return None


def _tint_with(ink: Colours, bases: Colours, seen: Colours) -> Tint | None:
    """The best tint of a given ink, by least squares."""
    away = bases - ink
    length = float((away * away).sum())
    opacity = 1 - float(((seen - ink) * away).sum()) / length if length else 0.0
    rounded = (Tint(ink, told) for told in _round(opacity))
    best = (tint for tint in rounded if tint.miss(bases, seen) <= ROUNDING)
    return next(best, Tint(ink, opacity) if _is_told(opacity) else None)


def _tint_free(bases: Colours, seen: Colours) -> Tint | None:
    """The best tint of any ink, by least squares."""
    middle, level = bases.mean(axis=0), seen.mean(axis=0)
    spread = bases - middle
    opacity = 1 - float(((seen - level) * spread).sum() / (spread * spread).sum())
    for told in _round(opacity):
        tint = Tint(((level - (1 - told) * middle) / told).clip(0, 255), told)
        if tint.miss(bases, seen) <= ROUNDING:
            return tint
    if not _is_told(opacity):
        return None
    return _tint_with(((level - (1 - opacity) * middle) / opacity).clip(0, 255), bases, seen)


def _round(opacity: float) -> list[float]:
    """Round opacities next to one: if they miss by rounding alone, people are more likely to have chosen them."""
    return [told for step in ROUND if _is_told(told := round(opacity / step) * step)]


def _is_told(opacity: float) -> bool:
    return FAINTEST <= opacity <= DENSEST


def _are_steps(bases: Colours, seen: Colours) -> bool:
    """Whether the tint of one base looks like another one."""
    return bool((bases[:, None] == seen).all(axis=2).any())


def _on_one_line(colours: Colours) -> bool:
    spread = colours - colours.mean(axis=0)
    way = np.linalg.svd(spread, full_matrices=False)[2][0]
    return bool(np.abs(spread - np.outer(spread @ way, way)).max() <= ONE_LINE)


def _crossings(labels: Labels) -> Iterator[_Crossing]:
    """Where two straight edges, or an edge and a line, cross; each in all its readings."""
    for place, (_, names, angles) in enumerate(rings(labels, meeting_points(labels))):
        half = len(names) // 2
        for turn in range(half):
            one, other = (tuple(range(start, start + half)) for start in (turn, turn + half))
            if abs(sum(angles[index] for index in one) - 180) > STRAIGHT or half == 2 and not _straight(angles, turn):
                continue
            facing = [(names[up], names[down % len(names)]) for up, down in zip(one, reversed(other), strict=True)]
            yield _Crossing(place, tuple(facing))
            yield _Crossing(place, tuple((down, up) for up, down in facing))


def _straight(angles: Sequence[float], turn: int) -> bool:
    """Whether the other one of two edges that cross goes straight on as well."""
    return abs(angles[turn + 1] + angles[(turn + 2) % 4] - 180) <= STRAIGHT


def _with_insides(
    sheet: _Sheet, regions: Regions, borders: Sequence[Boundary], colours: Colours, missed: float
) -> _Sheet:
    """The sheet with what lies under it and whose edges it does not cross: wholly covered, or beside its own base.

    Its base must have an ink that is seen elsewhere, else it is something opaque on the sheet.
    """
    bases = dict(sheet.bases)
    around: dict[int, Counter[int]] = {}
    for border in borders:
        around.setdefault(border.first, Counter())[border.second] += border.length
        around.setdefault(border.second, Counter())[border.first] += border.length
    outside = set(bases.values())
    waiting = {label for under in bases for label in around[under]} - outside - set(bases)
    while waiting:
        label = waiting.pop()
        base = _base_of(label, around[label], bases, sheet.tint, colours, missed)
        if base is not None and label not in outside:
            bases[label] = base
            waiting |= set(around[label]) - outside - set(bases)
    return replace(sheet, bases=bases)


def _base_of(
    label: int, around: Counter[int], bases: Mapping[int, int], tint: Tint, colours: Colours, missed: float
) -> int | None:
    """The label of a region with the ink of which a region under a sheet is the tint, if it lies under it."""
    fits = np.flatnonzero(apart(tint.over(colours), colours[label]) <= missed)
    clear = [other for other in fits.tolist() if other not in bases]
    beside = [other for other in clear if around[other]]
    if beside:
        return max(beside, key=around.__getitem__)
    within = sum(length for other, length in around.items() if other in bases)
    return clear[0] if clear and within == around.total() else None


def _goes_on_beyond(sheet: _Sheet, regions: Regions, borders: Sequence[Boundary]) -> bool:
    """Whether enough of the outline of a sheet has on its other side what lies under it."""
    matched = every = 0
    for border in borders:
        under = [label for label in (border.first, border.second) if label in sheet.bases]
        if len(under) == 1:
            beyond = border.second if under[0] == border.first else border.first
            every += border.length
            matched += border.length * (regions.all[beyond].ink == regions.all[sheet.bases[under[0]]].ink)
    return matched >= MATCHED * every


def _without(regions: Regions, sheet: _Sheet) -> Regions:
    """The regions with what lies under a sheet in the ink of its base, and one with it where the two touch."""
    ink_of = [region.ink for region in regions.all]
    for under, base in sheet.bases.items():
        ink_of[under] = regions.all[base].ink
    owner = list(range(len(ink_of)))
    for border in boundaries(regions.labels):
        ends = border.first, border.second
        if sheet.bases.keys() & set(ends) and ink_of[border.first] == ink_of[border.second]:
            low, high = sorted(_root(owner, end) for end in ends)
            owner[high] = low
    roots = np.array([_root(owner, label) for label in range(len(owner))], np.int32)
    kept, places = np.unique(roots[regions.labels], return_inverse=True)
    labels: Labels = places.reshape(regions.labels.shape).astype(np.int32)
    return Regions(labels, tuple(region_of(labels, label, ink_of[root]) for label, root in enumerate(kept.tolist())))


def _root(owner: Sequence[int], label: int) -> int:
    while owner[label] != label:
        label = owner[label]
    return label
