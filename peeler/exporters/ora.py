"""A stack as OpenRaster (freedesktop.org, 0.0.6): a zip file of cropped PNG layers and what they make together."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np

from peeler import particulars
from peeler.exporters.grouping import Group, grouped, with_groups
from peeler.exporters.zips import zip_bytes
from peeler.files import png_bytes, replacing
from peeler.geometry import RGBA
from peeler.stack import Layer, LayerStack

MIMETYPE = b"image/openraster"
THUMBNAIL = 256
"""Longest side of the thumbnail in pixels."""
KEPT = "peeler.json"
"""What travels along; other programs leave it alone or drop it."""


class OraExporter:
    """Writes a stack as OpenRaster; the same stack always gives the same bytes."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the file ``path``, at once or not at all. Raises StoreError."""
        data = ora_bytes(stack)
        with replacing(path) as unfinished:
            unfinished.write_bytes(data)


def ora_bytes(stack: LayerStack) -> bytes:
    """The file; its first member says what it is, uncompressed."""
    groups, picture = grouped(stack), stack.composite()
    sources = {layer.id: f"data/{number:03d}.png" for number, layer in enumerate(stack.layers)}
    kept = {sources[layer.id]: particulars.particulars(layer, around) for around, layer in with_groups(groups)}
    members = {
        "mimetype": MIMETYPE,
        "stack.xml": _markup(stack.size, groups, sources).encode(),
        **{sources[layer.id]: png_bytes(layer.pixels) for layer in stack.layers},
        "mergedimage.png": png_bytes(picture),
        "Thumbnails/thumbnail.png": png_bytes(_small(picture)),
        KEPT: particulars.written(kept),
    }
    return zip_bytes(members.items(), stored=[name for name in members if name not in ("stack.xml", KEPT)])


def _markup(size: tuple[int, int], groups: Sequence[Group | Layer], sources: dict[str, str]) -> str:
    head = f'<image version="0.0.3" w="{size[0]}" h="{size[1]}" xres="96" yres="96">'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        head,
        "<stack>",
        *_entries(groups, sources),
        "</stack>",
        "</image>",
    ]
    return "\n".join(lines) + "\n"


def _entries(members: Sequence[Group | Layer], sources: dict[str, str]) -> Iterator[str]:
    """What is on top comes first."""
    for member in reversed(members):
        if isinstance(member, Layer):
            yield _entry(member, sources[member.id])
        else:
            yield f"<stack name={quoteattr(member.shown)} {_shown(1, True)}>"
            yield from _entries(member.members, sources)
            yield "</stack>"


def _entry(layer: Layer, source: str) -> str:
    name, (x, y) = quoteattr(particulars.shown_name(layer)), layer.box[:2]
    return f'<layer name={name} src="{source}" x="{x}" y="{y}" {_shown(layer.opacity, layer.visible)}/>'


def _shown(opacity: float, visible: bool) -> str:
    seen = "visible" if visible else "hidden"
    return f'opacity="{opacity:.6g}" visibility="{seen}" composite-op="svg:src-over"'


def _small(picture: RGBA) -> RGBA:
    height, width = picture.shape[:2]
    scale = THUMBNAIL / max(height, width)
    if scale >= 1:
        return picture
    cover = picture[..., 3:].astype(np.float32) / 255
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk = cv2.resize(np.dstack([picture[..., :3] * cover, 255 * cover]), size, interpolation=cv2.INTER_AREA)
    alpha = shrunk[..., 3:]
    colours = np.divide(shrunk[..., :3] * 255, alpha, out=np.zeros_like(shrunk[..., :3]), where=alpha > 0)
    small: RGBA = np.rint(np.dstack([colours, alpha])).clip(0, 255).astype(np.uint8)
    return small
