"""Leaks: where the edges of two shapes coincide, a third colour shines through their soft edges.

A pixel of an edge that one shape covers by a and the other by 1 − a shows a (1 − a) of what lies below both, a quarter
at most (coverage by alpha: Porter and Duff, *Compositing digital images*, 1984, §3). Where one shape goes on under the
other there is nothing below to be seen. So a picture that was never compressed tells what its outlines alone do not.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.contacts import Boundary, neighbours
from peeler.flat.cues import Evidence, without
from peeler.flat.matting import mixture
from peeler.flat.palette import CLEAN_NOISE, Palette
from peeler.flat.regions import Regions, off_inks
from peeler.geometry import RGB

SHORTEST = 6
"""Pixel sides of a border that is looked at."""
MIXED = 0.15, 0.85
"""Share of either of two inks in a pixel that both of them clearly have."""
FEWEST, LEAST = 4, 0.25
"""Such pixels along a border, and their share of its sides, at least: where it runs along the grid of pixels only those
near a third region are mixed.
"""
MISSED = 1.3
"""Grey levels by which most of these miss a mixture of the two inks, at least."""
SEEN = 0.02, 0.3
"""Share of what lies below in such a pixel: a quarter at most, and what rounding adds."""
ON_THE_PLANE, SLACK = 3.0, 0.02
"""Grey levels by which it may miss the mixture of all three, and what shares may fall below 0 or exceed 1 together."""
ON_THE_CURVE = 12.0
"""Grey levels by which it may miss the one that coinciding edges make of its shares: of so few colours as a palette of
64 has, many lie near some mixture of three.
"""
MOSTLY = 0.4
"""Share of the pixels that must be such mixtures."""
LINED = 6.0
"""Log odds that what shines through the outline of a shape lies below it."""
REASON = "the other one shines through its edge"


class Leak(NamedTuple):
    """At the edge of an ``upper`` region a third one, ``below``, shines through beside a ``lower`` one (labels)."""

    upper: int
    lower: int
    below: int


class Coincidences(NamedTuple):
    """Pairs of labels: ``flush`` are those that end where the other begins; of the ``lined`` the first lies above the
    second, which goes on under it up to its outline.
    """

    flush: frozenset[tuple[int, int]] = frozenset()
    lined: frozenset[tuple[int, int]] = frozenset()


def coincidences(leaks: Sequence[Leak], background: Collection[int], odds: NDArray[np.float64]) -> Coincidences:
    """What leaks say of edges: what lies above the lower region of a border goes on under the upper one up to there;
    what lies below both shows that they are flush. ``odds[i, j]`` (count × count) are the log odds that i lies above j.
    """
    flush, lined = set(), set()
    for upper, lower, below in leaks:
        if upper in background:
            continue
        if lower in background or (below not in background and odds[below, lower] > 0):
            lined.add((upper, below))
        else:
            flush.add((upper, lower))
    return Coincidences(frozenset(flush), frozenset(lined))


def with_edges(evidence: Sequence[Evidence], edges: Coincidences) -> tuple[Evidence, ...]:
    """The evidence, but for pairs that are flush, of which none covers the other; and for pairs of which one shines
    through the edge of the other only that.
    """
    kept = without(evidence, edges.flush | edges.lined)
    return (*kept, *(Evidence(above, below, LINED, REASON) for above, below in sorted(edges.lined)))


def find_leaks(picture: RGB, palette: Palette, regions: Regions, borders: Sequence[Boundary]) -> list[Leak]:
    """What shines through along the borders of a flat picture; nothing in one that was compressed with loss."""
    if not palette.flat or palette.tolerance != CLEAN_NOISE:
        return []
    even = _even(picture, palette, regions)
    long = [border for border in borders if border.length >= SHORTEST and even[border.first] and even[border.second]]
    if not long:
        return []
    beside = neighbours(borders)
    found = []
    for border, colours in _odd_borders(picture, palette, regions, long):
        pair = regions.all[border.first].ink, regions.all[border.second].ink
        common = beside[border.first] & beside[border.second]
        shown = _shown_below(colours, pair, {regions.all[label].ink for label in common}, palette.inks)
        if shown is not None:
            sides = (border.first, border.second) if shown.first_is_upper else (border.second, border.first)
            found += [Leak(*sides, label) for label in sorted(common) if regions.all[label].ink == shown.ink]
    return found


def _even(picture: RGB, palette: Palette, regions: Regions) -> NDArray[np.bool_]:
    """Of each region whether it shows its ink in most of its pixels, as gradients do not."""
    pure = off_inks(picture, palette, regions) <= CLEAN_NOISE
    shown = np.bincount(regions.labels[pure], minlength=len(regions.all))
    even: NDArray[np.bool_] = 2 * shown >= np.bincount(regions.labels.ravel(), minlength=len(regions.all))
    return even


def _odd_borders(
    picture: RGB, palette: Palette, regions: Regions, borders: Sequence[Boundary]
) -> list[tuple[Boundary, NDArray[np.float32]]]:
    """The borders most of whose mixed pixels mix something else than the inks of their two regions, and these pixels
    (n × 3).
    """
    height, width = regions.labels.shape
    points = np.concatenate([border.points for border in borders])
    owner = np.repeat(np.arange(len(borders)), [border.length for border in borders])
    near = [(points + step).clip(0, (height - 1, width - 1)) for step in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))]
    places = np.unique(np.concatenate([(owner * height + y) * width + x for y, x in (each.T for each in near)]))
    owner, place = np.divmod(places, height * width)
    sides = np.array([(border.first, border.second) for border in borders])[owner]
    own = (regions.labels.ravel()[place][:, None] == sides).any(axis=1)
    owner, place, sides = owner[own], place[own], sides[own]
    colours = picture.reshape(-1, 3)[place].astype(np.float32)
    inks = palette.inks[np.array(regions.inks)].astype(np.float32)
    share, missed = mixture(colours, inks[sides[:, 1]], inks[sides[:, 0]])
    mixed = (share > MIXED[0]) & (share < MIXED[1])
    count = np.bincount(owner[mixed], minlength=len(borders))
    odd = np.bincount(owner[mixed & (missed >= MISSED)], minlength=len(borders))
    least = np.maximum(FEWEST, LEAST * np.array([border.length for border in borders]))
    chosen = np.flatnonzero((count >= least) & (2 * odd > count))
    return [(borders[at], colours[mixed & (owner == at)]) for at in chosen.tolist()]


class _Shown(NamedTuple):
    """The ``ink`` that shows a little at the border of two regions, and which of these lies above the other."""

    ink: int
    first_is_upper: bool


def _shown_below(
    colours: NDArray[np.float32], pair: tuple[int, int], below: Collection[int], inks: NDArray[np.uint8]
) -> _Shown | None:
    """Which of the inks ``below`` most mixed pixels (n × 3) show a little of, at a border of regions of a ``pair`` of
    inks; None if none does. The one drawn last covers by the share of its ink in them, and all else by the rest.
    """
    one, other = inks[list(pair)].astype(np.float32)
    found, most = None, MOSTLY
    for ink in sorted(below):
        axes = np.stack([one - other, inks[ink] - other])
        if np.linalg.matrix_rank(axes) < 2:
            continue
        shares = (colours - other) @ np.linalg.pinv(axes)
        of_one, of_below = shares.T
        of_other = 1 - of_one - of_below
        fits = (apart(shares @ axes + other, colours) <= ON_THE_PLANE) & (of_below > SEEN[0]) & (of_below <= SEEN[1])
        fits &= (of_one >= -SLACK) & (of_other >= -SLACK)
        curves = _leaking(of_one, one, other, inks[ink]), _leaking(of_other, other, one, inks[ink])
        fits &= np.minimum(*(apart(curve, colours) for curve in curves)) <= ON_THE_CURVE
        if fits.any() and fits.mean() >= most:
            missed = [np.abs(of_below - share * (1 - share))[fits].mean() for share in (of_one, of_other)]
            found, most = _Shown(ink, bool(missed[0] <= missed[1])), float(fits.mean())
    return found


def _leaking(
    share: NDArray[np.float32], upper: NDArray[np.float32], lower: NDArray[np.float32], below: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """The colours (n × 3) of pixels of which two shapes whose edges coincide cover ``share`` (n) and the rest."""
    of_upper = share[:, None]
    colours: NDArray[np.float32] = of_upper * upper + (1 - of_upper) * (of_upper * below + (1 - of_upper) * lower)
    return colours
