"""Outlines of masks: where they are covered by something in front, where they turn inwards."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Pixels

TANGENT_REACH = 16
"""Pixels of the visible outline from which the direction at its end is taken."""
FEWEST_FOR_TANGENT = 4
Points = NDArray[np.intp]
"""n × 2 pixels, x first."""
Vector = NDArray[np.float64]
"""x, y."""


@dataclass(frozen=True, eq=False)
class End:
    """Where a visible outline goes under a cover: the last visible pixel and the unit direction in which it leaves."""

    point: Vector
    direction: Vector | None


@dataclass(frozen=True, eq=False)
class Arc:
    """A stretch of a mask's outline that is not its own edge but that of a cover in front.

    ``ends`` are where it begins and stops, in the order of ``points``; None when the whole outline is covered.
    """

    points: Points
    ends: tuple[End, End] | None
    is_hole: bool


def outlines(mask: Pixels) -> Iterator[tuple[Points, bool]]:
    """Each closed outline of ``mask`` (pixels of the mask along it, 8-connected) and whether it bounds a hole."""
    curves, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for index, curve in enumerate(curves):
        yield curve[:, 0, :].astype(np.intp), bool(tree[0][index][3] >= 0)


def filled(mask: Pixels) -> Pixels:
    """``mask`` without its holes."""
    canvas = np.zeros(mask.shape, np.uint8)
    curves, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, curves, -1, (1,), cv2.FILLED)
    return canvas > 0


def covered_arcs(visible: Pixels, cover: Pixels) -> list[Arc]:
    """The stretches of the outline of ``visible`` along which ``cover`` hides how the shape goes on."""
    elsewhere = _touched(~(visible | cover))
    by_cover = _touched(cover) & ~elsewhere
    arcs: list[Arc] = []
    for points, is_hole in outlines(visible):
        hidden = by_cover[points[:, 1], points[:, 0]]
        # A hole whose rim shows nothing but the cover is what lies in front; one with a view to the ground is real.
        if hidden.all() or (is_hole and not elsewhere[points[:, 1], points[:, 0]].any()):
            arcs.append(Arc(points, None, is_hole))
            continue
        arcs += [_open_arc(points, hidden, start, length, is_hole) for start, length in runs(hidden)]
    return arcs


def _touched(mask: Pixels) -> Pixels:
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def runs(flags: Pixels) -> list[tuple[int, int]]:
    """Start and length of every run of True on a closed curve; the curve is not True all over."""
    count = len(flags)
    starts = np.flatnonzero(flags & ~np.roll(flags, 1))
    stops = np.flatnonzero(~flags & np.roll(flags, 1))
    return [(int(start), int((stops - start)[np.argmin((stops - start) % count)] % count)) for start in starts]


def _open_arc(points: Points, hidden: Pixels, start: int, length: int, is_hole: bool) -> Arc:
    count = len(points)
    reach = min(TANGENT_REACH, count - length)
    before = np.arange(start - reach, start) % count
    after = np.arange(start + length + reach - 1, start + length - 1, -1) % count
    ends = _end(points, hidden, before), _end(points, hidden, after)
    return Arc(points[np.arange(start, start + length) % count], ends, is_hole)


def _end(points: Points, hidden: Pixels, way: NDArray[np.intp]) -> End:
    """The end of the visible stretch that runs along the indices ``way`` up to a cover."""
    interrupted = np.flatnonzero(hidden[way])
    clear = way[interrupted[-1] + 1 :] if len(interrupted) else way
    return End(points[way[-1]].astype(np.float64), _direction(points[clear].astype(np.float64)))


def _direction(way: NDArray[np.float64]) -> Vector | None:
    """The unit direction of travel along ``way``, by total least squares; None if it is too short to tell."""
    # The last pixels before a cover are bent by its soft edge.
    way = way[-9:-1]
    if len(way) < FEWEST_FOR_TANGENT:
        return None
    axis: Vector = np.linalg.svd(way - way.mean(axis=0), full_matrices=False)[2][0]
    return axis if axis @ (way[-1] - way[0]) >= 0 else -axis


@dataclass(frozen=True, eq=False)
class Corner:
    """A point where an outline turns into the mask: the unit directions of travel before and after it.

    ``point`` is a pixel of the outline, ``vertex`` where its two edges meet, to a part of a pixel.
    """

    point: Points
    vertex: Vector
    arriving: Vector
    leaving: Vector
    outline: int
    place: int
    outline_length: int

    def way_to(self, other: "Corner") -> float:
        """Pixels along the outline from here to ``other``, infinite between two outlines."""
        if self.outline != other.outline:
            return float("inf")
        steps = abs(self.place - other.place)
        return min(steps, self.outline_length - steps)


CORNER_ARM = 7
"""Pixels on each side over which the direction at a corner is taken."""
CORNER_SKIP = 2
_ARMS = -CORNER_SKIP - CORNER_ARM, CORNER_SKIP
FARTHEST_VERTEX = 4.0
"""Pixels from a corner's pixel to where its edges meet, at most."""
SHARPEST_STRAIGHT = 32.0
"""Degrees of turn from which on an outline has a corner."""
CORNERS_APART = 6


def concave_corners(mask: Pixels) -> list[Corner]:
    """The corners of ``mask`` where its outline turns inwards, sharpest of each neighbourhood only."""
    corners: list[Corner] = []
    for number, (points, is_hole) in enumerate(outlines(mask)):
        if len(points) >= 4 * CORNER_ARM:
            corners += _concave_on(points, is_hole, number)
    return corners


def _concave_on(points: Points, is_hole: bool, number: int) -> list[Corner]:
    curve = points.astype(np.float64)
    arriving = _rolled(curve, CORNER_SKIP) - _rolled(curve, CORNER_SKIP + CORNER_ARM)
    leaving = _rolled(curve, -CORNER_SKIP - CORNER_ARM) - _rolled(curve, -CORNER_SKIP)
    cross = arriving[:, 0] * leaving[:, 1] - arriving[:, 1] * leaving[:, 0]
    turn = np.degrees(np.arctan2(cross, (arriving * leaving).sum(axis=1)))
    area = cv2.contourArea(curve.astype(np.float32), oriented=True)
    inward = turn * np.sign(area or 1) * (1 if is_hole else -1)
    around = np.max([_rolled(inward, step) for step in range(-5, 6) if step], axis=0)
    places = np.flatnonzero((inward > SHARPEST_STRAIGHT) & (inward >= around))
    steps = (places - np.roll(places, 1)) % len(points)
    kept = [int(place) for place, step in zip(places, steps, strict=True) if step >= CORNERS_APART or len(places) == 1]
    corners = []
    for p in kept:
        before, after = (np.arange(p + step, p + step + CORNER_ARM + 1) % len(points) for step in _ARMS)
        ways = _unit(arriving[p]), _unit(leaving[p])
        vertex = _crossing(curve[before].mean(axis=0), ways[0], curve[after].mean(axis=0), ways[1], curve[p])
        corners.append(Corner(points[p], vertex, *ways, number, p, len(points)))
    return corners


def _rolled(values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Each value where the one ``steps`` after it was, round and round: ``numpy.roll``, for short ones faster."""
    return np.concatenate([values[-steps:], values[:-steps]])


def _crossing(one: Vector, way: Vector, other: Vector, other_way: Vector, near: Vector) -> Vector:
    """Where two lines cross, each by a point and a direction; ``near`` itself if that is too far away from it."""
    across = float(way[0] * other_way[1] - way[1] * other_way[0])
    gap = other - one
    vertex: Vector = one + way * (gap[0] * other_way[1] - gap[1] * other_way[0]) / (across or 1e-9)
    return vertex if np.hypot(*(vertex - near)) <= FARTHEST_VERTEX else near


def _unit(vector: Vector) -> Vector:
    unit: Vector = vector / max(float(np.hypot(*vector)), 1e-9)
    return unit


def along(start: Points | Vector, stop: Points | Vector) -> tuple[Points, Points]:
    """Rows and columns of the pixels on the straight line between two points (x, y)."""
    steps = int(np.hypot(*(np.asarray(stop) - start))) + 2
    line = np.rint(np.linspace(start, stop, steps)).astype(np.intp)
    return line[:, 1], line[:, 0]
