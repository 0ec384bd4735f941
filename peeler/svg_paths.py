"""SVG's path data, figures and transforms as lines and cubic Béziers, with nothing left to interpret.

The grammar is that of SVG 2, §8.5 (transforms), §9.3 (paths) and §10 (figures). What does not fit it, and what is more
or larger than any drawing has, is a ValueError, so that a stranger's words can be read, too.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Point = tuple[float, float]
Piece = tuple[Point, ...]
"""Where it goes from the point before: one point for a line, three for a cubic Bézier."""
Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + c y + e, y' = b x + d y + f."""

SAME: Matrix = (1, 0, 0, 1, 0, 0)
FARTHEST = 1e6
"""The largest coordinate and the largest number of a transform."""
LONGEST_NUMBER = 40
"""Characters."""
MOST_TRANSFORMS = 16
MOST_CURVES = 200_000
QUARTER = math.pi / 2
"""Radians of an arc that one cubic stands for, as in renderers; it misses the arc by 0.03 % of the radius."""

_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_GAP = " \t\r\n,"
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_TRANSFORM = re.compile(r"[\s,]*(matrix|translate|scale|rotate|skewX|skewY)\s*\(([^()]*)\)[\s,]*")


class Contour(NamedTuple):
    """A line without a break."""

    start: Point
    pieces: tuple[Piece, ...]
    closed: bool

    def moved(self, matrix: Matrix) -> "Contour":
        """The contour under a transform. Raises ValueError when it goes too far away."""
        pieces = tuple(tuple(_placed(matrix, point) for point in piece) for piece in self.pieces)
        found = Contour(_placed(matrix, self.start), pieces, self.closed)
        points = (point for piece in ((found.start,), *found.pieces) for point in piece)
        if not all(abs(x) <= FARTHEST and abs(y) <= FARTHEST for x, y in points):
            raise ValueError("a shape goes out of bounds")
        return found


def numbers(text: str) -> list[float]:
    """Numbers with commas or white space between them. Raises ValueError for anything else, and for infinite ones."""
    if _NUMBER.sub("", text).strip(_GAP):
        raise ValueError(f"{text[:40]!r} are no numbers")
    return [finite(word) for word in _NUMBER.findall(text)]


def finite(word: str) -> float:
    """One number. Raises ValueError."""
    if len(word) > LONGEST_NUMBER or not _NUMBER.fullmatch(word):
        raise ValueError(f"{word[:40]!r} is no number")
    value = float(word)
    if not abs(value) <= FARTHEST:
        raise ValueError(f"{word} is out of bounds")
    return value


def read_path(data: str) -> Iterator[Contour]:
    """The contours of path data, in the order in which they are drawn. Raises ValueError and ArithmeticError."""
    start: Point | None = None
    here, pieces = (0.0, 0.0), list[Piece]()
    handle = ("", here)
    for count, (command, taken) in enumerate(_uses(data)):
        if count > MOST_CURVES:
            raise ValueError(f"a path has more than {MOST_CURVES} curves")
        kind, origin = command.upper(), here if command.islower() else (0.0, 0.0)
        if start is None and kind != "M":
            raise ValueError("a path begins without a place")
        if kind in "MZ":
            if start and pieces:
                yield Contour(start, tuple(pieces), kind == "Z")
            here = start if start and kind == "Z" else (origin[0] + taken[0], origin[1] + taken[1])
            start, pieces, handle = here, [], ("", here)
            continue
        made, mirrored = _arc(here, taken, origin) if kind == "A" else _curve(kind, here, taken, origin, handle)
        pieces += made
        here, handle = made[-1][-1] if made else here, (kind, mirrored)
    if start and pieces:
        yield Contour(start, tuple(pieces), False)


def _uses(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each use of a command with its numbers; what follows a move without a letter is a line."""
    first = _COMMAND.search(data)
    if data[: first.start() if first else len(data)].strip(_GAP):
        raise ValueError(f"{data[:40]!r} is no path")
    for found in _COMMAND.finditer(data):
        command, told = found.groups()
        takes = _TAKES[command.upper()]
        values = numbers(_with_flags_apart(told) if command in "Aa" else told)
        if len(values) % takes if takes else values:
            raise ValueError(f"{command} with {len(values)} numbers")
        if not takes:
            yield command, []
        elif not values:
            raise ValueError(f"{command} without numbers")
        for start in range(0, len(values) if takes else 0, takes or 1):
            yield command, values[start : start + takes]
            command = {"M": "L", "m": "l"}.get(command, command)


def _with_flags_apart(told: str) -> str:
    """The arguments of arcs with gaps around the two flags, which may stand without (SVG 2, §9.3.9)."""
    apart, place, index = list[str](), 0, 0
    while place < len(told):
        if told[place] in _GAP:
            place += 1
            continue
        if index % 7 in (3, 4):
            word = told[place]
            if word not in "01":
                raise ValueError(f"{word!r} is no flag of an arc")
        elif found := _NUMBER.match(told, place):
            word = found.group()
        else:
            raise ValueError(f"{told[place : place + 40]!r} is no number")
        apart.append(word)
        place, index = place + len(word), index + 1
    return " ".join(apart)


Drawn = tuple[list[Piece], Point]
"""Pieces, and the handle that a smooth piece after them mirrors."""


def _curve(kind: str, here: Point, taken: list[float], origin: Point, handle: tuple[str, Point]) -> Drawn:
    """A line or a Bézier of either degree."""
    x, y = origin
    if kind in "HV":
        points = [(x + taken[0], here[1]) if kind == "H" else (here[0], y + taken[0])]
    else:
        points = [(x + across, y + down) for across, down in zip(taken[::2], taken[1::2], strict=True)]
    if kind in "ST":
        before, at = handle
        follows = before and before in ("CS" if kind == "S" else "QT")
        points.insert(0, (2 * here[0] - at[0], 2 * here[1] - at[1]) if follows else here)
    mirrored = points[-2:][0]
    if kind in "QT":
        middle, to = points
        one, two = (((end[0] + 2 * middle[0]) / 3, (end[1] + 2 * middle[1]) / 3) for end in (here, to))
        points = [one, two, to]
    return [tuple(points)], mirrored


def _arc(here: Point, taken: list[float], origin: Point) -> Drawn:
    """An elliptical arc by its centre (SVG 2, §B.2.4)."""
    to = (origin[0] + taken[5], origin[1] + taken[6])
    rx, ry, turn = abs(taken[0]), abs(taken[1]), math.radians(taken[2])
    if to == here:
        return [], to
    if not (rx and ry):
        return [(to,)], to
    cos, sin = math.cos(turn), math.sin(turn)
    dx, dy = (here[0] - to[0]) / 2, (here[1] - to[1]) / 2
    x, y = (cos * dx + sin * dy) / rx, (cos * dy - sin * dx) / ry
    reach = x * x + y * y
    if reach > 1:
        grown = math.sqrt(reach)
        rx, ry, x, y, reach = rx * grown, ry * grown, x / grown, y / grown, 1.0
    side = math.sqrt(max(0.0, 1 / reach - 1)) * (-1 if bool(taken[3]) == bool(taken[4]) else 1)
    cx, cy = side * y, -side * x
    start = math.atan2(y - cy, x - cx)
    sweep = math.atan2(-y - cy, -x - cx) - start
    sweep += 2 * math.pi * ((sweep < 0 < taken[4]) - (sweep > 0 and not taken[4]))
    middle = (
        (here[0] + to[0]) / 2 + cos * cx * rx - sin * cy * ry,
        (here[1] + to[1]) / 2 + sin * cx * rx + cos * cy * ry,
    )
    onto: Matrix = (cos * rx, sin * rx, -sin * ry, cos * ry, *middle)
    pieces = [tuple(_placed(onto, point) for point in piece) for piece in _turns(start, sweep)]
    pieces[-1] = (*pieces[-1][:-1], to)
    return pieces, to


def _turns(start: float, sweep: float) -> Iterator[Piece]:
    """The arc of a circle of radius 1 from an angle on, in cubics."""
    count = max(1, math.ceil(abs(sweep) / QUARTER - 1e-9))
    step = sweep / count
    arm = 4 / 3 * math.tan(step / 4)
    for index in range(count):
        one, two = start + index * step, start + (index + 1) * step
        c1, s1, c2, s2 = math.cos(one), math.sin(one), math.cos(two), math.sin(two)
        yield (c1 - arm * s1, s1 + arm * c1), (c2 + arm * s2, s2 - arm * c2), (c2, s2)


def figure(kind: str, value: Mapping[str, str]) -> list[Contour]:
    """The contours of a ``path`` or another figure by its attributes. Raises ValueError and ArithmeticError."""
    if kind == "path":
        return list(read_path(value.get("d", "")))
    if kind in ("polygon", "polyline"):
        flat = numbers(value.get("points", ""))
        if len(flat) % 2:
            raise ValueError(f"{kind} with {len(flat)} numbers")
        points = list(zip(flat[::2], flat[1::2], strict=True))
        pieces = tuple((point,) for point in points[1:])
        return [Contour(points[0], pieces, kind == "polygon")] if pieces else []

    def length(name: str, usual: float = 0.0) -> float:
        return finite(value[name].strip().removesuffix("px")) if name in value else usual

    rx = length("r") if kind == "circle" else length("rx", length("ry"))
    ry = rx if kind == "circle" else length("ry", rx)
    if kind == "rect":
        return list(read_path(_rectangle(length("x"), length("y"), length("width"), length("height"), rx, ry)))
    if kind in ("circle", "ellipse"):
        return list(read_path(_ellipse(length("cx"), length("cy"), rx, ry)))
    raise ValueError(f"{kind!r} is no figure")


def _rectangle(x: float, y: float, width: float, height: float, rx: float, ry: float) -> str:
    """Path data as SVG 2, §10.2 has it."""
    if width <= 0 or height <= 0:
        return ""
    right, bottom = x + width, y + height
    rx, ry = min(max(rx, 0), width / 2), min(max(ry, 0), height / 2)
    if not (rx and ry):
        return f"M{x} {y}H{right}V{bottom}H{x}z"
    arc = f"A{rx} {ry} 0 0 1"
    return (
        f"M{x + rx} {y}H{right - rx}{arc} {right} {y + ry}V{bottom - ry}{arc} {right - rx} {bottom}"
        f"H{x + rx}{arc} {x} {bottom - ry}V{y + ry}{arc} {x + rx} {y}z"
    )


def _ellipse(x: float, y: float, rx: float, ry: float) -> str:
    if rx <= 0 or ry <= 0:
        return ""
    arc = f"A{rx} {ry} 0 0 1"
    return f"M{x + rx} {y}{arc} {x} {y + ry}{arc} {x - rx} {y}{arc} {x} {y - ry}{arc} {x + rx} {y}z"


def read_transform(text: str) -> Matrix:
    """The matrix of a transform attribute. Raises ValueError."""
    matrix, place = SAME, 0
    for _ in range(MOST_TRANSFORMS + 1):
        if not text[place:].strip():
            return matrix
        if not (found := _TRANSFORM.match(text, place)):
            break
        matrix = joined(matrix, _single(found[1], numbers(found[2])))
        place = found.end()
    raise ValueError(f"{text[:40]!r} is no transform that is read")


def _single(kind: str, taken: list[float]) -> Matrix:
    count = len(taken)
    if kind == "matrix" and count == 6:
        a, b, c, d, e, f = taken
        return a, b, c, d, e, f
    if kind == "translate" and count in (1, 2):
        return 1, 0, 0, 1, taken[0], taken[1] if count > 1 else 0
    if kind == "scale" and count in (1, 2):
        return taken[0], 0, 0, taken[-1], 0, 0
    if kind == "rotate" and count in (1, 3):
        cos, sin = math.cos(math.radians(taken[0])), math.sin(math.radians(taken[0]))
        x, y = taken[1:] or (0, 0)
        return cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y
    if kind.startswith("skew") and count == 1:
        lean = math.tan(math.radians(taken[0]))
        return (1, 0, lean, 1, 0, 0) if kind == "skewX" else (1, lean, 0, 1, 0, 0)
    raise ValueError(f"{kind} of {count} numbers")


def joined(outer: Matrix, inner: Matrix) -> Matrix:
    """The transform that does ``inner`` first."""
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _placed(matrix: Matrix, point: Point) -> Point:
    a, b, c, d, e, f = matrix
    x, y = point
    return a * x + c * y + e, b * x + d * y + f
