"""A stack as one layered SVG: a group per layer, named, that drawing programs show as a layer."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from peeler.errors import OutputError
from peeler.exporters.colours import fades, has_many_colours, only_colour
from peeler.exporters.enlargement import enlargement
from peeler.exporters.grouping import Group, covers, grouped
from peeler.files import png_bytes, replacing
from peeler.geometry import Box
from peeler.protocols import Vectorizer
from peeler.stack import Layer, LayerStack
from peeler.text import label, slug, unique

_SVG, _INKSCAPE, _XLINK = (
    "http://www.w3.org/2000/svg",
    "http://www.inkscape.org/namespaces/inkscape",
    "http://www.w3.org/1999/xlink",
)
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ANYTHING = re.compile(r".*", re.DOTALL)
_ID = re.compile(r"[a-z][a-z0-9-]*")
_FILL = re.compile(r"#[0-9a-f]{6}|none|url\(#paint-[a-z0-9-]+\)")
_PAINT = {
    "fill": _FILL,
    "stroke": _FILL,
    **dict.fromkeys(("fill-opacity", "stroke-opacity", "stroke-width"), _NUMBER),
    **dict.fromkeys(("stroke-linecap", "stroke-linejoin"), re.compile("round")),
}
_GRADIENT = {"id": re.compile(r"paint-[a-z0-9-]+"), "gradientUnits": re.compile("userSpaceOnUse")}
_ALLOWED = {
    "svg": {"width": _NUMBER, "height": _NUMBER, "viewBox": re.compile(r"0 0 \d+ \d+")},
    "g": {
        "id": _ID,
        "opacity": _NUMBER,
        "display": re.compile("none"),
        "data-part-of": _ANYTHING,
        f"{{{_INKSCAPE}}}groupmode": re.compile("layer"),
        f"{{{_INKSCAPE}}}label": _ANYTHING,
    },
    "title": {},
    "rect": {**dict.fromkeys(("x", "y", "width", "height", "rx"), _NUMBER), **_PAINT},
    "circle": {**dict.fromkeys(("cx", "cy", "r"), _NUMBER), **_PAINT},
    "ellipse": {
        **dict.fromkeys(("cx", "cy", "rx", "ry"), _NUMBER),
        **_PAINT,
        "transform": re.compile(r"rotate\([-\d. ]+\)"),
    },
    "linearGradient": {**dict.fromkeys(("x1", "y1", "x2", "y2"), _NUMBER), **_GRADIENT},
    "radialGradient": {**dict.fromkeys(("cx", "cy", "r"), _NUMBER), **_GRADIENT},
    "stop": {"offset": _NUMBER, "stop-color": _COLOUR},
    "path": {
        **_PAINT,
        "transform": re.compile(r"translate\([-\d. ]+\)"),
        "d": re.compile(r"M[MLCZAaclhvz\d .\-]+[Zz\d] ?"),
    },
    "image": {
        **dict.fromkeys(("x", "y", "width", "height"), _NUMBER),
        f"{{{_XLINK}}}href": re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*"),
    },
}


class SvgExporter:
    """Writes a stack as one SVG; the same stack always gives the same bytes."""

    def __init__(self, vectorizer: Vectorizer) -> None:
        self.vectorizer = vectorizer

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the drawing to the file ``path``, at once or not at all.

        Raises OutputError if the vectorizer gave markup that does not belong there, StoreError if it cannot be written.
        """
        markup = self.draw(stack)
        check_svg(markup)
        with replacing(path) as unfinished:
            unfinished.write_text(markup, encoding="utf-8")

    def draw(self, stack: LayerStack) -> str:
        """The drawing as text."""
        width, height = stack.size
        head = (
            f'<svg xmlns="{_SVG}" xmlns:xlink="{_XLINK}" xmlns:inkscape="{_INKSCAPE}" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        )
        return "\n".join([head, *self._groups(grouped(stack), stack, set()), "</svg>", ""])

    def _groups(self, members: Sequence[Group | Layer], stack: LayerStack, ids: set[str]) -> Iterator[str]:
        """Layers bottom to top; neighbours that are parts of one thing share an outer group."""
        for member in members:
            if isinstance(member, Layer):
                yield _opening(unique(_layer_id(member), ids), member.name, member)
                yield from self._content(member, stack)
            else:
                yield _opening(unique(f"group-{slug(member.whole)}", ids), member.shown)
                yield from self._groups(member.members, stack, ids)
            yield "</g>"

    def _content(self, layer: Layer, stack: LayerStack) -> list[str]:
        if not layer.pixels[..., 3].any():
            return []
        size = stack.size
        if layer.role == "background" and layer.box == Box.whole(size) and (colour := only_colour(layer)):
            return [f'<rect width="{size[0]}" height="{size[1]}" fill="{colour}"/>']
        # A residual must stay exact, a background of many colours would be traced as thousands of specks, and what
        # fades has no outlines.
        if layer.role == "residual" or (layer.role == "background" and has_many_colours(layer)) or fades(layer):
            return [_embedded(layer)]
        return self.vectorizer.vectorize(layer, covers(stack, layer), enlargement(stack))


def check_svg(markup: str) -> None:
    """Raise OutputError unless ``markup`` holds only what the exporter draws: no scripts, links, styles, double ids."""
    if "<!" in markup:
        raise OutputError("the SVG has a declaration or comment")
    try:
        root = ElementTree.fromstring(markup)
    except ElementTree.ParseError as problem:
        raise OutputError(f"the SVG is not well-formed: {problem}") from problem
    if root.tag != f"{{{_SVG}}}svg":
        raise OutputError("the SVG has another root than svg")
    for element in root.iter():
        _check_element(element)
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    if len(set(ids)) != len(ids):
        raise OutputError("two elements of the SVG share an id")
    fills = {element.attrib.get(paint, "") for element in root.iter() for paint in ("fill", "stroke")}
    if lost := {fill for fill in fills if fill.startswith("url")} - {f"url(#{name})" for name in ids}:
        raise OutputError(f"the SVG has no {sorted(lost)[0]}")


def _check_element(element: ElementTree.Element) -> None:
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    if tag not in _ALLOWED:
        raise OutputError(f"the SVG holds an element {tag!r}")
    for name, value in element.attrib.items():
        pattern = _ALLOWED[tag].get(name)
        if pattern is None or not pattern.fullmatch(value):
            raise OutputError(f"the SVG holds {tag} {name}={value[:40]!r}")


def _layer_id(layer: Layer) -> str:
    if layer.role != "element":
        return layer.role
    wanted = slug(layer.id)
    return wanted if wanted[0].isalpha() else f"layer-{wanted}"


def _opening(group_id: str, name: str, layer: Layer | None = None) -> str:
    shown = label(name) or group_id
    more = ""
    if layer is not None:
        more += f' opacity="{layer.opacity:.4g}"' if layer.opacity < 1 else ""
        more += "" if layer.visible else ' display="none"'
        more += f" data-part-of={quoteattr(label(layer.part_of))}" if layer.part_of else ""
    group = f'<g id="{group_id}" inkscape:groupmode="layer" inkscape:label={quoteattr(shown)}{more}>'
    return f"{group}\n<title>{escape(shown)}</title>"


def _embedded(layer: Layer) -> str:
    data = b64encode(png_bytes(layer.pixels)).decode()
    box = layer.box
    return (
        f'<image x="{box.x0}" y="{box.y0}" width="{box.width}" height="{box.height}" '
        f'xlink:href="data:image/png;base64,{data}"/>'
    )
