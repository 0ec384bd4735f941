"""What every remover of the registry keeps to."""

import json

import numpy as np
import pytest

from peeler import registry
from peeler.judge import check_removed, judge_layers
from peeler.presets import FluxSettings
from peeler.protocols import Removal, Remover
from peeler.registry import BACKENDS
from peeler.removers.flux import FluxRemover
from peeler.removers.scripted import ScriptedRemover
from tests.painted_edits import PaintedEdits
from tests.toy import Toy

TOP = ("left-eye", "right-eye", "hat")


@pytest.mark.parametrize("name", BACKENDS["remover"])
class TestRemover:
    @pytest.fixture
    def remover(self, name: str, toy: Toy) -> Remover:
        if name == "flux":
            return FluxRemover(FluxSettings(size=64), PaintedEdits(toy.canvases[1]))
        return ScriptedRemover(toy.canvases[1:]) if name == "scripted" else registry.remover(name)

    @pytest.fixture
    def removal(self, toy: Toy) -> Removal:
        """The toy's own graph, with the whole disc as the shape that is partly hidden."""
        whole = toy.graph["disc"].model_copy(update={"shape": toy.graph["disc"].mask})
        elements = tuple(toy.graph[name] for name in TOP)
        rest = toy.graph.without(TOP).model_copy(update={"elements": (whole,)})
        return Removal(elements, rest)

    def test_it_keeps_size_and_type(self, remover: Remover, removal: Removal, toy: Toy) -> None:
        check_removed(remover.remove(toy.picture, removal, 1, 4), toy.picture, "it")

    def test_the_elements_are_gone(self, remover: Remover, removal: Removal, toy: Toy) -> None:
        after = remover.remove(toy.picture, removal, 1, 4).canvas
        eye, hat = (toy.graph[name].box.centre for name in ("left-eye", "hat"))
        assert np.abs(after[int(eye[1]), int(eye[0])].astype(int) - (200, 60, 40)).max() <= 12
        assert after[int(hat[1]), int(hat[0])].tolist() != [20, 140, 90]

    def test_far_pixels_stay(self, remover: Remover, removal: Removal, toy: Toy) -> None:
        after = remover.remove(toy.picture, removal, 1, 4).canvas
        assert np.array_equal(after[-6:], toy.picture[-6:])

    def test_layers_that_it_gives_are_exact(self, remover: Remover, removal: Removal, toy: Toy) -> None:
        removed = remover.remove(toy.picture, removal, 1, 4)
        if removed.layers is not None:
            assert judge_layers(toy.picture, removed, removal).left == 0
            assert len({layer.id for layer in removed.layers}) == len(removed.layers)

    def test_what_it_is_given_stays_as_it_is(self, remover: Remover, removal: Removal, toy: Toy) -> None:
        canvas = toy.picture.copy()
        canvas.setflags(write=False)
        remover.remove(canvas, removal, 1, 4)
        assert np.array_equal(canvas, toy.picture)

    def test_one_seed_gives_one_result(self, remover: Remover, removal: Removal, toy: Toy) -> None:
        first, second = (remover.remove(toy.picture, removal, 5, 4) for _ in range(2))
        assert np.array_equal(first.canvas, second.canvas)
        assert json.loads(json.dumps(first.account)) == first.account == second.account
