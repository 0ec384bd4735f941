"""Which plain figure a mask looks like: the one that it overlaps most when both are brought to one frame.

A word that is wrong misleads more than "shape" does, so each class takes an overlap that hardly anything else reaches
(``tests/flat/test_shape_classes.py`` holds the confusions).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Corner, concave_corners, filled, outlines
from peeler.flat.shape_templates import GRID, TILT, best_template
from peeler.flat.stars import is_star
from peeler.geometry import Box, Pixels

UNKNOWN = "shape"
SLENDER = 40
"""A form with more area than this many squares of its largest inner radius is a line: ten times as long as wide."""
DOT = 0.03
"""A round form that is no longer than this share of the canvas is a dot."""
ALIKE = {"ellipse": 0.96, "rectangle": 0.92, "triangle": 0.95, "quadrilateral": 0.92, "oval": 0.9}
"""Overlap (IoU) from which on a mask is called so, where pixels are small."""
OFF_RIM, MOST_COARSE = 0.15, 0.1
"""Pixels by which a rim may miss its figure all around, and the overlap that this takes off at most."""
EVEN, SWEPT = 0.75, 0.9
"""Share of its largest inner radius with which discs sweep at least this share of a form that is as wide all along."""
BAR, STRIP = 2.7, 3.0
"""By so much a bent bar, and what else is called long, is longer than wide."""
STRAIGHT, SOLID = 0.91, 0.93
"""Shares of its hull that a straight bar and a form without dents fill at least."""
SHARP = 0.65
"""Cosine of the turn at a corner below which it is one, 49 degrees."""
MOST_SIDES, SHORTEST_SIDE, OFF_SIDES = 7, 0.07, 0.0035
"""Of a polygon, and the shares of its rim's length that a side has and by which the rim misses them on average."""
EQUAL = 1.25
"""By so much the sides of a diamond may differ."""
CORNERS = 0.03
"""Share of a rim's length by which a polygon may miss it."""
PARALLEL, CONVERGING = 8, 14
"""Degrees between two sides at most, and at least."""
ROUNDED = 0.005
"""By so much a rounded rectangle must overlap more than a plain one."""
TURNS_BACK = 0.25
"""Share of its length from which on a line that is met twice across its axis is no wave."""
STEEP = 0.3
"""Share of a line's steepest slope below which it goes neither up nor down."""
SPIKY = 0.8
"""Share of its hull that a star fills, at most."""
OPEN = 0.25
"""Share of its outline's inside that is hole, from which on a form is a ring, a frame or an outline."""


def shape_class(mask: Pixels, longest: int | None = None) -> str:
    """The word for what ``mask`` (height × width, not empty) looks like; ``UNKNOWN`` if nothing does.

    ``longest`` is the longer side of the canvas in pixels, that of the mask if None.
    """
    box = Box.around(mask)
    cut = mask[box.slices]
    whole = filled(np.pad(cut, 1))[1:-1, 1:-1]
    if cut.sum() < (1 - OPEN) * whole.sum():
        return _hollow(cut, whole)
    across, along, is_straight = _sides(cut)
    if max(box.width, box.height) <= max(3.0, DOT * (longest or max(mask.shape))) and along < 1.6 * across:
        return "dot"
    if _is_slender(cut):
        return "line" if is_straight else _curve(cut)
    return _compact(whole)


def _is_slender(cut: Pixels) -> bool:
    radius = float(cv2.distanceTransform(np.pad(cut, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    return bool(cut.sum() > SLENDER * radius * radius)


def _sides(cut: Pixels) -> tuple[float, float, bool]:
    """Both sides of the smallest rectangle around a mask, the shorter first, and whether the mask fills most of it."""
    _, sides, _ = cv2.minAreaRect(_rim(cut))
    short, long = min(sides) + 1, max(sides) + 1
    return short, long, bool(cut.sum() > 0.6 * short * long)


def _rim(cut: Pixels) -> NDArray[np.int32]:
    return np.concatenate([curve for curve, is_hole in outlines(cut) if not is_hole]).astype(np.int32)


def _hollow(cut: Pixels, whole: Pixels) -> str:
    """A ring is round outside and a frame has right angles; any other line around something is an outline."""
    outside = _compact(whole)
    if outside in ("circle", "ellipse"):
        return "ring"
    if outside in ("square", "rectangle", "rounded square", "rounded rectangle", "bar", "rounded bar"):
        return "frame"
    return "outline" if _is_slender(cut) else UNKNOWN


def _compact(whole: Pixels) -> str:
    coarse = _coarseness(whole)
    (wide, high), angle, rectangle, rounded = _boxed(whole)
    short, long = sorted((wide, high))
    ellipse = _ellipse(whole)
    if ellipse > max(ALIKE["ellipse"] - coarse, rectangle, rounded - ROUNDED):
        return "circle" if long < 1.12 * short else "ellipse"
    if max(rectangle, rounded) > max(ALIKE["rectangle"] - coarse, ellipse + 2 * ROUNDED):
        kind = "square" if long < 1.15 * short else "bar" if long > 3 * short else "rectangle"
        if rounded > rectangle + ROUNDED:
            return f"rounded {kind}"
        return "diamond" if kind == "square" and TILT < angle % 90 < 90 - TILT else kind
    if _triangle(whole) > ALIKE["triangle"] - coarse:
        return "triangle"
    quadrilateral = _quadrilateral(whole, coarse)
    if quadrilateral:
        return quadrilateral
    template, beyond = best_template(whole)
    if beyond > -coarse:
        return template
    corners = concave_corners(np.pad(whole, 1))
    if _is_spiky(whole) and is_star(np.pad(whole, 1), corners):
        return "star"
    return _bent(whole, corners) or _vaguely(whole, ellipse + coarse, long > STRIP * short)


def _coarseness(whole: Pixels) -> float:
    """By how much the overlap with an ideal figure may fall short because pixels are no smaller."""
    return min(OFF_RIM * cv2.arcLength(_rim(whole), True) / float(whole.sum()), MOST_COARSE)


def _bent(whole: Pixels, corners: Sequence[Corner]) -> str | None:
    """The word for a form that is about as wide all along, if it has at most one corner inside."""
    distance = cv2.distanceTransform(np.pad(whole, 1).astype(np.uint8), cv2.DIST_L2, 5)
    radius = float(distance.max())
    core = (distance <= EVEN * radius).astype(np.uint8)
    swept = cv2.distanceTransform(core, cv2.DIST_L2, 5)[1:-1, 1:-1] <= EVEN * radius + 0.5
    area = np.count_nonzero(whole)
    if len(corners) > 1 or area < BAR * (2 * radius) ** 2 or np.count_nonzero(swept & whole) < SWEPT * area:
        return None
    if area > STRAIGHT * cv2.contourArea(cv2.convexHull(_rim(whole))):
        return "bar"
    return "angle" if corners and corners[0].arriving @ corners[0].leaving < SHARP else "curved bar"


def _vaguely(whole: Pixels, ellipse: float, is_long: bool) -> str:
    """What can be said of a form that is no plain figure; ``ellipse`` is its overlap with one."""
    if is_long:
        return "strip"
    if whole.sum() < SOLID * cv2.contourArea(cv2.convexHull(_rim(whole))):
        return UNKNOWN
    if _has_straight_sides(whole):
        return "polygon"
    return "oval" if ellipse > ALIKE["oval"] else "blob"


def _has_straight_sides(whole: Pixels) -> bool:
    """Whether a few straight lines make up the rim."""
    rim = _rim(whole)
    length = cv2.arcLength(rim, True)
    corners = cv2.approxPolyDP(rim, max(CORNERS * length, 1.0), True)
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners)[:, 0].T)
    drawn = cv2.polylines(np.ones(whole.shape, np.uint8), [corners], True, (0,))
    off = cv2.distanceTransform(drawn, cv2.DIST_L2, 5)[rim[:, 1], rim[:, 0]]
    plain = len(sides) <= MOST_SIDES and sides.min() > SHORTEST_SIDE * length
    return bool(plain and off.mean() < OFF_SIDES * length)


def _is_spiky(whole: Pixels) -> bool:
    """A cog has points all around, too, but hardly leaves its hull."""
    return bool(whole.sum() < SPIKY * cv2.contourArea(cv2.convexHull(_rim(whole))))


def _ellipse(whole: Pixels) -> float:
    """The overlap with the ellipse that has the same moments."""
    moments = cv2.moments(whole.astype(np.uint8), binaryImage=True)
    area = moments["m00"]
    # A pixel has a width of its own.
    xx, yy, xy = moments["mu20"] / area + 1 / 12, moments["mu02"] / area + 1 / 12, moments["mu11"] / area
    x = np.arange(-4, whole.shape[1] + 4)[None, :] - moments["m10"] / area
    y = np.arange(-4, whole.shape[0] + 4)[:, None] - moments["m01"] / area
    inside = yy * x * x - 2 * xy * x * y + xx * y * y <= 4 * (xx * yy - xy * xy)
    return _overlap(np.pad(whole, 4), inside)


def _boxed(whole: Pixels) -> tuple[tuple[float, float], float, float, float]:
    """Sides and angle of the smallest rectangle around a mask, the overlap with it, and with it rounded off."""
    (x, y), sides, angle = cv2.minAreaRect(_rim(whole))
    wide, high = (float(side) + 1 for side in sides)
    cells = 2 * GRID / max(wide, high)
    seen = _aligned(whole, (x, y), angle, cells, 2 * GRID + 8) > 0.5
    v, u = np.mgrid[: seen.shape[0], : seen.shape[1]] - (seen.shape[0] - 1) / 2
    half_u, half_v = cells * wide / 2, cells * high / 2
    missing = max(0.0, 4 * half_u * half_v - float(seen.sum()))
    radius = min((missing / (4 - np.pi)) ** 0.5, half_u, half_v)
    beyond = np.hypot(np.maximum(abs(u) - half_u + radius, 0), np.maximum(abs(v) - half_v + radius, 0))
    rectangle = _overlap(seen, (abs(u) <= half_u) & (abs(v) <= half_v))
    return (wide, high), angle, rectangle, _overlap(seen, beyond <= radius)


def _aligned(whole: Pixels, centre: tuple[float, float], angle: float, scale: float, side: int) -> NDArray[np.float32]:
    """The mask turned by ``angle`` degrees about ``centre`` into the middle of a square of ``side`` cells: how much
    of each cell it covers.
    """
    move = cv2.getRotationMatrix2D(centre, angle, scale)
    move[:, 2] += np.array([(side - 1) / 2 - centre[0], (side - 1) / 2 - centre[1]])
    return np.asarray(cv2.warpAffine(whole.astype(np.float32), move, (side, side)), np.float32)


def _overlap(one: Pixels, other: Pixels) -> float:
    either = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / max(1, either)


def _triangle(whole: Pixels) -> float:
    """How much of the smallest triangle around a mask it fills."""
    area, _ = cv2.minEnclosingTriangle(_rim(whole).astype(np.float32))
    return float(whole.sum() / max(area, 1.0))


def _quadrilateral(whole: Pixels, coarse: float) -> str | None:
    """The word for a form with four corners along its rim and parallel sides, but no right angles."""
    rim = _rim(whole)
    corners = cv2.approxPolyDP(rim, CORNERS * cv2.arcLength(rim, True), True)[:, 0]
    if len(corners) != 4 or not cv2.isContourConvex(corners):
        return None
    drawn = cv2.fillConvexPoly(np.zeros(whole.shape, np.uint8), corners, (1,))
    if _overlap(whole, drawn > 0) < ALIKE["quadrilateral"] - coarse:
        return None
    sides = np.roll(corners, -1, axis=0) - corners
    angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0]))
    apart = sorted(90 - abs((angles[side] - angles[side + 2]) % 180 - 90) for side in (0, 1))
    if apart[0] > PARALLEL:
        return None
    if apart[1] > CONVERGING:
        return "trapezoid"
    lengths = sorted(np.hypot(*sides.T).tolist())
    return "diamond" if lengths[-1] < EQUAL * lengths[0] else "parallelogram"


def _curve(cut: Pixels) -> str:
    """A line that goes to and fro at least three times on its way is wavy."""
    (x, y), sides, angle = cv2.minAreaRect(_rim(cut))
    long = round(max(sides)) + 1
    # Lines may be thinner than a cell, which is why they are not brought to one size.
    seen = _aligned(cut, (x, y), angle if sides[0] >= sides[1] else angle + 90, 1.0, long + 8) > 0.25
    columns = seen[:, seen.any(axis=0)]
    rows = np.arange(len(seen))[:, None]
    thick = columns.sum(axis=0)
    spread = np.where(columns, rows, 0).max(axis=0) - np.where(columns, rows, len(seen)).min(axis=0) + 1
    if (spread > thick).mean() > TURNS_BACK:
        return "curve"
    swing = _smooth((columns * rows).sum(axis=0) / thick, long // 40)
    slope = np.diff(swing)
    steep = slope[np.abs(slope) > STEEP * np.percentile(np.abs(slope), 90)]
    turns = np.count_nonzero(np.diff(np.sign(steep)))
    return "wavy line" if turns >= 3 and np.ptp(swing) > np.median(thick) / 2 else "curve"


def _smooth(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The means over ``reach`` values on both sides."""
    width = 2 * reach + 1
    return np.convolve(np.pad(values, reach, mode="edge"), np.full(width, 1 / width), mode="valid")
