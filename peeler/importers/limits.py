"""How large a file and what is in it may be, and how it is told that it is not."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from peeler.errors import InputError, PeelerError
from peeler.geometry import RGBA
from peeler.inputs import MAX_PIXELS, MAX_SIDE

MOST_BYTES = 512 * 2**20
MOST_LAYERS = 2000
MOST_LAYER_PIXELS = 256_000_000
"""Of all layers of one file together; they take four bytes each."""


def bytes_of(path: Path, most: int = MOST_BYTES) -> bytes:
    """What a file holds. Raises InputError when it cannot be read, is empty or has more than ``most`` bytes."""
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder")
        if (size := path.stat().st_size) > most:
            raise InputError(f"{path}: the file has {size / 2**20:.0f} MiB; the limit is {most // 2**20} MiB")
        data = path.read_bytes()
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({getattr(problem, 'strerror', '') or problem})") from problem
    if not data:
        raise InputError(f"{path}: the file is empty")
    return data


def check_canvas(path: Path, width: int, height: int) -> tuple[int, int]:
    """The size, if a picture may have it. Raises InputError."""
    if width < 1 or height < 1:
        raise InputError(f"{path}: has a canvas of {width} × {height} pixels")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        limit = f"the limit is {MAX_PIXELS // 1_000_000} megapixels and {MAX_SIDE} pixels a side"
        raise InputError(f"{path}: {width} × {height} is too large; {limit}")
    return width, height


class Allowance:
    """How many layers and pixels a file may still bring."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.layers = MOST_LAYERS
        self.pixels = MOST_LAYER_PIXELS

    def take(self, width: int, height: int) -> None:
        """Count a layer of that size before it is decoded. Raises InputError when it is one too many, or too large."""
        if max(0, width) * max(0, height) > MAX_PIXELS:
            raise InputError(f"{self.path}: a layer has {width} × {height} pixels, more than a picture may have")
        self.layers -= 1
        self.pixels -= max(0, width) * max(0, height)
        if self.layers < 0:
            raise InputError(f"{self.path}: has more than {MOST_LAYERS} layers")
        if self.pixels < 0:
            raise InputError(
                f"{self.path}: its layers have more than {MOST_LAYER_PIXELS // 1_000_000} megapixels together"
            )


@contextmanager
def decoding(path: Path, what: str) -> Iterator[None]:
    """Tell whatever goes wrong while a file is decoded as an InputError of one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PeelerError:
        raise
    except MemoryError as problem:
        raise InputError(f"{path}: takes more memory than there is") from problem
    except Exception as problem:
        told = " ".join(str(problem).split())[:200] or type(problem).__name__
        raise InputError(f"{path}: is damaged or no {what} ({told})") from problem


def png_pixels(data: bytes, allowance: Allowance) -> RGBA:
    """The pixels of a PNG, counted before they are decoded. Raises InputError, and what Pillow raises if damaged."""
    with Image.open(BytesIO(data), formats=["PNG"]) as image:
        allowance.take(*image.size)
        return np.asarray(image.convert("RGBA"))


def psd_header(data: bytes) -> tuple[int, int, int, int, int]:
    """Version, width, height, depth and colour mode of a PSD. Raises ValueError when it is none."""
    if len(data) < 26 or data[:4] != b"8BPS":
        raise ValueError("it does not begin like one")
    version, _, height, width, depth, mode = struct.unpack(">H6xHIIHH", data[4:26])
    return version, width, height, depth, mode
