"""The layer graph: what is seen on a canvas and who occludes whom."""

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from peeler.geometry import Box, Mask, Veil
from peeler.ordering import in_order

SAME_ELEMENT_IOU = 0.5
"""Two masks on consecutive canvases show one element from this overlap on."""


class Element(BaseModel):
    """Something seen on the canvas.

    ``mask`` holds the pixels that show it now; ``shape`` adds what is believed to be hidden (the amodal mask).
    ``part_of`` is the id of another element or the name of an object; ``wanted`` says that the user asked for it. What
    lies below shows through an element that has an ``opacity`` of less than 1 or a ``veil``, as soft shadows do; the
    ``colour`` is that of the element alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    name: str
    colour: str = Field(pattern=r"^#[0-9a-f]{6}$")
    box: Box
    mask: Mask | None = None
    shape: Mask | None = None
    part_of: str | None = None
    wanted: bool = False
    opacity: float = Field(default=1.0, gt=0, le=1)
    veil: Veil | None = None

    @property
    def is_translucent(self) -> bool:
        return self.opacity < 1 or self.veil is not None


class Edge(BaseModel):
    """``source`` occludes ``target``, or both are pieces of one interrupted shape."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["occludes", "interrupted_shape"]
    source: str
    target: str
    weight: float = Field(
        default=1.0, ge=0, description="how sure the analyst is; cycles are cut at the least sure edge"
    )
    reason: str = ""


class LayerGraph(BaseModel):
    """Elements and edges; ids are unique, and every edge joins two different known elements."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    elements: tuple[Element, ...] = ()
    edges: tuple[Edge, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> "LayerGraph":
        known = {element.id for element in self.elements}
        if len(known) != len(self.elements):
            raise ValueError("two elements share an id")
        for edge in self.edges:
            for end in (edge.source, edge.target):
                if end not in known:
                    raise ValueError(f"an edge names the unknown element {end!r}")
            if edge.source == edge.target:
                raise ValueError(f"element {edge.source!r} has an edge to itself")
        return self

    def __getitem__(self, element_id: str) -> Element:
        for element in self.elements:
            if element.id == element_id:
                return element
        raise KeyError(element_id)

    @property
    def occlusions(self) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.kind == "occludes")

    def topmost(self) -> tuple[Element, ...]:
        """The elements that nothing occludes, in the order of the graph; an acyclic graph with elements has some."""
        covered = {edge.target for edge in self.occlusions}
        return tuple(element for element in self.elements if element.id not in covered)

    def bottom_to_top(self) -> tuple[Element, ...]:
        """All elements, in their own order as far as every ``occludes`` edge allows. Raises ValueError on a cycle."""
        elements = {element.id: element for element in self.elements}
        below: dict[str, list[str]] = {name: [] for name in elements}
        for edge in self.occlusions:
            below[edge.source].append(edge.target)
        return tuple(elements[name] for name in in_order(list(elements), below))

    def without(self, ids: Iterable[str]) -> "LayerGraph":
        """The graph after the named elements are gone, with their edges."""
        gone = set(ids)
        return LayerGraph(
            elements=tuple(
                element.model_copy(update={"part_of": None}) if element.part_of in gone else element
                for element in self.elements
                if element.id not in gone
            ),
            edges=tuple(edge for edge in self.edges if edge.source not in gone and edge.target not in gone),
        )

    def acyclic(self) -> tuple["LayerGraph", tuple[Edge, ...]]:
        """This graph with each cycle cut at its weakest edge, and the edges that were cut."""
        edges, cut = list(self.edges), []
        while cycle := _a_cycle([edge for edge in edges if edge.kind == "occludes"]):
            weakest = min(cycle, key=lambda edge: (edge.weight, edge.source, edge.target))
            edges.remove(weakest)
            cut.append(weakest)
        return LayerGraph(elements=self.elements, edges=tuple(edges)), tuple(cut)

    def carrying_ids_from(self, previous: "LayerGraph") -> "LayerGraph":
        """This graph with the ids of ``previous`` for the elements whose masks show the same thing.

        An element that matches nothing keeps its own id, made unique if an old element has it.
        """
        renamed = _matched(self.elements, previous.elements)
        taken = set(renamed.values())
        for element in self.elements:
            if element.id not in renamed:
                renamed[element.id] = name = _unused(element.id, taken)
                taken.add(name)
        return LayerGraph(
            elements=tuple(
                element.model_copy(
                    update={"id": renamed[element.id], "part_of": renamed.get(element.part_of or "", element.part_of)}
                )
                for element in self.elements
            ),
            edges=tuple(
                edge.model_copy(update={"source": renamed[edge.source], "target": renamed[edge.target]})
                for edge in self.edges
            ),
        )


def _matched(new: Sequence[Element], old: Sequence[Element]) -> dict[str, str]:
    """New id → old id, best overlaps first, one to one."""
    pairs = [
        (iou, fresh.id, known.id)
        for fresh in new
        for known in old
        if fresh.mask and known.mask and (iou := fresh.mask.iou(known.mask)) >= SAME_ELEMENT_IOU
    ]
    matches: dict[str, str] = {}
    for _, fresh_id, known_id in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if fresh_id not in matches and known_id not in matches.values():
            matches[fresh_id] = known_id
    return matches


def _unused(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


def _a_cycle(edges: Sequence[Edge]) -> list[Edge]:
    """The edges of one cycle, or nothing."""
    below: dict[str, list[str]] = {}
    by_ends: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        below.setdefault(edge.source, []).append(edge.target)
        ends = edge.source, edge.target
        # Of two edges that say the same, the weaker is the one to cut first.
        if ends not in by_ends or edge.weight < by_ends[ends].weight:
            by_ends[ends] = edge
    try:
        TopologicalSorter(below).prepare()
    except CycleError as problem:
        names: list[str] = problem.args[1]  # each name is a predecessor of the next, so it is occluded by it
        return [by_ends[above, under] for under, above in zip(names, names[1:], strict=False)]
    return []
