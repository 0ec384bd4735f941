"""What the loop asks of its backends: one method each.

A backend is a class that has the method; it inherits nothing. Backends are found by name in ``registry.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from peeler.geometry import RGB
from peeler.graph import Element, LayerGraph
from peeler.stack import Layer, LayerStack


@dataclass(frozen=True)
class Analysis:
    """An analyst's answer: the graph of the canvas and an account (plain JSON data) of how it came about.

    ``note`` is one line for the user, such as "this is not flat art"; empty when there is nothing to say. ``exchanges``
    are what was said to a model and what it answered (plain JSON data). ``stop`` says why it can go on no more.
    """

    graph: LayerGraph
    account: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    exchanges: tuple[dict[str, Any], ...] = ()
    stop: Literal["budget", "unreadable"] | None = None


class Analyst(Protocol):
    """What is on top?"""

    def analyse(
        self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
    ) -> Analysis:
        """Find the elements of ``canvas``.

        ``previous`` is the graph of the canvas before, without what was ``removed`` since; None on the first canvas.
        An empty graph means that only the background is left.
        """
        ...


@dataclass(frozen=True)
class Removal:
    """A request to take ``elements`` away, each before what lies on it; ``rest`` is the graph of what stays.

    ``words`` name the elements to a remover that is asked in words.
    """

    elements: tuple[Element, ...]
    rest: LayerGraph
    words: str = ""


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


@dataclass(frozen=True)
class Checked:
    """A second opinion on a removal; ``objection`` is empty when there is none, or when there was no usable answer."""

    objection: str = ""
    account: dict[str, Any] = field(default_factory=dict)
    exchanges: tuple[dict[str, Any], ...] = ()


class Checker(Protocol):
    """Is it gone, and is nothing else?"""

    def check(self, before: RGB, after: RGB, removal: Removal, seed: int) -> Checked:
        """Compare the canvas before and after ``removal``. Raises BudgetSpent."""
        ...


class Vectorizer(Protocol):
    """Layer → paths."""

    def vectorize(self, layer: Layer, above: Sequence[Layer] = (), times: int = 1) -> list[str]:
        """The SVG elements (markup) that draw the layer, in pixels of the whole canvas.

        What lies ``above`` it may hide a little more of it than its pixels show, so that no seam is seen between them.
        The picture is so many ``times`` as large as it was drawn, and its edges are as much softer or coarser.
        """
        ...


@dataclass(frozen=True, eq=False)
class Imported:
    """The stack in a file, and one line for each kind of thing in it that a stack cannot keep."""

    stack: LayerStack
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """File → stack."""

    def read(self, path: Path) -> Imported:
        """The stack in the file or folder ``path``, which is not trusted. Raises InputError."""
        ...


class Exporter(Protocol):
    """Stack → file."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write ``stack`` to ``path``, replacing what is there."""
        ...
