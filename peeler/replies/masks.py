"""Masks as models write them → pixels of the canvas."""

import base64
import binascii
import io
import re
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageDraw

from peeler.errors import ReplyError
from peeler.geometry import GRID, Box, Mask, Pixels
from peeler.replies.models import TOO_LONG

LARGEST_SIDE = 2048
"""Pixels of a mask's side; read in its header, before anything is decoded."""
THRESHOLD = 127
"""A mask is a probability 0–255; what is above belongs to the element."""

_HEADER = re.compile(r"data:image/png;base64,", re.IGNORECASE)
_TOKEN = re.compile(r"<\s*(?:start_of_mask|seg_\d+)")
_PNG = b"\x89PNG\r\n\x1a\n"
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, zlib.error, MemoryError)
"""What Pillow's decoder raises on a damaged file."""


def from_png(text: str, corners: tuple[float, float, float, float], size: tuple[int, int]) -> Mask:
    """A PNG (data URL or bare base64) that fills the box ``corners``: ``y0, x0, y1, x1``, each 0–1000 of ``size``.

    Raises ReplyError with the reason if it is none, too large, damaged or empty.
    """
    if text == TOO_LONG:
        raise ReplyError("the mask does not end")
    if _TOKEN.search(text):
        raise ReplyError("the mask is in tokens that only the model itself can read")
    box = Box.from_grid(corners, size)
    if not box.area:
        raise ReplyError("the mask has no box on the canvas")
    image = _opened(_decoded(_HEADER.sub("", text, count=1)))
    seen = image.resize((box.width, box.height), Image.Resampling.BILINEAR, box=_part_within(corners, image.size))
    return _mask(np.asarray(seen) > THRESHOLD, (box.x0, box.y0))


def from_polygon(points: tuple[tuple[float, float], ...], size: tuple[int, int]) -> Mask:
    """The inside of an outline of ``y, x`` points, each 0–1000 of a canvas of ``size``.

    Raises ReplyError with the reason if it has no inside on the canvas.
    """
    if len(points) < 3:
        raise ReplyError("the outline has fewer than three points")
    width, height = size
    places = [(x * width / GRID - 0.5, y * height / GRID - 0.5) for y, x in points]
    canvas = Image.new("1", size)
    ImageDraw.Draw(canvas).polygon(places, fill=1)
    return _mask(np.asarray(canvas), (0, 0))


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ReplyError("the mask is no base64") from None
    if not data.startswith(_PNG) or data[12:16] != b"IHDR" or len(data) < 24:
        raise ReplyError("the mask is no PNG")
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ReplyError(f"the mask has {width} × {height} pixels; the limit is {LARGEST_SIDE} a side")
    return data


def _opened(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(io.BytesIO(data), formats=["PNG"]).convert("L")
        except _BROKEN:
            raise ReplyError("the mask is a damaged PNG") from None


def _part_within(
    corners: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Where the part of the box on the canvas lies in its mask of ``size``: left, top, right, bottom."""
    y0, x0, y1, x1 = corners
    top, bottom = ((min(max(y, 0), GRID) - y0) / (y1 - y0) * size[1] for y in (y0, y1))
    left, right = ((min(max(x, 0), GRID) - x0) / (x1 - x0) * size[0] for x in (x0, x1))
    return left, top, right, bottom


def _mask(pixels: Pixels, origin: tuple[int, int]) -> Mask:
    if not pixels.any():
        raise ReplyError("the mask is empty")
    return Mask.of(pixels, origin)
