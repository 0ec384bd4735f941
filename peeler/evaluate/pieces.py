"""Connected pieces of layers: what is compared, so that it does not matter how elements are grouped into layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Box, Mask, Pixels
from peeler.stack import Layer

SOLID = 127
"""Alpha (0–255) above which a pixel belongs to a layer."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One connected piece of a layer, as far as it reaches, whether covered or not.

    ``place`` counts the layers from the bottom; ``colour`` is the median of each channel, 0–255; ``hidden`` holds the
    pixels that later layers cover.
    """

    mask: Mask
    place: int
    colour: NDArray[np.float64]
    hidden: Mask

    @property
    def area(self) -> int:
        return self.mask.area


def pieces_of(layers: Sequence[Layer], size: tuple[int, int], least: int) -> list[Piece]:
    """The pieces of at least ``least`` pixels of ``layers`` (bottom to top) on a canvas of ``size`` (width, height)."""
    cover = np.zeros((size[1], size[0]), dtype=np.bool_)
    found: list[list[Piece]] = []
    for place in range(len(layers) - 1, -1, -1):
        layer = layers[place]
        patch = cover[layer.box.slices]
        solid = coverage(layer)[..., 0] > SOLID
        found.append(_pieces(layer, place, solid, patch, least))
        patch |= solid
    return [piece for pieces in reversed(found) for piece in pieces]


def coverage(layer: Layer) -> NDArray[np.float64]:
    """Alpha with the opacity applied and rounded to 8 bits, 0–255: height × width of the box × 1."""
    return np.rint(layer.pixels[..., 3:].astype(np.float64) * layer.opacity)


def _pieces(layer: Layer, place: int, solid: Pixels, cover: Pixels, least: int) -> list[Piece]:
    if not layer.box.area:
        return []
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
    pieces = []
    for label in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[label])
        if area < least:
            continue
        box = Box(x, y, x + width, y + height)
        pixels = labels[box.slices] == label
        corner = layer.box.x0 + x, layer.box.y0 + y
        colour = np.median(layer.pixels[box.slices][pixels][:, :3], axis=0)
        hidden = Mask.of(pixels & cover[box.slices], corner)
        pieces.append(Piece(Mask.of(pixels, corner), place, colour, hidden))
    return pieces
