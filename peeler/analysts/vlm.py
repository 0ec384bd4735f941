"""The analyst that asks a vision-language model, and believes what the pixels do not contradict."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple, TypeVar

from PIL import Image
from pydantic import BaseModel

from peeler.analysts.flat import KEPT_UP, FlatAnalyst
from peeler.asking import Asker
from peeler.claimed_order import with_claimed_order
from peeler.claimed_places import place
from peeler.dialogue import Message, Request
from peeler.errors import BudgetSpent, ReplyError
from peeler.files import png_bytes
from peeler.geometry import RGB
from peeler.graph import Element, LayerGraph
from peeler.grounding import Grounded, match, named
from peeler.prompting import as_data, load_prompt
from peeler.protocols import Analysis, Checked, Removal
from peeler.replies import CheckReply, Claims, Dropped, GraphReply, LocaliseReply, claims, read_reply

Kind = TypeVar("Kind", bound=BaseModel)

LOCALISED_AT_ONCE = 24
"""Elements whose places are asked for in one question: answers to longer ones are cut off."""
NEGLIGIBLE = 0.01
"""Share of the canvas that may show shapes although a model that sees only background is believed."""
LARGEST_SEED = 2**31
"""Providers take seeds below it."""


@dataclass(frozen=True)
class Questions:
    """What is asked: for ``targets`` in the user's words, for places, too, and again after each removal."""

    targets: tuple[str, ...] = ()
    localise: bool = False
    maintain: bool = False


class Look(NamedTuple):
    """What the embedded analyst sees on a canvas."""

    canvas: RGB
    seen: Analysis
    previous: LayerGraph | None
    removed: tuple[Element, ...]
    seed: int

    @property
    def flat(self) -> bool:
        return bool(self.seen.account.get("flat", True))

    @property
    def size(self) -> tuple[int, int]:
        return self.canvas.shape[1], self.canvas.shape[0]


class Conversation:
    """One prompt after another put to a model. ``aside`` is entered while it is waited for."""

    def __init__(
        self, asker: Asker, aside: Callable[[], AbstractContextManager[None]] = nullcontext, timeout: float = 120.0
    ) -> None:
        self.asker = asker
        self._timeout = timeout
        self._aside = aside

    def ask(self, prompt: str, kind: type[Kind], pictures: Sequence[RGB], seed: int, **inputs: str) -> Kind:
        """The answer to a prompt about ``pictures``. Raises what ``Asker.ask`` raises."""
        file, abilities = load_prompt(prompt), self.asker.vlm.abilities
        images = tuple(_png(picture, abilities.largest_side) for picture in pictures)
        request = Request(
            file.ref,
            (Message("user", file.render(**inputs), images),),
            schema=file.schema_of_reply,
            seed=seed % LARGEST_SEED if abilities.seeds else None,
            timeout=self._timeout,
        )
        with self._aside():
            return self.asker.ask(request, lambda reply: read_reply(reply, kind))

    def taken(self) -> tuple[dict[str, Any], ...]:
        """What was said since the last time, as plain data."""
        return tuple(exchange.model_dump(mode="json") for exchange in self.asker.take_exchanges())


class VlmAnalyst:
    """Asks a model what it sees, and ties that to the shapes that the embedded analyst finds.

    On flat art the shapes are exact, and what the model gives are names, objects, order where the outlines leave it
    open, and what the user wants; so one question serves a whole picture as long as the canvas agrees with the
    graph. Elsewhere its masks or boxes are the elements, and it is asked on every canvas.
    """

    def __init__(self, conversation: Conversation, questions: Questions = Questions(), learned: bool = True) -> None:
        self._talk = conversation
        self._questions = questions
        self._eye = FlatAnalyst(learned)

    def analyse(
        self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
    ) -> Analysis:
        """Raises Unavailable and Rejected; a budget that is spent and replies that cannot be used end the run."""
        look = self._look(canvas, previous, seed, removed)
        if not look.seen.graph.elements or (look.seen.account == KEPT_UP and not self._questions.maintain):
            return look.seen
        try:
            return self._listened(look)
        except BudgetSpent as problem:
            return Analysis(LayerGraph(), note=str(problem), exchanges=self._talk.taken(), stop="budget")
        except ReplyError as problem:
            note = f"the analyst's replies cannot be used: {problem}"
            return Analysis(LayerGraph(), note=note, exchanges=self._talk.taken(), stop="unreadable")

    def _look(self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...]) -> Look:
        # A graph that came from masks says nothing of what they hid, so the canvas is read anew.
        known = previous is not None and all(item.shape for item in (*previous.elements, *removed))
        seen = self._eye.analyse(canvas, previous if known else None, seed, removed)
        return Look(canvas, seen, previous, removed, seed)

    def _listened(self, look: Look) -> Analysis:
        graph = self._graph(look)
        located, trouble = self._places(graph, look)
        said = claims(graph, located, look.size)
        grounded = _grounded(said, look, bool(self._questions.targets))
        account = _account(said, grounded, look) | {"asked": self._talk.asker.vlm.name}
        note = "; ".join(filter(None, (trouble, self._talk.asker.note)))
        return Analysis(grounded.graph, account, note, self._talk.taken())

    def _graph(self, look: Look) -> GraphReply:
        targets = ", ".join(self._questions.targets) or "everything"
        if look.previous is None or not self._questions.maintain:
            return self._talk.ask("first_graph", GraphReply, (look.canvas,), look.seed, targets=targets)
        known = look.seen.graph if look.flat else look.previous
        return self._talk.ask(
            "maintain_graph",
            GraphReply,
            (look.canvas,),
            look.seed,
            targets=targets,
            removed=as_data([{"id": item.id, "name": item.name} for item in look.removed]),
            graph=as_data(_told(known, look.size)),
        )

    def _places(self, graph: GraphReply, look: Look) -> tuple[LocaliseReply | None, str]:
        """Where the topmost elements are, if that is to be asked, and a note if no answer could be used."""
        said = claims(graph, None, look.size)
        if not self._questions.localise or not said.elements:
            return None, ""
        covered = {edge.target for edge in said.edges if edge.kind == "occludes"}
        top = [item for item in graph.elements if item.id not in covered]
        found = LocaliseReply(items=())
        try:
            for start in range(0, len(top), LOCALISED_AT_ONCE):
                elements = [item.model_dump(mode="json") for item in top[start : start + LOCALISED_AT_ONCE]]
                outlines = self._talk.asker.vlm.abilities.masks
                reply = self._talk.ask(
                    "localise", LocaliseReply, (look.canvas,), look.seed, elements=as_data(elements), outlines=outlines
                )
                found = LocaliseReply(items=(*found.items, *reply.items))
        except ReplyError:
            return found, "the model's places cannot be used; the shapes of the picture are gone by"
        return found, ""


class VlmChecker:
    """Shows a model the canvas before and after a removal, and asks whether it worked."""

    def __init__(self, conversation: Conversation) -> None:
        self._talk = conversation

    def check(self, before: RGB, after: RGB, removal: Removal, seed: int) -> Checked:
        """Raises BudgetSpent, Unavailable and Rejected; an answer that cannot be used is no objection."""
        went = as_data([{"id": item.id, "name": item.name} for item in removal.elements])
        try:
            said = self._talk.ask("check_removal", CheckReply, (before, after), seed, removed=went)
        except ReplyError as problem:
            return Checked(account={"problem": str(problem)}, exchanges=self._talk.taken())
        return Checked(_objection(said, removal), said.model_dump(mode="json"), self._talk.taken())


def _objection(said: CheckReply, removal: Removal) -> str:
    names = {item.id: item.name for item in removal.elements}
    left = [names[id] for id in said.left if id in names]
    if left or not said.removed:
        return f"the model still sees {', '.join(left) or 'what was to go'}"
    return f"the model sees damage: {said.comment or 'it does not say which'}" if said.damaged else ""


def _grounded(said: Claims, look: Look, targeted: bool) -> Grounded:
    seen = look.seen.graph
    if not look.flat:
        placed = place(said, look.canvas, targeted)
        graph = placed.graph.carrying_ids_from(look.previous) if look.previous else placed.graph
        # Without one usable place the coarse tones are better than nothing, unless there is said to be nothing.
        return Grounded(graph if graph.elements or said.background_only else seen, placed.believed, placed.dropped)
    if said.background_only and _shown(seen) <= NEGLIGIBLE * look.size[0] * look.size[1]:
        return Grounded(LayerGraph(), (), ())
    elements_of, believed, unmatched = match(said, seen)
    graph = LayerGraph(elements=named(said, seen, elements_of, targeted), edges=seen.edges)
    graph, contradicted = with_claimed_order(graph, said, elements_of)
    return Grounded(graph, believed, (*unmatched, *contradicted))


def _shown(graph: LayerGraph) -> int:
    return sum(item.mask.area for item in graph.elements if item.mask)


def _account(said: Claims, grounded: Grounded, look: Look) -> dict[str, Any]:
    spoken = {id for belief in grounded.believed for id in belief.elements}
    dropped = [*said.dropped, *grounded.dropped]
    if said.background_only and grounded.graph.elements:
        dropped.append(Dropped("background only", "the picture shows shapes"))
    return {
        **look.seen.account,
        "description": said.description,
        "believed": [belief._asdict() | {"elements": list(belief.elements)} for belief in grounded.believed],
        "dropped": [{"what": what, "why": why} for what, why in dropped],
        "unnamed": [item.id for item in grounded.graph.elements if item.id not in spoken],
    }


def _told(graph: LayerGraph, size: tuple[int, int]) -> dict[str, Any]:
    """A graph as the model is told it, boxes as it gives them."""
    elements = [
        {
            "id": item.id,
            "name": item.name,
            "colour": item.colour,
            "box_2d": item.box.on_grid(size),
            "part_of": item.part_of,
        }
        for item in graph.elements
    ]
    edges = [edge.model_dump(include={"source", "target", "kind"}) for edge in graph.edges]
    return {"elements": elements, "edges": edges}


def _png(picture: RGB, largest_side: int) -> bytes:
    """A picture as PNG, shrunk to what the model takes."""
    height, width = picture.shape[:2]
    if max(height, width) <= largest_side:
        return png_bytes(picture)
    image = Image.fromarray(picture)
    image.thumbnail((largest_side, largest_side), Image.Resampling.LANCZOS)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
