"""What went wrong in LayerPeeler's released code, and in the hands of those who used it: how it goes here.

The first part has one test for each bug that was seen in that code, the second one for each complaint of the field.
"""

import io
import json
import re
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from peeler.analysts.vlm import Conversation, Questions, VlmAnalyst, VlmChecker
from peeler.asking import SPENDING, open_asker
from peeler.attempts import Engine, plans
from peeler.batch import RunSummary, peel_file, peel_folder, peel_picture
from peeler.dialogue import Abilities, Reply, Request
from peeler.exporters.png import read_stack
from peeler.geometry import RGB, Box, Mask
from peeler.graph import Element, LayerGraph
from peeler.judge import judge, removal_mask
from peeler.lift import TOLERANCE, hard_composite
from peeler.presets import Preset
from peeler.prompting import FOLDERS, load_prompt
from peeler.protocols import Removal, Removed, Remover
from peeler.removers.flat import FlatRemover
from peeler.replies import REPLIES, GraphReply, claims, read_reply
from peeler.serve_vlm.answers import EmbeddedVlm
from tests.toy import Toy

PROJECT = Path(__file__).parents[1]
BARE = Preset(engine="scripted", outputs=())
GRAPH = '{"elements": [{"id": "e1", "name": "hat", "colour": "#148c5a", "box_2d": [120, 200, 280, 800]}], "edges": []}'


def element(canvas: RGB, colour: tuple[int, int, int], id: str = "e1") -> Element:
    mask = Mask.of((canvas == colour).all(axis=2))
    return Element(id=id, name=id, colour="#" + bytes(colour).hex(), box=mask.box, mask=mask)


# Bugs in the code


def test_a_box_at_the_border_is_clipped_and_not_lost() -> None:
    """There, an expanded box with a negative corner made an empty slice, and the control vanished silently."""
    canvas = np.full((64, 64, 3), 255, np.uint8)
    canvas[0:60, 2:60] = (200, 30, 30)
    assert Box(2, 0, 60, 60).expand(5, (64, 64)) == Box(0, 0, 64, 64)
    allowed = removal_mask(canvas, (element(canvas, (200, 30, 30)),))
    assert allowed[0, 0] and allowed[:60, 2:60].all()


@pytest.mark.parametrize("size", [(512, 512), (640, 360), (333, 1000), (20, 30)])
def test_boxes_come_back_from_the_models_grid_on_any_canvas(size: tuple[int, int]) -> None:
    """There, boxes were divided by another size than they were measured in, without the offset of the padding."""
    width, height = size
    box = Box(width // 7, height // 5, width // 2, height - 3)
    assert Box.from_grid(box.on_grid(size), size) == box
    graph = GraphReply.model_validate_json(GRAPH)
    claim = claims(graph, None, size).elements[0]
    assert claim.box == Box(round(0.2 * width), round(0.12 * height), round(0.8 * width), round(0.28 * height))


@pytest.mark.parametrize("prompt", sorted(path.stem for path in FOLDERS[1].glob("[a-z]*.md")))
def test_the_prompts_own_examples_are_strict_json(prompt: str) -> None:
    """There, the example in the prompt had comments, which the parser of the answers refused."""
    file = load_prompt(prompt)
    examples = re.findall(r"# Answer.*```json\n(.*?)```", file.text, flags=re.DOTALL)
    assert examples or not file.reply
    for example in examples:
        REPLIES[file.reply or ""].model_validate(json.loads(example))


@pytest.mark.parametrize(
    "dressed",
    [
        f"```json\n{GRAPH}\n```",
        f"```JSON5\n{GRAPH}\n```",
        f"Here you are:\n\n```\n{GRAPH}\n```\nAnything else?",
        GRAPH.replace('"edges"', '// nothing is covered\n "edges"'),
        GRAPH.replace("[]", "[],"),
        f"<description>A hat.</description><layer_graph>{GRAPH}</layer_graph>",
        f"<layer_graph>\n{GRAPH}",
        GRAPH[:-2],
    ],
)
def test_an_answer_may_be_dressed_in_any_way(dressed: str) -> None:
    """There, comments, another fence or a missing tag ended the work on a picture."""
    (seen,) = read_reply(Reply(dressed), GraphReply).elements
    assert (seen.id, seen.name, seen.box_2d) == ("e1", "hat", (120, 200, 280, 800))


def test_what_is_hidden_behind_transparency_is_not_seen(tmp_path: Path) -> None:
    """There, alpha was dropped, and clear pixels showed the colour that they hide."""
    pixels = np.zeros((80, 80, 4), np.uint8)
    pixels[20:60, 20:60] = (200, 30, 30, 255)
    Image.fromarray(pixels).save(tmp_path / "clear.png")
    stack = peel_picture(tmp_path / "clear.png")
    painted = [layer for layer in stack.layers if layer.role == "element"]
    assert [layer.ink for layer in painted] == ["#c81e1e"]
    assert np.array_equal(stack.composite(), pixels) or not stack.difference(pixels).any()


def test_a_failure_is_no_success(tmp_path: Path, toy: Toy) -> None:
    """There, a failure that was swallowed was counted as a success."""
    toy.save(tmp_path / "in" / "good.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"\x89PNG broken")
    done = peel_folder(tmp_path / "in", tmp_path / "out", Preset(outputs=("png",)), workers=1)
    assert done.totals == {"ok": 1, "stopped": 0, "failed": 1}
    assert [row.input for row in done.failed] == ["bad.png"] and done.failed[0].reason


@pytest.mark.parametrize("max_steps", [0, 1, 2])
def test_nothing_is_lost_when_a_run_ends_early(toy: Toy, max_steps: int) -> None:
    """There, whatever was not peeled yet at the end was missing in the vector graphic."""
    stack = peel_picture(toy.picture, Preset(max_steps=max_steps, outputs=()))
    assert stack.difference(toy.picture).max() <= TOLERANCE


def test_pale_shapes_are_peeled() -> None:
    """There, a canvas on which every channel is over 240 counted as empty."""
    canvas = np.full((96, 96, 3), 255, np.uint8)
    canvas[30:60, 30:60] = (245, 245, 245)
    stack = peel_picture(canvas)
    assert "#f5f5f5" in [layer.ink for layer in stack.layers]


@pytest.mark.parametrize(
    ("below", "above"),
    [((255, 255, 255), (255, 255, 128)), ((0, 0, 128), (0, 0, 255)), ((255, 255, 255), (230, 242, 255))],
)
def test_changes_in_blue_are_seen(below: RGB, above: RGB) -> None:
    """There, layers were differences in grey, in which blue hardly counts."""
    canvas = np.full((96, 96, 3), below, np.uint8)
    canvas[30:60, 30:60] = above
    inks = [layer.ink for layer in peel_picture(canvas).layers if layer.role == "element"]
    assert inks == ["#" + bytes(above).hex()]


def test_every_package_is_pinned() -> None:
    """There, the packages that change fastest were the ones without a version."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    pinned = (PROJECT / "constraints.txt").read_text(encoding="utf-8").lower()
    for line in asked:
        name = re.split(r"[\[<>=~!; ]", line)[0].lower().replace("_", "-")
        assert re.search(rf"^{re.escape(name)}==", pinned, re.MULTILINE) or name == "peeler", name


# Complaints of the field


def test_steps_do_not_add_up_their_errors(toy: Toy) -> None:
    """There, a part came off a fresh picture but not off one that was edited before: each edit changed everything."""
    before = toy.picture
    hat = (toy.graph["hat"],)
    edited = (toy.canvases[1].astype(np.int16) - 9).clip(0, 255).astype(np.uint8)
    after = hard_composite(before, edited, removal_mask(before, hat))
    outside = ~removal_mask(before, hat)
    assert np.array_equal(after[outside], before[outside])


def removal_of(toy: Toy, *ids: str) -> Removal:
    return Removal(tuple(toy.graph[id] for id in ids), toy.graph.without(ids))


def test_a_removal_that_does_nothing_is_rejected(toy: Toy) -> None:
    """There, it counted as a step."""
    verdict = judge(toy.picture, toy.picture, removal_of(toy, "hat"))
    assert not verdict.accepted and "still there" in verdict.reason


def test_a_removal_that_only_shades_is_rejected(toy: Toy) -> None:
    """There, a change of shading counted as a removal."""
    shaded = toy.picture.copy()
    shaded[toy.graph["hat"].box.slices] = (shaded[toy.graph["hat"].box.slices] * 0.97).astype(np.uint8)
    assert not judge(toy.picture, shaded, removal_of(toy, "hat")).accepted


def test_a_removal_that_takes_its_neighbours_is_rejected(toy: Toy) -> None:
    """There, the neighbours went along; what does not count as much is put back by the compositing."""
    verdict = judge(toy.picture, toy.canvases[2], removal_of(toy, "left-eye"))
    assert not verdict.accepted and "outside" in verdict.reason


def test_a_removal_that_comes_a_step_late_is_rejected(toy: Toy) -> None:
    """There, an edit took away what the one before should have."""
    late = toy.picture.copy()
    late[toy.graph["left-eye"].box.expand(2, (64, 64)).slices] = (200, 60, 40)
    assert not judge(toy.picture, late, removal_of(toy, "hat")).accepted


class Moody:
    """A remover that leaves everything as it is until it is asked for the third time."""

    def __init__(self, toy: Toy) -> None:
        self.asked: list[tuple[int, int]] = []
        self.knows = toy.remover

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        self.asked.append((seed, steps))
        return Removed(canvas.copy()) if len(self.asked) < 3 else self.knows.remove(canvas, removal, seed, steps)


def test_a_removal_that_fails_is_tried_with_another_seed_and_more_steps(toy: Toy, tmp_path: Path) -> None:
    """There, each was tried once, with the seed and the number of steps that failed before."""
    path, remover = toy.save(tmp_path / "toy.png"), Moody(toy)
    peel_file(path, tmp_path / "run", BARE, engine=Engine(toy.analyst, remover))
    (_, one), (_, two), (_, three) = remover.asked[:3]
    assert len({seed for seed, _ in remover.asked}) == len(remover.asked) and one < two < three
    attempts = json.loads((tmp_path / "run/steps/00/step.json").read_text())["attempts"]
    assert [attempt["verdict"]["accepted"] for attempt in attempts] == [False, False, True]


def test_short_words_are_followed_by_longer_ones(toy: Toy) -> None:
    """There, "the legs" failed where words that say the place worked."""
    hat = (toy.graph["hat"],)
    words = [plan.words for plan in plans(toy.engine, BARE, toy.graph, hat, (64, 64))]
    assert words[0] == "the hat" and words[-1].startswith("the hat (") and "top" in words[-1]


class Altered:
    """The loopback model in this process, with other answers to some prompts."""

    name = "scripted:altered"

    def __init__(self, answers: Mapping[str, Callable[[Any], Any]], largest_side: int = 1024) -> None:
        self.abilities = Abilities(boxes=True, masks="png", largest_side=largest_side)
        self.requests: list[Request] = []
        self._answers, self._model = answers, EmbeddedVlm()

    def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        reply = self._model.ask(request)
        alter = self._answers.get(request.prompt.id)
        return reply if alter is None else replace(reply, text=json.dumps(alter(json.loads(reply.text))))


def peeled_with(model: Altered, picture: Path, folder: Path, remover: Remover | None = None) -> RunSummary:
    talk = Conversation(open_asker(model, folder / SPENDING, sleep=lambda seconds: None))
    analyst = VlmAnalyst(talk, Questions(localise=True))
    worker = Engine(analyst, remover or FlatRemover(), None, VlmChecker(talk))
    return peel_file(picture, folder / "run", Preset(outputs=("png",), attempts=1), engine=worker)


@pytest.mark.parametrize(
    "places",
    [
        [],
        {"items": []},
        {"items": [{"id": "e01", "box_2d": [0, 0, 0, 0]}, {"id": "nobody", "box_2d": [5, 5, 9, 9]}]},
        {"items": [{"id": "e01", "box_2d": [100, 100, 900, 900], "mask": "data:image/png;base64,AAAA"}]},
        {"items": [{"id": "e01", "box_2d": [100, 100, 900, 900], "mask": "<seg_1><seg_2>"}]},
        {"items": "none"},
    ],
)
def test_places_that_are_of_no_use_are_done_without(places: Any, toy: Toy, tmp_path: Path) -> None:
    """There, a failure to get masks ended the work on a picture, and empty boxes were passed on."""
    model = Altered({"localise": lambda said: places})
    done = peeled_with(model, toy.save(tmp_path / "toy.png"), tmp_path)
    assert (done.stop_reason, done.layers) == ("background", 5)


def test_places_are_of_the_picture_and_not_of_what_the_model_was_shown(tmp_path: Path) -> None:
    """There, boxes were right only if the model saw the picture in the size in which it was edited."""
    canvas = np.full((300, 900, 3), 255, np.uint8)
    canvas[40:250, 100:400] = (200, 30, 30)
    canvas[90:160, 330:800] = (20, 60, 160)
    Image.fromarray(canvas).save(tmp_path / "wide.png")
    model = Altered({}, largest_side=200)
    done = peeled_with(model, tmp_path / "wide.png", tmp_path)
    with Image.open(io.BytesIO(model.requests[0].messages[0].images[0])) as shown:
        assert max(shown.size) == 200
    plain = [(layer.ink, layer.box) for layer in peel_picture(canvas, Preset(outputs=())).layers]
    assert done.steps == 2
    assert [(layer.ink, layer.box) for layer in read_stack(tmp_path / "run" / "stack").layers] == plain
    account = json.loads((tmp_path / "run/steps/00/analysis.json").read_text())
    assert len(account["believed"]) == 2


def test_what_lies_below_is_not_taken_along(toy: Toy, tmp_path: Path) -> None:
    """There, the words for a removal were the model's, and it put the body into the removal of a detail."""

    def all_on_top(said: Any) -> Any:
        return said | {"edges": [], "topmost": [item["id"] for item in said["elements"]]}

    peeled_with(Altered({"first_graph": all_on_top}), toy.save(tmp_path / "toy.png"), tmp_path)
    step = json.loads((tmp_path / "run/steps/00/step.json").read_text())
    graph = LayerGraph.model_validate_json((tmp_path / "run/steps/00/graph.json").read_text())
    assert {graph[id].colour for id in step["removed"]} == {"#1e1e3c", "#148c5a"}


def test_the_model_compares_before_and_after(toy: Toy, tmp_path: Path) -> None:
    """There, pixels alone could not prove a removal, and a model that saw one picture took the fill for the part."""
    model = Altered({"check_removal": lambda said: {**said, "removed": False, "damaged": False}})
    done = peeled_with(model, toy.save(tmp_path / "toy.png"), tmp_path, toy.remover)
    checks = [request.messages[0].images for request in model.requests if request.prompt.id == "check_removal"]
    assert checks and all(len(images) == 2 and images[0] != images[1] for images in checks)
    assert done.stop_reason == "stuck" and "the model still sees" in done.note
    assert read_stack(tmp_path / "run" / "stack").difference(toy.picture).max() == 0


def test_a_picture_takes_one_question_and_seconds(toy: Toy, tmp_path: Path) -> None:
    """There, five removals took 127 seconds and a question each, and a hosted editor made each one cost money, too."""
    model = Altered({})
    began = time.process_time()
    analyst = VlmAnalyst(Conversation(open_asker(model, tmp_path / SPENDING)))
    done = peel_file(
        toy.save(tmp_path / "toy.png"), tmp_path / "run", Preset(at_once=1), engine=Engine(analyst, FlatRemover())
    )
    assert (done.steps, done.stop_reason) == (4, "background")
    assert [request.prompt.id for request in model.requests] == ["first_graph"]
    assert time.process_time() - began < 20
