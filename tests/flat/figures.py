"""Small figures: masks with hard edges, drawings with soft ones, and regions made by hand."""

from io import BytesIO
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.flat.palette import Palette, find_palette
from peeler.flat.regions import Regions, find_regions
from peeler.geometry import RGB, Mask, Pixels
from peeler.scenes.render import picture

SIZE = 96
Value = TypeVar("Value", bound=np.generic)


def bar(x0: int, y0: int, x1: int, y1: int, size: int = SIZE) -> Pixels:
    """A box of whole pixels, right and bottom exclusive."""
    mask = np.zeros((size, size), np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


def disc(x: float, y: float, radius: float, size: int = SIZE) -> Pixels:
    """The pixels whose centres lie within ``radius`` of (x, y)."""
    rows, columns = np.mgrid[:size, :size] + 0.5
    inside: Pixels = np.hypot(columns - x, rows - y) < radius
    return inside


def drawn(*elements: str, ground: str = "#ffffff", size: int = SIZE) -> RGB:
    """SVG elements on a plain ground, as pixels with soft edges."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
    return picture(f'{head}<rect width="{size}" height="{size}" fill="{ground}"/>{"".join(elements)}</svg>')


def circle(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}"/>'


def rect(x0: float, y0: float, x1: float, y1: float, fill: str) -> str:
    return f'<rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" fill="{fill}"/>'


def enlarged(values: NDArray[Value], times: int) -> NDArray[Value]:
    """Each of the pixels (height × width …) repeated in both directions."""
    return np.repeat(np.repeat(values, times, axis=0), times, axis=1)


def as_jpeg(canvas: RGB, quality: int) -> RGB:
    """What is left of a canvas that was saved with loss."""
    file = BytesIO()
    Image.fromarray(canvas).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def regions_of(canvas: RGB) -> tuple[Regions, Palette]:
    palette = find_palette(canvas)
    return find_regions(canvas, palette), palette


def label_at(regions: Regions, x: int, y: int) -> int:
    return int(regions.labels[y, x])


def iou(one: Mask | Pixels, other: Pixels) -> float:
    pixels = one.on(other.shape[::-1]) if isinstance(one, Mask) else one
    return float((pixels & other).sum() / (pixels | other).sum())
