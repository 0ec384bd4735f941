"""What replies claim, in pixels of the canvas; what makes no sense is left out with the reason."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from peeler.geometry import Box, Mask
from peeler.replies.models import GraphReply, LocaliseReply


class Claim(NamedTuple):
    """One element as the model describes it.

    ``colour`` is RGB 0–255. ``box`` is clipped to the canvas and never empty; ``mask`` lies inside the canvas.
    Each is None where the model said nothing usable. ``part_of`` is the name of an object.
    """

    id: str
    name: str
    colour: tuple[int, int, int] | None = None
    box: Box | None = None
    mask: Mask | None = None
    part_of: str | None = None


class ClaimedEdge(NamedTuple):
    """Between two different claims."""

    source: str
    target: str
    kind: Literal["occludes", "interrupted_shape"]


class Dropped(NamedTuple):
    """Something the model said that was not believed, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Claims:
    """What a model said about one canvas; ids are unique, and edges, ``topmost`` and ``wanted`` name known ones."""

    elements: tuple[Claim, ...] = ()
    edges: tuple[ClaimedEdge, ...] = ()
    topmost: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    description: str = ""
    background_only: bool = False
    dropped: tuple[Dropped, ...] = field(default=())


def claims(graph: GraphReply, located: LocaliseReply | None, size: tuple[int, int]) -> Claims:
    """``graph``, made exact by ``located`` where that is usable, on a canvas of ``size`` (width, height)."""
    return Claims(description=graph.description, background_only=graph.background_only)
