"""What replies claim, in pixels of the canvas; what makes no sense is left out with the reason."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from PIL import ImageColor

from peeler.errors import ReplyError
from peeler.geometry import GRID, Box, Mask
from peeler.replies.masks import from_png, from_polygon
from peeler.replies.models import GraphReply, LocaliseReply, LocatedElement, SeenEdge, SeenElement

WHOLE = 0.98
"""A box or mask with this share of the canvas says nothing about where an element is."""
SAME_BOX = 0.95
"""Two elements of one name and colour whose boxes overlap this much (intersection over union) are one."""

_COLOUR_WORD = re.compile("#[0-9a-f]+|[a-z]+")


class Claim(NamedTuple):
    """One element as the model describes it.

    ``colour`` is RGB 0–255. ``box`` is clipped to the canvas and never empty; ``mask`` is never empty either.
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
    """What a model said about one canvas; ids are unique, and edges, ``topmost`` and ``wanted`` name known ones.

    Edges may form cycles. Nothing in ``topmost`` is the target of an ``occludes`` edge.
    """

    elements: tuple[Claim, ...] = ()
    edges: tuple[ClaimedEdge, ...] = ()
    topmost: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    description: str = ""
    background_only: bool = False
    dropped: tuple[Dropped, ...] = ()


def claims(graph: GraphReply, located: LocaliseReply | None, size: tuple[int, int]) -> Claims:
    """``graph``, made exact by ``located`` where that is usable, on a canvas of ``size`` (width, height)."""
    dropped: list[Dropped] = []
    items = _by_element(located, graph.elements, dropped)
    told = _one_per_id(graph.elements, dropped)
    stated = [_claim(element, items.get(element.id), size, dropped) for element in told]
    kept, same_as = _without_duplicates(stated, dropped)
    edges = _edges(graph.edges, same_as, dropped)
    covered = {edge.target: edge.source for edge in reversed(edges) if edge.kind == "occludes"}
    topmost = _known(graph.topmost, "topmost", same_as, dropped)
    dropped += (Dropped(f"topmost: {id}", f"{covered[id]} covers it") for id in topmost if id in covered)
    return Claims(
        elements=tuple(kept),
        edges=edges,
        topmost=tuple(id for id in topmost if id not in covered),
        wanted=_known(graph.wanted, "wanted", same_as, dropped),
        description=graph.description,
        background_only=graph.background_only,
        dropped=tuple(dropped),
    )


def colour_of(words: str) -> tuple[int, int, int] | None:
    """``#rrggbb``, a colour word of CSS, or words that end in one ("very dark red"), as RGB 0–255."""
    plain = _COLOUR_WORD.findall(words.lower())
    for start in range(len(plain)):
        try:
            red, green, blue = ImageColor.getrgb("".join(plain[start:]))[:3]
        except ValueError:
            continue
        return red, green, blue
    return None


def _by_element(
    located: LocaliseReply | None, elements: Iterable[SeenElement], dropped: list[Dropped]
) -> dict[str, LocatedElement]:
    """Items by the id of their element; an item may also name its element, as Gemini's labels do."""
    ids = {element.name.casefold(): element.id for element in elements} | {item.id: item.id for item in elements}
    found: dict[str, LocatedElement] = {}
    for item in located.items if located else ():
        id = ids.get(item.id) or ids.get(item.id.casefold())
        if id is None:
            dropped.append(Dropped(f"place of {item.id}", "no element has this id"))
        elif id in found:
            dropped.append(Dropped(f"place of {item.id}", "it is given twice"))
        else:
            found[id] = item
    return found


def _one_per_id(elements: Iterable[SeenElement], dropped: list[Dropped]) -> list[SeenElement]:
    kept: dict[str, SeenElement] = {}
    for element in elements:
        if kept.setdefault(element.id, element) is not element:
            dropped.append(Dropped(f"{element.id} ({element.name})", f"{kept[element.id].name} has the same id"))
    return list(kept.values())


def _claim(element: SeenElement, item: LocatedElement | None, size: tuple[int, int], dropped: list[Dropped]) -> Claim:
    box = mask = None
    if item is not None:
        mask = _mask(item, size, dropped)
        box = _box(item.box_2d, item.id, size, dropped)
    box = box or (mask.box if mask else _box(element.box_2d, element.id, size, dropped))
    return Claim(element.id, element.name, colour_of(element.colour), box, mask, element.part_of)


def _box(
    corners: tuple[float, float, float, float] | None, id: str, size: tuple[int, int], dropped: list[Dropped]
) -> Box | None:
    if corners is None:
        return None
    box = Box.from_grid(corners, size)
    y0, x0, y1, x1 = corners
    if y1 <= y0 or x1 <= x0:
        reason = "it is empty"
    elif not box.area:
        reason = "it lies off the canvas"
    elif box.area >= WHOLE * size[0] * size[1]:
        reason = "it is the whole canvas"
    else:
        return box
    dropped.append(Dropped(f"box of {id}", reason))
    return None


def _mask(item: LocatedElement, size: tuple[int, int], dropped: list[Dropped]) -> Mask | None:
    """The mask of ``item`` from its PNG, or else from its outline."""
    mask = None
    if item.mask is not None:
        corners = item.box_2d or (0, 0, GRID, GRID)
        mask = _tried(f"mask of {item.id}", partial(from_png, item.mask, corners, size), size, dropped)
    if mask is None and item.polygon is not None:
        mask = _tried(f"outline of {item.id}", partial(from_polygon, item.polygon, size), size, dropped)
    return mask


def _tried(what: str, decode: Callable[[], Mask], size: tuple[int, int], dropped: list[Dropped]) -> Mask | None:
    try:
        mask = decode()
    except ReplyError as problem:
        dropped.append(Dropped(what, str(problem)))
        return None
    if mask.area >= WHOLE * size[0] * size[1]:
        dropped.append(Dropped(what, "it is the whole canvas"))
        return None
    return mask


def _without_duplicates(stated: list[Claim], dropped: list[Dropped]) -> tuple[list[Claim], dict[str, str]]:
    """The claims that say something new, and for every id the one that stands for it."""
    kept: list[Claim] = []
    same_as: dict[str, str] = {}
    for claim in stated:
        twin = next((other for other in kept if _is_same(claim, other)), claim)
        same_as[claim.id] = twin.id
        if twin is claim:
            kept.append(claim)
        else:
            dropped.append(Dropped(f"{claim.id} ({claim.name})", f"it is {twin.id} again"))
    return kept, same_as


def _is_same(one: Claim, other: Claim) -> bool:
    if one.name.casefold() != other.name.casefold() or one.colour != other.colour or not (one.box and other.box):
        return False
    both = one.box.intersect(other.box).area
    return both >= SAME_BOX * (one.box.area + other.box.area - both)


def _edges(seen: Iterable[SeenEdge], same_as: dict[str, str], dropped: list[Dropped]) -> tuple[ClaimedEdge, ...]:
    kept: dict[ClaimedEdge, None] = {}
    for edge in seen:
        what = f"{edge.source} {edge.kind} {edge.target}"
        unknown = [end for end in (edge.source, edge.target) if end not in same_as]
        if unknown:
            dropped.append(Dropped(what, f"no element is called {' or '.join(unknown)}"))
        elif same_as[edge.source] == same_as[edge.target]:
            dropped.append(Dropped(what, "both ends are one element"))
        else:
            kept[ClaimedEdge(same_as[edge.source], same_as[edge.target], edge.kind)] = None
    return tuple(kept)


def _known(ids: Iterable[str], what: str, same_as: dict[str, str], dropped: list[Dropped]) -> tuple[str, ...]:
    """``ids`` without unknown ones and repetitions."""
    kept: dict[str, None] = {}
    for id in ids:
        if id in same_as:
            kept[same_as[id]] = None
        else:
            dropped.append(Dropped(f"{what}: {id}", "no element has this id"))
    return tuple(kept)
