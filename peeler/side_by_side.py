"""Two stacks seen next to each other, with a map of where and how far they differ."""

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.comparing import Difference, composite_difference
from peeler.errors import ConfigError
from peeler.files import png_bytes, replacing
from peeler.geometry import RGB, RGBA
from peeler.stack import LayerStack
from peeler.text import label, plural

GAP = 12
"""Pixels between the pictures."""
PAPER = 246
"""Grey level of what is between them."""
SQUARE = 8
"""Pixels of a side of the squares that show what is transparent."""
STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 1180px; margin: 0 auto; padding: 24px; }
.three { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 16px; }
figure { margin: 0; } figcaption { opacity: .7; }
img { width: 100%; border: 1px solid #8885; image-rendering: auto; }
table { border-collapse: collapse; margin-top: 20px; }
td { text-align: left; padding: 4px 14px 4px 0; vertical-align: top; }
tr + tr td { border-top: 1px solid #8884; } td { overflow-wrap: anywhere; }
"""


def show_difference(one: LayerStack, other: LayerStack, found: Difference, names: tuple[str, str], path: Path) -> None:
    """Write a PNG or a page (by the name of ``path``) of both stacks and the map. Raises ConfigError, StoreError."""
    kind = path.suffix.lower()
    if kind not in (".png", ".html"):
        raise ConfigError(f"{path}: the picture of a difference is a .png or .html file")
    pictures = on_squares(one.composite()), on_squares(other.composite()), heat_map(one, other)
    data = _page(found, names, pictures).encode() if kind == ".html" else png_bytes(beside(pictures))
    with replacing(path) as unfinished:
        unfinished.write_bytes(data)


def heat_map(one: LayerStack, other: LayerStack) -> RGB:
    """Where the composites differ: from blue (one level) to yellow (all), on the first one in pale grey."""
    off = composite_difference(one, other)
    height, width = off.shape
    ground = cv2.cvtColor(on_squares(one.composite())[:height, :width], cv2.COLOR_RGB2GRAY)
    pale = (200 + ground.astype(np.uint16) // 5).clip(0, 255).astype(np.uint8)
    # Square roots, so that one level is seen as well as a hundred.
    heat = np.rint(40 + 215 * np.sqrt(off / 255)).astype(np.uint8)
    warm = cv2.cvtColor(cv2.applyColorMap(heat, cv2.COLORMAP_PLASMA), cv2.COLOR_BGR2RGB)
    return np.where(off[..., None] > 0, warm, pale[..., None]).astype(np.uint8)


def on_squares(pixels: RGBA) -> RGB:
    """Height × width × 3, with a chequered ground behind what is transparent."""
    if pixels[..., 3].min(initial=255) == 255:
        return np.ascontiguousarray(pixels[..., :3])
    y, x = np.indices(pixels.shape[:2]) // SQUARE
    ground = np.where((x + y) % 2, 225, 250)[..., None]
    cover = pixels[..., 3:].astype(np.uint32)
    return ((pixels[..., :3] * cover + ground * (255 - cover) + 127) // 255).astype(np.uint8)


def beside(pictures: tuple[RGB, ...]) -> RGB:
    """Pictures from left to right, as they are."""
    height = max(len(picture) for picture in pictures)
    page = np.full((height + 2 * GAP, sum(GAP + picture.shape[1] for picture in pictures) + GAP, 3), PAPER, np.uint8)
    left = GAP
    for picture in pictures:
        page[GAP : GAP + len(picture), left : left + picture.shape[1]] = picture
        left += picture.shape[1] + GAP
    return page


def told(found: Difference) -> Iterator[tuple[str, str]]:
    """What differs, in words: a layer, and what became of it."""
    if found.size:
        (w, h), (x, y) = found.size
        yield "canvas", f"{w} × {h} → {x} × {y}"
    yield from ((_called(layer.name, layer.id), f"added at place {layer.place}") for layer in found.added)
    yield from ((_called(layer.name, layer.id), f"removed from place {layer.place}") for layer in found.removed)
    for change in found.changed:
        parts = [_in_words(what, value) for what, value in change.told.items() if what not in ("pixels", "levels")]
        if change.pixels:
            parts.append(f"{plural(change.pixels, 'pixel')} changed by up to {plural(change.levels, 'level')}")
        yield _called(change.name, change.id), ", ".join(parts)


def summary(found: Difference) -> str:
    """One line about the composites."""
    if not found.composite_max:
        return "the composites are the same"
    return (
        f"the composites differ in {plural(found.composite_pixels, 'pixel')}, "
        f"by at most {found.composite_max} and on average {found.composite_mean:.4f} levels"
    )


def _called(name: str, id: str) -> str:
    return f"{label(name, 60)} ({label(id, 40)})" if name != id else label(id, 60)


def _in_words(what: str, value: object) -> str:
    if what == "moved" and isinstance(value, list):
        return f"moved by {value[0]}, {value[1]}"
    if what == "visible" and isinstance(value, list):
        return "shown" if value[1] else "hidden"
    if isinstance(value, list):
        before, after = (_plain(one) for one in value)
        return f"{what.replace('_', ' ')} {before} → {after}"
    return f"{what.replace('renumbered', 'id')} → {label(str(value), 60)}"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return f"({', '.join(str(number) for number in value)})"
    return "none" if value is None else label(f"{value:.4g}" if isinstance(value, float) else str(value), 60)


def _page(found: Difference, names: tuple[str, str], pictures: tuple[RGB, RGB, RGB]) -> str:
    captions = [escape(label(caption)) for caption in (*names, "where they differ")]
    figures = "\n".join(
        f'<figure><img alt="{caption}" src="{_uri(picture)}"><figcaption>{caption}</figcaption></figure>'
        for caption, picture in zip(captions, pictures, strict=True)
    )
    rows = "\n".join(f"<tr><td>{escape(what)}</td><td>{escape(how)}</td></tr>" for what, how in told(found))
    title = escape(label(f"{names[0]} and {names[1]}"))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Peeler</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p>{escape(summary(found))}</p>
<div class="three">
{figures}
</div>
<table>
{rows or "<tr><td>no layer differs</td></tr>"}
</table>
</body>
</html>
"""


def _uri(picture: NDArray[np.uint8]) -> str:
    return f"data:image/png;base64,{b64encode(png_bytes(picture)).decode()}"
