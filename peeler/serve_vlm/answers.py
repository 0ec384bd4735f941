"""The embedded analyst in the place of a vision-language model: a question with a picture in, a reply in JSON out."""

import hashlib
import io
import re
import threading
from collections import OrderedDict

import numpy as np
from PIL import Image
from pydantic import BaseModel

from peeler.analysts.flat import FlatAnalyst
from peeler.dialogue import Abilities, Reply, Request, Usage
from peeler.geometry import RGB
from peeler.graph import LayerGraph
from peeler.inputs import MAX_PIXELS
from peeler.replies import REPLIES, CheckReply, GraphReply, LocaliseReply
from peeler.serve_vlm.questions import (
    Known,
    known_edges,
    known_elements,
    named_as,
    outlines_wanted,
    targets,
    with_known_edges,
)
from peeler.serve_vlm.wording import check_reply, graph_reply, places_reply

MODEL = "peeler-embedded"
MOST_KEPT = 512
"""Pictures whose graphs are remembered: one question often follows another about the same picture."""
TOKENS_OF_A_PICTURE = 258


class BadQuestion(Exception):
    """A question comes without a picture that can be read."""


class EmbeddedVlm:
    """Answers like a vision-language model, by reading the drawing; many threads may ask."""

    name = f"loopback:{MODEL}"
    abilities = Abilities(boxes=True, masks="png", largest_side=4096)

    def __init__(self) -> None:
        self._analyst = FlatAnalyst()
        self._graphs: OrderedDict[str, LayerGraph] = OrderedDict()
        self._reading = threading.Lock()

    def ask(self, request: Request) -> Reply:
        """The answer about the last picture of ``request``. Raises BadQuestion."""
        question = "\n".join(message.text for message in request.messages if message.role == "user")
        pictures = [picture for message in request.messages for picture in message.images]
        if not pictures:
            raise BadQuestion("the question has no picture")
        said = self._answer(asked_for(request), question, pictures).model_dump_json()
        seen = len(question) // 4 + TOKENS_OF_A_PICTURE * len(pictures)
        return Reply(said, usage=Usage(seen, len(said) // 4), model=MODEL)

    def _answer(self, kind: type[BaseModel], question: str, pictures: list[bytes]) -> BaseModel:
        known = known_elements(question)
        if kind is CheckReply:
            before, after = _canvas(pictures[0]), _canvas(pictures[-1])
            return check_reply(self._graph(pictures[0], before, known), known, before, after)
        canvas = _canvas(pictures[-1])
        graph = self._graph(pictures[-1], canvas, known)
        if kind is LocaliseReply:
            return places_reply(graph, known, canvas, outlines_wanted(question))
        graph = with_known_edges(graph, known, known_edges(question))
        return graph_reply(graph, canvas, targets(question))

    def _graph(self, picture: bytes, canvas: RGB, known: list[Known]) -> LayerGraph:
        """What the picture shows, with the ids that the question knows."""
        key = hashlib.sha256(picture).hexdigest()
        # One at a time: more would only share the same interpreter, and might read one picture twice.
        with self._reading:
            if key not in self._graphs:
                self._graphs[key] = self._analyst.analyse(canvas, None, 0).graph
            self._graphs.move_to_end(key)
            while len(self._graphs) > MOST_KEPT:
                self._graphs.popitem(last=False)
            graph = self._graphs[key]
        return named_as(graph, known, (canvas.shape[1], canvas.shape[0]))


def asked_for(request: Request) -> type[BaseModel]:
    """The kind of reply that a question asks for: by its schema, else by the fields that its words name."""
    schema = request.schema or {}
    fields = set(schema.get("properties") or ())
    words = "\n".join(message.text for message in request.messages if message.role == "user")
    for name, kind in REPLIES.items():
        if schema.get("title") == name or (fields and fields <= kind.model_fields.keys()):
            return kind
    return next((kind for kind, field in _MARKS.items() if re.search(field, words)), GraphReply)


_MARKS: dict[type[BaseModel], str] = {CheckReply: r'"damaged":', LocaliseReply: r'"items":'}
"""Fields that stand in the words of a question only if it asks for this kind of reply."""


def _canvas(picture: bytes) -> RGB:
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadQuestion("the picture is too large")
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise BadQuestion("the picture cannot be read") from None
