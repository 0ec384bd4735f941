"""Scenes as SVG text and as pixels, and the true layers of a drawn SVG."""

import io
import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from peeler.errors import InputError
from peeler.geometry import RGB, RGBA
from peeler.scenes.colours import channels
from peeler.scenes.drawing import Shape

_SVG = "http://www.w3.org/2000/svg"


def svg_text(shapes: Sequence[Shape], size: int, title: str = "") -> str:
    """One path element per shape, bottom first."""
    head = f'<svg xmlns="{_SVG}" viewBox="0 0 {size} {size}" width="{size}" height="{size}">\n'
    name = f"<title>{escape(title)}</title>\n" if title else ""
    return head + name + "".join(_element(shape) + "\n" for shape in shapes) + "</svg>\n"


def _element(shape: Shape) -> str:
    whole = f" data-part-of={quoteattr(shape.part_of)}" if shape.part_of else ""
    attributes = f'id={quoteattr(shape.id)}{whole} fill="{shape.fill}"{_rule(shape)} d="{shape.path.data}"'
    return f"<path {attributes}><title>{escape(shape.title)}</title></path>"


def rendered(svg: str) -> RGBA:
    """The pixels of SVG text at its own size, straight alpha."""
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA"))


def picture(svg: str) -> RGB:
    """The pixels of SVG text on white."""
    png = resvg_py.svg_to_bytes(svg_string=svg, background="#ffffff", skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def top_shapes(shapes: Sequence[Shape], size: int) -> NDArray[np.int64]:
    """Size × size: per pixel 1 + the index of the shape on top, 0 where there is none."""
    paths = "".join(
        f'<path fill="#{index + 1:06x}"{_rule(shape)} d="{shape.path.data}"/>' for index, shape in enumerate(shapes)
    )
    head = f'<svg xmlns="{_SVG}" viewBox="0 0 {size} {size}" width="{size}" height="{size}"'
    code = rendered(f'{head} shape-rendering="crispEdges">{paths}</svg>')[..., :3].astype(np.int64)
    top: NDArray[np.int64] = code @ np.array([1 << 16, 1 << 8, 1])
    return top


def _rule(shape: Shape) -> str:
    return ' fill-rule="evenodd"' if len(shape.path.loops) > 1 else ""


def png_bytes(pixels: RGB | RGBA) -> bytes:
    """A PNG file without row filters: a quarter smaller for flat art than with the filters that Pillow picks."""
    height, width, channels_each = pixels.shape
    rows = np.pad(pixels.reshape(height, -1), ((0, 0), (1, 0)))
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels_each], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def true_layers(svg_path: Path) -> list[RGBA]:
    """Every shape of a drawn SVG alone on the whole canvas, bottom first; straight alpha, the shape's exact ink
    wherever it reaches.

    Raises InputError if the file is no SVG of filled paths, as this package draws them.
    """
    try:
        root = ElementTree.fromstring(svg_path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise InputError(f"{svg_path}: not a readable SVG ({error})") from error
    paths = list(root.iter(f"{{{_SVG}}}path"))
    view = root.get("viewBox", "")
    if not paths or not re.fullmatch(r"[-\d.]+( [-\d.]+){3}", view):
        raise InputError(f"{svg_path}: no path elements or no viewBox in it")
    size = f'width="{root.get("width", view.split()[2])}" height="{root.get("height", view.split()[3])}"'
    return [_alone(path, f'<svg xmlns="{_SVG}" viewBox="{view}" {size}>') for path in paths]


def _alone(path: ElementTree.Element, head: str) -> RGBA:
    kept = {name: path.get(name, "") for name in ("fill", "fill-rule", "d") if path.get(name)}
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in kept.items())
    layer = rendered(f"{head}<path {attributes}/></svg>").copy()
    if re.fullmatch(r"#[0-9a-fA-F]{6}", kept.get("fill", "")):
        ink = np.array(channels(kept["fill"]), dtype=np.uint8)
        layer[..., :3] = np.where(layer[..., 3:] > 0, ink, np.uint8(0))
    return layer


def true_groups(svg_path: Path, count: int) -> list[int | None]:
    """For each of the ``count`` shapes of a drawn SVG the place of the shape that it is part of.

    None for all of them when there is no such SVG or it says nothing about groups.
    """
    try:
        paths = list(ElementTree.parse(svg_path).iter(f"{{{_SVG}}}path"))
    except (OSError, ElementTree.ParseError):
        return [None] * count
    places = {path.get("id"): place for place, path in enumerate(paths)}
    wholes = [path.get("data-part-of") for path in paths]
    return [places.get(whole) if whole else None for whole in wholes] if len(paths) == count else [None] * count


def write_truth(svg_folder: Path, out: Path) -> None:
    """``out``/png/NAME.png and ``out``/layers/NAME/NN.png for every SVG of a folder: what a score compares with."""
    (out / "png").mkdir(parents=True, exist_ok=True)
    for file in sorted(svg_folder.glob("*.svg")):
        write_true_picture(out, file.stem, picture(file.read_text(encoding="utf-8")), true_layers(file))


def write_true_picture(out: Path, name: str, whole: RGB, layers: Sequence[RGBA]) -> None:
    """One picture with its true layers, bottom first, as ``write_truth`` writes them; ``out``/png is there."""
    folder = out / "layers" / name
    folder.mkdir(parents=True, exist_ok=True)
    for index, layer in enumerate(layers):
        (folder / f"{index:02d}.png").write_bytes(png_bytes(layer))
    (out / "png" / f"{name}.png").write_bytes(png_bytes(whole))
