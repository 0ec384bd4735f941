"""Frames: a canvas as a network wants it, scaled to a size and padded to whole patches, and the way back."""

from typing import NamedTuple

import cv2
import numpy as np

from peeler.geometry import RGB, Box, Pixels


class Frame(NamedTuple):
    """Maps a canvas of ``size`` into one of ``outer``, where it lies in the middle, scaled to ``inner``.

    All are (width, height) in pixels.
    """

    size: tuple[int, int]
    inner: tuple[int, int]
    outer: tuple[int, int]

    @classmethod
    def fitting(cls, size: tuple[int, int], longest: int, multiple: int) -> "Frame":
        """The frame whose longer side is ``longest`` pixels, both padded to whole multiples; the shape is kept."""
        scale = longest / max(size)
        width, height = (max(1, round(side * scale)) for side in size)
        outer = -(-width // multiple) * multiple, -(-height // multiple) * multiple
        return cls(size, (width, height), outer)

    @property
    def place(self) -> Box:
        """Where the canvas lies in the frame."""
        left, top = (self.outer[0] - self.inner[0]) // 2, (self.outer[1] - self.inner[1]) // 2
        return Box(left, top, left + self.inner[0], top + self.inner[1])

    def put(self, canvas: RGB) -> RGB:
        """The canvas in the frame; the padding repeats its edge, so that there is nothing more to see in it."""
        left, top, right, bottom = self.place
        scaled = cv2.resize(canvas, self.inner, interpolation=self._way(self.size, self.inner))
        padding = top, self.outer[1] - bottom, left, self.outer[0] - right
        return np.asarray(cv2.copyMakeBorder(scaled, *padding, cv2.BORDER_REPLICATE), np.uint8)

    def put_mask(self, mask: Pixels) -> Pixels:
        """The mask in the frame: every pixel of it that the mask touches."""
        share = cv2.resize(mask.astype(np.float32), self.inner, interpolation=cv2.INTER_AREA)
        framed = np.zeros((self.outer[1], self.outer[0]), np.bool_)
        framed[self.place.slices] = share > 0
        return framed

    def put_box(self, box: Box) -> tuple[float, float, float, float]:
        """The edges of a box of the canvas in the frame, in pixels of it."""
        across, down = self.inner[0] / self.size[0], self.inner[1] / self.size[1]
        left, top = self.place[:2]
        return box.x0 * across + left, box.y0 * down + top, box.x1 * across + left, box.y1 * down + top

    def take_back(self, framed: RGB) -> RGB:
        """What lies in the place of the canvas, at the canvas's own size."""
        inner = np.ascontiguousarray(framed[self.place.slices])
        return np.asarray(cv2.resize(inner, self.size, interpolation=self._way(self.inner, self.size)), np.uint8)

    @staticmethod
    def _way(start: tuple[int, int], end: tuple[int, int]) -> int:
        """Averages when pixels become fewer, a smooth curve when they become more."""
        return cv2.INTER_AREA if end[0] < start[0] else cv2.INTER_CUBIC
