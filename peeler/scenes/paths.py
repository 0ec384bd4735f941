"""Closed paths of lines and cubic Bézier curves, in pixels with y down.

Values are plain tuples, so paths compare and hash.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

Point = tuple[float, float]
Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f) maps (x, y) to (a x + c y + e, b x + d y + f), as in SVG."""


@dataclass(frozen=True)
class Loop:
    """A closed curve from ``start`` through ``segments``.

    A line has one point, a cubic three; the last segment may end anywhere.
    """

    start: Point
    segments: tuple[tuple[Point, ...], ...]

    def points(self) -> Iterator[Point]:
        """Every end point and handle."""
        yield self.start
        for segment in self.segments:
            yield from segment


@dataclass(frozen=True)
class Path:
    """Loops filled by the even-odd rule: a loop inside another is a hole."""

    loops: tuple[Loop, ...]

    def __add__(self, other: "Path") -> "Path":
        return Path(self.loops + other.loops)

    def mapped(self, affine: Affine) -> "Path":
        a, b, c, d, e, f = affine

        def move(point: Point) -> Point:
            x, y = point
            return a * x + c * y + e, b * x + d * y + f

        return Path(
            tuple(
                Loop(move(loop.start), tuple(tuple(map(move, part)) for part in loop.segments)) for loop in self.loops
            )
        )

    def moved(self, dx: float, dy: float = 0.0) -> "Path":
        return self.mapped((1, 0, 0, 1, dx, dy))

    def scaled(self, across: float, down: float | None = None, about: Point = (256, 256)) -> "Path":
        tall = across if down is None else down
        return self.mapped((across, 0, 0, tall, about[0] * (1 - across), about[1] * (1 - tall)))

    def turned(self, degrees: float, about: Point = (256, 256)) -> "Path":
        """Turned clockwise as seen on the screen."""
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        x, y = about
        return self.mapped((cosine, sine, -sine, cosine, x - cosine * x + sine * y, y - sine * x - cosine * y))

    def mirrored(self, x: float = 256) -> "Path":
        """Its mirror image at the vertical line through ``x``."""
        return self.mapped((-1, 0, 0, 1, 2 * x, 0))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) around all points and handles; never smaller than the drawn shape."""
        xs, ys = zip(*(point for loop in self.loops for point in loop.points()), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def data(self) -> str:
        """The path as SVG path data, rounded to a tenth of a pixel."""
        return "".join(_loop_data(loop) for loop in self.loops)


def _loop_data(loop: Loop) -> str:
    parts = ["M" + _pair(loop.start)]
    for segment in loop.segments:
        parts.append(("L" if len(segment) == 1 else "C") + " ".join(map(_pair, segment)))
    return "".join(parts) + "Z"


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text
