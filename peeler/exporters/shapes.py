"""SVG shapes as lines and cubic Béziers, for formats that know nothing else."""

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree

Point = tuple[float, float]
Piece = tuple[Point, ...]
"""Where it goes from the point before: one point for a line, three for a cubic Bézier."""

KAPPA = 4 / 3 * (math.sqrt(2) - 1)
"""Length of the handles of a quarter of a circle of radius 1."""
_TOKEN = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
KNOWN = {"transform", "d", "fill-rule", "x", "y", "width", "height", "rx", "ry", "cx", "cy", "r", "fill", "stroke"}
KNOWN |= {"fill-opacity", "stroke-opacity", "stroke-width", "stroke-linecap", "stroke-linejoin"}
"""Attributes of shapes that are understood."""
_TRANSFORM = re.compile(r"\s*(translate|scale|rotate|matrix)\(([-+\d.eE,\s]*)\)")


class Contour(NamedTuple):
    """A line without a break, in pixels of the canvas."""

    start: Point
    pieces: tuple[Piece, ...]
    closed: bool


class Paint(NamedTuple):
    """``#rrggbb`` and how opaque it is, 0–1."""

    colour: str
    opacity: float


class Stroke(NamedTuple):
    """A line of even width in pixels, its ends and corners round or not."""

    paint: Paint
    width: float
    round_ends: bool
    round_corners: bool


class Shape(NamedTuple):
    """Contours, and what they are filled and drawn with."""

    contours: tuple[Contour, ...]
    fill: Paint | None
    stroke: Stroke | None = None


class NotPlain(ValueError):
    """A shape has something that only SVG has, such as a gradient."""


def read_shape(markup: str) -> Shape:
    """The shape of one SVG element as vectorizers give it. Raises NotPlain."""
    element = ElementTree.fromstring(markup)
    if odd := set(element.attrib) - KNOWN:
        raise NotPlain(f"a {element.tag} with {', '.join(odd)}")
    try:
        contours = _contours(element)
        stroke = _stroke(element)
        if "transform" in element.attrib:
            matrix = _matrix(element.attrib["transform"])
            if stroke and not _keeps_lengths(matrix):
                raise NotPlain("a line that is stretched")
            contours = _moved(contours, matrix)
        return Shape(contours, _paint(element, "fill", "#000000"), stroke)
    except (ValueError, IndexError) as problem:
        raise NotPlain(str(problem)) from problem


def _paint(element: ElementTree.Element, what: str, usual: str) -> Paint | None:
    colour = element.get(what, usual)
    if colour == "none":
        return None
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise NotPlain(f"the colour {colour}")
    return Paint(colour.lower(), float(element.get(f"{what}-opacity", 1)))


def _stroke(element: ElementTree.Element) -> Stroke | None:
    paint = _paint(element, "stroke", "none")
    ends, corners = element.get("stroke-linecap", "butt"), element.get("stroke-linejoin", "miter")
    if ends not in ("butt", "round") or corners not in ("miter", "round"):
        raise NotPlain(f"a line with {ends} ends and {corners} corners")
    return paint and Stroke(paint, float(element.get("stroke-width", 1)), ends == "round", corners == "round")


def _contours(element: ElementTree.Element) -> tuple[Contour, ...]:
    def value(name: str, usual: float = 0.0) -> float:
        return float(element.get(name, usual))

    kind = element.tag.rpartition("}")[2]
    if kind == "path":
        return tuple(read_path(element.get("d", "")))
    if kind == "rect":
        rx = value("rx", value("ry"))
        return (_rectangle(value("x"), value("y"), value("width"), value("height"), rx, value("ry", rx)),)
    if kind == "circle":
        return (_ellipse(value("cx"), value("cy"), value("r"), value("r")),)
    if kind == "ellipse":
        return (_ellipse(value("cx"), value("cy"), value("rx"), value("ry")),)
    raise NotPlain(f"a {kind}")


def _rectangle(x: float, y: float, width: float, height: float, rx: float, ry: float) -> Contour:
    rx, ry = min(rx, width / 2), min(ry, height / 2)
    right, bottom, a, b = x + width, y + height, rx * (1 - KAPPA), ry * (1 - KAPPA)
    if not (rx and ry):
        return Contour((x, y), (((right, y),), ((right, bottom),), ((x, bottom),)), True)
    pieces: tuple[Piece, ...] = (
        ((right - rx, y),),
        ((right - a, y), (right, y + b), (right, y + ry)),
        ((right, bottom - ry),),
        ((right, bottom - b), (right - a, bottom), (right - rx, bottom)),
        ((x + rx, bottom),),
        ((x + a, bottom), (x, bottom - b), (x, bottom - ry)),
        ((x, y + ry),),
        ((x, y + b), (x + a, y), (x + rx, y)),
    )
    return Contour((x + rx, y), pieces, True)


def _ellipse(x: float, y: float, rx: float, ry: float) -> Contour:
    a, b = KAPPA * rx, KAPPA * ry
    pieces: tuple[Piece, ...] = (
        ((x + rx, y + b), (x + a, y + ry), (x, y + ry)),
        ((x - a, y + ry), (x - rx, y + b), (x - rx, y)),
        ((x - rx, y - b), (x - a, y - ry), (x, y - ry)),
        ((x + a, y - ry), (x + rx, y - b), (x + rx, y)),
    )
    return Contour((x + rx, y), pieces, True)


def read_path(data: str) -> Iterator[Contour]:
    """The contours of SVG path data (SVG 2, §9.3), absolute or relative. Raises ValueError."""
    here: Point = (0.0, 0.0)
    start, pieces = here, list[Piece]()
    handle: tuple[str, Point] | None = None
    for command, numbers in _commands(data):
        kind = command.upper()
        if kind in "MZ":
            if pieces:
                yield Contour(start, tuple(pieces), kind == "Z")
            pieces, handle = [], None
            here = start if kind == "Z" else _point(numbers, here, command)
            start = here
            continue
        made, handle = _DRAW[kind](here, numbers, command.islower(), handle)
        pieces += made
        here = made[-1][-1] if made else here
    if pieces:
        yield Contour(start, tuple(pieces), False)


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with the numbers of one use; what follows a move without a letter is a line."""
    command, numbers = "", list[float]()
    for token in _tokens(data):
        if token.isalpha():
            if numbers:
                raise ValueError(f"path data breaks off after {command}")
            command = token
        else:
            numbers.append(float(token))
        if command and len(numbers) == _TAKES[command.upper()]:
            yield command, numbers
            numbers = []
            command = {"M": "L", "m": "l", "Z": "", "z": ""}.get(command, command)
    if numbers:
        raise ValueError("path data breaks off")


def _tokens(data: str) -> Iterator[str]:
    command, count = "", 0
    place = 0
    while place < len(data):
        if command in "Aa" and command and count % 7 in (3, 4) and data[place] in "01":
            # The two flags of an arc need nothing between them and what follows.
            yield data[place]
            place, count = place + 1, count + 1
            continue
        match = _TOKEN.match(data, place)
        if match is None:
            if data[place] not in ", \t\r\n":
                raise ValueError(f"path data has {data[place]!r}")
            place += 1
            continue
        command, count = (match[1], 0) if match[1] else (command, count + 1)
        yield match[0]
        place = match.end()


def _point(numbers: list[float], here: Point, command: str) -> Point:
    return (numbers[0] + here[0], numbers[1] + here[1]) if command.islower() else (numbers[0], numbers[1])


Handle = tuple[str, Point] | None
Made = tuple[list[Piece], Handle]


def _points(here: Point, numbers: list[float], relative: bool) -> list[Point]:
    x, y = here if relative else (0.0, 0.0)
    return [(x + a, y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]


def _line(here: Point, numbers: list[float], relative: bool, _: Handle) -> Made:
    return [tuple(_points(here, numbers, relative))], None


def _across(here: Point, numbers: list[float], relative: bool, _: Handle) -> Made:
    return [((numbers[0] + here[0] * relative, here[1]),)], None


def _down(here: Point, numbers: list[float], relative: bool, _: Handle) -> Made:
    return [((here[0], numbers[0] + here[1] * relative),)], None


def _cubic(here: Point, numbers: list[float], relative: bool, _: Handle) -> Made:
    points = _points(here, numbers, relative)
    return [tuple(points)], ("C", points[1])


def _smooth(here: Point, numbers: list[float], relative: bool, handle: Handle) -> Made:
    second, end = _points(here, numbers, relative)
    return [(_mirrored(here, handle, "C"), second, end)], ("C", second)


def _quadratic(here: Point, numbers: list[float], relative: bool, _: Handle) -> Made:
    middle, end = _points(here, numbers, relative)
    return [_raised(here, middle, end)], ("Q", middle)


def _smooth_quadratic(here: Point, numbers: list[float], relative: bool, handle: Handle) -> Made:
    middle, (end,) = _mirrored(here, handle, "Q"), _points(here, numbers, relative)
    return [_raised(here, middle, end)], ("Q", middle)


def _arc(here: Point, numbers: list[float], relative: bool, _: Handle) -> Made:
    """An elliptical arc by its centre (SVG 2, §B.2.4), each quarter a cubic."""
    rx, ry, turn, large, sweep = abs(numbers[0]), abs(numbers[1]), math.radians(numbers[2]), numbers[3], numbers[4]
    (end,) = _points(here, numbers[5:], relative)
    if {large, sweep} - {0, 1}:
        raise ValueError(f"an arc has flags {large:g} and {sweep:g}")
    if end == here:
        return [], None
    if not (rx and ry):
        return [(end,)], None
    cos, sin = math.cos(turn), math.sin(turn)
    dx, dy = (here[0] - end[0]) / 2, (here[1] - end[1]) / 2
    x, y = cos * dx + sin * dy, cos * dy - sin * dx
    grow = math.sqrt(max(1.0, (x / rx) ** 2 + (y / ry) ** 2))
    rx, ry = rx * grow, ry * grow
    left = max(0.0, (rx * ry) ** 2 - (rx * y) ** 2 - (ry * x) ** 2) / ((rx * y) ** 2 + (ry * x) ** 2)
    size = math.sqrt(left) * (-1 if bool(large) == bool(sweep) else 1)
    cx, cy = size * rx * y / ry, -size * ry * x / rx
    first = math.atan2((y - cy) / ry, (x - cx) / rx)
    span = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
    span += 2 * math.pi * ((span < 0 < sweep) - (span > 0 and not sweep))
    middle = (here[0] + end[0]) / 2 + cos * cx - sin * cy, (here[1] + end[1]) / 2 + sin * cx + cos * cy

    def placed(a: float, b: float) -> Point:
        return middle[0] + cos * rx * a - sin * ry * b, middle[1] + sin * rx * a + cos * ry * b

    count = max(1, math.ceil(abs(span) / (math.pi / 2) - 1e-9))
    step = span / count
    reach, pieces = 4 / 3 * math.tan(step / 4), list[Piece]()
    for a, b in ((first + k * step, first + (k + 1) * step) for k in range(count)):
        one = placed(math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a))
        two = placed(math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b))
        pieces.append((one, two, placed(math.cos(b), math.sin(b))))
    pieces[-1] = (*pieces[-1][:2], end)
    return pieces, None


_DRAW: dict[str, Callable[[Point, list[float], bool, Handle], Made]] = {
    "L": _line,
    "H": _across,
    "V": _down,
    "C": _cubic,
    "S": _smooth,
    "Q": _quadratic,
    "T": _smooth_quadratic,
    "A": _arc,
}


def _mirrored(here: Point, handle: Handle, kind: str) -> Point:
    if handle is None or handle[0] != kind:
        return here
    return 2 * here[0] - handle[1][0], 2 * here[1] - handle[1][1]


def _raised(here: Point, middle: Point, end: Point) -> Piece:
    """A quadratic Bézier as a cubic one."""
    one, two = ((p[0] + 2 * (middle[0] - p[0]) / 3, p[1] + 2 * (middle[1] - p[1]) / 3) for p in (here, end))
    return one, two, end


Matrix = tuple[float, float, float, float, float, float]


def _matrix(text: str) -> Matrix:
    """The transform that SVG writes so. Raises ValueError for one that is not known."""
    whole: Matrix = (1, 0, 0, 1, 0, 0)
    rest = text.strip()
    while rest:
        if not (match := _TRANSFORM.match(rest)):
            raise ValueError(f"the transform {text!r}")
        numbers = [float(number) for number in re.split(r"[\s,]+", match[2].strip())]
        whole = _times(whole, _step(match[1], numbers))
        rest = rest[match.end() :].lstrip(" ,")
    return whole


def _step(kind: str, numbers: list[float]) -> Matrix:
    if kind == "matrix":
        a, b, c, d, e, f = numbers
        return a, b, c, d, e, f
    if kind == "translate":
        return 1, 0, 0, 1, numbers[0], numbers[1] if len(numbers) > 1 else 0
    if kind == "scale":
        return numbers[0], 0, 0, numbers[-1], 0, 0
    cos, sin = math.cos(math.radians(numbers[0])), math.sin(math.radians(numbers[0]))
    x, y = numbers[1:] if len(numbers) == 3 else (0, 0)
    return cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    p, q, r, s, t, u = other
    return a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f


def _keeps_lengths(matrix: Matrix) -> bool:
    a, b, c, d, _, _ = matrix
    return math.isclose(math.hypot(a, b), 1) and math.isclose(a, d, abs_tol=1e-9) and math.isclose(b, -c, abs_tol=1e-9)


def _moved(contours: tuple[Contour, ...], matrix: Matrix) -> tuple[Contour, ...]:
    a, b, c, d, e, f = matrix

    def to(point: Point) -> Point:
        x, y = point
        return a * x + c * y + e, b * x + d * y + f

    return tuple(
        Contour(to(start), tuple(tuple(to(point) for point in piece) for piece in pieces), closed)
        for start, pieces, closed in contours
    )
