"""Lines of one width: rings and open strokes whose two sides run along each other, found with the line in their middle.

A designer changes the width of a stroke by one number; of two outlines by hand. What is taken for a stroke is checked:
every point of the outline has to lie half a width from the line in the middle.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Pixels
from peeler.vectorizers.arcs import arc_through
from peeler.vectorizers.bezier import Curve, fit_curves, fit_open_curve
from peeler.vectorizers.corners import ARM, heading, turns, unit
from peeler.vectorizers.outlines import Outline, Points
from peeler.vectorizers.primitives import Ellipse, Rectangle

WORST, MOST = 0.25, 0.95
"""Pixels by which the width may differ, and the share of the outline at which it may not differ by more."""
THINNEST = 1.5
"""Pixels of the thinnest line; of a thinner one the sides are not known well enough."""
LONGEST_WIDTH = 0.4
"""Share of an open stroke's length that its width may be; a stouter one is a shape of its own."""
MUTUAL, GAP = 1.0, 2.0
"""Pixels within which two sides are each other's nearest, and past which points of the middle are missing."""
ROUGHLY, LOOKS = 1.2, 40
"""Pixels by which the width may differ, and places where it is looked at, before it is looked at closely."""
FINE = 0.5
"""Pixels between the points of the side to which distances are taken."""
CLOSER = 0.5
"""Share of the tolerance within which the line in the middle is tried again."""
BLUNT = 2
"""Points beside the corners of a flat end, which are rounded off, that tell nothing of the sides."""
MOST_POINTS = 2500
"""Points of an outline up to which it is looked at."""

Index = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Stroke(NamedTuple):
    """A line of one width in pixels: along curves, open or closed, or around a shape with a name."""

    middle: list[Curve] | Ellipse | Rectangle
    width: float
    is_closed: bool
    round_corners: bool
    round_ends: bool = True
    """Or the line is cut off there."""


Named = Ellipse | Rectangle | None
"""What an outline is recognised as."""


def find_stroke(outlines: Sequence[Outline], named: Sequence[Named], tolerance: float) -> Stroke | None:
    """The stroke that has these outlines, if it is one: a ring has two, an open line one; ``named`` is what each is."""
    if not outlines or sum(len(outline.points) for outline in outlines) > MOST_POINTS:
        return None
    if len(outlines) == 2:
        inner, outer = np.argsort([outline.area for outline in outlines], kind="stable").tolist()
        if outlines[outer].area > 0 > outlines[inner].area:
            ring = outlines[outer], outlines[inner]
            return _named_ring(named[outer], named[inner]) or _ring(*ring, tolerance)
    return _line(outlines[0], tolerance) if len(outlines) == 1 else None


def _named_ring(out: Named, within: Named) -> Stroke | None:
    """A ring between two circles, or two rectangles, with the same middle."""
    if isinstance(out, Ellipse) and isinstance(within, Ellipse):
        widths = out.across - within.across, out.down - within.down
        is_round = abs(out.across - out.down) <= WORST and abs(within.across - within.down) <= WORST
        apart = np.hypot(out.x - within.x, out.y - within.y)
        if is_round and apart <= WORST and min(widths) >= THINNEST:
            width = sum(widths) / 2
            radius = (out.across + out.down - width) / 2
            return Stroke(Ellipse(out.x, out.y, radius, radius), width, True, True)
    if isinstance(out, Rectangle) and isinstance(within, Rectangle):
        margins = np.array([within.x0 - out.x0, within.y0 - out.y0, out.x1 - within.x1, out.y1 - within.y1])
        width = float(margins.mean())
        half = width / 2
        # Rounded outside, a ring is as much less rounded inside as it is wide, or not at all.
        fits = abs(within.radius - max(0.0, out.radius - width)) <= 2 * WORST and (not out.radius or out.radius >= half)
        if np.ptp(margins) <= 2 * WORST and width >= THINNEST and fits:
            middle = Rectangle(out.x0 + half, out.y0 + half, out.x1 - half, out.y1 - half, max(0.0, out.radius - half))
            return Stroke(middle, width, True, bool(out.radius))
    return None


def _ring(outer: Outline, inner: Outline, tolerance: float) -> Stroke | None:
    """A ring whose hole lies everywhere equally far from its outside."""
    out, within = even(outer.points), even(inner.points)
    if not _is_roughly_even(within, out):
        return None
    away, across = nearest(within, even(outer.points, FINE))
    width = float(np.median(away))
    if width < THINNEST or not _is_even(away, width):
        return None
    middle = (within + across) / 2
    back, _ = nearest(out, even(middle, FINE))
    is_round = _is_even(back, width / 2)
    if not is_round and np.quantile(np.abs(back - width / 2), 0.9) > WORST:
        return None
    curves = fit_curves([Outline(middle, np.zeros(len(middle)), None)], tolerance)[0]
    drawn = _points_on(curves)
    if not all(_is_even(nearest(side, drawn)[0], width / 2) for side in (within, *([out] if is_round else []))):
        return None
    return Stroke(curves, width, True, is_round)


def _line(outline: Outline, tolerance: float) -> Stroke | None:
    """An open line, with the ends that explain its outline better, if either does."""
    points = even(outline.points)
    around = float(np.hypot(*(np.roll(points, -1, axis=0) - points).T).sum())
    best, least = None, np.inf
    for is_round in (True, False):
        width = _width(around, abs(outline.area), is_round)
        found = width and _line_of(points, width, is_round, tolerance)
        if found and found[1] < least:
            best, least = found
    return best


def _width(around: float, area: float, is_round: bool) -> float | None:
    """How wide a line is by its area and the length around it, if it is a line: with round ends, or cut off."""
    # Length l and width w: area l·w and 2 (l + w) around it, or l·w + π w² / 4 and 2 l + π w.
    share = np.pi if is_round else 4.0
    inside = around**2 - 4 * share * area
    if inside <= 0:
        return None
    width = (around - float(np.sqrt(inside))) / share
    length = around / 2 - width * (np.pi / 2 if is_round else 1)
    return width if THINNEST <= width <= LONGEST_WIDTH * length else None


def _line_of(points: Points, width: float, is_round: bool, tolerance: float) -> tuple[Stroke, float] | None:
    """The line with one kind of ends, and by how much it misses the outline there; None if it does so anywhere."""
    found = _middle(points, width, is_round)
    if found is None:
        return None
    middle, is_end = found
    for closer in (1.0, CLOSER):
        curves = fit_open_curve(middle, tolerance * closer)
        off, width = _misses(points, _points_on(curves), is_end, is_round)
        if _is_even(off, 0):
            stroke = Stroke(curves, width, is_closed=False, round_corners=is_round, round_ends=is_round)
            return stroke, float(off[is_end].mean())
    return None


def _misses(points: Points, middle: Points, is_end: Pixels, is_round: bool) -> tuple[Numbers, float]:
    """By how much each point of an outline misses a line, and the width of that."""
    away, _ = nearest(points, middle)
    width = 2 * float(np.median(away[~is_end]))
    off = np.abs(away - width / 2)
    if not is_round:
        # What is cut off lies on a line across the end.
        whole = even(middle, is_closed=False)
        for line in (whole, whole[::-1]):
            off = np.where(is_end, np.minimum(off, np.abs((points - line[-1]) @ heading(line))), off)
    return off, width


def _points_on(curves: Sequence[Curve]) -> Points:
    """Points on curves, about ``FINE`` pixels apart."""
    found = []
    for curve in curves:
        length = float(np.hypot(*np.diff(curve, axis=0).T).sum())
        share = np.linspace(0, 1, max(2, round(length / FINE)))[:, None]
        if len(curve) == 3:
            found.append(arc_through(curve).points(share[:, 0]))
            continue
        rest = 1 - share
        ways = (rest, share) if len(curve) == 2 else (rest**3, 3 * share * rest**2, 3 * share**2 * rest, share**3)
        found.append(sum((way * point for way, point in zip(ways, curve, strict=True)), np.zeros(2)))
    return np.concatenate(found)


def _middle(points: Points, width: float, is_round: bool) -> tuple[Points, Pixels] | None:
    """The line between the sides of an open stroke, from one end to the other, and which points are at its ends."""
    count, half = len(points), max(2, round(width * (np.pi / 4 if is_round else 1 / 2)))
    if count < 6 * half:
        return None
    tips = _ends(points, half)
    if tips is None:
        return None
    first, last = (
        (np.arange(tip - half, tip + half + 1) for tip in tips) if is_round else _flat_ends(points, tips, half)
    )
    there = points[np.arange(first[-1], last[0] + 1) % count]
    back = points[np.arange(last[-1], first[0] + count + 1) % count][::-1]
    if min(len(there), len(back)) < 3 or not _is_roughly_even(there, back):
        return None
    fine = even(back, FINE, is_closed=False)
    _, across = nearest(there, fine)
    _, again = nearest(across, even(there, FINE, is_closed=False))
    # Around a bend all points of the outer side have the inner corner as their nearest, which has only one of them.
    mutual = np.hypot(*(again - there).T) <= MUTUAL
    line = _with_corners((there + across)[mutual] / 2)
    middle = _with_ends(line, [points[end % count] for end in (first, last)], width if is_round else 0.0)
    is_end = np.zeros(count, np.bool_)
    for end in (first, last):
        is_end[np.arange(end[0] - BLUNT, end[-1] + BLUNT + 1) % count] = True
    return None if middle is None or is_end.all() else (middle, is_end)


def _flat_ends(points: Points, tips: tuple[int, int], half: int) -> list[Index]:
    """The stretches of an outline that are the flat ends of a line, from corner to corner."""
    turn = np.abs(turns(points, min(ARM, half)))
    around = np.arange(-(half // 2), half // 2 + 1)
    corners = [
        [tip + side + around[turn[(tip + side + around) % len(points)].argmax()] for side in (-half, half)]
        for tip in tips
    ]
    return [np.arange(start, end + 1) for start, end in corners]


def _with_ends(line: Points, ends: Sequence[Points], width: float) -> Points | None:
    """The line in the middle led on to both ends, half of ``width`` short of round ones; None if it is too short."""
    line = line if width else line[BLUNT:-BLUNT]
    if len(line) <= ARM:
        return None
    led = []
    for end, inner in zip(ends, (line[::-1], line), strict=True):
        way = heading(inner)
        beyond = (end - inner[-1]) @ way
        led.append(inner[-1] + way * (beyond.max() - width / 2 if width else beyond.mean()))
    middle = even(np.vstack([led[:1], line, led[1:]]), is_closed=False)
    return middle if len(middle) >= 3 else None


def _with_corners(line: Points) -> Points:
    """``line`` with a corner wherever points are missing, there where the stretches before and after would meet."""
    parts, begin = [], 0
    gaps = np.flatnonzero(np.hypot(*np.diff(line, axis=0).T) > GAP)
    for gap in gaps[(gaps >= 4) & (gaps < len(line) - 5)].tolist():
        before, after = unit(line[gap] - line[gap - 4]), unit(line[gap + 1] - line[gap + 5])
        cross = before[0] * after[1] - before[1] * after[0]
        way = line[gap + 1] - line[gap]
        reach = (way[0] * after[1] - way[1] * after[0]) / (cross or np.inf)
        if 0 < reach <= 2 * float(np.hypot(*way)):
            parts += [line[begin : gap + 1], (line[gap] + before * reach)[None]]
            begin = gap + 1
    return np.concatenate([*parts, line[begin:]])


def _ends(points: Points, half: int) -> tuple[int, int] | None:
    """The two places where the outline turns round over twice ``half`` steps, the first one before the last."""
    before = points - np.roll(points, half, axis=0)
    after = np.roll(points, -half, axis=0) - points
    # Where it turns round, both chords are long and the way between their far ends is the width of the line.
    turn = (before * after).sum(axis=1) - np.hypot(*before.T) * np.hypot(*after.T)
    opening = np.hypot(*(np.roll(points, -2 * half, axis=0) - np.roll(points, 2 * half, axis=0)).T)
    order = np.argsort(opening, kind="stable")
    first = int(order[0])
    count = len(points)
    apart = np.minimum((np.arange(count) - first) % count, (first - np.arange(count)) % count)
    far = order[apart[order] > 3 * half]
    if not len(far) or turn[first] >= 0:
        return None
    last = int(far[0])
    return (first, last) if first < last else (last, first)


def even(points: Points, step: float = 1.0, is_closed: bool = True) -> Points:
    """Points about ``step`` pixels apart along a line."""
    line = np.concatenate([points, points[:1]]) if is_closed else points
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.linspace(0, along[-1], max(4, round(along[-1] / step)), endpoint=not is_closed)
    return np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], axis=1)


def nearest(points: Points, others: Points) -> tuple[Numbers, Points]:
    """For each point how far the nearest of the others is, and which that is."""
    # |p − q|² − |p|² = |q|² − 2 p·q tells the nearest q, and is a product of matrices.
    found = others[((others * others).sum(axis=1) - 2 * points @ others.T).argmin(axis=1)]
    return np.hypot(*(points - found).T), found


def _is_roughly_even(one: Points, other: Points) -> bool:
    """Whether two sides are about equally far apart at some places; most that are no stroke fail here."""
    away, _ = nearest(one[:: len(one) // LOOKS + 1], other)
    return bool(np.quantile(np.abs(away - np.median(away)), 0.8) <= ROUGHLY)


def _is_even(distances: Numbers, wanted: float) -> bool:
    off = np.abs(distances - wanted)
    return bool(np.quantile(off, MOST) <= WORST and off.max() <= 2 * WORST)
