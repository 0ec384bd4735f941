"""Which plain figure a mask looks like: the one that it overlaps most when both are brought to one frame.

A word that is wrong misleads more than "shape" does, so each class takes an overlap that hardly anything else reaches
(``tests/flat/test_shape_classes.py`` holds the confusions).
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import concave_corners, filled, outlines
from peeler.flat.stars import is_star
from peeler.geometry import Box, Pixels

UNKNOWN = "shape"
SLENDER = 40
"""A form with more area than this many squares of its largest inner radius is a line: ten times as long as wide."""
DOT = 0.03
"""A round form that is no longer than this share of the canvas is a dot."""
GRID = 48
"""Side of the frame in which masks and templates are compared, in cells."""
EXTENT = 18
"""Side, in cells, of a square with the area that all of them are brought to."""
TURN = 8
"""Degrees between two templates of one figure."""
TILT = 24
"""Degrees by which figures that have an upper side may be turned."""
ALIKE = {
    "ellipse": 0.96, "rectangle": 0.92, "triangle": 0.95, "star": 0.86, "heart": 0.88, "drop": 0.945, "cross": 0.85,
    "half circle": 0.91, "crescent": 0.82, "arrow": 0.82, "diamond": 0.91, "pentagon": 0.93, "hexagon": 0.955,
    "flower": 0.9, "trapezoid": 0.92, "pointed oval": 0.935,
}  # fmt: skip
"""Overlap (IoU) from which on a mask is called so: what hardly anything else reaches."""
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

Points = NDArray[np.float64]


def shape_class(mask: Pixels) -> str:
    """The word for what ``mask`` (height × width of the canvas, not empty) looks like; ``UNKNOWN`` if nothing does."""
    box = Box.around(mask)
    cut = mask[box.slices]
    whole = filled(np.pad(cut, 1))[1:-1, 1:-1]
    if cut.sum() < (1 - OPEN) * whole.sum():
        return _hollow(cut, whole)
    across, along, is_straight = _sides(cut)
    if max(box.width, box.height) <= max(3.0, DOT * max(mask.shape)) and along < 1.6 * across:
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
    (wide, high), angle, rectangle, rounded = _boxed(whole)
    short, long = sorted((wide, high))
    ellipse = _ellipse(whole)
    if ellipse > max(ALIKE["ellipse"], rectangle, rounded - ROUNDED):
        return "circle" if long < 1.12 * short else "ellipse"
    if max(rectangle, rounded) > max(ALIKE["rectangle"], ellipse + 2 * ROUNDED):
        kind = "square" if long < 1.15 * short else "bar" if long > 3 * short else "rectangle"
        if rounded > rectangle + ROUNDED:
            return f"rounded {kind}"
        return "diamond" if kind == "square" and TILT < angle % 90 < 90 - TILT else kind
    if _triangle(whole) > ALIKE["triangle"]:
        return "triangle"
    if _trapezoid(whole) > ALIKE["trapezoid"]:
        return "trapezoid"
    template, likeness = _best_template(whole)
    if likeness > ALIKE[template]:
        return template
    return "star" if _is_spiky(whole) and is_star(whole, concave_corners(whole)) else UNKNOWN


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


def _trapezoid(whole: Pixels) -> float:
    """The overlap with the polygon of four corners along the rim; 0 unless just two of its sides are parallel."""
    rim = _rim(whole)
    corners = cv2.approxPolyDP(rim, CORNERS * cv2.arcLength(rim, True), True)[:, 0]
    if len(corners) != 4 or not cv2.isContourConvex(corners):
        return 0.0
    sides = np.roll(corners, -1, axis=0) - corners
    angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0]))
    converging = sorted(abs((angles[side] - angles[side + 2]) % 180 - 90) for side in (0, 1))
    if converging[1] < 90 - PARALLEL or converging[0] > 90 - CONVERGING:
        return 0.0
    drawn = cv2.fillConvexPoly(np.zeros(whole.shape, np.uint8), corners, (1,))
    return _overlap(whole, drawn > 0)


def _best_template(whole: Pixels) -> tuple[str, float]:
    names, templates = _templates()
    seen = _bits(_framed(whole))
    shared, either = (np.bitwise_count(bits).sum(axis=1) for bits in (templates & seen, templates | seen))
    likeness = shared / either
    best = int(likeness.argmax())
    return names[best], float(likeness[best])


def _bits(framed: Pixels) -> NDArray[np.uint64]:
    return np.packbits(framed).view(np.uint64)


def _framed(whole: Pixels) -> Pixels:
    """The mask with its centroid in the middle of the frame and the area that all have there."""
    moments = cv2.moments(whole.astype(np.uint8), binaryImage=True)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    scale, middle = EXTENT / np.sqrt(moments["m00"]), (GRID - 1) / 2
    move = np.array([[scale, 0, middle - scale * x], [0, scale, middle - scale * y]])
    return cv2.warpAffine(whole.astype(np.float32), move, (GRID, GRID)) > 0.5


class Figure(NamedTuple):
    """A figure as the union of polygons (y down), and through which angles in degrees it is looked for."""

    name: str
    polygons: list[Points]
    turns: range


@cache
def _templates() -> tuple[list[str], NDArray[np.uint64]]:
    """The name of each template, and the bits of each as a row."""
    drawn = [(figure.name, _drawn(figure.polygons, turn)) for figure in _figures() for turn in figure.turns]
    return [name for name, _ in drawn], np.array([_bits(_framed(mask)) for _, mask in drawn])


def _drawn(polygons: list[Points], turn: float) -> Pixels:
    """The polygons, which lie within 1.5 of the origin, as a mask."""
    canvas = np.zeros((256, 256), np.uint8)
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    for polygon in polygons:
        turned = polygon @ np.array([[cosine, sine], [-sine, cosine]])
        cv2.fillPoly(canvas, [np.rint(turned * 80 + 128).astype(np.int32)], (1,))
    return canvas > 0


def _figures() -> Iterator[Figure]:
    around, upright = range(0, 360, TURN), range(-TILT, TILT + 1, TURN)
    for points, inner in ((4, 0.3), (4, 0.45), (5, 0.4), (5, 0.5), (6, 0.5), (6, 0.6), (8, 0.5), (8, 0.65)):
        yield Figure("star", [_star(points, inner)], range(0, 360 // points, TURN // 2))
    for sides, name in ((5, "pentagon"), (6, "hexagon")):
        yield Figure(name, [_star(sides, np.cos(np.pi / sides))], range(0, 360 // sides, TURN // 2))
    for high in (0.85, 1.0):
        yield Figure("heart", [_heart() * (1, high)], upright)
    for width in (0.24, 0.34, 0.44):
        yield Figure("cross", [_box(1, width), _box(width, 1)], range(0, 90, TURN // 2))
    for tip in (1.5, 1.9, 2.4):
        yield Figure("drop", [_drop(tip)], around)
    yield Figure("half circle", [_arc(0, 180)], around)
    for offset, radius in ((0.3, 0.85), (0.45, 0.85), (0.5, 1.0), (0.8, 1.0), (0.6, 0.75)):
        yield Figure("crescent", [_crescent(offset, radius)], around)
    for shaft, head in ((0.15, 0.7), (0.25, 0.7), (0.25, 1.0)):
        yield Figure("arrow", [_arrow(shaft, head)], around)
    for high in (0.5, 0.7):
        yield Figure("diamond", [_star(4, np.cos(np.pi / 4)) * (1, high)], range(0, 180, 90))
    for high in (0.3, 0.42, 0.56):
        yield Figure("pointed oval", [_lens(high)], range(0, 180, TURN))
    for petals in (5, 6, 8):
        yield Figure("flower", list(_flower(petals)), range(0, 360 // petals, TURN // 2))


def _arc(begin: float, end: float, x: float = 0, y: float = 0, radius: float = 1) -> Points:
    angles = np.radians(np.linspace(begin, end, 48))
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def _box(half_width: float, half_height: float) -> Points:
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (half_width, half_height)


def _star(points: int, inner: float) -> Points:
    angles = np.pi * np.arange(2 * points) / points - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2, inner, 1.0)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _heart() -> Points:
    t = np.linspace(0, 2 * np.pi, 64)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, -y], axis=1) / 17


def _lens(high: float) -> Points:
    """Two arcs that meet in points, 2 wide and 2 × ``high`` high."""
    radius = (1 + high * high) / (2 * high)
    half = float(np.degrees(np.arcsin(1 / radius)))
    lower = _arc(90 - half, 90 + half, 0, high - radius, radius)
    return np.concatenate([lower, lower[::-1] * (1, -1)])


def _drop(tip: float) -> Points:
    """A disc, and its tangents up to a point that is ``tip`` radii from its middle."""
    touch = float(np.degrees(np.arccos(1 / tip)))
    return np.concatenate([_arc(-90 + touch, 270 - touch, radius=0.6), [[0, -0.6 * tip]]])


def _crescent(offset: float, radius: float) -> Points:
    """The unit disc without one of ``radius`` that lies ``offset`` to the right."""
    meeting = (1 + offset * offset - radius * radius) / (2 * offset)
    outer = float(np.degrees(np.arccos(meeting)))
    inner = float(np.degrees(np.arctan2(np.sqrt(1 - meeting * meeting), meeting - offset)))
    return np.concatenate([_arc(outer, 360 - outer), _arc(360 - inner, inner, offset, 0, radius)])


def _arrow(shaft: float, head: float) -> Points:
    half = np.array([[1.0, 0], [1 - head, 0.6], [1 - head, shaft], [-1, shaft]])
    return np.concatenate([half, half[::-1] * (1, -1)])


def _flower(petals: int) -> Iterator[Points]:
    yield _arc(0, 360, radius=0.6)
    for angle in 2 * np.pi * np.arange(petals) / petals:
        yield _arc(0, 360, 0.65 * np.cos(angle), 0.65 * np.sin(angle), 1.9 / petals)


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
