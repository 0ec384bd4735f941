"""Arcs of circles: fitted to points between two ends, and the numbers by which SVG knows them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.outlines import Points

LARGEST = 1000.0
"""Pixels of the largest radius; what is flatter is a curve."""
HALF = 0.15
"""Pixels from the middle of an arc's ends to that of its circle, up to which it is half of one."""
NEARLY_HALF = 0.13
"""The same as a share of the radius, up to which a hundredth of that would move the arc by more than is known."""

LEAST_TURN, MOST_TURN = np.deg2rad(15), np.deg2rad(165)
"""Angle between two lines that a corner between them can be rounded at."""

Numbers = NDArray[np.float64]


class Arc(NamedTuple):
    """The centre of a circle, its radius, where on it the arc starts, and by how much it turns, both in radians.

    It turns clockwise on the screen if ``turn`` is positive.
    """

    centre: Numbers
    radius: float
    start: float
    turn: float

    @property
    def is_half(self) -> bool:
        """Whether it is half of a circle but for what is not known."""
        return abs(abs(self.turn) - np.pi) * self.radius <= 2 * HALF

    def points(self, shares: Numbers) -> Points:
        """Points so far along it (0–1)."""
        angles = self.start + shares * self.turn
        return self.centre + self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def arc_through(curve: Points) -> Arc:
    """The arc whose ends and middle are the three points ``curve``."""
    start, middle, end = curve
    chord = end - start
    half, up = float(np.hypot(*chord)) / 2, middle - (start + end) / 2
    height = float(np.hypot(*up))
    radius = (half * half + height * height) / (2 * height)
    centre = middle - up / height * radius
    angle = float(np.arctan2(*(start - centre)[::-1]))
    turn = 4 * float(np.arctan2(height, half))
    is_clockwise = chord[0] * up[1] - chord[1] * up[0] < 0
    return Arc(centre, radius, angle, turn if is_clockwise else -turn)


def fitted_arcs(samples: Numbers, weights: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Arcs (pieces × 3 × 2: start, middle, end), by how much each misses its samples, and its directions at both ends.

    Each keeps the first and the last of its ``samples`` (pieces × count × 2). Kåsa 1976, with the centre on the line
    that is equally far from both. No arc misses infinitely.
    """
    start, end = samples[:, 0], samples[:, -1]
    half = np.hypot(*(end - start).T) / 2
    along = (end - start) / np.maximum(1e-9, 2 * half)[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    local = samples - ((start + end) / 2)[:, None]
    aside = 2 * (local * normal[:, None]).sum(axis=2)
    beyond = (local**2).sum(axis=2) - half[:, None] ** 2
    away = (weights * beyond * aside).sum(axis=1) / np.maximum(1e-9, (weights * aside * aside).sum(axis=1))
    away = np.where(np.abs(away) <= HALF, 0, away)
    radius = np.hypot(away, half)
    centre = (start + end) / 2 + away[:, None] * normal
    off = np.abs(np.hypot(*(samples - centre[:, None]).transpose(2, 0, 1)) - radius[:, None]) * weights
    side = np.where((local[:, samples.shape[1] // 2] * normal).sum(axis=1) >= away, 1, -1)
    middle = centre + (side * radius)[:, None] * normal
    unsafe = (np.abs(away) > 0) & (np.abs(away) < NEARLY_HALF * radius)
    misses = np.where((radius > LARGEST) | (half < 0.5) | unsafe, np.inf, off.max(axis=1))
    # Across the radius at each end, the way that the arc goes.
    ways = (np.stack([-(point - centre)[:, 1], (point - centre)[:, 0]], axis=1) for point in (start, end))
    first, last = (way * -side[:, None] / np.maximum(1e-9, radius)[:, None] for way in ways)
    return np.stack([start, middle, end], axis=1), misses, first, last


class Rounded(NamedTuple):
    """Two lines with an arc between them that both touch, and by how much they miss the corner that was seen."""

    before: Points
    arc: Points
    after: Points
    miss: float


def rounded_corner(before: Points, after: Points, samples: Points, weights: Numbers) -> Rounded | None:
    """The corner between two lines with the arc that fits its ``samples`` (count × 2) best.

    The lines go on, or end earlier, on their way. None if no arc touches both of them.
    """
    way, onward = (line[1] - line[0] for line in (before, after))
    way, onward = way / max(1e-9, float(np.hypot(*way))), onward / max(1e-9, float(np.hypot(*onward)))
    cross = way[0] * onward[1] - way[1] * onward[0]
    turn = float(np.arctan2(abs(cross), way @ onward))
    if not LEAST_TURN <= turn <= MOST_TURN:
        return None
    gap = after[0] - before[0]
    tip = before[0] + way * (gap[0] * onward[1] - gap[1] * onward[0]) / cross
    inwards = (onward - way) / (2 * np.sin(turn / 2))
    flare = 1 / np.cos(turn / 2)
    # How far the corner stays from the tip tells the radius; the points all around it tell it better.
    middle = samples[np.abs((samples - tip) @ (way + onward)).argmin()]
    guess = float((middle - tip) @ inwards) / (flare - 1)
    radii = guess * np.linspace(0.7, 1.3, 121)[:, None]
    away = samples - tip - (radii * flare)[..., None] * inwards
    outwards = -(away @ inwards) >= np.hypot(*away.transpose(2, 0, 1)) * np.cos(turn / 2)
    beside = np.minimum(*(np.abs((samples - tip) @ (-one[1], one[0])) for one in (way, onward)))
    off = np.where(outwards, np.abs(np.hypot(*away.transpose(2, 0, 1)) - radii), beside) * weights
    best = int((off**2).mean(axis=1).argmin())
    radius = float(radii[best, 0])
    reach = radius * np.tan(turn / 2)
    if radius <= 0 or reach >= (tip - before[0]) @ way or reach >= (after[1] - tip) @ onward:
        return None
    start, end = tip - way * reach, tip + onward * reach
    arc = np.stack([start, tip + inwards * radius * (flare - 1), end])
    lines = np.stack([before[0], start]), np.stack([end, after[1]])
    return Rounded(lines[0], arc, lines[1], float(off[best].max()))
