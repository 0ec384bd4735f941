"""Shapes that have a name: circles, ellipses, rectangles, rounded or not, recognised from their outlines.

Each is fitted to all points of an outline at once, which places it better than curves that are fitted piece by piece.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.outlines import Outline, Points

WORST, TYPICAL = 0.3, 0.1
"""Pixels by which one point, and by which the points on average (root mean square), may miss a shape with a name."""
LOOSER = 2.5
"""How much more of both where the outline is hard; there it counts as much less in the fit."""
FEWEST = 8
"""Points of an outline below which anything would fit."""
SHARP = 0.6
"""Radius in pixels up to which the corners of a rectangle count as sharp: anti-aliasing rounds them by as much."""
STRAIGHT = 1e-8
"""Squared ratio of the axes up to which an ellipse is as good as two parallel lines, and its middle is anywhere."""
SKEWED = np.deg2rad(0.5)
"""Angle up to which an ellipse counts as upright."""


Weights = NDArray[np.float64]


class Ellipse(NamedTuple):
    """Centre, half axes and the turn of the first of them in radians, clockwise on the screen."""

    x: float
    y: float
    across: float
    down: float
    turn: float = 0.0


class Rectangle(NamedTuple):
    """Upright; corners with a radius."""

    x0: float
    y0: float
    x1: float
    y1: float
    radius: float = 0.0


def recognised(outline: Outline, rough: bool = False) -> Ellipse | Rectangle | None:
    """The shape with a name whose outline this is; a circle is an ellipse with equal axes. None if it is none.

    One that is ``rough`` may miss it everywhere by as much as others where they are hard.
    """
    if len(outline.points) < FEWEST:
        return None
    slack = 1 + (LOOSER - 1) * np.maximum(outline.hard, float(rough))
    for fitted in (_circle, _upright_ellipse, _rectangle, _turned_ellipse):
        shape = fitted(outline.points, 1 / slack)
        if shape is not None and _fits(shape, outline.points, slack):
            return shape
    return None


def _fits(shape: Ellipse | Rectangle, points: Points, slack: Weights) -> bool:
    """Whether all points lie on the shape, and it goes no farther: two long sides of a bar lie on many ellipses."""
    misses = _ellipse_misses(shape, points) if isinstance(shape, Ellipse) else _rectangle_misses(shape, points)
    off = np.abs(misses) / slack
    beyond = np.abs(_extent(shape) - (*points.min(axis=0), *points.max(axis=0))).max()
    return bool(off.max() <= WORST and np.sqrt((off**2).mean()) <= TYPICAL and beyond <= WORST * LOOSER)


def _extent(shape: Ellipse | Rectangle) -> Points:
    """The box around a shape: x0, y0, x1, y1."""
    if isinstance(shape, Rectangle):
        return np.array(shape[:4])
    cosine, sine = np.cos(shape.turn), np.sin(shape.turn)
    half = np.hypot([shape.across * cosine, shape.across * sine], [shape.down * sine, shape.down * cosine])
    return np.concatenate([half * sign + (shape.x, shape.y) for sign in (-1, 1)])


def _circle(points: Points, weights: Weights) -> Ellipse | None:
    """Kåsa 1976: least squares on x² + y² = 2ax + 2by + c."""
    middle = points.mean(axis=0)
    local = points - middle
    columns = np.column_stack([2 * local, np.ones(len(local))])
    (a, b, c), *_ = np.linalg.lstsq(columns * weights[:, None], (local**2).sum(axis=1) * weights, rcond=None)
    square = c + a * a + b * b
    if square <= 0:
        return None
    radius = float(np.sqrt(square))
    return Ellipse(float(middle[0] + a), float(middle[1] + b), radius, radius)


def _upright_ellipse(points: Points, weights: Weights) -> Ellipse | None:
    """Least squares on Ax² + By² + Cx + Dy = 1."""
    middle = points.mean(axis=0)
    x, y = (points - middle).T
    columns = np.column_stack([x * x, y * y, x, y])
    (a, b, c, d), *_ = np.linalg.lstsq(columns * weights[:, None], weights, rcond=None)
    if a <= 0 or b <= 0:
        return None
    size = 1 + c * c / (4 * a) + d * d / (4 * b)
    centre = middle - (c / (2 * a), d / (2 * b))
    return Ellipse(float(centre[0]), float(centre[1]), float(np.sqrt(size / a)), float(np.sqrt(size / b)))


def _turned_ellipse(points: Points, weights: Weights) -> Ellipse | None:
    """Least squares on Ax² + Bxy + Cy² + Dx + Ey = 1."""
    middle = points.mean(axis=0)
    x, y = (points - middle).T
    columns = np.column_stack([x * x, x * y, y * y, x, y])
    (a, b, c, d, e), *_ = np.linalg.lstsq(columns * weights[:, None], weights, rcond=None)
    form = np.array([[a, b / 2], [b / 2, c]])
    values, ways = np.linalg.eigh(form)
    if values[0] <= STRAIGHT * values[1]:
        return None
    shift = -np.linalg.solve(2 * form, [d, e])
    size = 1 + shift @ form @ shift
    if size <= 0:
        return None
    axes = np.sqrt(size / values)
    turn = float(np.arctan2(ways[1, 0], ways[0, 0])) % np.pi
    centre = middle + shift
    return Ellipse(float(centre[0]), float(centre[1]), float(axes[0]), float(axes[1]), turn)


def _ellipse_misses(shape: Ellipse, points: Points) -> Points:
    """How far each point lies from the outline, to first order; negative inside."""
    cosine, sine = np.cos(shape.turn), np.sin(shape.turn)
    x, y = (points - (shape.x, shape.y)).T
    u, v = (x * cosine + y * sine) / shape.across, (y * cosine - x * sine) / shape.down
    slope = 2 * np.hypot(u / shape.across, v / shape.down)
    misses: Points = (u * u + v * v - 1) / np.maximum(slope, 1e-9)
    return misses


def _rectangle(points: Points, weights: Weights) -> Rectangle | None:
    """The rounded rectangle of the same extent and area, then three steps of Gauss and Newton on all its points."""
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = points.T
    area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    missing = max(0.0, float(np.prod(high - low)) - area)
    values = np.array([*low, *high, np.sqrt(missing / (4 - np.pi))])
    for _ in range(3):
        values[4] = np.clip(values[4], 0, min(values[2] - values[0], values[3] - values[1]) / 2)
        misses = _rectangle_misses(Rectangle(*values), points)
        nudged = values + 0.01 * np.eye(5)
        slopes = np.stack([_rectangle_misses(Rectangle(*one), points) - misses for one in nudged], axis=1) / 0.01
        change, *_ = np.linalg.lstsq(slopes * weights[:, None], -misses * weights, rcond=None)
        values = values + np.clip(change, -1, 1)
    if values[2] - values[0] < 1 or values[3] - values[1] < 1 or not np.isfinite(values).all():
        return None
    radius = float(np.clip(values[4], 0, min(values[2] - values[0], values[3] - values[1]) / 2))
    x0, y0, x1, y1 = (float(value) for value in values[:4])
    return Rectangle(x0, y0, x1, y1, 0.0 if radius <= SHARP else radius)


def _rectangle_misses(shape: Rectangle, points: Points) -> Points:
    """Signed distance of each point from the outline; negative inside."""
    centre = np.array([shape.x0 + shape.x1, shape.y0 + shape.y1]) / 2
    half = np.array([shape.x1 - shape.x0, shape.y1 - shape.y0]) / 2 - shape.radius
    beyond = np.abs(points - centre) - half
    misses: Points = np.hypot(*np.maximum(beyond, 0).T) + np.minimum(beyond.max(axis=1), 0) - shape.radius
    return misses
