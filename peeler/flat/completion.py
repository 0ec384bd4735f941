"""Amodal completion: how a shape goes on under what covers it.

Every guess is clipped to the painter's interval: with visible part V and later-painted cover U, a shape E leaves the
picture unchanged if and only if V ⊆ E ⊆ V ∪ U.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import Arc, End, Points, covered_arcs, outlines
from peeler.flat.matting import grown
from peeler.flat.relatability import related_ends
from peeler.geometry import Box, Pixels

OWN_EDGE = 2
"""Pixels around a cover in which an outline may be the cover's."""
FEWEST_ON_ELLIPSE = 24
OWN_SHARE = 0.4
"""Share of an ellipse's perimeter that must be seen for it to be believed."""
OFF_ELLIPSE = 1.2
"""Pixels by which an outline may miss its ellipse."""
BULGE = 0.5
"""How far a shape may go on behind its cover, as a share of what is seen of it in that direction."""
STROKE_SHARE = 0.5
"""A cover is an outline stroke when it is thinner than this share of the covered shape's size (√area)."""
MOST_BENT = 35.0
"""Degrees by which the outlines of a ring or a handle may turn off a straight way where its cover interrupts it."""
AHEAD = (5, 8, 11, 14)
"""Pixels from the end of an outline at which it is seen whether the cover's runs on from it."""


def complete(visible: Pixels, cover: Pixels) -> Pixels:
    """The whole shape of which ``visible`` is seen and which may go on under ``cover`` (both height × width).

    A hole that the cover fills is closed; an outline that goes under the cover goes on along its tangents
    to where it comes out again (good continuation: Kellman and Shipley 1991); a ring closes where the cover interrupts
    it; a shape that is framed on all sides reaches to the middle of its frame. One whose outline the cover's carries on
    on both sides, as one stripe that of the next and a panel that of its header, ends there.
    """
    if not (visible.any() and cover.any()):
        return visible
    box = reach_of(Box.around(visible), (visible.shape[1], visible.shape[0]))
    seen, under = visible[box.slices], cover[box.slices]
    arcs = covered_arcs(seen, under)
    round_shape = _round(seen, under) if any(arc.ends for arc in arcs) else None
    if round_shape is not None:
        whole = visible.copy()
        whole[box.slices] = joined_to(seen, seen | (round_shape & under))
        return whole
    drawn = seen.astype(np.uint8)
    for arc in arcs:
        if arc.ends:
            is_flush = all(_runs_on(end, seen | under) for end in arc.ends)
            cv2.fillPoly(drawn, [_closed_by_curve(arc, arc.ends, 0 if is_flush else int(seen.sum()))], (1,))
        elif arc.is_hole:
            cv2.drawContours(drawn, [arc.points[:, None].astype(np.int32)], -1, (1,), cv2.FILLED)
        else:
            drawn |= _to_middle_of_frame(arc, seen, under)
    for polygon in _bridges([arc.ends for arc in arcs if arc.ends], seen, under):
        cv2.fillPoly(drawn, [polygon], (1,))
    whole = visible.copy()
    whole[box.slices] = joined_to(seen, (drawn > 0) & (seen | under))
    return whole


def _bridges(arcs: Sequence[tuple[End, End]], seen: Pixels, under: Pixels) -> Iterator[NDArray[np.int32]]:
    """What closes a ring or a handle behind its cover, as polygons (x, y): where both outlines that end at one stretch
    of the cover go on in those that end at another.
    """
    hidden = (seen | under).astype(np.int32)
    for one, other in combinations(arcs, 2):
        pairs = related_ends(one, other, hidden, np.array([False, True]))
        if len(pairs) == 2 and max(pair.turn for pair in pairs) <= MOST_BENT:
            there, back = (continuation(pair.one, pair.other) for pair in pairs)
            yield np.rint(np.concatenate([there, back[::-1]])).astype(np.int32)


def _round(visible: Pixels, cover: Pixels) -> Pixels | None:
    """The ellipse or the ring through the shape's own outline, if that is one and long enough to tell; else None."""
    (points, _), *others = [outline for outline in outlines(visible) if not outline[1]]
    own = points[~grown(cover, OWN_EDGE)[points[:, 1], points[:, 0]]].astype(np.float32)
    if others or len(own) < FEWEST_ON_ELLIPSE:
        return None
    disc = _ellipse(own, visible.shape)
    if disc is not None:
        return disc
    hull = cv2.convexHull(own)
    outside = np.array([cv2.pointPolygonTest(hull, point.tolist(), True) for point in own]) <= OFF_ELLIPSE
    outer, inner = _ellipse(own[outside], visible.shape), _ellipse(own[~outside], visible.shape)
    return None if outer is None or inner is None or (inner & ~outer).any() else outer & ~inner


def _ellipse(own: NDArray[np.float32], shape: tuple[int, ...]) -> Pixels | None:
    """The filled ellipse through points of an outline (n × 2: x, y) on a canvas of ``shape``, if they are of one."""
    if len(own) < FEWEST_ON_ELLIPSE:
        return None
    (x, y), (width, height), angle = cv2.fitEllipse(own)
    perimeter = np.pi * (width + height) / 2
    if min(width, height) < 4 or len(own) < OWN_SHARE * perimeter:
        return None
    turn = np.radians(angle)
    offset = own - np.array((x, y))
    along = offset @ np.array((np.cos(turn), np.sin(turn))) / (width / 2)
    across = offset @ np.array((-np.sin(turn), np.cos(turn))) / (height / 2)
    missed = np.abs(np.hypot(along, across) - 1) * min(width, height) / 2
    if np.percentile(missed, 95) > OFF_ELLIPSE:
        return None
    canvas = np.zeros(shape, np.uint8)
    cv2.ellipse(canvas, ((x, y), (width, height), angle), (1,), cv2.FILLED)
    return canvas > 0


def _runs_on(end: End, both: Pixels) -> bool:
    """Whether an outline goes straight on along that of ``both`` shapes: each look ahead sees pixels of either side."""
    if end.direction is None:
        return False
    height, width = both.shape
    for x, y in np.rint(end.point + np.outer(AHEAD, end.direction)).astype(int).tolist():
        if not (0 <= x < width and 0 <= y < height):
            return False
        near = both[max(y - OWN_EDGE, 0) : y + OWN_EDGE + 1, max(x - OWN_EDGE, 0) : x + OWN_EDGE + 1]
        if near.all() or not near.any():
            return False
    return True


def reach_of(box: Box, size: tuple[int, int]) -> Box:
    """The box of what is seen with room for what may be hidden around it, on a canvas of ``size`` (width, height)."""
    return box.expand(max(box.width, box.height) // 2 + 8, size)


def _closed_by_curve(arc: Arc, ends: tuple[End, End], area: int) -> NDArray[np.int32]:
    """The area between a covered stretch of the outline and the curve that replaces it, as a polygon (x, y).

    ``area`` is that of what is seen: a strip that goes under its cover on both sides is not half a disc.
    """
    gap = float(np.hypot(*(ends[1].point - ends[0].point)))
    curve = continuation(*ends, BULGE * area / max(gap, 1.0))
    polygon: NDArray[np.int32] = np.rint(np.concatenate([curve, arc.points[::-1]])).astype(np.int32)
    return polygon


def continuation(leaving: End, returning: End, deepest: float = np.inf) -> NDArray[np.float64]:
    """A smooth curve (n × 2) between two ends that keeps their directions; a straight line where they are unknown.

    The curve is a cubic whose handles make it a circular arc where the two directions allow one. One that turns back
    by 180 degrees goes at most ``deepest`` pixels beyond its ends.
    """
    start, stop = leaving.point, returning.point
    if leaving.direction is None or returning.direction is None:
        return np.array([start, stop])
    turn = np.arccos(np.clip(-(leaving.direction @ returning.direction), -1, 1))
    handle = min(_handle_per_gap(float(turn)) * float(np.hypot(*(stop - start))), deepest / 0.75)
    t = np.linspace(0, 1, 24)[:, None]
    return (
        (1 - t) ** 3 * start
        + 3 * t * (1 - t) ** 2 * (start + handle * leaving.direction)
        + 3 * t**2 * (1 - t) * (stop + handle * returning.direction)
        + t**3 * stop
    )


def _handle_per_gap(turn: float) -> float:
    """Bézier handles of an arc of ``turn`` radians per unit of its chord: ⅓ for a line, ⅔ for a half circle."""
    return 2 / 3 * np.tan(turn / 4) / np.sin(turn / 2) if turn > 1e-3 else 1 / 3


def _to_middle_of_frame(arc: Arc, visible: Pixels, cover: Pixels) -> NDArray[np.uint8]:
    """The framed shape, grown by half the width of a thin frame; as it is, where the frame is no stroke."""
    inner = np.zeros(visible.shape, np.uint8)
    cv2.drawContours(inner, [arc.points[:, None].astype(np.int32)], -1, (1,), cv2.FILLED)
    distance = cv2.distanceTransform(1 - inner, cv2.DIST_L2, 5)
    frame = joined_to((distance > 0) & (distance < 2), cover)
    beyond = ~cover & (inner == 0)
    far_side = frame & (cv2.dilate(beyond.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    if not far_side.any():
        return visible.astype(np.uint8)
    width = float(np.percentile(distance[far_side], 40))
    if width > STROKE_SHARE * np.sqrt(inner.sum()):
        return visible.astype(np.uint8)
    ring = (distance <= width / 2) & (inner == 0)
    framed: NDArray[np.uint8] = (visible | ring).astype(np.uint8)
    return framed


def joined_to(seed: Pixels, mask: Pixels) -> Pixels:
    """The connected parts of ``mask`` that share a pixel with ``seed``."""
    _, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    wanted = np.unique(parts[seed & mask])
    joined: Pixels = np.isin(parts, wanted[wanted > 0])
    return joined


def quadrilateral(points: Points | NDArray[np.float64], shape: tuple[int, ...]) -> Pixels:
    """The convex hull of a few points (x, y), filled, on a canvas of ``shape`` (height, width)."""
    canvas = np.zeros(shape[:2], np.uint8)
    hull = cv2.convexHull(np.rint(points).astype(np.int32))
    cv2.fillConvexPoly(canvas, hull, (1,))
    return canvas > 0
