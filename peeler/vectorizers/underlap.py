"""Edges that two layers share: the lower one is led a little under the upper one, so that nothing shows between them.

Two outlines that are fitted each by itself never agree to the last fraction of a pixel, and where they only touch, the
ground shines through as a hairline. What is led under another layer cannot be seen.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Box, Pixels
from peeler.stack import Layer

REACH = 1
"""Pixels that the lower layer is led under the upper one; outlines miss each other by less than half of one."""
SHORTEST = 6
"""Pixels of a shared edge; where outlines cross they run together for less."""


def underlapped(layer: Layer, above: Sequence[Layer]) -> tuple[Layer, Pixels]:
    """``layer``, if it has one ink, grown under those ``above`` it wherever their edges run along its own.

    And where in its box they cover it.
    """
    box = _grown(layer.box)
    cover = _cover_of(box, above)
    if layer.ink is not None and cover.any():
        pixels = np.zeros((box.height, box.width, 4), np.uint8)
        pixels[layer.box.shifted(-box.x0, -box.y0).slices] = layer.pixels
        own = pixels[..., 3] > 127
        grown = _dilated(_shared_edge(own, cover), 2 * REACH + 1) & cover & ~own
        if grown.any():
            pixels[grown] = (*bytes.fromhex(layer.ink[1:]), 255)
            tight = Box.around(pixels[..., 3] > 0)
            pixels = np.ascontiguousarray(pixels[tight.slices])
            layer = replace(layer, box=tight.shifted(box.x0, box.y0), pixels=pixels)
    return layer, cover[layer.box.shifted(-box.x0, -box.y0).slices]


def _grown(box: Box) -> Box:
    return Box(max(0, box.x0 - REACH), max(0, box.y0 - REACH), box.x1 + REACH, box.y1 + REACH)


def _cover_of(box: Box, above: Sequence[Layer]) -> Pixels:
    """Where in ``box`` the layers above it cover more than half of a pixel."""
    cover = np.zeros((box.height, box.width), np.bool_)
    for layer in above:
        both = box.intersect(layer.box)
        if both.area and layer.opacity == 1:
            shown = layer.pixels[both.shifted(-layer.box.x0, -layer.box.y0).slices][..., 3] > 127
            cover[both.shifted(-box.x0, -box.y0).slices] |= shown
    return cover


def _shared_edge(own: Pixels, cover: Pixels) -> Pixels:
    """The edge pixels of ``own`` beside what ``cover`` goes on with outside of it, where they are long enough."""
    core = ~_dilated(~cover, 3)
    edge = own & _dilated(~own, 3) & _dilated(core & ~own, 5) & ~core
    count, labels, stats, _ = cv2.connectedComponentsWithStats(edge.astype(np.uint8), connectivity=8)
    extent: NDArray[np.int32] = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    long = [label for label in range(1, count) if extent[label] >= SHORTEST]
    shared: Pixels = np.isin(labels, long)
    return shared


def _dilated(mask: Pixels, side: int) -> Pixels:
    grown: Pixels = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return grown
