"""What the words of a question tell: elements that are known already, what the user wants, how outlines are wanted.

The texts are those of ``prompts/``; of a text that is worded otherwise only its JSON is understood.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from peeler.geometry import Box
from peeler.graph import Edge, Element, LayerGraph
from peeler.replies.models import SeenEdge, SeenElement
from peeler.text import unique

Told = TypeVar("Told", bound=BaseModel)

EVERYTHING = "everything"
SAME_PLACE = 0.5
"""Boxes of one colour with this intersection over union show one element."""
SAME_COLOUR = 24
"""Grey levels by which the channels of one colour may differ."""
ARTICLES = {"the", "a", "an", "all", "both", "and", "of"}


class Known(NamedTuple):
    """An element as a question tells of it, on the grid of 0–1000."""

    id: str
    name: str
    colour: str
    box_2d: tuple[float, float, float, float] | None


def known_elements(question: str) -> list[Known]:
    """The elements in the JSON of a question."""
    told = {item.id: item for item in _told(question, SeenElement)}
    return [Known(item.id, item.name, item.colour, item.box_2d) for item in told.values()]


def known_edges(question: str) -> list[Edge]:
    """What a question tells of who covers what."""
    return [Edge(kind=item.kind, source=item.source, target=item.target) for item in _told(question, SeenEdge)]


def targets(question: str) -> str:
    """What the user wants to lift off."""
    found = re.search(r"^The user wants to lift off: (.+)$", question, re.MULTILINE)
    return found[1].strip(' "') if found else EVERYTHING


def outlines_wanted(question: str) -> str:
    """``none``, ``polygon`` or ``png``."""
    found = re.search(r"^- Outlines wanted: (none|polygon|png)$", question, re.MULTILINE)
    return found[1] if found else "png"


def is_wanted(name: str, wanted: str) -> bool:
    """Whether a name has all the words of one of the things that the user lists."""
    if wanted.casefold() == EVERYTHING:
        return True
    things = [set(re.findall(r"\w+", thing)) - ARTICLES for thing in re.split(r",|;|\band\b", wanted.casefold())]
    words = set(re.findall(r"\w+", name.casefold()))
    return any(thing and thing <= words for thing in things)


def with_known_edges(graph: LayerGraph, known: list[Known], edges: list[Edge]) -> LayerGraph:
    """``graph`` with ``edges`` between the known elements instead of its own: what is known of them stands."""
    seen, told = {item.id for item in graph.elements}, {item.id for item in known}
    kept = [edge for edge in edges if {edge.source, edge.target} <= seen and edge.source != edge.target]
    own = [edge for edge in graph.edges if not {edge.source, edge.target} <= told]
    return LayerGraph(elements=graph.elements, edges=(*kept, *own)).acyclic()[0]


def named_as(graph: LayerGraph, known: list[Known], size: tuple[int, int]) -> LayerGraph:
    """``graph`` with the known ids and names for the elements that have their colour and place; each is given once."""
    pairs = sorted(
        ((_likeness(element, old, size), element.id, old.id) for element in graph.elements for old in known),
        key=lambda pair: (-pair[0], pair[1] != pair[2], pair[1:]),
    )
    names: dict[str, str] = {}
    for likeness, fresh, old in pairs:
        if likeness >= SAME_PLACE and fresh not in names and old not in names.values():
            names[fresh] = old
    taken = {old.id for old in known}
    for element in graph.elements:
        if element.id not in names:
            names[element.id] = unique(element.id, taken)
    return _renamed(graph, names, {old.id: old.name for old in known})


def _likeness(element: Element, known: Known, size: tuple[int, int]) -> float:
    """Overlap of the boxes, of what shows or of the whole; 0 for another colour."""
    if known.box_2d is None or not _same_colour(element.colour, known.colour):
        return 0.0
    place = Box.from_grid(known.box_2d, size)
    boxes = [element.box, *([element.mask.box] if element.mask else [])]
    return max(box.iou(place) for box in boxes)


def _same_colour(one: str, other: str) -> bool:
    """Whether two colours are close; one that is not given as ``#rrggbb`` is close to all."""
    if not re.fullmatch(r"#[0-9a-f]{6}", other.lower()):
        return True
    return all(abs(a - b) <= SAME_COLOUR for a, b in zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True))


def _renamed(graph: LayerGraph, names: dict[str, str], titles: dict[str, str]) -> LayerGraph:
    """``names`` are new ids by the old ones, ``titles`` are names by the new ids."""
    elements = [
        item.model_copy(
            update={
                "id": names[item.id],
                "name": titles.get(names[item.id]) or item.name,
                "part_of": names.get(item.part_of or "", item.part_of),
            }
        )
        for item in graph.elements
    ]
    edges = [
        edge.model_copy(update={"source": names[edge.source], "target": names[edge.target]}) for edge in graph.edges
    ]
    return LayerGraph(elements=tuple(elements), edges=tuple(edges))


def _told(question: str, kind: type[Told]) -> Iterator[Told]:
    """What fits ``kind`` in the JSON of a question; what stands below its heading "Answer" is only an example."""
    for data in _json_in(re.split(r"^# Answer", question, flags=re.MULTILINE)[0]):
        for item in _objects(data):
            with suppress(ValidationError):
                yield kind.model_validate(item)


def _json_in(text: str) -> Iterator[Any]:
    """The JSON arrays and objects of a text, in turn."""
    decoder, start = json.JSONDecoder(), 0
    while opening := re.compile(r"[{\[]").search(text, start):
        try:
            data, start = decoder.raw_decode(text, opening.start())
            yield data
        except ValueError:
            start = opening.end()


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            yield from _objects(item)
