"""A layered SVG as a stack: each layer is rendered by itself. Ours, Inkscape's, and plain ones, whose parts are layers.

The renderer would load pictures from any place on the disk, so what is not on a short list is taken out before.
"""

import math
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import numpy as np
import resvg_py
from PIL import Image

from peeler import particulars
from peeler.errors import InputError
from peeler.geometry import RGBA, Box
from peeler.importers.limits import Allowance, bytes_of, check_canvas, decoding
from peeler.importers.markup import local, parse
from peeler.importers.svg_layers import Drawn, drawn_layers, references
from peeler.inputs import MAX_PIXELS
from peeler.particulars import Found
from peeler.protocols import Imported
from peeler.stack import Role
from peeler.text import plural
from peeler.tints import hex_channels, only_ink

MOST_BYTES = 64 * 2**20
MOST_RENDERED = 4_000_000_000
"""Pixels of all layers, each on the whole canvas."""
SVG = "{http://www.w3.org/2000/svg}"
HREF = ("href", "{http://www.w3.org/1999/xlink}href")
PICTURE = re.compile(r"\s*data:image/(png|jpeg|jpg|gif|webp);base64,", re.IGNORECASE)
SHAPES = {
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "textPath",
    "image",
    "use",
}
GROUPS = {
    "svg",
    "g",
    "a",
    "switch",
    "defs",
    "symbol",
    "clipPath",
    "mask",
    "pattern",
    "marker",
    "style",
    "title",
    "desc",
}
PAINTS = {"linearGradient", "radialGradient", "stop", "filter"}
UNITS = {"": 1, "px": 1, "pt": 96 / 72, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "q": 96 / 101.6}
_LENGTH = re.compile(r"\s*([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)
_ID = re.compile(r"[a-z][a-z0-9-]*")
_OUTSIDE = re.compile(r"url\(\s*[\"']?(?!\s*[\"']?#)", re.IGNORECASE)


class SvgImporter:
    """Renders the layers at the size that the drawing has; fonts are those of this machine."""

    def read(self, path: Path) -> Imported:
        """The stack in the file ``path``. Raises InputError."""
        root = parse(bytes_of(path, MOST_BYTES), path)
        if local(root) != "svg":
            raise InputError(f"{path}: is no SVG")
        with decoding(path, "SVG"):
            left_out = _clean(root)
            size = _size(path, root)
            layers = drawn_layers(root)
            if len(layers) * size[0] * size[1] > MOST_RENDERED:
                raise InputError(f"{path}: {len(layers)} layers of {size[0]} × {size[1]} pixels are too many")
            renderer, allowance = _Renderer(root, size), Allowance(path)
            found = [_found(layer, renderer, allowance) for layer in layers]
            stack = particulars.restored(size, found, {})
        note = f"{plural(left_out, 'element')} that a drawing need not have, or from other files, left out"
        return Imported(stack, (note,) if left_out else ())


class _Renderer:
    """Draws some elements of a document, with what they refer to, on a canvas of ``size`` (width, height)."""

    def __init__(self, root: Element, size: tuple[int, int]) -> None:
        self.root, self.size = root, size
        self.styles = list(root.iter(f"{SVG}style"))
        self.known = {element.get("id", ""): element for element in reversed(list(root.iter())) if element.get("id")}

    def draw(self, layer: Drawn) -> RGBA:
        """The layer on the whole canvas, straight alpha."""
        width, height = self.size
        page = Element(self.root.tag, {**self.root.attrib, "width": str(width), "height": str(height)})
        extra = Element(f"{SVG}defs")
        extra.extend([*self.styles, *references(layer.elements, self.known)])
        page.append(extra)
        inner = page
        for around in layer.around:
            inner.append(shell := Element(around.tag, around.attrib))
            inner = shell
        inner.extend(layer.elements)
        has_text = any(local(element) == "text" for element in page.iter())
        png = resvg_py.svg_to_bytes(svg_string=tostring(page, encoding="unicode"), skip_system_fonts=not has_text)
        with Image.open(BytesIO(png)) as image:
            return np.asarray(image.convert("RGBA"))


def _found(layer: Drawn, renderer: _Renderer, allowance: Allowance) -> Found:
    pixels = renderer.draw(layer) if layer.elements else np.zeros((0, 0, 4), dtype=np.uint8)
    box = Box.around(pixels[..., 3] > 0)
    allowance.take(box.width, box.height)
    own = pixels[box.slices].copy()
    if ink := only_ink(own):
        # Colours of soft edges were rounded while they were premultiplied.
        own[own[..., 3] > 0, :3] = hex_channels(ink)
    roles: dict[str, Role] = {"background": "background", "residual": "residual"}
    return Found(
        shown=layer.name,
        box=box,
        pixels=own,
        opacity=layer.opacity,
        visible=layer.visible,
        group=layer.group,
        role=roles.get(layer.id),
        id=layer.id if _ID.fullmatch(layer.id) else "",
        part_of=layer.part_of,
    )


def _clean(root: Element) -> int:
    """Take out what is not on the lists and what is from elsewhere; how many elements that were."""
    count, waiting = 0, [root]
    while waiting:
        element = waiting.pop()
        for child in list(element):
            if _is_wanted(child):
                waiting.append(child)
            else:
                element.remove(child)
                count += not _is_silent(child)
        for name, value in list(element.attrib.items()):
            if _OUTSIDE.search(value) or local_name(name).startswith("on"):
                del element.attrib[name]
        if local(element) == "style" and (_OUTSIDE.search(element.text or "") or "@import" in (element.text or "")):
            element.text = ""
            count += 1
    return count


def _is_wanted(element: Element) -> bool:
    name = local(element)
    if not str(element.tag).startswith(SVG) or not (name in SHAPES | GROUPS | PAINTS or name.startswith("fe")):
        return False
    targets = [element.get(name, "") for name in HREF if element.get(name) is not None]
    if name in ("image", "feImage"):
        return bool(targets) and all(_is_picture(target) for target in targets)
    return name == "a" or all(target.strip().startswith("#") for target in targets)


def _is_picture(target: str) -> bool:
    """Whether it is a picture within the file, of a size that can be decoded."""
    if not (match := PICTURE.match(target)):
        return False
    try:
        data = b64decode(target[match.end() :])
        with Image.open(BytesIO(data), formats=["PNG", "JPEG", "GIF", "WEBP"]) as image:
            return image.width * image.height <= MAX_PIXELS
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _is_silent(element: Element) -> bool:
    """Whether nobody misses an element: what programs note for themselves."""
    return not str(element.tag).startswith(SVG) or local(element) in ("metadata", "script")


def local_name(attribute: str) -> str:
    """The name of an attribute without its namespace, in small letters."""
    return attribute.rpartition("}")[2].lower()


def _size(path: Path, root: Element) -> tuple[int, int]:
    """Width and height in pixels; a drawing without a viewBox gets one."""
    view = [float(value) for value in re.findall(r"[-+\d.eE]+", root.get("viewBox", ""))]
    own = _pixels(root.get("width")), _pixels(root.get("height"))
    if len(view) != 4:
        if own[0] is None or own[1] is None:
            raise InputError(f"{path}: says neither its size nor its viewBox")
        view = [0, 0, own[0], own[1]]
        root.set("viewBox", f"0 0 {own[0]:g} {own[1]:g}")
    if not all(math.isfinite(value) for value in view) or min(view[2:]) <= 0:
        raise InputError(f"{path}: has a viewBox without an area")
    width, height = own
    if width is None and height is None:
        width, height = view[2], view[3]
    elif width is None:
        width = (height or 0) * view[2] / view[3]
    elif height is None:
        height = width * view[3] / view[2]
    sizes = [value for value in (width, height) if value is not None and math.isfinite(value)]
    if len(sizes) != 2 or min(sizes) <= 0:
        raise InputError(f"{path}: has a size without an area")
    return check_canvas(path, *(max(1, round(min(value, 1e6))) for value in sizes))


def _pixels(length: str | None) -> float | None:
    """A length in pixels, None if there is none or it is relative."""
    match = _LENGTH.fullmatch(length or "")
    return None if match is None or match[2].lower() not in UNITS else float(match[1]) * UNITS[match[2].lower()]
