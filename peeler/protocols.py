"""What the loop asks of its backends: one method each.

A backend is a class that has the method; it inherits nothing. Backends are found by name in ``registry.py``.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from peeler.geometry import RGB
from peeler.graph import Element, LayerGraph
from peeler.stack import Layer, LayerStack


@dataclass(frozen=True)
class Analysis:
    """An analyst's answer: the graph of the canvas and an account (plain JSON data) of how it came about.

    ``note`` is one line for the user, such as "this is not flat art"; empty when there is nothing to say.
    """

    graph: LayerGraph
    account: dict[str, Any] = field(default_factory=dict)
    note: str = ""


class Analyst(Protocol):
    """What is on top?"""

    def analyse(self, canvas: RGB, previous: LayerGraph | None, seed: int) -> Analysis:
        """Find the elements of ``canvas``.

        ``previous`` is the graph of the canvas before, without what was removed since; None on the first canvas.
        An empty graph means that only the background is left.
        """
        ...


@dataclass(frozen=True)
class Removal:
    """A request to take ``elements`` away; ``rest`` is the graph of what stays."""

    elements: tuple[Element, ...]
    rest: LayerGraph


@dataclass(frozen=True, eq=False)
class Removed:
    """The canvas without the elements; a remover that knows the layers themselves gives them, bottom to top."""

    canvas: RGB
    layers: tuple[Layer, ...] | None = None
    account: dict[str, Any] = field(default_factory=dict)


class Remover(Protocol):
    """Take it away."""

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        """Paint what lies behind the removed elements; ``steps`` is the number of denoising steps, if it has any."""
        ...


class Vectorizer(Protocol):
    """Layer → paths."""

    def vectorize(self, layer: Layer) -> list[str]:
        """The SVG path elements (markup) that draw the layer, in pixels of the whole canvas."""
        ...


class Exporter(Protocol):
    """Stack → file."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write ``stack`` to ``path``, replacing what is there."""
        ...
