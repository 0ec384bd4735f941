"""What to take away next: of what lies on top, what the user wants, in groups that one removal can manage."""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Literal

from peeler.graph import Element, LayerGraph

Granularity = Literal["parts", "objects"]
"""Whether each element becomes a layer of its own, or all that belong to one object become one."""

ARTICLES = {"a", "an", "the", "all", "every", "its", "and"}


def choose(
    graph: LayerGraph, granularity: Granularity = "parts", targets: Sequence[str] = (), at_once: int | None = None
) -> tuple[Element, ...]:
    """The elements of an acyclic ``graph`` to take away in the next step, each before what lies on it.

    With ``targets`` only what the user named, and what covers it; nothing if none of that is left. Look-alikes stay
    together when there are more than ``at_once``.
    """
    wanted = wanted_ids(graph, targets) if targets else {element.id for element in graph.elements}
    part = LayerGraph(
        elements=tuple(item for item in graph.elements if item.id in wanted),
        edges=tuple(edge for edge in graph.edges if {edge.source, edge.target} <= wanted),
    )
    groups = _liftable(part, granularity)
    chosen = {element.id for group in _first(groups, at_once) for element in group}
    order = part.elements if granularity == "parts" else part.bottom_to_top()
    return tuple(element for element in order if element.id in chosen)


def wanted_ids(graph: LayerGraph, targets: Sequence[str]) -> set[str]:
    """The elements that the user named, with their parts, and everything that covers them."""
    names = {element.id: element.name for element in graph.elements}
    objects = {element: names.get(key, key) for element, key in objects_of(graph).items()}
    named = {
        element.id
        for element in graph.elements
        if element.wanted or any(_names(target, element.name, objects[element.id]) for target in targets)
    }
    return named.union(*(above for element, above in _occluders(graph).items() if element in named))


def objects_of(graph: LayerGraph) -> dict[str, str]:
    """For each element the object that it belongs to: a name, or the id of an element of the graph."""
    known = {element.id: element for element in graph.elements}
    return {element.id: _root(element, known) for element in graph.elements}


def _root(element: Element, known: dict[str, Element]) -> str:
    passed = {element.id}
    while (parent := known.get(element.part_of or "")) is not None and parent.id not in passed:
        passed.add(parent.id)
        element = parent
    # What is a part of nothing, or of itself in a circle, is an object.
    return element.id if element.part_of is None or element.part_of in known else element.part_of


def _names(target: str, *names: str) -> bool:
    """Whether one of the names has all words of ``target``."""
    words = _words(target)
    return bool(words) and any(words <= _words(name) for name in names)


def _words(text: str) -> set[str]:
    """Lower-case words without articles and plural endings."""
    words = set(re.findall(r"[^\W_]+", text.casefold())) - ARTICLES
    return {word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words}


def _occluders(graph: LayerGraph) -> dict[str, set[str]]:
    """For each element of an acyclic graph everything that covers it, also through others."""
    direct: dict[str, set[str]] = {element.id: set() for element in graph.elements}
    for edge in graph.occlusions:
        direct[edge.target].add(edge.source)
    above: dict[str, set[str]] = {}
    for element in reversed(graph.bottom_to_top()):
        above[element.id] = direct[element.id].union(*(above[higher] for higher in direct[element.id]))
    return above


def _liftable(graph: LayerGraph, granularity: Granularity) -> list[list[Element]]:
    """Groups of elements that can go: whole objects if there are any, else the parts that nothing else covers."""
    if granularity == "parts":
        return [[element] for element in graph.topmost()]
    objects, above = objects_of(graph), _occluders(graph)
    members: dict[str, list[Element]] = {}
    for element in graph.elements:
        members.setdefault(objects[element.id], []).append(element)
    free = {key: _free(group, above) for key, group in members.items()}
    whole = [group for key, group in free.items() if len(group) == len(members[key])]
    return whole or [group for group in free.values() if group]


def _free(group: Sequence[Element], above: dict[str, set[str]]) -> list[Element]:
    own = {element.id for element in group}
    return [element for element in group if above[element.id] <= own]


def _first(groups: Sequence[list[Element]], at_once: int | None) -> Iterable[list[Element]]:
    """As many groups as have up to ``at_once`` elements, but at least one; the last of the graph first."""
    if at_once is None or sum(map(len, groups)) <= at_once:
        return groups
    alike: dict[str, list[list[Element]]] = {}
    for group in reversed(groups):
        alike.setdefault(group[0].colour, []).append(group)
    taken: list[list[Element]] = []
    for bundle in alike.values():
        if not taken:
            taken = _fitting(bundle, at_once)
        elif sum(map(len, (*taken, *bundle))) <= at_once:
            taken += bundle
    return taken


def _fitting(groups: Sequence[list[Element]], at_once: int) -> list[list[Element]]:
    """The first groups that have up to ``at_once`` elements, or the first one alone."""
    counts = accumulate(map(len, groups))
    return [
        group
        for number, (group, count) in enumerate(zip(groups, counts, strict=True))
        if not number or count <= at_once
    ]
