"""Layer → paths with VTracer (visioncortex; Rust; MIT).

VTracer follows the corners of black pixels. A layer's alpha knows the edge better than that: enlarged with a cubic
kernel and cut at one half, its contour lies where the true edge is, to a fraction of a pixel.
"""

import re
from collections.abc import Iterator

import cv2
import numpy as np
import vtracer

from peeler.errors import OutputError
from peeler.stack import Layer

ENLARGED = 4
"""Enlargement of a small layer's alpha before it is traced."""
MOST_PIXELS = 600_000
"""Size up to which an alpha is enlarged; tracing takes about 10 ns per pixel."""
MARGIN = 2
"""Clear pixels around a layer, so that the enlargement sees its outer edge."""
_PATH = re.compile(r'<path d="([^"]*)" fill="(#[0-9A-Fa-f]{6})" transform="translate\(([-\d.]+),([-\d.]+)\)"/>')
_TOKEN = re.compile(r"[MLCZ]|-?[\d.]+(?:e-?\d+)?")


class VtracerVectorizer:
    """Traces complete shapes: one path per piece of a flat layer, holes kept, and stacked colour areas otherwise."""

    def vectorize(self, layer: Layer) -> list[str]:
        """The path elements of ``layer`` in canvas pixels, bottom first; none if it is clear. Raises OutputError."""
        if not layer.pixels[..., 3].any():
            return []
        return _flat_paths(layer, layer.ink) if layer.ink else _colour_paths(layer)


def _flat_paths(layer: Layer, ink: str) -> list[str]:
    alpha = np.pad(layer.pixels[..., 3], MARGIN)
    scale = max(1, min(ENLARGED, int((MOST_PIXELS / alpha.size) ** 0.5)))
    large = cv2.resize(alpha, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else alpha
    black = np.where(large >= 128, np.uint8(0), np.uint8(255))
    svg = vtracer.convert_raw_image_to_svg(
        b"P5\n%d %d\n255\n" % black.shape[::-1] + black.tobytes(),
        img_format="pnm",
        colormode="binary",
        filter_speckle=scale,
        path_precision=2,
    )
    origin = layer.box.x0 - MARGIN, layer.box.y0 - MARGIN
    return [f'<path fill="{ink}" d="{data}"/>' for data, _ in _placed(svg, origin, scale)]


def _colour_paths(layer: Layer) -> list[str]:
    ok, png = cv2.imencode(".png", cv2.cvtColor(layer.pixels, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 0])
    if not ok:
        raise OutputError(f"layer {layer.id!r} cannot be encoded")
    svg = vtracer.convert_raw_image_to_svg(png.tobytes(), img_format="png", filter_speckle=2, path_precision=2)
    return [f'<path fill="{fill.lower()}" d="{data}"/>' for data, fill in _placed(svg, layer.box[:2], 1)]


def _placed(svg: str, origin: tuple[int, int], scale: int) -> Iterator[tuple[str, str]]:
    """Path data in canvas coordinates, and fill, of each path of VTracer's drawing."""
    for data, fill, x, y in _PATH.findall(svg):
        shift = float(x) / scale + origin[0], float(y) / scale + origin[1]
        yield _moved(data, shift, scale), fill


def _moved(data: str, shift: tuple[float, float], scale: int) -> str:
    """Absolute path data divided by ``scale`` and moved by ``shift``, with two decimals."""
    words, place = [], 0
    for token in _TOKEN.findall(data):
        if token.isalpha():
            words.append(token)
        else:
            words.append(f"{float(token) / scale + shift[place]:.2f}".rstrip("0").rstrip("."))
            place = 1 - place
    return " ".join(words)
