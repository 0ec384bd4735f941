"""What every analyst of the registry keeps to."""

import json
from pathlib import Path

import numpy as np
import pytest

from peeler import registry
from peeler.analysts.vlm import Conversation, Questions, VlmAnalyst
from peeler.asking import SPENDING, open_asker
from peeler.geometry import RGB, Box
from peeler.protocols import Analysis, Analyst
from peeler.registry import BACKENDS
from peeler.serve_vlm.answers import EmbeddedVlm
from tests.toy import Toy

BLANK = np.full((40, 60, 3), 255, dtype=np.uint8)


def made(name: str, folder: Path) -> Analyst:
    """The analyst of a name; the one that asks a model asks one that answers from the drawing."""
    if name == "vlm":
        return VlmAnalyst(Conversation(open_asker(EmbeddedVlm(), folder / SPENDING)), Questions(localise=True))
    return registry.analyst(name)


@pytest.mark.parametrize("name", [*BACKENDS["analyst"], "vlm"])
class TestAnalyst:
    @pytest.fixture
    def analyst(self, name: str, tmp_path: Path) -> Analyst:
        return made(name, tmp_path)

    def test_a_blank_canvas_holds_nothing(self, analyst: Analyst) -> None:
        assert analyst.analyse(BLANK, None, 1).graph.elements == ()

    def test_what_it_sees_lies_on_the_canvas(self, analyst: Analyst, toy: Toy) -> None:
        for element in analyst.analyse(toy.picture, None, 1).graph.elements:
            inside = Box.whole((64, 64))
            assert element.box.intersect(inside) == element.box and element.box.area
            for mask in (element.mask, element.shape):
                assert mask is None or mask.box.intersect(inside) == mask.box

    def test_the_canvas_stays_as_it_is(self, analyst: Analyst, toy: Toy) -> None:
        canvas = toy.picture.copy()
        canvas.setflags(write=False)
        analyst.analyse(canvas, None, 1)
        assert np.array_equal(canvas, toy.picture)

    def test_one_question_has_one_answer(self, name: str, analyst: Analyst, toy: Toy, tmp_path: Path) -> None:
        def ask(someone: Analyst) -> Analysis:
            return someone.analyse(toy.picture, None, 1)

        assert ask(analyst) == ask(analyst) == ask(made(name, tmp_path))

    def test_the_account_is_plain_data(self, analyst: Analyst, toy: Toy) -> None:
        analysis = analyst.analyse(toy.picture, None, 1)
        assert json.loads(json.dumps(analysis.account)) == analysis.account
        assert "\n" not in analysis.note

    def test_what_was_removed_does_not_come_back(self, analyst: Analyst, toy: Toy) -> None:
        graph, _ = analyst.analyse(toy.picture, None, 1).graph.acyclic()
        if not graph.elements:
            pytest.skip("it sees nothing here")
        top = {element.id for element in graph.topmost()}
        left = graph.without(top)
        after = analyst.analyse(toy.canvases[1], left, 2).graph
        assert {element.id for element in after.elements} == {element.id for element in left.elements}

    def test_the_last_canvas_ends_it(self, analyst: Analyst, toy: Toy) -> None:
        graph, _ = analyst.analyse(toy.canvases[1], None, 1).graph.acyclic()
        everything = graph.without(element.id for element in graph.elements)
        assert analyst.analyse(toy.canvases[2], everything, 2).graph.elements == ()

    @pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (2, 2), (5, 3)])
    def test_the_smallest_canvases(self, analyst: Analyst, size: tuple[int, int]) -> None:
        canvas: RGB = np.random.default_rng(2).integers(0, 256, (*size, 3)).astype(np.uint8)
        graph = analyst.analyse(canvas, None, 1).graph
        assert len({element.id for element in graph.elements}) == len(graph.elements)
