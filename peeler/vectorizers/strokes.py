"""Lines of one width: rings and open strokes whose two sides run along each other, found with the line in their middle.

A designer changes the width of a stroke by one number; of two outlines by hand. What is taken for a stroke is checked:
every point of the outline has to lie half a width from the line in the middle.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.bezier import Curve, fit_curves, fit_open_curve
from peeler.vectorizers.corners import unit
from peeler.vectorizers.outlines import Outline, Points
from peeler.vectorizers.primitives import Ellipse, Rectangle, recognised

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
MOST_POINTS = 2500
"""Points of an outline up to which it is looked at."""

Numbers = NDArray[np.float64]


class Stroke(NamedTuple):
    """A line of one width in pixels: along curves, open or closed, or around a shape with a name."""

    middle: list[Curve] | Ellipse | Rectangle
    width: float
    is_closed: bool
    round_corners: bool
    round_ends: bool = True
    """Or the line is cut off there."""


def find_stroke(outlines: Sequence[Outline], tolerance: float) -> Stroke | None:
    """The stroke that has these outlines, if it is one: a ring has two, an open line one."""
    if not outlines or sum(len(outline.points) for outline in outlines) > MOST_POINTS:
        return None
    if len(outlines) == 2:
        outer, inner = sorted(outlines, key=lambda outline: -outline.area)
        if outer.area > 0 > inner.area:
            return _named_ring(outer, inner) or _ring(outer, inner, tolerance)
    return _line(outlines[0], tolerance) if len(outlines) == 1 else None


def _named_ring(outer: Outline, inner: Outline) -> Stroke | None:
    """A ring between two circles, or two rectangles, with the same middle."""
    out, within = recognised(outer), recognised(inner)
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
    """An open line with round ends: as wide as its area and its length around say, if it is so everywhere."""
    points = even(outline.points)
    around = float(np.hypot(*(np.roll(points, -1, axis=0) - points).T).sum())
    inside = around**2 - 4 * np.pi * abs(outline.area)
    if inside <= 0:
        return None
    width = (around - float(np.sqrt(inside))) / np.pi
    length = (around - np.pi * width) / 2
    if width < THINNEST or width > LONGEST_WIDTH * length:
        return None
    middle = _middle(points, width)
    if middle is None or len(middle) < 3:
        return None
    curves = fit_open_curve(middle, tolerance)
    away, _ = nearest(points, _points_on(curves))
    return Stroke(curves, width, False, True) if _is_even(away, width / 2) else None


def _points_on(curves: Sequence[Curve]) -> Points:
    """Points on curves, about ``FINE`` pixels apart."""
    found = []
    for curve in curves:
        length = float(np.hypot(*np.diff(curve, axis=0).T).sum())
        share = np.linspace(0, 1, max(2, round(length / FINE)))[:, None]
        rest = 1 - share
        ways = (rest, share) if len(curve) == 2 else (rest**3, 3 * share * rest**2, 3 * share**2 * rest, share**3)
        found.append(sum((way * point for way, point in zip(ways, curve, strict=True)), np.zeros(2)))
    return np.concatenate(found)


def _middle(points: Points, width: float) -> Points | None:
    """The line between the two sides of an open stroke, from the middle of one end to that of the other."""
    count, half = len(points), max(2, round(np.pi * width / 4))
    if count < 6 * half:
        return None
    tips = _ends(points, half)
    if tips is None:
        return None
    first, last = tips
    there = points[np.arange(first + half, last - half + 1)]
    back = points[np.arange(last + half, first + count - half + 1) % count][::-1]
    if min(len(there), len(back)) < 3:
        return None
    if not _is_roughly_even(there, back):
        return None
    fine = even(back, FINE, is_closed=False)
    _, across = nearest(there, fine)
    _, again = nearest(across, even(there, FINE, is_closed=False))
    # Around a bend all points of the outer side have the inner corner as their nearest, which has only one of them.
    mutual = np.hypot(*(again - there).T) <= MUTUAL
    line = _with_corners((there + across)[mutual] / 2)
    if len(line) < 3:
        return None
    ends = [
        points[tip % count] + unit(towards - points[tip % count]) * width / 2
        for tip, towards in ((first, line[0]), (last, line[-1]))
    ]
    return even(np.vstack([ends[:1], line[1:-1], ends[1:]]), is_closed=False)


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
    distances = np.hypot(points[:, None, 0] - others[None, :, 0], points[:, None, 1] - others[None, :, 1])
    best = distances.argmin(axis=1)
    return distances[np.arange(len(points)), best], others[best]


def _is_roughly_even(one: Points, other: Points) -> bool:
    """Whether two sides are about equally far apart at some places; most that are no stroke fail here."""
    away, _ = nearest(one[:: len(one) // LOOKS + 1], other)
    return bool(np.quantile(np.abs(away - np.median(away)), 0.8) <= ROUGHLY)


def _is_even(distances: Numbers, wanted: float) -> bool:
    off = np.abs(distances - wanted)
    return bool(np.quantile(off, MOST) <= WORST and off.max() <= 2 * WORST)
