"""Pictures as they come in: one file → one canvas, or one clear line why not."""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from peeler.errors import InputError
from peeler.geometry import RGB, RGBA

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
"""Formats that are opened, recognised by their content and not by the name of the file."""
SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_384
"""Limits of a picture, checked before it is decoded."""

WHITE = (255, 255, 255)
BACKDROPS = (WHITE, (0, 0, 0), (255, 0, 255), (0, 255, 0), (0, 255, 255), (255, 255, 0), (0, 0, 255), (255, 0, 0))
"""What a transparent picture may be laid on, the preferred one first."""
CLOSE = 48.0
"""Distance in RGB below which a colour of the picture is hard to tell from a backdrop."""
RARE = 0.0005
"""Share of the visible pixels below which a colour does not count when the backdrop is chosen."""

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, zlib.error, MemoryError)
"""What Pillow's decoders raise on a damaged file."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture ready to be peeled.

    ``rgb`` is what the loop sees: the picture itself, or laid on a plain backdrop when it is transparent somewhere.
    Then ``alpha`` (height × width, 0–255) and ``straight`` (its own colours, height × width × 3) are kept too.
    ``sha256`` is of the file, ``name`` its name without the folder, and ``note`` one line about what had to be
    changed to read it.
    """

    rgb: RGB
    alpha: NDArray[np.uint8] | None
    sha256: str
    name: str
    note: str = ""
    straight: RGB | None = None
    backdrop: tuple[int, int, int] = WHITE

    @classmethod
    def of(cls, pixels: RGB | RGBA, name: str = "picture", sha256: str | None = None, note: str = "") -> "Picture":
        """A picture from an array, height × width × 3 or 4 (straight alpha); hashed by pixel without ``sha256``."""
        if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.dtype != np.uint8 or not pixels.size:
            raise InputError(f"{name}: expected uint8, height × width × 3 or 4, not {pixels.dtype} {pixels.shape}")
        digest = sha256 or hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        rgb = np.ascontiguousarray(pixels[..., :3])
        if pixels.shape[2] == 3 or pixels[..., 3].min() == 255:
            return cls(rgb, None, digest, name, note)
        alpha = np.ascontiguousarray(pixels[..., 3])
        backdrop = _backdrop_for(rgb, alpha)
        return cls(_on_backdrop(rgb, alpha, backdrop), alpha, digest, name, note, rgb, backdrop)

    @property
    def size(self) -> tuple[int, int]:
        """Width, height."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def pixels(self) -> RGB | RGBA:
        """What the finished stack has to reproduce: RGB, or straight RGBA if the picture is transparent somewhere."""
        if self.alpha is None:
            return self.rgb
        colours = self.rgb if self.straight is None else self.straight
        return np.concatenate([colours, self.alpha[..., None]], axis=2)


def read_picture(path: Path) -> Picture:
    """Read a still picture of any common kind as 8-bit sRGB.

    Orientation tags are applied; colour profiles are ignored. Raises InputError when the file is missing, no picture,
    damaged, animated, of a depth that has no 8-bit meaning, or over ``MAX_BYTES``, ``MAX_PIXELS`` or ``MAX_SIDE``.
    """
    data = _bytes_of(path)
    with warnings.catch_warnings():
        # Pillow's hints about odd files: each either can be read or is refused, and our limits are lower than its own.
        warnings.simplefilter("ignore")
        image = _opened(data, path)
        _refuse_large(image.size, path)
        _refuse_animation(image, path)
        pixels, notes = _decoded(image, path)
    name = path.name.encode("utf-8", "replace").decode()  # what is no text in a file name cannot be stored
    note = "; ".join(filter(None, [_suffix_note(path, image.format or ""), *notes]))
    return Picture.of(pixels, name, hashlib.sha256(data).hexdigest(), note)


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a picture (to peel every picture in it: peeler batch)")
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise InputError(f"{path}: the file has {size / 2**20:.0f} MiB; the limit is {MAX_BYTES // 2**20} MiB")
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({_one_line(problem)})") from problem
    if not data:
        raise InputError(f"{path}: the file is empty")
    return data


def _opened(data: bytes, path: Path) -> Image.Image:
    """The picture with its size known and nothing decoded yet."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise InputError(f"{path}: not a picture, or badly damaged (readable: {', '.join(FORMATS)})") from None
    except Image.DecompressionBombError:
        raise InputError(f"{path}: far too large; {_limit()}") from None
    except _BROKEN as problem:
        raise InputError(f"{path}: the picture is damaged or cut off ({_one_line(problem)})") from problem


def _refuse_large(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if width * height > MAX_PIXELS or max(size) > MAX_SIDE:
        raise InputError(f"{path}: {width} × {height} is too large; {_limit()}")


def _limit() -> str:
    return f"the limit is {MAX_PIXELS // 1_000_000} megapixels and {MAX_SIDE} pixels a side"


def _refuse_animation(image: Image.Image, path: Path) -> None:
    """A multi-picture JPEG (a camera's preview rides along) is a still picture; anything else with frames is not."""
    try:
        frames = getattr(image, "n_frames", 1)
    except _BROKEN as problem:
        raise InputError(f"{path}: the picture is damaged or cut off ({_one_line(problem)})") from problem
    if frames > 1 and image.format != "MPO":
        raise InputError(f"{path}: has {frames} frames or pages; only still pictures can be peeled: save one as PNG")


def _decoded(image: Image.Image, path: Path) -> tuple[RGB | RGBA, list[str]]:
    try:
        depth_note = _depth_note(image)
        upright, turn_note = _upright(image)
        return _to_8_bit(upright, path), [depth_note, turn_note]
    except _BROKEN as problem:
        raise InputError(f"{path}: the picture is damaged or cut off ({_one_line(problem)})") from problem


def _depth_note(image: Image.Image) -> str:
    # The decoder's arguments are the only place where Pillow keeps the depth of colour pictures.
    if image.mode.startswith("I") or ";16" in str([tile[3] for tile in getattr(image, "tile", [])]):
        return "16 bits a channel reduced to 8"
    return "CMYK converted without its colour profile" if image.mode == "CMYK" else ""


def _upright(image: Image.Image) -> tuple[Image.Image, str]:
    orientation = image.getexif().get(0x0112, 1)
    note = "turned upright as its orientation tag says" if orientation in range(2, 9) else ""
    return ImageOps.exif_transpose(image), note


def _to_8_bit(image: Image.Image, path: Path) -> RGB | RGBA:
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _deep_grey(image, path)
    transparent = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa")
    if image.mode in ("La", "RGBa"):
        image = image.convert("RGBA")
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))


def _deep_grey(image: Image.Image, path: Path) -> RGB | RGBA:
    """Grey of 16 bits scaled to 8, as 0–65535 → 0–255."""
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise InputError(f"{path}: pixels of {image.mode!r} kind have no 8-bit meaning; save it with 8 bits a channel")
    grey = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    channels = [grey, grey, grey]
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        channels.append(np.where(values == clear, 0, 255).astype(np.uint8))
    return np.dstack(channels)


def _suffix_note(path: Path, format_name: str) -> str:
    actual = "JPEG" if format_name == "MPO" else format_name
    named = SUFFIXES.get(path.suffix.lower())
    return f"named {path.suffix} but is a {actual}" if named and named != actual else ""


def _on_backdrop(straight: RGB, alpha: NDArray[np.uint8], backdrop: tuple[int, int, int]) -> RGB:
    cover = alpha[..., None].astype(np.uint32)
    ground = np.array(backdrop, dtype=np.uint32)
    return ((straight * cover + ground * (255 - cover) + 127) // 255).astype(np.uint8)


def _backdrop_for(straight: RGB, alpha: NDArray[np.uint8]) -> tuple[int, int, int]:
    """White, unless the picture holds colours close to it: then the candidate farthest from all its colours."""
    visible = straight[alpha >= 128]
    if not len(visible):
        return WHITE
    # Colours count by their cell of 16³; one that hardly any pixel has is an edge or noise.
    red, green, blue = (visible.T >> 4).astype(np.int64)
    cells, counts = np.unique(red * 256 + green * 16 + blue, return_counts=True)
    common = cells[counts >= RARE * len(visible)]
    colours = np.stack([common >> 8, (common >> 4) & 15, common & 15], axis=1) * 17
    if not len(colours):
        return WHITE

    def distance(candidate: tuple[int, int, int]) -> float:
        return float(np.linalg.norm(colours - np.array(candidate), axis=1).min())

    return WHITE if distance(WHITE) > CLOSE else max(BACKDROPS, key=distance)


def _one_line(problem: BaseException) -> str:
    text = str(problem).strip() or type(problem).__name__
    return text.splitlines()[0]
