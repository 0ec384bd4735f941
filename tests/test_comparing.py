"""What two stacks have other than each other."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from peeler import editing
from peeler.comparing import compare
from peeler.geometry import Box
from peeler.side_by_side import heat_map, summary, told
from peeler.stack import LayerStack
from tests.awkward_stacks import STACKS, background, element, noise

SIZE = (40, 30)
STACK = LayerStack(SIZE, (background(SIZE), *(element(i, Box(3 * i, i, 3 * i + 8, i + 9)) for i in range(1, 6))))


def changes(other: LayerStack) -> dict[str, dict[str, Any]]:
    return {change.id: change.told for change in compare(STACK, other).changed}


@pytest.mark.parametrize("case", STACKS)
def test_a_stack_is_like_itself(case: str) -> None:
    found = compare(STACKS[case], STACKS[case])
    assert found.is_none and not list(told(found))
    assert summary(found) == "the composites are the same"


def test_each_change_is_told_by_its_name() -> None:
    ink = STACK.layers[1].ink
    assert changes(editing.rename(STACK, "e01", "hat")) == {"e01": {"renamed": "hat"}}
    assert changes(editing.move(STACK, "e01", 2, 3))["e01"]["moved"] == [2, 3]
    assert changes(editing.hide(STACK, "e01")) == {"e01": {"visible": [True, False]}}
    assert changes(editing.fade(STACK, "e01", 0.5)) == {"e01": {"opacity": [1.0, 0.5]}}
    recoloured = changes(editing.recolour(STACK, "e01", "#000000"))["e01"]
    assert recoloured["recoloured"] == [ink, "#000000"] and recoloured["pixels"] == 72
    assert "resized" in changes(editing.scale(STACK, "e03", 0.5))["e03"]


def test_as_few_layers_as_possible_are_out_of_order() -> None:
    assert changes(editing.reorder(STACK, "e01", -1)) == {"e01": {"reordered": [1, 5]}}
    assert changes(editing.reorder(STACK, "e05", 1)) == {"e05": {"reordered": [5, 1]}}
    upside_down = LayerStack(SIZE, STACK.layers[::-1])
    assert len(changes(upside_down)) == 5


def test_layers_that_come_and_go() -> None:
    found = compare(STACK, editing.delete(STACK, "e02"))
    assert [(layer.id, layer.place) for layer in found.removed] == [("e02", 2)]
    assert not found.added and not found.changed
    found = compare(editing.delete(STACK, "e02"), STACK)
    assert [(layer.id, layer.place) for layer in found.added] == [("e02", 2)]


def test_a_layer_with_another_id_is_known_by_its_name_or_place() -> None:
    other = LayerStack(SIZE, tuple(replace(layer, id=f"x-{layer.id}") for layer in STACK.layers))
    assert {change["renumbered"] for change in changes(other).values()} == {f"x-{layer.id}" for layer in STACK.layers}
    nameless = LayerStack(SIZE, tuple(replace(layer, id=f"x-{layer.id}", name="?") for layer in STACK.layers))
    found = compare(STACK, nameless)
    assert not found.added and not found.removed


def test_ids_that_mean_something_else() -> None:
    """Two peelings number their layers anew, so a common id alone says little if there is a better partner."""
    swapped = {"e01": "e02", "e02": "e01"}
    other = LayerStack(SIZE, tuple(replace(layer, id=swapped.get(layer.id, layer.id)) for layer in STACK.layers))
    assert changes(other) == {"e01": {"renumbered": "e02"}, "e02": {"renumbered": "e01"}}


def test_composites_of_other_sizes_are_compared_where_both_are() -> None:
    other = LayerStack((50, 20), (background((50, 20)),))
    found = compare(STACK, other)
    assert found.size == (SIZE, (50, 20))
    assert ("canvas", "40 × 30 → 50 × 20") in list(told(found))
    assert heat_map(STACK, other).shape == (20, 40, 3)


def test_single_levels_are_found() -> None:
    pixels = STACK.layers[0].pixels.copy()
    pixels[0, 0, 0] -= 1
    other = LayerStack(SIZE, (replace(STACK.layers[0], pixels=pixels), *STACK.layers[1:]))
    found = compare(STACK, other)
    assert (found.composite_max, found.composite_pixels, found.is_none) == (1, 1, False)
    assert summary(found).startswith("the composites differ in 1 pixel, by at most 1 and on average 0.0008")
    assert np.ptp(heat_map(STACK, other)[0, 0].astype(int)) > 100


def test_everything_at_once() -> None:
    other = editing.merge(editing.rename(editing.move(STACK, "e03", 1, 1), "e03", "moved"), ["e01", "e02"], "both")
    assert len(list(told(compare(STACK, other)))) == 3
    textured = LayerStack(SIZE, (replace(STACK.layers[1], pixels=noise(STACK.layers[1].box)),))
    assert compare(STACK, textured).removed
