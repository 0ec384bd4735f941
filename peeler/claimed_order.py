"""Who lies on whom: what a model says about it, weighed against the outlines of the shapes."""

from collections.abc import Iterable

from peeler.flat.completion import complete
from peeler.flat.matting import grown
from peeler.geometry import Box, Mask, Pixels
from peeler.graph import Edge, Element, LayerGraph
from peeler.replies import Claims, Dropped

SURE = 1.4
"""Log odds from which the outlines are believed rather than the model: four to one."""
SAID = 1.0
"""Weight of an edge that only the model states."""
NEAR = 2
"""Pixels between shapes that touch."""

Ends = tuple[str, str]


def with_claimed_order(
    graph: LayerGraph, said: Claims, elements_of: dict[str, tuple[str, ...]]
) -> tuple[LayerGraph, tuple[Dropped, ...]]:
    """``graph`` with the edges that a model states between its elements, as far as nothing speaks against them.

    An order that turns round takes the shapes along: what comes to lie above shows all of itself, what comes to lie
    below may go on under it.
    """
    order = _Order(graph)
    for edge in said.edges:
        for above in elements_of.get(edge.source, ()):
            for below in elements_of.get(edge.target, ()):
                if above != below:
                    (order.state if edge.kind == "occludes" else order.join)(above, below)
    return order.graph(), tuple(order.dropped)


class _Order:
    """The edges of a graph while a model's word is put to them, one by one."""

    def __init__(self, graph: LayerGraph) -> None:
        self.elements = {item.id: item for item in graph.elements}
        self.edges: dict[tuple[str, str, str], Edge] = {
            (edge.kind, edge.source, edge.target): edge for edge in graph.edges
        }
        self.dropped: list[Dropped] = []

    def graph(self) -> LayerGraph:
        return LayerGraph(elements=tuple(self.elements.values()), edges=tuple(self.edges.values()))

    def state(self, above: str, below: str) -> None:
        """The model says that ``above`` occludes ``below``."""
        against = self.edges.get(("occludes", below, above))
        if ("occludes", above, below) in self.edges:
            return
        if against is not None and against.weight >= SURE:
            self._drop(above, "occludes", below, f"the outlines say otherwise: {against.reason}")
        elif against is None and not touch(self.elements[above], self.elements[below]):
            self._drop(above, "occludes", below, "they do not touch")
        elif self._leads(below, above, leaving_out=(below, above)):
            self._drop(above, "occludes", below, "the other edges say that it lies below")
        else:
            if against is not None:
                del self.edges["occludes", below, above]
                self._turn_round(above, below)
            edge = Edge(kind="occludes", source=above, target=below, weight=SAID, reason="the model says so")
            self.edges["occludes", above, below] = edge

    def join(self, one: str, other: str) -> None:
        """The model says that both are pieces of one shape."""
        if {("interrupted_shape", one, other), ("interrupted_shape", other, one)} & self.edges.keys():
            return
        first, second = self.elements[one], self.elements[other]
        if first.colour != second.colour:
            self._drop(one, "interrupted_shape", other, f"one is {first.colour} and the other {second.colour}")
        else:
            edge = Edge(kind="interrupted_shape", source=one, target=other, weight=SAID, reason="the model says so")
            self.edges["interrupted_shape", one, other] = edge

    def _drop(self, above: str, kind: str, below: str, why: str) -> None:
        self.dropped.append(Dropped(f"{above} {kind} {below}", why))

    def _leads(self, start: str, end: str, leaving_out: Ends) -> bool:
        """Whether edges lead down from ``start`` to ``end``."""
        below: dict[str, list[str]] = {}
        for kind, source, target in self.edges:
            if kind == "occludes" and (source, target) != leaving_out:
                below.setdefault(source, []).append(target)
        waiting, passed = [start], {start}
        while waiting:
            for target in below.get(waiting.pop(), ()):
                if target == end:
                    return True
                if target not in passed:
                    passed.add(target)
                    waiting.append(target)
        return False

    def _turn_round(self, above: str, below: str) -> None:
        high, low = self.elements[above], self.elements[below]
        if not (high.mask and high.shape and low.mask and low.shape):
            return
        size = _reach((high, low))
        shown_high, shown_low = high.mask.on(size), low.mask.on(size)
        self._reshape(high, high.shape.on(size) & ~shown_low)
        self._reshape(low, low.shape.on(size) | complete(shown_low, shown_high) & (shown_low | shown_high))

    def _reshape(self, item: Element, pixels: Pixels) -> None:
        shape = Mask.of(pixels)
        self.elements[item.id] = item.model_copy(update={"shape": shape, "box": shape.box})


def touch(one: Element, other: Element) -> bool:
    """Whether two elements lie on or next to each other."""
    first, second = _extent(one), _extent(other)
    size = _reach((one, other))
    shared = first.box.expand(NEAR, size).intersect(second.box.expand(NEAR, size))
    if not shared.area:
        return False
    return bool((grown(first.on(size)[shared.slices], NEAR) & second.on(size)[shared.slices]).any())


def _extent(item: Element) -> Mask:
    return item.shape or item.mask or Mask.filling(item.box)


def _reach(items: Iterable[Element]) -> tuple[int, int]:
    """A canvas that holds all the elements (width, height)."""
    box = Box(0, 0, 1, 1)
    for item in items:
        box = box.union(_extent(item).box)
    return box.x1 + NEAR, box.y1 + NEAR
