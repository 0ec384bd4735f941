from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from peeler.errors import OutputError
from peeler.geometry import RGB, Box
from peeler.graph import LayerGraph
from peeler.judge import check_removed, element_pixels, judge, judge_layers, removal_mask
from peeler.lift import lift
from peeler.protocols import Removal, Removed
from tests.toy import Toy


def removal_of(toy: Toy, *ids: str) -> Removal:
    return Removal(tuple(toy.graph[name] for name in ids), toy.graph.without(ids))


TOP = ("left-eye", "right-eye", "hat")


def test_a_clean_removal_is_accepted(toy: Toy) -> None:
    verdict = judge(toy.picture, toy.canvases[1], removal_of(toy, *TOP))
    assert verdict.accepted
    assert verdict.changed_inside == 1 and verdict.left == 0 and verdict.drift_outside == 0


def test_slight_drift_is_no_reason(toy: Toy) -> None:
    noise = np.random.default_rng(1).integers(-6, 7, toy.picture.shape)
    after = (toy.canvases[1].astype(int) + noise).clip(0, 255).astype(np.uint8)
    assert judge(toy.picture, after, removal_of(toy, *TOP)).accepted


def test_nothing_removed(toy: Toy) -> None:
    verdict = judge(toy.picture, toy.picture, removal_of(toy, *TOP))
    assert not verdict.accepted and verdict.changed_inside == 0


def test_one_element_of_three_left_is_named(toy: Toy) -> None:
    after = toy.canvases[1].copy()
    hat = toy.graph["hat"].box.slices
    after[hat] = toy.picture[hat]
    verdict = judge(toy.picture, after, removal_of(toy, *TOP))
    assert not verdict.accepted
    assert verdict.reason == "the hat is still there (100% looks as before)"
    assert 0 < verdict.changed_inside < 1


@pytest.mark.parametrize("spoil", [np.zeros_like, lambda canvas: 255 - canvas])
def test_another_picture_is_rejected(toy: Toy, spoil: Callable[[RGB], RGB]) -> None:
    verdict = judge(toy.picture, spoil(toy.picture), removal_of(toy, *TOP))
    assert not verdict.accepted and "outside the removal" in verdict.reason
    assert verdict.drift_outside > 0.5


def test_given_layers_must_repaint_the_canvas(toy: Toy) -> None:
    removal = removal_of(toy, *TOP)
    layers = lift(toy.picture, toy.canvases[1], removal.elements)
    assert judge_layers(toy.picture, Removed(toy.canvases[1], layers), removal).accepted
    short = judge_layers(toy.picture, Removed(toy.canvases[1], layers[1:]), removal)
    assert not short.accepted and "do not repaint" in short.reason
    assert not judge_layers(toy.picture, Removed(toy.canvases[1], ()), removal).accepted


def test_a_hidden_twin_may_leave_the_canvas_as_it_was(toy: Toy) -> None:
    """An exact remover may take away a patch that lies on its own colour."""
    removal = removal_of(toy, "hat")
    layers = lift(toy.picture, toy.canvases[1], removal_of(toy, *TOP).elements)[2:]
    assert judge_layers(toy.picture, Removed(toy.picture, layers), removal).accepted


def test_an_element_without_a_mask_shows_in_its_box(toy: Toy) -> None:
    boxed = toy.graph["hat"].model_copy(update={"mask": None, "box": Box(60, 60, 90, 90)})
    assert np.count_nonzero(element_pixels(boxed, (64, 64))) == 16


def test_the_removal_mask_has_a_margin(toy: Toy) -> None:
    mask = removal_mask(toy.picture, (toy.graph["left-eye"],))
    inside = element_pixels(toy.graph["left-eye"], (64, 64))
    assert (mask >= inside).all()
    assert Box.around(mask) == Box.around(inside).expand(4, (64, 64))


def test_broken_contracts_are_errors(toy: Toy) -> None:
    canvas = toy.picture
    (layer,) = lift(canvas, toy.canvases[1], (toy.graph["hat"],))
    for wrong in (
        Removed(canvas[1:]),
        Removed(canvas.astype(float)),
        Removed(np.dstack([canvas, canvas[..., 0]])),
        Removed(canvas, (replace(layer, box=Box(60, 60, 60 + layer.box.width, 60 + layer.box.height)),)),
    ):
        with pytest.raises(OutputError, match="^magic gave"):
            check_removed(wrong, canvas, "magic")
    assert check_removed(Removed(canvas, (layer,)), canvas, "magic").canvas is canvas


def test_a_removal_names_what_stays(toy: Toy) -> None:
    assert removal_of(toy, *TOP).rest == LayerGraph(elements=(toy.graph["disc"],))
