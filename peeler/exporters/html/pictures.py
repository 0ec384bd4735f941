"""Small pictures for pages, as data URIs."""

from base64 import b64encode
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.exporters.colours import SAME
from peeler.geometry import RGB, RGBA, Pixels
from peeler.stack import Layer, largest_difference

COLOURS = 128
"""A palette of that many colours makes a small picture of flat art a third as large, and faster to write."""
MOST_BYTES = 9_000
"""A small picture that takes more is no flat art, and looks better as a JPEG."""
MISSED = 2
"""Grey levels up to which a composite counts as exact."""
_MASK_INK = (234, 88, 12)


def thumb(picture: RGB | RGBA, side: int) -> str:
    """``picture`` reduced by a whole factor so that neither side is much longer than ``side`` pixels."""
    height, width = picture.shape[:2]
    small = reduced(picture, whole_factor((width, height), side))
    if small.shape[2] == 3 or (small[..., 3] == 255).all():
        return _palette_uri(small[..., :3])
    # Few colours in few opacities are a coarse grid where a picture is half clear.
    return _lossy_uri(Image.fromarray(small), "WEBP")


def layer_thumb(layer: Layer, size: tuple[int, int], side: int) -> str:
    """A layer where it lies on a canvas of ``size`` (width, height), the rest clear."""
    factor = whole_factor(size, side)
    crop, left, top = cropped(layer, factor)
    ink = only_ink(layer)
    crop = crop[..., 3] if ink else crop
    small = np.zeros((-(-size[1] // factor), -(-size[0] // factor), *crop.shape[2:]), dtype=np.uint8)
    small[top : top + crop.shape[0], left : left + crop.shape[1]] = crop
    return _ink_uri(small, ink) if ink else _palette_uri(small)


def cropped(layer: Layer, factor: int) -> tuple[RGBA, int, int]:
    """A layer reduced by ``factor`` in step with the canvas, and the left and upper edge of what is returned."""
    left, top = layer.box.x0 // factor, layer.box.y0 // factor
    if factor == 1 or not layer.box.area:
        return layer.pixels, left, top
    before = layer.box.y0 - top * factor, 0, layer.box.x0 - left * factor, 0
    ink = only_ink(layer)
    padded = cv2.copyMakeBorder(layer.pixels[..., 3] if ink else layer.pixels, *before, cv2.BORDER_CONSTANT)
    small = reduced(np.asarray(padded, dtype=np.uint8), factor)
    return _inked(small, ink) if ink else small, left, top


def only_ink(layer: Layer) -> str | None:
    """The ink of a layer that has no other colour to the eye; some have an ink and a texture besides."""
    if not layer.ink:
        return None
    ink = np.frombuffer(bytes.fromhex(layer.ink.removeprefix("#")), dtype=np.uint8).astype(np.int16)
    low, high = ((ink + levels).clip(0, 255).tolist() for levels in (-SAME, SAME))
    right = cv2.inRange(layer.pixels, (*low, 1), (*high, 255))
    clear = cv2.inRange(layer.pixels[..., 3], 0, 0)
    return layer.ink if cv2.countNonZero(right) + cv2.countNonZero(clear) == right.size else None


def mask_thumb(mask: Pixels, side: int) -> str:
    """A mask as clear and orange pixels, to be laid over a picture; even the thinnest line stays visible."""
    image = Image.fromarray(_greatest(mask.view(np.uint8), side), "P")
    image.putpalette([255, 255, 255, *_MASK_INK])
    return _png_uri(image, transparency=0, bits=1)


def difference_thumb(difference: NDArray[np.uint8], side: int) -> str:
    """A map of grey levels: exact is clear, up to ``MISSED`` pale, more from amber to red. No single pixel is lost."""
    image = Image.fromarray(_greatest(difference, side), "P")
    levels = np.arange(256)
    heat = np.clip((levels - MISSED) / 60, 0, 1)
    red = np.where(levels <= MISSED, 148, 245 - 60 * heat)
    green = np.where(levels <= MISSED, 163, 158 * (1 - heat))
    blue = np.where(levels <= MISSED, 184, 11 + 20 * heat)
    image.putpalette(np.stack([red, green, blue], axis=1).astype(np.uint8).tobytes())
    opacity = np.where(levels == 0, 0, np.where(levels <= MISSED, 120, 255)).astype(np.uint8)
    return _png_uri(image, transparency=opacity.tobytes())


def difference(composite: RGBA, picture: RGB | RGBA) -> NDArray[np.uint8]:
    """As ``largest_difference``, but in a twentieth of the time where nothing is clear."""
    if picture.shape[2] == 4 and (picture[..., 3] < 255).any() or (composite[..., 3] < 255).any():
        return largest_difference(composite, picture)
    red, green, blue, *_ = cv2.split(cv2.absdiff(composite[..., :3], picture[..., :3]))
    return np.maximum(np.maximum(red, green), blue)


def svg_uri(markup: bytes) -> str:
    return "data:image/svg+xml;base64," + b64encode(markup).decode()


def whole_factor(size: tuple[int, int], side: int) -> int:
    """By what a picture is reduced so that neither side is much longer than ``side`` pixels."""
    return max(1, round(max(size) / side))


def reduced(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Means of ``factor`` × ``factor`` pixels; whole factors keep layers and canvas in register."""
    if factor == 1:
        return picture
    if picture.ndim == 2:
        return _means(picture, factor, cv2.BORDER_CONSTANT)
    if picture.shape[2] == 3:
        return _means(picture, factor, cv2.BORDER_REPLICATE)
    alpha = picture[..., 3]
    weighted = cv2.multiply(picture[..., :3], cv2.merge([alpha] * 3), scale=1 / 255)
    small = _means(np.dstack([weighted, alpha]), factor, cv2.BORDER_CONSTANT)
    straight = cv2.divide(small[..., :3], cv2.merge([small[..., 3]] * 3), scale=255)
    return np.dstack([straight, small[..., 3]])


def _means(picture: NDArray[np.uint8], factor: int, border: int) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    rows, columns = -(-height // factor), -(-width // factor)
    whole = cv2.copyMakeBorder(picture, 0, rows * factor - height, 0, columns * factor - width, border)
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _greatest(levels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Reduced so that every pixel is the greatest of those that it stands for."""
    height, width = levels.shape
    factor = whole_factor((width, height), side)
    rows, columns = -(-height // factor), -(-width // factor)
    whole = np.pad(levels, ((0, rows * factor - height), (0, columns * factor - width)))
    grown = cv2.dilate(whole, np.ones((factor, factor), dtype=np.uint8), anchor=(0, 0))
    return np.ascontiguousarray(grown[::factor, ::factor], dtype=np.uint8)


def _palette_uri(picture: RGB | RGBA) -> str:
    image = Image.fromarray(np.ascontiguousarray(picture))
    uri = _png_uri(image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
    return uri if len(uri) <= MOST_BYTES * 4 / 3 or image.mode == "RGBA" else _lossy_uri(image, "JPEG")


def _inked(alpha: NDArray[np.uint8], ink: str) -> RGBA:
    pixels = np.empty((*alpha.shape, 4), dtype=np.uint8)
    pixels[..., :3] = tuple(bytes.fromhex(ink.removeprefix("#")))
    pixels[..., 3] = alpha
    return pixels


def _ink_uri(alpha: NDArray[np.uint8], ink: str) -> str:
    """One ink in sixteen opacities."""
    image = Image.fromarray((alpha.astype(np.uint16) * 15 // 255).astype(np.uint8), "P")
    image.putpalette(bytes.fromhex(ink.removeprefix("#")) * 16)
    return _png_uri(image, transparency=bytes(range(0, 256, 17)), bits=4)


def _lossy_uri(image: Image.Image, kind: str) -> str:
    buffer = BytesIO()
    image.save(buffer, kind, quality=80)
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def _png_uri(image: Image.Image, **settings: int | bytes) -> str:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=6, **settings)
    return "data:image/png;base64," + b64encode(buffer.getvalue()).decode()
