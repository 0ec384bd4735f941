"""Names that a person would use: colour, form and place, such as "dark red curve on the upper left"."""

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import filled, outlines
from peeler.geometry import Box, Pixels

HUES = (
    (15, "red"), (40, "orange"), (68, "yellow"), (95, "lime"), (160, "green"), (185, "teal"),
    (205, "sky blue"), (255, "blue"), (290, "purple"), (335, "pink"), (361, "red"),
)  # fmt: skip
"""Upper bound of each hue in degrees (HSV), and its word."""

SLENDER = 40
"""A form with more area than this many squares of its largest inner radius is a line: ten times as long as wide."""


def describe(ink: NDArray[np.uint8], mask: Pixels) -> str:
    """The name of an element of colour ``ink`` (3,) that covers ``mask`` (height × width of the canvas)."""
    height, width = mask.shape
    return " ".join(part for part in (colour_word(ink), form_word(mask), place_words(mask, (width, height))) if part)


def colour_word(ink: NDArray[np.uint8]) -> str:
    """A plain colour word with at most one modifier."""
    hue, saturation, value = _hsv(ink)
    if value < 0.16:
        return "black"
    if saturation < 0.10:
        return _grey_word(value)
    word = next(name for limit, name in HUES if hue < limit)
    if word in ("red", "orange", "yellow") and value < 0.72 and saturation > 0.25:
        return "dark brown" if value < 0.4 else "brown"
    if word in ("orange", "red") and saturation < 0.45:
        return "beige" if word == "orange" else "pale pink"
    if value < 0.5:
        return f"dark {word}"
    return f"light {word}" if saturation < 0.45 and value > 0.7 else word


def _hsv(ink: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Hue in degrees, saturation and value from 0 to 1."""
    hue, saturation, value = cv2.cvtColor((ink.reshape(1, 1, 3) / 255).astype(np.float32), cv2.COLOR_RGB2HSV)[0, 0]
    return float(hue), float(saturation), float(value)


def _grey_word(value: float) -> str:
    if value > 0.96:
        return "white"
    return "light grey" if value > 0.75 else "grey" if value > 0.42 else "dark grey"


def form_word(mask: Pixels) -> str:
    """What the mask looks like, by its fill of simple figures drawn around it."""
    points = np.concatenate([curve for curve, is_hole in outlines(mask) if not is_hole]).astype(np.int32)
    area = float(mask.sum())
    (_, sides, _) = cv2.minAreaRect(points)
    short, long = sorted(side + 1 for side in sides)
    if area < 0.75 * np.count_nonzero(filled(mask)):
        return "ring" if long < 1.6 * short else "frame"
    thickness = float(cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    if area > SLENDER * thickness * thickness:
        return "line" if area > 0.6 * short * long else "curve"
    return _compact_form(points, area, short, long)


def _compact_form(points: NDArray[np.int32], area: float, short: float, long: float) -> str:
    if area < 0.8 * cv2.contourArea(cv2.convexHull(points)):
        return "shape"
    fill = area / (short * long)
    if fill > 0.93:
        return "square" if long < 1.15 * short else "bar" if long > 3 * short else "rectangle"
    if abs(fill - np.pi / 4) < 0.05:
        return "circle" if long < 1.12 * short else "ellipse"
    if fill > 0.8:
        return "rounded square" if long < 1.15 * short else "rounded bar" if long > 3 * short else "rounded rectangle"
    return "triangle" if abs(fill - 0.5) < 0.06 else "shape"


def place_words(mask: Pixels, size: tuple[int, int]) -> str:
    """Where the mask lies on a canvas of ``size`` (width, height), in thirds; nothing if it covers most of it."""
    box = Box.around(mask)
    if box.width > 0.6 * size[0] and box.height > 0.6 * size[1]:
        return ""
    x, y = box.centre
    across = ("left", "", "right")[min(2, int(3 * x / size[0]))]
    down = ("upper", "", "lower")[min(2, int(3 * y / size[1]))]
    if down and across:
        return f"on the {down} {across}"
    if across:
        return f"on the {across}"
    return {"upper": "at the top", "lower": "at the bottom"}.get(down, "in the middle")
