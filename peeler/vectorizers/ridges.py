"""Lines too thin for outlines: the ridge of their coverage, and how wide they are by how much of it there is.

Steger 1998, "An unbiased detector of curvilinear structures" (IEEE TPAMI 20(2)): coverage is smoothed, and a line lies
where that is highest across its direction. Smoothing takes the pixel grid away, so the place is exact to a few
hundredths of a pixel even where no pixel is half covered; the height of the ridge tells the width.
"""

from collections.abc import Iterator
from math import copysign, hypot
from statistics import median
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Pixels
from peeler.vectorizers.corners import heading
from peeler.vectorizers.outlines import Points

SIGMA = 0.6
"""Standard deviation in pixels of the smoothing: what the grid adds is lost, lines three pixels apart stay two."""
LEAST_WIDTH = 0.2
"""Pixels of width from which there is a line."""
ENDS = 0.5
"""Share of its height at which a ridge ends: it is exact for a line that is cut off."""
REACH = 0.6
"""Steps to either side in which the ridge is looked for after a step ahead."""
WINDOW = 3
"""Pixels to each side of a place that its smoothed coverage is taken from."""
RECENT = 16
"""Steps back over which the usual height of a ridge is taken."""
SAME_WAY = 0.8
"""Cosine of the angle up to which two ridges that meet are one."""
BEYOND = 3.0
"""Pixels beyond the last step in which the end of a ridge is looked for."""

Numbers = NDArray[np.float64]
Vector = tuple[float, float]


class Ridge(NamedTuple):
    """A line (count × 2, in pixels, points about a pixel apart), its width at each point, and its apparent width.

    ``breadth`` is the width that the profile across it has: more than the true one if the line is wide and pale.
    """

    points: Points
    widths: Numbers
    breadth: float
    is_closed: bool


def find_ridges(coverage: NDArray[np.float32], among: Pixels) -> Iterator[Ridge]:
    """The lines of ``coverage`` (height × width, 0–1) that begin in pixels ``among`` it, the clearest first."""
    smooth = np.asarray(cv2.GaussianBlur(coverage, (0, 0), SIGMA, borderType=cv2.BORDER_CONSTANT), np.float32)
    spread = SIGMA**2 + 1 / 12
    # Of a line between two pixels, half a pixel from either.
    least = LEAST_WIDTH * np.exp(-0.125 / spread) / np.sqrt(2 * np.pi * spread)
    clear, ways = _directions(smooth)
    seeds = np.argwhere(among & (clear > 0) & (smooth >= least))
    seeds = seeds[np.argsort(-clear[tuple(seeds.T)], kind="stable")]
    tracer = _Tracer(smooth)
    for row, column in seeds.tolist():
        if not tracer.taken[row, column]:
            points, is_closed = tracer.traced((column + 0.5, row + 0.5), tuple(ways[row, column].tolist()))
            if len(points) >= 4:
                yield _refined(points, coverage, is_closed)


def _directions(smooth: NDArray[np.float32]) -> tuple[Numbers, Numbers]:
    """Per pixel, how much of a ridge it is, and the unit direction along it: the eigenvectors of the second slopes."""
    padded = np.pad(smooth.astype(np.float64), 1)
    middle = padded[1:-1, 1:-1]
    xx = padded[1:-1, 2:] - 2 * middle + padded[1:-1, :-2]
    yy = padded[2:, 1:-1] - 2 * middle + padded[:-2, 1:-1]
    xy = (padded[2:, 2:] - padded[2:, :-2] - padded[:-2, 2:] + padded[:-2, :-2]) / 4
    spread = np.hypot((xx - yy) / 2, xy)
    least, most = (xx + yy) / 2 - spread, (xx + yy) / 2 + spread
    angle = np.arctan2(2 * xy, xx - yy) / 2  # of the direction that bends least downwards
    return -least - np.abs(most), np.stack([np.cos(angle), np.sin(angle)], axis=-1)


class _Tracer:
    """Follows ridges with steps of a pixel, each put back onto the ridge; in plain numbers, as steps are few."""

    def __init__(self, smooth: NDArray[np.float32]) -> None:
        self._heights = np.pad(smooth, 2).data
        self._size = smooth.shape
        self._ways: dict[tuple[int, int], Vector] = {}
        self.taken = np.zeros(smooth.shape, np.bool_)

    def traced(self, seed: Vector, way: Vector) -> tuple[Points, bool]:
        """The points of the ridge through ``seed``, and whether it comes back to where it began."""
        start = self._onto_ridge(seed, way)
        ahead, is_closed = self._followed(start, way)
        back = [] if is_closed else self._followed(start, (-way[0], -way[1]))[0]
        points = [*back[::-1], start, *ahead]
        for before, point in zip([points[0], *points], points, strict=False):
            self._take(point, (point[0] - before[0], point[1] - before[1]))
        self._take(seed, way)
        return np.array(points), is_closed

    def _followed(self, start: Vector, way: Vector) -> tuple[list[Vector], bool]:
        found: list[Vector] = []
        heights = [self._height(*start)]
        while len(found) < 4 * sum(self._size):
            here = found[-1] if found else start
            point = self._onto_ridge((here[0] + way[0], here[1] + way[1]), way)
            height = self._height(*point)
            if height < ENDS * median(heights[-RECENT:]) or self._is_along_another(point, way):
                return found, False
            if len(found) > 4 and _is_near(point, start) and _is_ahead(start, here, way):
                return found, True
            found.append(point)
            heights.append(height)
            behind = found[-4] if len(found) > 3 else start
            way = _towards(behind, point) if len(found) > 1 else way
        return found, False

    def _onto_ridge(self, point: Vector, way: Vector) -> Vector:
        """The highest place near ``point``, across ``way``: the top of a parabola."""
        (x, y), (u, v) = point, (-way[1], way[0])
        here, one, other = self._height(x, y), self._height(x + u, y + v), self._height(x - u, y - v)
        bend = one - 2 * here + other
        side = (one - other) / (-2 * bend) if bend < 0 else copysign(REACH, one - other)
        side = max(-REACH, min(REACH, side))
        return x + side * u, y + side * v

    def _height(self, x: float, y: float) -> float:
        """Between four pixel centres; nothing beyond the canvas."""
        x, y = x + 1.5, y + 1.5
        column, row = int(x), int(y)
        if not (0 <= column <= self._size[1] + 2 and 0 <= row <= self._size[0] + 2) or min(x, y) < 0:
            return 0.0
        right, down = x - column, y - row
        heights = self._heights
        high = heights[row, column] * (1 - right) + heights[row, column + 1] * right
        low = heights[row + 1, column] * (1 - right) + heights[row + 1, column + 1] * right
        return float(high * (1 - down) + low * down)

    def _take(self, point: Vector, way: Vector) -> None:
        """The pixels around a point of a ridge begin no other one."""
        column, row = int(point[0]), int(point[1])
        self._ways[column, row] = way
        self.taken[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = True

    def _is_along_another(self, point: Vector, way: Vector) -> bool:
        other = self._ways.get((int(point[0]), int(point[1])))
        if other is None:
            return False
        return abs(other[0] * way[0] + other[1] * way[1]) >= SAME_WAY * hypot(*other)


def _is_near(one: Vector, other: Vector) -> bool:
    return hypot(one[0] - other[0], one[1] - other[1]) < 1


def _is_ahead(point: Vector, here: Vector, way: Vector) -> bool:
    return (point[0] - here[0]) * way[0] + (point[1] - here[1]) * way[1] > 0


def _towards(start: Vector, end: Vector) -> Vector:
    x, y = end[0] - start[0], end[1] - start[1]
    length = max(1e-9, hypot(x, y))
    return x / length, y / length


def _refined(points: Points, coverage: NDArray[np.float32], is_closed: bool) -> Ridge:
    """The ridge with every point in the middle of what is covered across it, and its ends where it ends."""
    widths = breadths = np.zeros(len(points))
    for _ in range(3):
        across = _normals(points, is_closed)
        widths, aside, breadths = _profiles(coverage, points, across, widths)
        points = points + np.clip(aside, -REACH, REACH)[:, None] * across
    breadth = float(np.median(breadths))
    if is_closed:
        return Ridge(points, widths, breadth, True)
    for _ in range(2):
        points, widths = _ended(points, widths, coverage)
        points, widths = points[::-1], widths[::-1]
    return Ridge(points, widths, breadth, False)


def _profiles(
    coverage: NDArray[np.float32], points: Points, across: Points, widths: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Per point the width that is covered across the line, by how much its middle is aside, and how wide it looks.

    The first three moments of the smoothed profile by Gauss and Hermite's rule with three nodes, for the bell curve
    that a line of about these ``widths``, the pixel and the smoothing make together.
    """
    spread = np.sqrt(SIGMA**2 + (1 + np.minimum(widths, 2.0) ** 2) / 12)
    side = (np.sqrt(3) * spread)[:, None] * across
    one, here, other = (_heights(coverage, points + way * side) for way in (1, 0, -1))
    scale = spread * np.sqrt(2 * np.pi)
    middle, sides = scale * 2 / 3 * here, scale * np.exp(1.5) / 6
    area = np.maximum(1e-6, middle + sides * (one + other))
    aside = sides * (one - other) * np.sqrt(3) * spread / area
    variance = sides * (one + other) * 3 * spread**2 / area - aside**2
    return area, aside, np.sqrt(np.maximum(0, 12 * (variance - SIGMA**2) - 1))


def _heights(coverage: NDArray[np.float32], points: Points) -> Numbers:
    """Coverage smoothed at places between pixels."""
    corners = np.floor(points).astype(int)
    steps = np.arange(-WINDOW, WINDOW + 1)
    columns, rows = corners[:, :1] + steps, corners[:, 1:] + steps
    height, width = coverage.shape
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    around = coverage[rows.clip(0, height - 1)[:, :, None], columns.clip(0, width - 1)[:, None, :]] * inside
    bells = (
        np.exp(-(((places + 0.5 - at[:, None]) / SIGMA) ** 2) / 2)
        for places, at in zip((columns, rows), points.T, strict=True)
    )
    x, y = (bell / (SIGMA * np.sqrt(2 * np.pi)) for bell in bells)
    heights: Numbers = np.einsum("nyx,ny,nx->n", around, y, x)
    return heights


def _ended(points: Points, widths: Numbers, coverage: NDArray[np.float32]) -> tuple[Points, Numbers]:
    """The line with its last point where its height is ``ENDS`` of what it is further in."""
    inside = max(1, len(points) - 3)
    way = heading(points[: inside + 1])
    far = float(np.hypot(*(points[-1] - points[inside])))
    steps = np.arange(0, far + BEYOND, 0.05)
    heights = _heights(coverage, points[inside] + steps[:, None] * way)
    usual = float(np.median(_heights(coverage, points[max(0, inside - RECENT) : inside + 1])))
    below = heights < ENDS * usual
    end = max(0.5, float(steps[below.argmax()]) if below.any() else far)
    # Smoothing lowers a ridge towards its end.
    line = np.vstack([points[: inside + 1], points[inside] + np.append(np.arange(1, end - 0.5), end)[:, None] * way])
    return line, np.append(widths[: inside + 1], np.full(len(line) - inside - 1, widths[inside]))


def _normals(points: Points, is_closed: bool) -> Points:
    """Unit vectors across a line, by its chords over four steps."""
    if is_closed:
        chords = np.roll(points, -2, axis=0) - np.roll(points, 2, axis=0)
    else:
        places = np.arange(len(points))
        chords = points[np.minimum(places + 2, len(points) - 1)] - points[np.maximum(places - 2, 0)]
    across: Points = np.stack([-chords[:, 1], chords[:, 0]], axis=1)
    across /= np.maximum(1e-9, np.hypot(*chords.T))[:, None]
    return across
