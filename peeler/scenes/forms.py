"""Plain forms as paths: what the motifs are made of.

Lengths in pixels of a 512 × 512 design, angles in degrees clockwise from the right.
"""

import math
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from peeler.scenes import planar
from peeler.scenes.fitting import smooth
from peeler.scenes.paths import Loop, Path, Point

_ROUND = 4 / 3 * (math.sqrt(2) - 1)
"""Handle length of a quarter circle of radius 1."""
_BEND = 0.39
"""Handle length per chord at which four points of a circle give a circle."""


def circle(x: float, y: float, radius: float) -> Path:
    return ellipse(x, y, radius, radius)


def ellipse(x: float, y: float, across: float, down: float, turn: float = 0) -> Path:
    """``across`` and ``down`` are the half axes."""
    return rect(x - across, y - down, 2 * across, 2 * down, (across, down)).turned(turn, (x, y))


def rect(x: float, y: float, width: float, height: float, round: float | tuple[float, float] = 0) -> Path:
    """A rectangle with elliptic corners of radius ``round`` (or across, down)."""
    across, down = round if isinstance(round, tuple) else (round, round)
    across, down = min(across, width / 2), min(down, height / 2)
    if across <= 0:
        return polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    right, bottom, ka, kd = x + width, y + height, across * (1 - _ROUND), down * (1 - _ROUND)
    return Path(
        (
            Loop(
                (x + across, y),
                (
                    ((right - across, y),),
                    ((right - ka, y), (right, y + kd), (right, y + down)),
                    ((right, bottom - down),),
                    ((right, bottom - kd), (right - ka, bottom), (right - across, bottom)),
                    ((x + across, bottom),),
                    ((x + ka, bottom), (x, bottom - kd), (x, bottom - down)),
                    ((x, y + down),),
                    ((x, y + kd), (x + ka, y), (x + across, y)),
                ),
            ),
        )
    )


def polygon(points: Sequence[Point], round: float | Sequence[float] = 0) -> Path:
    """A polygon whose corners are rounded by ``round`` pixels (one value, or one per corner)."""
    radii = [float(round)] * len(points) if isinstance(round, int | float) else list(round)
    segments: list[tuple[Point, ...]] = []
    for index, corner in enumerate(points):
        before, after = points[index - 1], points[(index + 1) % len(points)]
        segments += _rounded_corner(before, corner, after, radii[index])
    return Path((Loop(segments[-1][-1], tuple(segments)),))


def _rounded_corner(before: Point, corner: Point, after: Point, radius: float) -> list[tuple[Point, ...]]:
    into, out = math.dist(before, corner), math.dist(corner, after)
    if radius <= 0 or min(into, out) < 1e-6:
        return [(corner,)]
    cosine = sum((b - c) * (a - c) for a, b, c in zip(after, before, corner, strict=True)) / into / out
    half = math.acos(max(-1.0, min(1.0, cosine))) / 2
    cut = min(radius / max(math.tan(half), 0.05), into * 0.48, out * 0.48)
    handle = cut * math.tan(half) * 4 / 3 * math.tan((math.pi / 2 - half) / 2)
    first, last = _towards(corner, before, cut), _towards(corner, after, cut)
    return [(first,), (_towards(first, corner, min(handle, cut)), _towards(last, corner, min(handle, cut)), last)]


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end) or 1.0
    return start[0] + (end[0] - start[0]) * distance / length, start[1] + (end[1] - start[1]) * distance / length


def spline(points: Sequence[Point], corners: Collection[int] = (), bend: float = _BEND) -> Path:
    """A smooth closed curve through ``points`` with sharp corners at the indices ``corners``."""
    return Path((Loop(points[0], tuple(_spline_segments(points, corners, bend, closed=True))),))


def _spline_segments(
    points: Sequence[Point], corners: Collection[int], bend: float, closed: bool
) -> list[tuple[Point, ...]]:
    count = len(points)
    sharp = set(corners) if closed else {*corners, 0, count - 1}
    tangents = [_tangent(points[index - 1], points[(index + 1) % count]) for index in range(count)]
    segments: list[tuple[Point, ...]] = []
    for index in range(count if closed else count - 1):
        following = (index + 1) % count
        start, end = points[index], points[following]
        length = math.dist(start, end) * bend
        if index in sharp and following in sharp:
            segments.append((end,))
            continue
        leave = (start[0] + tangents[index][0] * length, start[1] + tangents[index][1] * length)
        arrive = (end[0] - tangents[following][0] * length, end[1] - tangents[following][1] * length)
        if index in sharp:
            leave = _towards(start, arrive, length)
        if following in sharp:
            arrive = _towards(end, leave, length)
        segments.append((leave, arrive, end))
    return segments


def _tangent(before: Point, after: Point) -> Point:
    length = math.dist(before, after) or 1.0
    return (after[0] - before[0]) / length, (after[1] - before[1]) / length


def mirror_spline(half: Sequence[Point], corners: Collection[int] = (), x: float = 256) -> Path:
    """A closed curve that is its own mirror image at the vertical line through ``x``.

    ``half`` is its right half from top to bottom; points on the line are not repeated.
    """
    other = [(index, (2 * x - point[0], point[1])) for index, point in enumerate(half) if abs(point[0] - x) > 1e-6]
    other.reverse()
    points = [*half, *(point for _, point in other)]
    sharp = {*corners, *(len(half) + place for place, (index, _) in enumerate(other) if index in corners)}
    return spline(points, sharp)


def arch(points: Sequence[Point], corners: Collection[int] = (), bend: float = _BEND) -> list[Point]:
    """A smooth open curve through ``points``, flattened."""
    loop = Loop(points[0], tuple(_spline_segments(points, corners, bend, closed=False)))
    flat = planar.flatten(Path((loop,)))[0]
    return [(float(x), float(y)) for x, y in flat]


def stroke(points: Sequence[Point], width: float, curved: bool = True, corners: Collection[int] = ()) -> Path:
    """A line of constant ``width`` with round ends and joints through ``points``, as a filled path."""
    line = np.array(arch(points, corners) if curved and len(points) > 2 else points, dtype=np.float64)
    there_and_back = np.concatenate([line, line[-2:0:-1]])
    return smooth(planar.offset([there_and_back], width / 2))


def taper(points: Sequence[Point], *widths: float) -> Path:
    """A curved line through ``points`` whose width runs evenly through ``widths``.

    Round ends where the width is not 0.
    """
    line = np.array(arch(points))
    along = np.gradient(line, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    legs = np.hypot(*np.diff(line, axis=0).T)
    place = np.concatenate([[0], np.cumsum(legs)]) / legs.sum()
    half = np.interp(place, np.linspace(0, 1, len(widths)), widths)[:, None] / 2
    body = np.concatenate([line + normal * half, (line - normal * half)[::-1]])
    caps = [
        planar.flatten(circle(float(line[end][0]), float(line[end][1]), width / 2))[0]
        for end, width in ((0, widths[0]), (-1, widths[-1]))
        if width > 1
    ]
    whole = planar.resolve([[body], *_apart(caps)], lambda winding: (winding != 0).any(axis=0))
    return smooth(whole)


def _apart(caps: Sequence[planar.Polygon]) -> list[list[planar.Polygon]]:
    return [planar.nudged([cap], rank + 1) for rank, cap in enumerate(caps)]


def sector(x: float, y: float, radius: float, begin: float, end: float, inner: float = 0) -> Path:
    """A pie slice from angle ``begin`` to ``end``; a piece of a ring if ``inner`` is a radius."""
    outside = _arc(x, y, radius, begin, end)
    if inner <= 0:
        middle = (x, y)
        return Path((Loop(middle, ((outside[0],), *outside[1], (middle,))),))
    inside = _arc(x, y, inner, end, begin)
    return Path((Loop(outside[0], (*outside[1], (inside[0],), *inside[1], (outside[0],))),))


def _arc(x: float, y: float, radius: float, begin: float, end: float) -> tuple[Point, list[tuple[Point, ...]]]:
    count = max(1, math.ceil(abs(end - begin) / 60))
    step = math.radians((end - begin) / count)
    reach = 4 / 3 * math.tan(step / 4) * radius
    segments: list[tuple[Point, ...]] = []
    for index in range(count):
        a, b = math.radians(begin) + step * index, math.radians(begin) + step * (index + 1)
        start, stop = around(x, y, radius, math.degrees(a)), around(x, y, radius, math.degrees(b))
        segments.append(
            (
                (start[0] - math.sin(a) * reach, start[1] + math.cos(a) * reach),
                (stop[0] + math.sin(b) * reach, stop[1] - math.cos(b) * reach),
                stop,
            )
        )
    return around(x, y, radius, begin), segments


def around(x: float, y: float, radius: float, angle: float) -> Point:
    """The point at ``angle`` on a circle."""
    return x + math.cos(math.radians(angle)) * radius, y + math.sin(math.radians(angle)) * radius


def ring(x: float, y: float, radius: float, inner: float) -> Path:
    return circle(x, y, radius) + circle(x, y, inner)


def star(
    x: float, y: float, radius: float, tips: int = 5, inner: float = 0.45, round: float = 0, turn: float = -90
) -> Path:
    """``inner`` is the share of the radius at which the notches lie."""
    points = [around(x, y, radius * (1, inner)[index % 2], turn + 180 / tips * index) for index in range(2 * tips)]
    return polygon(points, [round, round * 0.6] * tips)


def bezier(start: Point, *segments: Sequence[float]) -> Path:
    """A closed path: a segment of two numbers is a line, one of six a cubic."""
    pairs = tuple(tuple(zip(part[::2], part[1::2], strict=True)) for part in segments)
    return Path((Loop(start, pairs),))


def heart(x: float, y: float, width: float) -> Path:
    """``width`` wide, about as high, with its middle at (x, y)."""
    half = ((0, -38, 13, -45, 26, -45), (40, -45, 50, -33, 50, -19), (50, 8, 18, 30, 0, 45))
    other = ((-18, 30, -50, 8, -50, -19), (-50, -33, -40, -45, -26, -45), (-13, -45, 0, -38, 0, -27))
    return bezier((0, -27), *half, *other).mapped((width / 100, 0, 0, width / 100, x, y))


def drop(x: float, y: float, height: float, turn: float = 0) -> Path:
    """A drop with its tip up; (x, y) is its middle."""
    half = ((8, -33, 34, -8, 34, 17), (34, 36, 19, 50, 0, 50))
    other = ((-19, 50, -34, 36, -34, 17), (-34, -8, -8, -33, 0, -50))
    return bezier((0, -50), *half, *other).mapped((height / 100, 0, 0, height / 100, x, y)).turned(turn, (x, y))


def leaf(base: Point, tip: Point, width: float, bend: float = 0) -> Path:
    """A pointed leaf of ``width``, its middle pushed sideways by ``bend``."""
    (x0, y0), (x1, y1) = base, tip
    length = math.dist(base, tip)
    nx, ny = -(y1 - y0) / length, (x1 - x0) / length

    def at(along: float, aside: float) -> Point:
        return x0 + (x1 - x0) * along + nx * aside, y0 + (y1 - y0) * along + ny * aside

    points = [base, at(0.42, width / 2 + bend), tip, at(0.42, -width / 2 + bend)]
    return spline(points, {0, 2}, 0.42)


def cloud(x: float, y: float, width: float, puffs: Sequence[tuple[float, float, float]] = ()) -> Path:
    """A flat-bottomed cloud ``width`` wide whose base lies at ``y``.

    ``puffs`` are (x, y, radius) in shares of the width.
    """
    puffs = puffs or ((-0.33, -0.15, 0.15), (-0.1, -0.28, 0.23), (0.18, -0.21, 0.17), (0.36, -0.13, 0.13))
    low = min(px - r for px, _, r in puffs), max(px + r for px, _, r in puffs)
    base = rect(x + low[0] * width, y - 0.26 * width, (low[1] - low[0]) * width, 0.26 * width, 0.13 * width)
    return joined(base, *(circle(x + px * width, y + py * width, r * width) for px, py, r in puffs))


def together(paths: Iterable[Path]) -> Path:
    """Paths that do not touch as one."""
    return Path(tuple(loop for path in paths for loop in path.loops))


def joined(*paths: Path) -> Path:
    """The union."""
    return smooth(planar.union([planar.flatten(path) for path in paths]))


def cut(path: Path, *others: Path) -> Path:
    """``path`` without the others."""
    return _fold(path, others, planar.difference)


def clipped(path: Path, *others: Path) -> Path:
    """The part of ``path`` that lies in all the others."""
    return _fold(path, others, planar.intersection)


Operation = Callable[[Sequence[planar.Polygon], Sequence[planar.Polygon]], list[planar.Polygon]]


def _fold(path: Path, others: Sequence[Path], operation: Operation) -> Path:
    polygons = planar.flatten(path)
    for other in others:
        polygons = operation(polygons, planar.flatten(other))
    return smooth(polygons)


def grown(path: Path, distance: float) -> Path:
    """The region grown by ``distance`` pixels with round corners, or shrunk if it is negative; may be empty."""
    return smooth(planar.offset(planar.oriented(planar.flatten(path)), distance))
