"""Path data, figures and transforms as others write them, as lines and cubic Béziers with nothing left to interpret.

The grammar is that of SVG 2, §8.5 (transforms) and §9.3 (paths); everything that does not fit it is a ValueError.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from peeler.vectorizers.bezier import Curve

Point = tuple[float, float]
Piece = tuple[Point, ...]
"""Where a piece goes from the point before: one point for a line, three for a cubic."""
Loop = list[Piece]
"""The pieces of a contour; the first is the point where it begins."""
Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + c y + e, y' = b x + d y + f."""

SAME: Matrix = (1, 0, 0, 1, 0, 0)
FARTHEST = 1e6
"""The largest coordinate and the largest number of a transform."""
LONGEST_NUMBER = 40
"""Characters."""
MOST_TRANSFORMS = 16
MOST_CURVES = 200_000
KAPPA = 4 / 3 * (math.sqrt(2) - 1)
"""Length of the handles of a quarter of a circle of radius 1."""

_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_GAP = " \t\r\n,"
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_TRANSFORM = re.compile(r"[\s,]*(matrix|translate|scale|rotate|skewX|skewY)\s*\(([^()]*)\)[\s,]*")


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


def read_loops(data: str) -> Iterator[Loop]:
    """The contours of path data, each closed or not, in the order in which they are drawn. Raises ValueError."""
    here: Point = (0.0, 0.0)
    loop: Loop = []
    handle: tuple[str, Point] = ("", here)
    for count, (command, taken) in enumerate(_uses(data)):
        if count > MOST_CURVES:
            raise ValueError(f"a path has more than {MOST_CURVES} curves")
        kind, origin = command.upper(), here if command.islower() else (0.0, 0.0)
        if kind == "M":
            yield from [loop] if len(loop) > 1 else []
            here = (origin[0] + taken[0], origin[1] + taken[1])
            loop = [(here,)]
        elif not loop:
            raise ValueError("a path begins without a place")
        elif kind == "Z":
            yield from [loop] if len(loop) > 1 else []
            here = loop[0][0]
            loop = [(here,)]
        else:
            pieces, handle_at = _DRAW[kind](here, taken, origin, handle)
            loop += pieces
            here = loop[-1][-1]
            handle = (kind, handle_at)
            continue
        handle = ("", here)
    if len(loop) > 1:
        yield loop


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


Handle = tuple[str, Point]
Drawn = tuple[list[Piece], Point]
"""Pieces, and the handle that a smooth piece after them mirrors."""


def _line(here: Point, taken: list[float], origin: Point, _: Handle) -> Drawn:
    to = (origin[0] + taken[0], origin[1] + taken[1])
    return [(to,)], to


def _across(here: Point, taken: list[float], origin: Point, _: Handle) -> Drawn:
    to = (origin[0] + taken[0], here[1])
    return [(to,)], to


def _down(here: Point, taken: list[float], origin: Point, _: Handle) -> Drawn:
    to = (here[0], origin[1] + taken[0])
    return [(to,)], to


def _points(taken: list[float], origin: Point) -> list[Point]:
    return [(origin[0] + x, origin[1] + y) for x, y in zip(taken[::2], taken[1::2], strict=True)]


def _mirrored(here: Point, handle: Handle, kinds: str) -> Point:
    kind, at = handle
    return (2 * here[0] - at[0], 2 * here[1] - at[1]) if kind and kind in kinds else here


def _cubic(here: Point, taken: list[float], origin: Point, _: Handle) -> Drawn:
    one, two, to = _points(taken, origin)
    return [(one, two, to)], two


def _smooth_cubic(here: Point, taken: list[float], origin: Point, handle: Handle) -> Drawn:
    two, to = _points(taken, origin)
    return [(_mirrored(here, handle, "CS"), two, to)], two


def _quadratic(here: Point, taken: list[float], origin: Point, _: Handle) -> Drawn:
    middle, to = _points(taken, origin)
    return [_raised(here, middle, to)], middle


def _smooth_quadratic(here: Point, taken: list[float], origin: Point, handle: Handle) -> Drawn:
    (to,) = _points(taken, origin)
    middle = _mirrored(here, handle, "QT")
    return [_raised(here, middle, to)], middle


def _raised(here: Point, middle: Point, to: Point) -> Piece:
    """The cubic that is a quadratic."""
    one, two = (
        ((end[0] + 2 * middle[0]) / 3, (end[1] + 2 * middle[1]) / 3) for end in (here, to)
    )  # fmt: skip
    return one, two, to


def _arc(here: Point, taken: list[float], origin: Point, _: Handle) -> Drawn:
    """An elliptical arc as cubics of at most a quarter turn (SVG 2, §B.2.4)."""
    to = (origin[0] + taken[5], origin[1] + taken[6])
    rx, ry, turn = abs(taken[0]), abs(taken[1]), math.radians(taken[2])
    if not (rx and ry) or to == here:
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
    if taken[4] and sweep < 0:
        sweep += 2 * math.pi
    elif not taken[4] and sweep > 0:
        sweep -= 2 * math.pi
    middle = (
        (here[0] + to[0]) / 2 + cos * cx * rx - sin * cy * ry,
        (here[1] + to[1]) / 2 + sin * cx * rx + cos * cy * ry,
    )
    onto: Matrix = (cos * rx, sin * rx, -sin * ry, cos * ry, *middle)
    pieces = [tuple(applied(onto, point) for point in piece) for piece in _turns(start, sweep)]
    pieces[-1] = (*pieces[-1][:-1], to)
    return pieces, to


def _turns(start: float, sweep: float) -> Iterator[Piece]:
    """The arc of a circle of radius 1 from an angle on, in cubics."""
    count = max(1, math.ceil(abs(sweep) / (math.pi / 2) - 1e-9))
    step = sweep / count
    arm = 4 / 3 * math.tan(step / 4)
    for index in range(count):
        one, two = start + index * step, start + (index + 1) * step
        c1, s1, c2, s2 = math.cos(one), math.sin(one), math.cos(two), math.sin(two)
        yield (c1 - arm * s1, s1 + arm * c1), (c2 + arm * s2, s2 - arm * c2), (c2, s2)


_DRAW: dict[str, Callable[[Point, list[float], Point, Handle], Drawn]] = {
    "L": _line,
    "H": _across,
    "V": _down,
    "C": _cubic,
    "S": _smooth_cubic,
    "Q": _quadratic,
    "T": _smooth_quadratic,
    "A": _arc,
}


def figure(kind: str, value: Mapping[str, str]) -> list[Loop]:
    """The contours of a ``path`` or of one of SVG's other figures, by its attributes. Raises ValueError."""
    if kind == "path":
        return list(read_loops(value.get("d", "")))
    if kind in ("polygon", "polyline"):
        flat = numbers(value.get("points", ""))
        if len(flat) % 2:
            raise ValueError(f"{kind} with {len(flat)} numbers")
        loop: Loop = [((x, y),) for x, y in zip(flat[::2], flat[1::2], strict=True)]
        return [loop] if len(loop) > 1 else []

    def length(name: str, usual: float = 0.0) -> float:
        return finite(value[name].strip().removesuffix("px")) if name in value else usual

    if kind == "rect":
        rx = length("rx", length("ry"))
        return _rectangle(
            length("x"), length("y"), length("width"), length("height"), rx, length("ry", rx)
        )  # fmt: skip
    rx, ry = (length("r"), length("r")) if kind == "circle" else (length("rx"), length("ry"))
    if rx <= 0 or ry <= 0:
        return []
    onto: Matrix = (rx, 0, 0, ry, length("cx"), length("cy"))
    circle: Loop = [((1.0, 0.0),), *_turns(0, 2 * math.pi)]
    return [moved(circle, onto)]


def _rectangle(x: float, y: float, width: float, height: float, rx: float, ry: float) -> list[Loop]:
    if width <= 0 or height <= 0:
        return []
    right, bottom = x + width, y + height
    rx, ry = min(max(rx, 0), width / 2), min(max(ry, 0), height / 2)
    if not (rx and ry):
        return [[((x, y),), ((right, y),), ((right, bottom),), ((x, bottom),)]]
    a, b = rx * (1 - KAPPA), ry * (1 - KAPPA)
    loop: Loop = [
        ((x + rx, y),),
        ((right - rx, y),),
        ((right - a, y), (right, y + b), (right, y + ry)),
        ((right, bottom - ry),),
        ((right, bottom - b), (right - a, bottom), (right - rx, bottom)),
        ((x + rx, bottom),),
        ((x + a, bottom), (x, bottom - b), (x, bottom - ry)),
        ((x, y + ry),),
        ((x, y + b), (x + a, y), (x + rx, y)),
    ]
    return [loop]


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


def applied(matrix: Matrix, point: Point) -> Point:
    a, b, c, d, e, f = matrix
    x, y = point
    return a * x + c * y + e, b * x + d * y + f


def moved(loop: Loop, matrix: Matrix) -> Loop:
    """A contour under a transform. Raises ValueError when it goes too far away."""
    found = [tuple(applied(matrix, point) for point in piece) for piece in loop]
    if not all(abs(x) <= FARTHEST and abs(y) <= FARTHEST for piece in found for x, y in piece):
        raise ValueError("a shape goes out of bounds")
    return found


def as_curves(loop: Loop) -> list[Curve]:
    """A contour as control points, closed."""
    start = here = loop[0][0]
    curves = []
    for piece in loop[1:]:
        curves.append(np.array([here, *piece]))
        here = piece[-1]
    if here != start:
        curves.append(np.array([here, start]))
    return curves


def wound(loops: Sequence[Loop]) -> list[Loop]:
    """Contours that do not cross, turned so that the rule *nonzero* fills what *evenodd* does."""
    outlines = [np.array([piece[-1] for piece in loop]) for loop in loops]
    turned = []
    for index, (loop, outline) in enumerate(zip(loops, outlines, strict=True)):
        inside = sum(_holds(other, outline[0]) for place, other in enumerate(outlines) if place != index)
        x, y = outline.T
        clockwise = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) > 0
        turned.append(loop if clockwise == (inside % 2 == 0) else _backwards(loop))
    return turned


def _holds(outline: Curve, point: Curve) -> bool:
    """Whether a point lies in a polygon, by the crossings of a ray to the right."""
    x, y = outline.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > point[1]) != (next_y > point[1])
    rise = np.where(crosses, next_y - y, 1)
    return bool((crosses & (point[0] < x + (point[1] - y) * (next_x - x) / rise)).sum() % 2)


def _backwards(loop: Loop) -> Loop:
    ends = [piece[-1] for piece in loop]
    pieces = [(*reversed(piece[:-1]), before) for before, piece in zip(ends, loop[1:], strict=False)]
    return [(ends[-1],), *reversed(pieces)]
