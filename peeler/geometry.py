"""Boxes and masks on a pixel grid.

Boxes are ``(x0, y0, x1, y1)`` with the right and bottom edges exclusive. Arrays are indexed ``[y, x]``.
"""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

RGB = NDArray[np.uint8]
"""Height × width × 3, sRGB, 0–255."""
RGBA = NDArray[np.uint8]
"""Height × width × 4, sRGB with straight (not premultiplied) alpha, 0–255."""
Pixels = NDArray[np.bool_]
"""Height × width, True where the mask is."""
GRID = 1000
"""Steps of the grid, the same in both directions, on which vision-language models give places in a picture."""


class Box(NamedTuple):
    """A rectangle of whole pixels; empty when it has no width or no height."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def whole(cls, size: tuple[int, int]) -> "Box":
        """The box of a canvas of ``size`` (width, height)."""
        return cls(0, 0, *size)

    @classmethod
    def around(cls, pixels: Pixels) -> "Box":
        """The smallest box that holds every True pixel; empty at the origin if there is none."""
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        if not len(rows):
            return cls(0, 0, 0, 0)
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @classmethod
    def from_grid(cls, corners: tuple[float, float, float, float], size: tuple[int, int]) -> "Box":
        """The box of ``y0, x0, y1, x1``, each 0–1000 of a canvas of ``size`` (width, height), clipped to it.

        Edges go to the nearest pixel edge, but what has a width and a height and lies on the canvas keeps a pixel.
        """
        y0, x0, y1, x1 = corners
        left, right = _span(x0, x1, size[0])
        top, bottom = _span(y0, y1, size[1])
        return cls(left, top, right, bottom)

    def on_grid(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """``y0, x0, y1, x1``, each 0–1000 of ``size``; up to 1000 pixels ``from_grid`` gives the box back."""
        width, height = size
        across, down = GRID / width, GRID / height
        return round(self.y0 * down), round(self.x0 * across), round(self.y1 * down), round(self.x1 * across)

    @property
    def width(self) -> int:
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        return max(0, self.y1 - self.y0)

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an array ``[y, x]``; the box must be clipped to it."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def intersect(self, other: "Box") -> "Box":
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def union(self, other: "Box") -> "Box":
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def iou(self, other: "Box") -> float:
        """Intersection over union; 0 if both are empty."""
        both = self.intersect(other).area
        return both / max(1, self.area + other.area - both)

    def padded(self, margin: int) -> "Box":
        """Larger by so many pixels on each side, also beyond the canvas."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def shifted(self, x: int, y: int) -> "Box":
        """Moved by so many pixels to the right and down."""
        return Box(self.x0 + x, self.y0 + y, self.x1 + x, self.y1 + y)

    def expand(self, margin: int, size: tuple[int, int]) -> "Box":
        """Grown by ``margin`` pixels on every side and clipped to a canvas of ``size`` (width, height)."""
        grown = Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)
        return grown.intersect(Box.whole(size))


def meeting(boxes: Sequence[Box], reach: int = 0) -> Iterator[tuple[int, int]]:
    """Each two of ``boxes``, by their indices, that share a pixel once both are ``reach`` pixels larger on each side.

    The lower index comes first, and the pairs are in order.
    """
    grown = boxes_array(boxes) + np.array([-reach, -reach, reach, reach])
    for one in range(len(boxes) - 1):
        yield from ((one, one + 1 + other) for other in touched(grown[one + 1 :], grown[one]))


def boxes_array(boxes: Sequence[Box]) -> NDArray[np.int64]:
    """Boxes as n × 4 corners."""
    return np.array(boxes, np.int64).reshape(-1, 4)


def touched(boxes: NDArray[np.int64], box: Box | NDArray[np.int64]) -> list[int]:
    """The indices of those of ``boxes`` (n × 4) that share a pixel with ``box``."""
    left, top, right, bottom = boxes.T
    x0, y0, x1, y1 = box
    return np.flatnonzero((left < x1) & (right > x0) & (top < y1) & (bottom > y0)).tolist()


def _span(start: float, end: float, length: int) -> tuple[int, int]:
    """Two places of the grid as pixel edges within ``length`` pixels; equal if nothing is between them."""
    first, last = (min(max(place, 0), GRID) * length / GRID for place in (start, end))
    if last <= first:
        return round(first), round(first)
    low = min(round(first), length - 1)
    return low, max(round(last), low + 1)


class Mask(BaseModel):
    """A set of pixels, kept as runs so that it can be stored and compared as plain data.

    ``runs`` are the lengths of alternating runs over the box in row-major order, the first one of False.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: Box
    runs: tuple[int, ...]

    @model_validator(mode="after")
    def _fills_its_box(self) -> "Mask":
        if min(self.box) < 0 or min(self.runs, default=0) < 0 or sum(self.runs) != self.box.area:
            raise ValueError(f"the runs of a mask must fill its box {tuple(self.box)}")
        return self

    @classmethod
    def of(cls, pixels: Pixels, origin: tuple[int, int] = (0, 0)) -> "Mask":
        """The True pixels of an array whose corner lies at ``origin`` (x, y) of the canvas; at (0, 0) if none are."""
        box = Box.around(pixels)
        flat = pixels[box.slices].ravel()
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        edges = np.concatenate([[0], changes, [len(flat)]])
        runs = np.diff(edges).tolist() if len(flat) else []
        if len(flat) and flat[0]:
            runs.insert(0, 0)
        x, y = origin if box.area else (0, 0)
        return cls(box=Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y), runs=tuple(runs))

    @classmethod
    def filling(cls, box: Box) -> "Mask":
        """The mask of all pixels of ``box``."""
        return cls.of(np.ones((box.height, box.width), np.bool_), box[:2])

    def __eq__(self, other: object) -> bool:
        """By box and runs alone: the pixels kept from an earlier look cannot be compared as a whole."""
        return isinstance(other, Mask) and (self.box, self.runs) == (other.box, other.runs)

    def __hash__(self) -> int:
        return hash((self.box, self.runs))

    @cached_property
    def pixels(self) -> Pixels:
        """The mask inside its box, height × width of the box. Read only."""
        values = np.arange(len(self.runs)) % 2 == 1
        pixels = np.repeat(values, self.runs).reshape(self.box.height, self.box.width)
        pixels.setflags(write=False)
        return pixels

    @property
    def area(self) -> int:
        return sum(self.runs[1::2])

    def on(self, size: tuple[int, int]) -> Pixels:
        """The mask on a whole canvas of ``size`` (width, height); what lies outside is cut off."""
        return self.within(Box.whole(size))

    def overlap(self, other: "Mask") -> int:
        """How many pixels both masks have."""
        shared = self.box.intersect(other.box)
        if not shared.area:
            return 0
        return int(np.count_nonzero(self._cut(shared) & other._cut(shared)))

    def within(self, window: Box) -> Pixels:
        """The mask seen through ``window``, height × width of that."""
        seen = np.zeros((window.height, window.width), np.bool_)
        shared = self.box.intersect(window)
        if shared.area:
            seen[shared.shifted(-window.x0, -window.y0).slices] = self._cut(shared)
        return seen

    def _cut(self, part: Box) -> Pixels:
        return self.pixels[part.shifted(-self.box.x0, -self.box.y0).slices]

    def iou(self, other: "Mask") -> float:
        """Intersection over union, 0 when both are empty."""
        both = self.overlap(other)
        return both / max(1, self.area + other.area - both)


class Veil(BaseModel):
    """How much of its ink each pixel of something soft has, 0–255, kept as plain data: compressed, in base 64."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: Box
    data: str

    @model_validator(mode="after")
    def _fills_its_box(self) -> "Veil":
        if min(self.box) < 0 or len(self._unpacked()) != self.box.area:
            raise ValueError(f"the levels of a veil must fill its box {tuple(self.box)}")
        return self

    @classmethod
    def of(cls, levels: NDArray[np.uint8]) -> "Veil":
        """The levels (height × width, 0–255) of a whole canvas."""
        box = Box.around(levels > 0)
        packed = zlib.compress(np.ascontiguousarray(levels[box.slices]).tobytes(), 9)
        return cls(box=box, data=b64encode(packed).decode())

    def within(self, window: Box) -> NDArray[np.uint8]:
        """The levels seen through ``window``, height × width of it."""
        levels = np.frombuffer(self._unpacked(), np.uint8).reshape(self.box.height, self.box.width)
        seen, shared = np.zeros((window.height, window.width), np.uint8), self.box.intersect(window)
        if shared.area:
            own, there = (shared.shifted(-box.x0, -box.y0) for box in (self.box, window))
            seen[there.slices] = levels[own.slices]
        return seen

    def _unpacked(self) -> bytes:
        try:
            # No more than the box holds, whatever the data says.
            return zlib.decompressobj().decompress(b64decode(self.data, validate=True), self.box.area + 1)
        except (ValueError, zlib.error):
            return b""
