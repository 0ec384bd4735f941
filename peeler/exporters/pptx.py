"""A stack as a slide: each layer a named picture at its place, or a native shape where it is flat.

The markup is written here, since the library knows neither curves nor opacity nor alt text (ECMA-376, Part 1, §20.1).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import quoteattr
from zipfile import ZipFile

import numpy as np
from PIL import Image
from pptx import Presentation
from pptx.oxml import parse_xml
from pptx.util import Emu

from peeler.exporters.colours import only_colour
from peeler.exporters.enlargement import enlargement
from peeler.exporters.grouping import Group, covers, grouped
from peeler.exporters.shapes import NotPlain, Paint, Shape, Stroke, read_shape
from peeler.exporters.zips import zip_bytes
from peeler.files import png_bytes, replacing
from peeler.geometry import RGBA, Box
from peeler.particulars import shown_name
from peeler.protocols import Vectorizer
from peeler.stack import Layer, LayerStack
from peeler.svg_paths import Contour, Piece, Point

PIXEL = 9525
"""English Metric Units of a pixel, of which 96 make an inch."""
LEAST_SIDE, MOST_SIDE = 914_400, 51_206_400
"""What a side of a slide may have, in the same units: 1 to 56 inches."""
BLANK = 6
"""The layout without placeholders."""
MITER = 400_000
"""Where SVG cuts a pointed corner, in thousandths of a percent of the width."""
MOST_PIECES = 20_000
"""Lines and curves of a layer; one with more stays a picture, since programs become slow."""
THUMBNAIL = 256
LONG_AGO = datetime(1980, 1, 1)
NAMES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
UNLOCKED = '<p:cNvPicPr><a:picLocks noChangeAspect="1"/></p:cNvPicPr>'

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


class PptxExporter:
    """Writes a stack as a presentation of one slide; the same stack always gives the same bytes."""

    def __init__(self, vectorizer: Vectorizer) -> None:
        self.vectorizer = vectorizer

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the file ``path``, at once or not at all. Raises StoreError."""
        data = self.draw(stack)
        with replacing(path) as unfinished:
            unfinished.write_bytes(data)

    def draw(self, stack: LayerStack) -> bytes:
        """The file."""
        deck, page = Presentation(), _Page(stack.size)
        deck.slide_width, deck.slide_height = (Emu(page.units(side)) for side in stack.size)
        slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
        for _, markup in self._all(grouped(stack), page, slide.part, stack):
            slide.shapes._spTree.append(parse_xml(markup))
        about = deck.core_properties
        about.author = about.last_modified_by = "Peeler"
        about.title, about.created, about.modified, about.revision = "", LONG_AGO, LONG_AGO, 1
        buffer = BytesIO()
        deck.save(buffer)
        return _settled(buffer, stack.composite())

    def _all(
        self, members: Sequence[Group | Layer], page: "_Page", part: "_Part", stack: LayerStack
    ) -> Iterator[tuple[Edges, str]]:
        for member in members:
            if isinstance(member, Layer):
                yield from self._entries(member, page, part, stack)
            elif entries := list(self._all(member.members, page, part, stack)):
                yield page.group(member.shown, entries)

    def _entries(self, layer: Layer, page: "_Page", part: "_Part", stack: LayerStack) -> list[tuple[Edges, str]]:
        """The markup of a layer with its place; none for one that has nothing to show."""
        if not layer.pixels[..., 3].any():
            return []
        if shapes := self._shapes(layer, stack):
            drawn = [page.shape(layer, shape) for shape in shapes]
            return drawn if len(drawn) == 1 else [page.group(shown_name(layer), drawn, layer.visible)]
        _, picture = part.get_or_add_image_part(BytesIO(png_bytes(layer.pixels)))
        return [page.picture(layer, picture)]

    def _shapes(self, layer: Layer, stack: LayerStack) -> list[Shape]:
        """A flat layer as shapes; none if it has to be a picture."""
        size = stack.size
        if layer.role == "background" and layer.box == Box.whole(size) and (colour := only_colour(layer)):
            corners = ((size[0], 0), size, (0, size[1]))
            return [Shape((Contour((0, 0), tuple((corner,) for corner in corners), True),), Paint(colour, 1.0))]
        if not layer.ink or layer.role == "residual":
            return []
        try:
            shapes = [
                read_shape(markup)
                for markup in self.vectorizer.vectorize(layer, covers(stack, layer), enlargement(stack))
            ]
        except NotPlain:
            return []
        pieces = sum(len(contour.pieces) for shape in shapes for contour in shape.contours)
        return shapes if 0 < pieces <= MOST_PIECES else []


class _Part(Protocol):
    """What is asked of the part of the library that keeps a slide's pictures."""

    def get_or_add_image_part(self, image_file: BytesIO, /) -> tuple[object, str]:
        """The picture, and the name by which the slide knows it."""
        ...


class _Page:
    """Writes markup for a slide of a picture of ``size`` (width, height), each entry with a number of its own."""

    def __init__(self, size: tuple[int, int]) -> None:
        most = MOST_SIDE / max(size)
        self.unit = min(max(PIXEL, LEAST_SIDE / min(size)), most)
        self._numbers = count(2)

    def units(self, pixels: float) -> int:
        return round(pixels * self.unit)

    def picture(self, layer: Layer, source: str) -> tuple[Edges, str]:
        """A layer as a picture that the slide keeps as ``source``."""
        edges: Edges = (layer.box.x0, layer.box.y0, layer.box.x1, layer.box.y1)
        faded = "" if layer.opacity == 1 else f'<a:alphaModFix amt="{_share(layer.opacity)}"/>'
        return edges, (
            f"<p:pic {NAMES}><p:nvPicPr>{self._head(shown_name(layer), layer.visible)}{UNLOCKED}<p:nvPr/></p:nvPicPr>"
            f'<p:blipFill><a:blip r:embed="{source}">{faded}</a:blip><a:stretch><a:fillRect/></a:stretch></p:blipFill>'
            f'<p:spPr>{self._place(edges)}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>'
        )

    def shape(self, layer: Layer, shape: Shape) -> tuple[Edges, str]:
        """A freeform that can be filled and edited like any other."""
        points = [point for contour in shape.contours for point in _points(contour)]
        xs, ys = zip(*points, strict=True)
        edges: Edges = (min(xs), min(ys), max(xs), max(ys))
        fill = "<a:noFill/>" if shape.fill is None else _solid(shape.fill, layer.opacity)
        return edges, (
            f"<p:sp {NAMES}><p:nvSpPr>{self._head(shown_name(layer), layer.visible)}<p:cNvSpPr/><p:nvPr/></p:nvSpPr>"
            f"<p:spPr>{self._place(edges)}{self._geometry(shape, edges)}{fill}{self._line(shape.stroke, layer.opacity)}"
            "</p:spPr></p:sp>"
        )

    def group(self, name: str, entries: Sequence[tuple[Edges, str]], visible: bool = True) -> tuple[Edges, str]:
        """Entries that are moved together, with coordinates of the slide inside."""
        lefts, tops, rights, bottoms = zip(*(edges for edges, _ in entries), strict=True)
        edges: Edges = (min(lefts), min(tops), max(rights), max(bottoms))
        inner = "".join(markup for _, markup in entries)
        return edges, (
            f"<p:grpSp {NAMES}><p:nvGrpSpPr>{self._head(name, visible)}<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>"
            f"<p:grpSpPr>{self._place(edges, inside=True)}</p:grpSpPr>{inner}</p:grpSp>"
        )

    def _head(self, name: str, visible: bool) -> str:
        hidden = "" if visible else ' hidden="1"'
        return f'<p:cNvPr id="{next(self._numbers)}" name={quoteattr(name)} descr={quoteattr(name)}{hidden}/>'

    def _place(self, edges: Edges, inside: bool = False) -> str:
        left, top, right, bottom = (self.units(edge) for edge in edges)
        width, height = max(1, right - left), max(1, bottom - top)
        same = f'<a:chOff x="{left}" y="{top}"/><a:chExt cx="{width}" cy="{height}"/>' if inside else ""
        return f'<a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/>{same}</a:xfrm>'

    def _line(self, stroke: Stroke | None, opacity: float) -> str:
        if stroke is None:
            return "<a:ln><a:noFill/></a:ln>"
        ends = "rnd" if stroke.round_ends else "flat"
        corners = "<a:round/>" if stroke.round_corners else f'<a:miter lim="{MITER}"/>'
        width = self.units(stroke.width)
        return f'<a:ln w="{width}" cap="{ends}">{_solid(stroke.paint, opacity)}{corners}</a:ln>'

    def _geometry(self, shape: Shape, edges: Edges) -> str:
        left, top, right, bottom = (self.units(edge) for edge in edges)

        def at(point: Point) -> str:
            return f'<a:pt x="{self.units(point[0]) - left}" y="{self.units(point[1]) - top}"/>'

        def drawn(piece: Piece) -> str:
            kind = "lnTo" if len(piece) == 1 else "cubicBezTo"
            return f"<a:{kind}>{''.join(map(at, piece))}</a:{kind}>"

        steps = "".join(
            f"<a:moveTo>{at(contour.start)}</a:moveTo>{''.join(map(drawn, contour.pieces))}"
            f"{'<a:close/>' if contour.closed or shape.fill else ''}"
            for contour in shape.contours
        )
        empty = "" if shape.fill else ' fill="none"'
        return (
            '<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l="0" t="0" r="r" b="b"/><a:pathLst>'
            f'<a:path w="{max(1, right - left)}" h="{max(1, bottom - top)}"{empty}>{steps}</a:path></a:pathLst>'
            "</a:custGeom>"
        )


def _points(contour: Contour) -> Iterator[Point]:
    yield contour.start
    for piece in contour.pieces:
        yield from piece


def _solid(paint: Paint, opacity: float) -> str:
    """A fill, faded like its layer."""
    alpha = _share(opacity * paint.opacity)
    faded = "" if alpha == 100_000 else f'<a:alpha val="{alpha}"/>'
    return f'<a:solidFill><a:srgbClr val="{paint.colour[1:].upper()}">{faded}</a:srgbClr></a:solidFill>'


def _share(opacity: float) -> int:
    """Thousandths of a percent."""
    return round(100_000 * opacity)


def _settled(buffer: BytesIO, picture: RGBA) -> bytes:
    """The same file without the time of writing, and with the picture in the place of the template's thumbnail."""
    with ZipFile(buffer) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if "docProps/thumbnail.jpeg" in members:
        members["docProps/thumbnail.jpeg"] = _thumbnail(picture)
    return zip_bytes(members.items(), stored=[name for name in members if name.endswith((".png", ".jpeg"))])


def _thumbnail(picture: RGBA) -> bytes:
    page = Image.new("RGBA", (picture.shape[1], picture.shape[0]), "white")
    page.alpha_composite(Image.fromarray(np.ascontiguousarray(picture)))
    page.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = BytesIO()
    page.convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
