"""Corners of an outline: where it turns at once, and where their tips lie, which anti-aliasing has rounded off."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.outlines import Points

ARM = 5
"""Steps along the outline, each about a pixel, over which directions are taken."""
CORNER = np.deg2rad(32)
"""Turn that can be a corner."""
ROUNDING = 2
"""Steps beside a corner that anti-aliasing has rounded off."""
RELIABLE, THIN = 1.6, 8
"""Pixels by which the arms of a corner are apart where both are seen right, and most steps to that place."""
LEAST_TAIL, LONGEST_TAIL = 1.25, 12
"""Pixels that the tail of a spike is seen for, to count as one, and at most."""
BEYOND = 0.4
"""Pixels from the middle of the last pixel of a tail to its tip, in the mean."""
AROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
LEAST_SEEN, MOST_SEEN = 5, 200
"""Alpha (0–255) from which something is seen, and up to which it is a tail and not a body."""

Numbers = NDArray[np.float64]


def corner_tips(points: Points, alpha: NDArray[np.uint8] | None = None) -> dict[int, Numbers]:
    """The places where the outline ``points``, a pixel apart, turns at once, and the tip of each corner.

    ``alpha`` (height × width) is what it is the outline of, if it is known.
    """
    places = _corners(points)
    rooms = _rooms(places, len(points))
    return {place: _tip(points, place, rooms[place], alpha) for place in places}


def _corners(points: Points) -> list[int]:
    """Points where the outline turns at once: a bend that is round turns less over short arms than over long ones."""
    count = len(points)
    sharp, near = np.abs(turns(points, ARM)), np.abs(turns(points, 2))
    spread = np.stack([np.roll(sharp, shift) for shift in range(-ARM + 1, ARM)])
    near = np.stack([np.roll(near, shift) for shift in (-1, 0, 1)]).max(axis=0)
    places = np.flatnonzero((sharp > CORNER) & (sharp >= spread.max(axis=0)) & (near > 0.62 * sharp)).tolist()
    kept: list[int] = []
    for place in places:
        # Places are sorted, so only the last one kept and, round the end, the first can be near.
        if all(apart(place, other, count) >= ARM - 1 for other in kept[:1] + kept[-1:]):
            kept.append(place)
    return kept


def turns(points: Points, arm: int) -> Numbers:
    """Per point, the angle between the chords of ``arm`` steps before and after it."""
    before, after = points - np.roll(points, arm, axis=0), np.roll(points, -arm, axis=0) - points
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turn: Numbers = np.arctan2(cross, (before * after).sum(axis=1))
    return turn


def _rooms(corners: list[int], count: int) -> dict[int, tuple[int, int]]:
    """Per corner, the steps to the one before and to the one after it."""
    gaps = [after - before for before, after in pairwise([*corners, *(corner + count for corner in corners[:1])])]
    return {corner: (gaps[index - 1], gaps[index]) for index, corner in enumerate(corners)}


def _tip(points: Points, place: int, rooms: tuple[int, int], alpha: NDArray[np.uint8] | None) -> Numbers:
    """Where the two arms of a corner would meet had it not been rounded off; the outline's own point if that is far.

    A spike thinner than a pixel is seen as a half-covered tail, and its tip lies as far as that tail goes.
    """
    here: Numbers = points[place]
    count, room = len(points), min(rooms) - ROUNDING
    start = ROUNDING
    while start < min(room - 2, THIN) and _gap(points, place, start) < RELIABLE:
        start += 1
    ends = []
    for side in (-1, 1):
        near = points[(place + side * start) % count]
        far = points[(place + side * max(start + 1, min(start + 3, rooms[max(0, side)] - ROUNDING))) % count]
        ends.append((near, unit(near - far)))
    (p, u), (q, v) = ends
    cross = u[0] * v[1] - u[1] * v[0]
    gap = q - p
    along = (gap[0] * v[1] - gap[1] * v[0]) / (cross or np.inf)
    tip: Numbers = p + u * along
    off = float(np.hypot(*(tip - here))) if along > 0 else np.inf
    if alpha is None:
        return tip if off <= 2 else here
    # The inside is on the right, so a right turn is a corner of the shape and a left one of what it leaves free.
    shown = alpha if cross < 0 else 255 - alpha
    tail = _tail(shown, here, unit(u + v))
    seen = 0.0 if tail is None else float(np.hypot(*(tail - here)))
    if tail is None or seen < LEAST_TAIL:
        return _as_far_as_seen(shown, here, tip) if off <= 2 else here
    return tip if abs(off - seen) <= 1 else tail


def _gap(points: Points, place: int, steps: int) -> float:
    """How far apart the two arms of a corner are, so many steps from it."""
    return float(np.hypot(*(points[(place + steps) % len(points)] - points[place - steps])))


def _as_far_as_seen(shown: NDArray[np.uint8], here: Numbers, tip: Numbers) -> Numbers:
    """The tip of a corner, or the place on the way to it from which on nothing is seen of it."""
    shares = np.arange(1, -0.01, -0.125)
    columns, rows = np.floor(here[:, None] + (tip - here)[:, None] * (shares - 0.0625)).astype(int)
    within = (columns >= 0) & (rows >= 0) & (columns < shown.shape[1]) & (rows < shown.shape[0])
    seen = within & (shown[rows.clip(0, shown.shape[0] - 1), columns.clip(0, shown.shape[1] - 1)] >= LEAST_SEEN)
    place: Numbers = here + (tip - here) * shares[int(np.argmax(seen))]
    return place if seen.any() else here


def _tail(shown: NDArray[np.uint8], start: Numbers, direction: Numbers) -> Numbers | None:
    """The end of the tail of a spike that begins at ``start``: from pixel to the fullest one ahead."""
    height, width = shown.shape
    x, y = np.floor(start).astype(int).tolist()
    end = None
    for _ in range(LONGEST_TAIL):
        ahead = [(x + i, y + j) for i, j in AROUND if np.array([i, j]) @ direction > 0.6 * np.hypot(i, j)]
        inside = [(i, j) for i, j in ahead if 0 <= i < width and 0 <= j < height]
        if not inside:
            break
        best = max(inside, key=lambda place: int(shown[place[1], place[0]]))
        if shown[best[1], best[0]] < LEAST_SEEN:
            break
        if end is not None and shown[best[1], best[0]] > MOST_SEEN:
            return None
        direction = unit(direction * 2 + (best[0] - x, best[1] - y))
        x, y = best
        end = np.array([x + 0.5, y + 0.5])
    return None if end is None else end + direction * BEYOND


def apart(one: int, other: int, count: int) -> int:
    return min((one - other) % count, (other - one) % count)


def unit(direction: Numbers) -> Numbers:
    length: Numbers = direction / max(1e-9, float(np.hypot(*direction)))
    return length


def heading(line: Points) -> Numbers:
    """The direction of a line, of points a pixel apart, at its end: its last chord, turned on as it turned before."""
    last, before, further = (line[max(0, len(line) - 1 - steps)] for steps in (0, ARM, 2 * ARM))
    return unit(3 * unit(last - before) - unit(before - further))
