"""Which parts of an SVG are its layers, and what they refer to."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element

from peeler.importers.markup import local
from peeler.particulars import inside
from peeler.text import label

INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"
SHOWN = {
    "g",
    "a",
    "svg",
    "switch",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "image",
    "use",
}
_REFERENCE = re.compile(r"url\(\s*[\"']?#([^)\"']+)")
_STYLE = re.compile(r"(?:^|;)\s*(opacity|display)\s*:\s*([^;]*)")


class Drawn(NamedTuple):
    """A layer: ``elements`` within the groups ``around`` them, outermost first, all without its own opacity.

    ``group`` are the names of the groups, ``part_of`` what the layer itself says it is part of.
    """

    name: str
    id: str
    elements: tuple[Element, ...]
    around: tuple[Element, ...] = ()
    opacity: float = 1.0
    visible: bool = True
    group: str = ""
    part_of: str = ""


class _Place(NamedTuple):
    around: tuple[Element, ...] = ()
    opacity: float = 1.0
    visible: bool = True
    group: str = ""


def drawn_layers(root: Element) -> list[Drawn]:
    """Bottom first: the groups that Inkscape shows as layers; in a drawing without any, the parts it consists of."""
    if any(_is_layer(element) for element in root.iter()):
        return list(_marked(root, _Place()))
    place, inside = _Place(), root
    while len(parts := _shown(inside)) == 1 and local(parts[0]) == "g" and len(_shown(parts[0])) > 1:
        inside = parts[0]
        place = _inside(place, inside, "")
    return [_drawn([part], part, place) for part in _shown(inside)]


def _marked(parent: Element, place: _Place) -> Iterator[Drawn]:
    """The layers in a group; what lies loose between them is a layer, too."""
    loose: list[Element] = []
    for child in _shown(parent):
        if not _is_layer(child):
            loose.append(child)
            continue
        if loose:
            yield _drawn(loose, loose[0], place)
            loose = []
        if any(_is_layer(inner) for inner in child):
            name = inside(place.group, _name(child))
            yield from _marked(child, _inside(place, child, name))
        else:
            yield _drawn([child], child, place)
    if loose:
        yield _drawn(loose, loose[0], place)


def _inside(place: _Place, group: Element, name: str) -> _Place:
    shell, opacity, visible = _opened(group)
    return _Place((*place.around, shell), place.opacity * opacity, place.visible and visible, name)


def _drawn(elements: list[Element], first: Element, place: _Place) -> Drawn:
    opacity, visible, inner = 1.0, True, elements
    if len(elements) == 1:
        shell, opacity, visible = _opened(first)
        shell.text = first.text
        shell.extend(first)
        inner = [shell] if local(first) not in ("g", "a") or _shown(first) else []
    return Drawn(
        name=_name(first),
        id=first.get("id", ""),
        elements=tuple(inner),
        around=place.around,
        opacity=place.opacity * opacity,
        visible=place.visible and visible,
        group=place.group,
        part_of=first.get("data-part-of", ""),
    )


def _opened(element: Element) -> tuple[Element, float, bool]:
    """The element without children, opacity and display; its opacity, and whether it is shown."""
    attributes = dict(element.attrib)
    style = attributes.get("style", "")
    said = {**{name: attributes.pop(name, "") for name in ("opacity", "display")}, **dict(_STYLE.findall(style))}
    if style:
        attributes["style"] = _STYLE.sub("", style)
    return Element(element.tag, attributes), _share(said["opacity"]), said["display"].strip() != "none"


def _share(value: str) -> float:
    number = value.strip().removesuffix("%")
    try:
        share = float(number) / (100 if value.strip().endswith("%") else 1)
    except ValueError:
        return 1.0
    return min(max(share, 0.0), 1.0) if share == share else 1.0


def _is_layer(element: Element) -> bool:
    return local(element) == "g" and element.get(f"{INKSCAPE}groupmode") == "layer"


def _shown(element: Element) -> list[Element]:
    return [child for child in element if local(child) in SHOWN]


def _name(element: Element) -> str:
    title = next((child.text for child in element if local(child) == "title"), None)
    return label(element.get(f"{INKSCAPE}label") or title or element.get("id") or "") or local(element)


def references(elements: Iterable[Element], known: Mapping[str, Element]) -> list[Element]:
    """What ``elements`` and all they refer to refer to, each once; ``known`` are the elements of a document by id."""
    wanted: dict[str, Element] = {}
    waiting = list(elements)
    while waiting:
        for element in waiting.pop().iter():
            for id in _targets(element):
                if id in known and id not in wanted:
                    wanted[id] = known[id]
                    waiting.append(known[id])
    return list(wanted.values())


def _targets(element: Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        yield from _REFERENCE.findall(value)
        if name.rpartition("}")[2] == "href" and value.strip().startswith("#"):
            yield value.strip()[1:]
