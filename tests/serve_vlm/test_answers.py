"""What the loopback model says, and how it reads questions."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from peeler.analysts.flat import FlatAnalyst
from peeler.dialogue import Message, Prompt, Reply, Request
from peeler.files import png_bytes
from peeler.geometry import RGB
from peeler.prompting import as_data, load_prompt
from peeler.replies import CheckReply, GraphReply, LocaliseReply, claims, read_reply, schema_of
from peeler.serve_vlm.answers import BadQuestion, EmbeddedVlm, asked_for
from peeler.serve_vlm.questions import is_wanted, known_elements, outlines_wanted, targets
from tests.toy import Toy

VLM = EmbeddedVlm()


def ask(prompt: str, pictures: list[RGB], schema: bool = True, **inputs: Any) -> Reply:
    file = load_prompt(prompt)
    images = tuple(png_bytes(picture) for picture in pictures)
    text = worded(prompt, inputs)
    return VLM.ask(Request(file.ref, (Message("user", text, images),), file.schema_of_reply if schema else None))


def worded(prompt: str, inputs: dict[str, Any]) -> str:
    put = {name: value if isinstance(value, str) else as_data(value) for name, value in inputs.items()}
    return load_prompt(prompt).render(**put)


def seen_in(toy: Toy, targets: str = "everything") -> GraphReply:
    return read_reply(ask("first_graph", [toy.picture], targets=targets), GraphReply)


def the_disc(reply: GraphReply, toy: Toy) -> Any:
    return next(item for item in reply.elements if item.colour == toy.graph["disc"].colour)


@pytest.mark.parametrize("schema", [True, False])
@pytest.mark.parametrize(
    ("prompt", "inputs", "kind"),
    [
        ("first_graph", {"targets": "everything"}, GraphReply),
        ("maintain_graph", {"targets": "everything", "removed": [], "graph": {}}, GraphReply),
        ("localise", {"elements": [], "outlines": "png"}, LocaliseReply),
        ("check_removal", {"removed": []}, CheckReply),
    ],
)
def test_the_kind_of_question_is_known(prompt: str, inputs: dict[str, Any], kind: type, schema: bool) -> None:
    file = load_prompt(prompt)
    given = schema_of(kind) if schema else None
    request = Request(file.ref, (Message("user", worded(prompt, inputs)),), given)
    assert asked_for(request) is kind
    if given:
        assert asked_for(replace(request, schema={**given, "title": "x"})) is kind


def test_masks_are_exact(toy: Toy) -> None:
    graph = seen_in(toy)
    listed = [item.model_dump(mode="json") for item in graph.elements]
    located = read_reply(ask("localise", [toy.picture], elements=listed, outlines="png"), LocaliseReply)
    said = claims(graph, located, (64, 64))
    assert not said.dropped
    true = {element.id: element.mask for element in FlatAnalyst().analyse(toy.picture, None, 0).graph.elements}
    assert {claim.id: claim.mask for claim in said.elements} == true


def test_outlines_as_polygons_come_close(toy: Toy) -> None:
    graph = seen_in(toy)
    listed = [item.model_dump(mode="json") for item in graph.elements]
    located = read_reply(ask("localise", [toy.picture], elements=listed, outlines="polygon"), LocaliseReply)
    assert all(item.mask is None and item.polygon and len(item.polygon) <= 60 for item in located.items)
    said = claims(graph, located, (64, 64))
    hat = next(claim for claim in said.elements if claim.id == next(iter(said.topmost)))
    assert hat.mask is not None


def test_only_what_is_asked_for_is_located(toy: Toy) -> None:
    disc = the_disc(seen_in(toy), toy).model_dump(mode="json")
    located = read_reply(ask("localise", [toy.picture], elements=[disc], outlines="none"), LocaliseReply)
    assert [item.id for item in located.items] == [disc["id"]]
    assert located.items[0].mask is None


def test_ids_are_kept_over_a_removal(toy: Toy) -> None:
    disc = the_disc(seen_in(toy), toy).model_copy(update={"id": "face"})
    graph = {"elements": [disc.model_dump(mode="json")], "edges": []}
    said = ask("maintain_graph", [toy.canvases[1]], targets="everything", removed=[], graph=graph)
    assert [item.id for item in read_reply(said, GraphReply).elements] == ["face"]


def test_what_is_known_of_the_order_stands(toy: Toy) -> None:
    seen = seen_in(toy)
    first, second = [item for item in seen.elements if item.id in seen.topmost][:2]
    edge = {"source": first.id, "target": second.id, "kind": "occludes"}
    graph = {"elements": [item.model_dump(mode="json") for item in seen.elements], "edges": [edge]}
    said = ask("maintain_graph", [toy.picture], targets="everything", removed=[], graph=graph)
    assert [item.model_dump() for item in read_reply(said, GraphReply).edges] == [edge]


def test_a_bare_canvas_is_background_only(toy: Toy) -> None:
    said = ask("first_graph", [toy.canvases[-1]], targets="everything")
    assert read_reply(said, GraphReply) == GraphReply(
        description="a drawing of 0 shapes", background_only=True, elements=()
    )


def test_what_the_user_wants_is_named(toy: Toy) -> None:
    everything = seen_in(toy)
    disc = the_disc(everything, toy)
    wanted = seen_in(toy, targets=f"the {disc.name}").wanted
    assert disc.id in wanted
    assert len(everything.wanted) == 4


@pytest.mark.parametrize(
    ("name", "wanted", "yes"),
    [
        ("large red circle", "the circle", True),
        ("large red circle", "the hat, a red circle", True),
        ("large red circle", "blue circle", False),
        ("anything", "Everything", True),
        ("large red circle", ", and", False),
    ],
)
def test_words_of_the_user_are_matched_whole(name: str, wanted: str, yes: bool) -> None:
    assert is_wanted(name, wanted) is yes


def test_a_removal_is_checked(toy: Toy) -> None:
    before, after, _ = toy.canvases
    graph = seen_in(toy)
    top = [item.model_dump(mode="json") for item in graph.elements if item.id in graph.topmost]
    done = read_reply(ask("check_removal", [before, after], removed=top), CheckReply)
    assert done == CheckReply(removed=True)
    undone = read_reply(ask("check_removal", [before, before], removed=top), CheckReply)
    assert not undone.removed
    assert set(undone.left) == set(graph.topmost)


def test_damage_next_to_a_removal_is_seen(toy: Toy) -> None:
    before, after, bare = toy.canvases
    hat = next(item for item in seen_in(toy).elements if item.colour == toy.graph["hat"].colour)
    said = read_reply(ask("check_removal", [before, bare], removed=[hat.model_dump(mode="json")]), CheckReply)
    assert said.removed
    assert said.damaged


def test_questions_are_read_by_their_json() -> None:
    question = """Keep {"id": "a", "name": "x", "box_2d": [0, 0, 5, 5]} and [{"id": "b", "name": "y"}] {broken
# Answer
{"id": "c", "name": "z"}"""
    assert [item.id for item in known_elements(question)] == ["a", "b"]
    assert targets(question) == "everything"
    assert outlines_wanted(question) == "png"


@pytest.mark.parametrize("pictures", [(), (b"no picture",)])
def test_without_a_picture_there_is_no_answer(pictures: tuple[bytes, ...]) -> None:
    with pytest.raises(BadQuestion):
        VLM.ask(Request(Prompt("p", 1, ""), (Message("user", "What is there?", pictures),)))


def test_more_than_a_reply_may_hold_is_left_out_from_below() -> None:
    canvas = np.full((240, 240, 3), 255, np.uint8)
    for number in range(225):
        y, x = divmod(number, 15)
        canvas[y * 16 + 4 : y * 16 + 12, x * 16 + 4 : x * 16 + 12] = (20 + 40 * (number % 5), 90, 200 - 50 * (y % 4))
    reply = read_reply(ask("first_graph", [canvas], targets="everything"), GraphReply)
    assert 0 < len(reply.elements) <= 200
    assert json.loads(reply.model_dump_json())
