"""The peeling as pictures: the whole, then without what is on top, and so on down to the background."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.geometry import RGBA
from peeler.stack import LayerStack, composite

LONGEST_SIDE = 1024
"""Pixels; larger pictures are made smaller."""
MOST_FRAMES = 60
FIRST, LAST = 1200, 1600
"""Milliseconds for which the whole and the background are shown."""
EACH, ALL = 450, 12_000
"""Milliseconds for a picture between them, and for all of these together, as far as ``SHORTEST`` allows."""
SHORTEST = 120


class Frame(NamedTuple):
    """One picture (height × width × 4, straight alpha), and for how many milliseconds it is shown."""

    pixels: RGBA
    milliseconds: int


def frames(stack: LayerStack) -> Iterator[Frame]:
    """The whole picture, what is left after each layer that shows is taken off its top, and what is left at the end.

    Some layers go at once where there would be more than ``MOST_FRAMES``.
    """
    shown = [layer for layer in stack.layers if layer.visible and layer.opacity and layer.pixels[..., 3].any()]
    steps = max(0, len(shown) - 1)
    count = min(steps, MOST_FRAMES - 1)
    each = max(SHORTEST, min(EACH, ALL // max(1, count)))
    for number in range(count + 1):
        left = len(shown) - round(steps * number / max(1, count))
        time = FIRST if number == 0 else LAST if number == count else each
        yield Frame(smaller(composite(stack.size, shown[:left])), time)


def smaller(pixels: RGBA) -> RGBA:
    """The picture with no side longer than ``LONGEST_SIDE``."""
    height, width = pixels.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Pillow weighs colours by alpha when they are premultiplied.
    image = Image.fromarray(pixels).convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")
    return np.asarray(image)


def on_white(pixels: RGBA) -> NDArray[np.uint8]:
    """Height × width × 3, as it looks on white paper."""
    if pixels[..., 3].min() == 255:
        return np.ascontiguousarray(pixels[..., :3])
    cover = pixels[..., 3:].astype(np.uint32)
    return ((pixels[..., :3] * cover + 255 * (255 - cover) + 127) // 255).astype(np.uint8)
