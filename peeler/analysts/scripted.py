"""An analyst that says what it was told to say: for tests, documents and demonstrations."""

from collections.abc import Sequence

from peeler.geometry import RGB
from peeler.graph import Element, LayerGraph
from peeler.protocols import Analysis


class ScriptedAnalyst:
    """Answers from ``graphs``, one per canvas in the order they are peeled.

    It keeps no count, so a resumed run gets the same answers: the first graph answers the first canvas, and later
    ones the first graph that has nothing but what is still there. When the script has none, what is left of the
    graph before stands.
    """

    def __init__(self, graphs: Sequence[LayerGraph] = (LayerGraph(),), note: str = "") -> None:
        self.graphs = tuple(graphs)
        self.note = note

    def analyse(
        self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
    ) -> Analysis:
        return Analysis(self._answer(previous), {"said": "as scripted"}, self.note)

    def _answer(self, previous: LayerGraph | None) -> LayerGraph:
        if previous is None:
            return self.graphs[0]
        left = {element.id for element in previous.elements}
        fitting = (graph for graph in self.graphs[1:] if {element.id for element in graph.elements} <= left)
        return next(fitting, previous)
