"""Plain figures drawn as templates, and which of them a mask overlaps most when both are brought to one frame."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Pixels

GRID = 48
"""Side of the frame in which masks and templates are compared, in cells."""
EXTENT = 18
"""Side, in cells, of a square with the area that all of them are brought to."""
TURN = 8
"""Degrees between two templates of one figure."""
TILT = 24
"""Degrees by which figures that have an upper side may be turned."""
ALIKE = {
    "star": 0.86, "heart": 0.91, "drop": 0.945, "cross": 0.85, "half circle": 0.91, "half ellipse": 0.91,
    "crescent": 0.82, "arrow": 0.82, "diamond": 0.91, "pentagon": 0.93, "hexagon": 0.955, "flower": 0.9,
    "pointed oval": 0.935, "dome": 0.94, "wedge": 0.935, "cloud": 0.92,
}  # fmt: skip
"""Overlap (IoU) from which on a mask is called so: what hardly anything else reaches."""

Points = NDArray[np.float64]


def best_template(whole: Pixels) -> tuple[str, float]:
    """The figure whose overlap (IoU) with a mask is the most beyond what it takes to be called so, and by how much."""
    names, needed, templates = _templates()
    seen = _bits(_framed(whole))
    shared, either = (np.bitwise_count(bits).sum(axis=1) for bits in (templates & seen, templates | seen))
    beyond = shared / either - needed
    best = int(beyond.argmax())
    return names[best], float(beyond[best])


def _bits(framed: Pixels) -> NDArray[np.uint64]:
    return np.packbits(framed).view(np.uint64)


def _framed(whole: Pixels) -> Pixels:
    """The mask with its centroid in the middle of the frame and the area that all have there."""
    moments = cv2.moments(whole.astype(np.uint8), binaryImage=True)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    scale, middle = EXTENT / np.sqrt(moments["m00"]), (GRID - 1) / 2
    move = np.array([[scale, 0, middle - scale * x], [0, scale, middle - scale * y]])
    return cv2.warpAffine(whole.astype(np.float32), move, (GRID, GRID)) > 0.5


class Figure(NamedTuple):
    """A figure as the union of polygons (y down), and through which angles in degrees it is looked for."""

    name: str
    polygons: list[Points]
    turns: range


@cache
def _templates() -> tuple[list[str], NDArray[np.float64], NDArray[np.uint64]]:
    """The name of each template, the overlap that it takes, and the bits of each as a row."""
    drawn = [(figure.name, _drawn(figure.polygons, turn)) for figure in _figures() for turn in figure.turns]
    names = [name for name, _ in drawn]
    return names, np.array([ALIKE[name] for name in names]), np.array([_bits(_framed(mask)) for _, mask in drawn])


def _drawn(polygons: list[Points], turn: float) -> Pixels:
    """The polygons, which lie within 1.5 of the origin, as a mask."""
    canvas = np.zeros((256, 256), np.uint8)
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    for polygon in polygons:
        turned = polygon @ np.array([[cosine, sine], [-sine, cosine]])
        cv2.fillPoly(canvas, [np.rint(turned * 80 + 128).astype(np.int32)], (1,))
    return canvas > 0


AROUND, UPRIGHT = range(0, 360, TURN), range(-TILT, TILT + 1, TURN)


def _figures() -> Iterator[Figure]:
    yield from _with_corners()
    yield from _with_arcs()


def _with_corners() -> Iterator[Figure]:
    for points, inner in ((4, 0.3), (4, 0.45), (5, 0.4), (5, 0.5), (6, 0.5), (6, 0.6), (8, 0.5), (8, 0.65)):
        yield Figure("star", [_star(points, inner)], range(0, 360 // points, TURN // 2))
    for sides, name in ((5, "pentagon"), (6, "hexagon")):
        yield Figure(name, [_star(sides, np.cos(np.pi / sides))], range(0, 360 // sides, TURN // 2))
    for width in (0.24, 0.34, 0.44):
        yield Figure("cross", [_box(1, width), _box(width, 1)], range(0, 90, TURN // 2))
    for shaft, head in ((0.15, 0.7), (0.25, 0.7), (0.25, 1.0)):
        yield Figure("arrow", [_arrow(shaft, head)], AROUND)
    for high in (0.5, 0.7):
        yield Figure("diamond", [_star(4, np.cos(np.pi / 4)) * (1, high)], range(0, 180, 90))


def _with_arcs() -> Iterator[Figure]:
    for high in (0.85, 1.0):
        yield Figure("heart", [_heart() * (1, high)], UPRIGHT)
    for tip in (1.5, 1.9, 2.4, 3.2, 4.4):
        yield Figure("drop", [_drop(tip)], AROUND)
    for high in (0.4, 0.55, 0.75, 1.0, 1.35, 1.8):
        name, turns = ("half circle", AROUND) if high == 1 else ("half ellipse", range(0, 360, TURN // 2))
        yield Figure(name, [_arc(0, 180) * (1, high)], turns)
    for high in (0.4, 0.8, 1.4):
        yield Figure("dome", [np.concatenate([_arc(180, 360), [[1, high], [-1, high]]]) * 0.8], UPRIGHT)
    for angle in (65, 78, 90, 102, 115):
        yield Figure("wedge", [np.concatenate([_arc(0, angle), [[0, 0]]])], AROUND)
    for offset, radius in ((0.3, 0.85), (0.45, 0.85), (0.5, 1.0), (0.8, 1.0), (0.6, 0.75)):
        yield Figure("crescent", [_crescent(offset, radius)], AROUND)
    for high in (0.15, 0.21, 0.3, 0.42, 0.56):
        yield Figure("pointed oval", [_lens(high)], range(0, 180, TURN))
    for middle in (-0.2, 0, 0.2):
        yield Figure("cloud", list(_cloud(middle)), UPRIGHT)
    for petals in (5, 6, 8):
        yield Figure("flower", list(_flower(petals)), range(0, 360 // petals, TURN // 2))


def _arc(begin: float, end: float, x: float = 0, y: float = 0, radius: float = 1) -> Points:
    angles = np.radians(np.linspace(begin, end, 48))
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def _box(half_width: float, half_height: float) -> Points:
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (half_width, half_height)


def _star(points: int, inner: float) -> Points:
    angles = np.pi * np.arange(2 * points) / points - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2, inner, 1.0)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _heart() -> Points:
    t = np.linspace(0, 2 * np.pi, 64)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, -y], axis=1) / 17


def _lens(high: float) -> Points:
    """Two arcs that meet in points, 2 wide and 2 × ``high`` high."""
    radius = (1 + high * high) / (2 * high)
    half = float(np.degrees(np.arcsin(1 / radius)))
    lower = _arc(90 - half, 90 + half, 0, high - radius, radius)
    return np.concatenate([lower, lower[::-1] * (1, -1)])


def _drop(tip: float) -> Points:
    """A disc, and its tangents up to a point that is ``tip`` radii from its middle."""
    touch = float(np.degrees(np.arccos(1 / tip)))
    return np.concatenate([_arc(-90 + touch, 270 - touch, radius=0.6), [[0, -0.6 * tip]]])


def _crescent(offset: float, radius: float) -> Points:
    """The unit disc without one of ``radius`` that lies ``offset`` to the right."""
    meeting = (1 + offset * offset - radius * radius) / (2 * offset)
    outer = float(np.degrees(np.arccos(meeting)))
    inner = float(np.degrees(np.arctan2(np.sqrt(1 - meeting * meeting), meeting - offset)))
    return np.concatenate([_arc(outer, 360 - outer), _arc(360 - inner, inner, offset, 0, radius)])


def _arrow(shaft: float, head: float) -> Points:
    half = np.array([[1.0, 0], [1 - head, 0.6], [1 - head, shaft], [-1, shaft]])
    return np.concatenate([half, half[::-1] * (1, -1)])


def _flower(petals: int) -> Iterator[Points]:
    yield _arc(0, 360, radius=0.6)
    for angle in 2 * np.pi * np.arange(petals) / petals:
        yield _arc(0, 360, 0.65 * np.cos(angle), 0.65 * np.sin(angle), 1.9 / petals)


def _cloud(middle: float) -> Iterator[Points]:
    """Three puffs on a level base, the largest one ``middle`` right of the middle."""
    yield _arc(0, 360, -0.65, 0.1, 0.35)
    yield _arc(0, 360, middle, -0.1, 0.55)
    yield _arc(0, 360, 0.65, 0.1, 0.35)
    yield _box(0.65, 0.225) + (0, 0.225)
