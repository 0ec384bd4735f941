"""Layers as pictures in a page: to the last bit where that is cheap, else small enough, and never too many bytes."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from PIL import Image

from peeler.exporters.html.pictures import cropped, reduced, whole_factor
from peeler.geometry import RGB, RGBA
from peeler.stack import Layer, LayerStack

STAGE = 1024
"""Longest side, or somewhat more, at which a page shows pictures at their largest."""
LAYER_BYTES = 1_200_000
"""What all layers may take together."""
PICTURE_BYTES, MOST_BYTES = 260_000, 700_000
"""What one picture may take before it loses something, and before it loses more."""
LARGEST = 700_000
"""Pixels from which a picture of many colours is not even tried without loss."""
DECODED = 60_000_000
"""Pixels that all layers may have together once a browser has unpacked them."""
QUALITIES = 82, 50, 20
COARSEST = 16


class Preview(NamedTuple):
    """A picture as a data URI, its place on the canvas (left, top, width, height), and whether it is exact."""

    uri: str
    place: tuple[int, int, int, int]
    exact: bool


def stage_factor(size: tuple[int, int]) -> int:
    """How many pixels of the canvas stand behind one of the stage, along each side."""
    return whole_factor(size, STAGE)


def previews(stack: LayerStack) -> list[Preview]:
    """One picture for each layer, cropped to its box; those that take most are made smaller until all fit."""
    stage = stage_factor(stack.size)
    area, factor = sum(layer.box.area for layer in stack.layers), stage
    while area > DECODED * factor**2:
        factor *= 2
    tried = [_lossless_layer(layer, factor) for layer in stack.layers]
    most = _most([len(data) if data else LAYER_BYTES for data in tried], LAYER_BYTES)
    return [
        _preview(data, layer, factor) if data and len(data) <= most else _smaller(layer, factor, most)
        for data, layer in zip(tried, stack.layers, strict=True)
    ]


def picture_uri(picture: RGB | RGBA) -> str:
    """A whole picture at the size of the stage."""
    small = reduced(picture, stage_factor((picture.shape[1], picture.shape[0])))
    data = _lossless(small)
    if data is None or len(data) > PICTURE_BYTES:
        tries = (_webp(small, quality) for quality in QUALITIES)
        data = next((tried for tried in tries if len(tried) <= MOST_BYTES), None) or _webp(small, 0)
    return _uri(data)


def _most(sizes: Sequence[int], allowed: int) -> int:
    """The largest size that each may have so that all together keep to what is allowed."""
    ordered = sorted(sizes)
    for place, (size, before) in enumerate(zip(ordered, [0, *accumulate(ordered)], strict=False)):
        share = (allowed - before) // (len(ordered) - place)
        if size > share:
            return share
    return allowed


def _lossless_layer(layer: Layer, factor: int) -> bytes | None:
    pixels, *_ = cropped(layer, factor)
    return _lossless(pixels) if pixels.size else _lossless(np.zeros((1, 1, 4), dtype=np.uint8))


def _preview(data: bytes, layer: Layer, factor: int, exact: bool = True) -> Preview:
    pixels, left, top = cropped(layer, factor)
    height, width = pixels.shape[:2]
    place = left * factor, top * factor, width * factor, height * factor
    return Preview(_uri(data), place, exact and factor == 1)


def _smaller(layer: Layer, factor: int, most: int) -> Preview:
    while True:
        pixels, *_ = cropped(layer, factor)
        data = _webp(pixels, QUALITIES[0])
        if len(data) <= most or factor >= COARSEST or max(pixels.shape) <= COARSEST:
            return _preview(data, layer, factor, exact=False)
        factor *= 2


def _lossless(pixels: RGB | RGBA) -> bytes | None:
    """A PNG with as few colours as there are, or None for a large picture that has many."""
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, dtype=np.uint8)])
    if few := _in_few_colours(pixels):
        return few
    if pixels.shape[0] * pixels.shape[1] > LARGEST:
        return None
    opaque = bool((pixels[..., 3] == 255).all())
    return _saved(Image.fromarray(np.ascontiguousarray(pixels[..., :3]) if opaque else pixels), "PNG", compress_level=6)


def _in_few_colours(pixels: RGBA) -> bytes | None:
    """A PNG with a palette; of clear pixels only that they are clear is kept."""
    shown = np.where(pixels[..., 3:] > 0, pixels, np.uint8(0))
    packed = np.ascontiguousarray(shown).view(np.uint32)[..., 0]
    if len(np.unique(packed[::5, ::5])) > 256:
        return None
    values = np.unique(packed)
    if len(values) > 256:
        return None
    colours = values.view(np.uint8).reshape(-1, 4)
    image = Image.fromarray(np.searchsorted(values, packed).astype(np.uint8), "P")
    image.putpalette(np.ascontiguousarray(colours[:, :3]).tobytes())
    bits = next(bits for bits in (1, 2, 4, 8) if len(values) <= 2**bits)
    return _saved(image, "PNG", compress_level=6, bits=bits, transparency=np.ascontiguousarray(colours[:, 3]).tobytes())


def _webp(pixels: RGB | RGBA, quality: int) -> bytes:
    return _saved(
        Image.fromarray(np.ascontiguousarray(pixels)),
        "WEBP",
        quality=quality,
        alpha_quality=min(100, quality + 18),
        method=4,
    )


def _saved(image: Image.Image, kind: str, **settings: int | bytes) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def _uri(data: bytes) -> str:
    kind = "png" if data.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{b64encode(data).decode()}"
