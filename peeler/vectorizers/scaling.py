"""Layers of an enlarged picture at the size that it was drawn at, and what was drawn there as large as the picture.

An enlarged edge swings around the true one by as much as the pixels that it was made of: followed at its full size it
is a row of waves, and what is told in pixels about edges of drawings does not hold.
"""

from dataclasses import replace
from typing import overload

import cv2
import numpy as np

from peeler.flat.undoing import middle_pixels
from peeler.geometry import Box
from peeler.stack import Layer
from peeler.vectorizers.bezier import Curve
from peeler.vectorizers.markup import Drawing
from peeler.vectorizers.primitives import Ellipse, Rectangle
from peeler.vectorizers.strokes import Stroke


def reduced(layer: Layer, times: int) -> Layer:
    """``layer`` as it was on a canvas that is so many ``times`` smaller."""
    if times == 1:
        return layer
    left, top, right, bottom = layer.box
    box = Box(left // times, top // times, -(-right // times), -(-bottom // times))
    around = top - box.y0 * times, box.y1 * times - bottom, left - box.x0 * times, box.x1 * times - right
    full = cv2.copyMakeBorder(layer.pixels, *around, cv2.BORDER_CONSTANT)
    straight = np.stack([pixels.astype(np.float32) for pixels in middle_pixels(full, times)])
    alpha = straight[..., 3:]
    colours = (straight[..., :3] * alpha).mean(axis=0) / np.maximum(alpha.mean(axis=0), 1)  # any where nothing is seen
    return replace(layer, box=box, pixels=np.rint(np.dstack([colours, alpha.mean(axis=0)])).astype(np.uint8))


def enlarged(drawing: Drawing, times: int) -> Drawing:
    """A shape with all its lengths so many ``times`` as long."""
    if isinstance(drawing, Stroke):
        return drawing._replace(middle=_enlarged(drawing.middle, times), width=drawing.width * times)
    if isinstance(drawing, list):
        return [_enlarged(outline, times) for outline in drawing]
    return _enlarged(drawing, times)


@overload
def _enlarged(outline: Ellipse, times: int) -> Ellipse: ...
@overload
def _enlarged(outline: Rectangle, times: int) -> Rectangle: ...
@overload
def _enlarged(outline: list[Curve], times: int) -> list[Curve]: ...
def _enlarged(outline: Ellipse | Rectangle | list[Curve], times: int) -> Ellipse | Rectangle | list[Curve]:
    if isinstance(outline, Ellipse):
        x, y, across, down, turn = outline
        return Ellipse(x * times, y * times, across * times, down * times, turn)
    if isinstance(outline, Rectangle):
        return Rectangle(*(length * times for length in outline))
    return [curve * times for curve in outline]
