import numpy as np
import pytest

from peeler.geometry import RGBA, Box
from peeler.stack import Layer, LayerStack, composite, largest_difference, opaque_layer, painted_alike


def patch(box: Box, colour: tuple[int, int, int, int]) -> RGBA:
    return np.full((box.height, box.width, 4), colour, dtype=np.uint8)


def layer(name: str, box: Box, colour: tuple[int, int, int, int], **more: object) -> Layer:
    return Layer(name, name, box, patch(box, colour), **more)  # type: ignore[arg-type]


WHITE = opaque_layer("background", "background", np.full((6, 8, 3), 255, dtype=np.uint8), "background")


def test_layers_are_painted_over_each_other() -> None:
    half = layer("half", Box(2, 1, 5, 4), (200, 0, 100, 128))
    painted = LayerStack((8, 6), (WHITE, half)).composite()
    assert painted[0, 0].tolist() == [255, 255, 255, 255]
    assert painted[2, 3].tolist() == [227, 127, 177, 255]


def test_opacity_weighs_like_alpha() -> None:
    faint = layer("a", Box(0, 0, 8, 6), (0, 0, 0, 255), opacity=0.5)
    assert largest_difference(composite((8, 6), [WHITE, faint]), np.full((6, 8, 3), 128, dtype=np.uint8)).max() <= 1
    assert faint.on((8, 6))[0, 0].tolist() == [0, 0, 0, 128]


def test_a_hidden_layer_keeps_its_place_and_is_not_painted() -> None:
    stack = LayerStack((8, 6), (WHITE, layer("a", Box(0, 0, 8, 6), (0, 0, 0, 255), visible=False)))
    assert len(stack.elements) == 1
    assert stack.composite().min() == 255


def test_a_stack_of_nothing_is_clear() -> None:
    assert not LayerStack((3, 2), ()).composite().any()


def test_clear_pixels_have_no_colour_to_compare() -> None:
    one, other = np.zeros((1, 2, 4), dtype=np.uint8), np.zeros((1, 2, 4), dtype=np.uint8)
    one[0, 0] = (250, 0, 0, 0)
    other[0, 1] = (0, 0, 0, 9)
    assert largest_difference(one, other).tolist() == [[0, 9]]


def test_the_residual_can_be_left_out() -> None:
    fix = layer("residual", Box(1, 1, 2, 2), (0, 0, 0, 255), role="residual")
    stack = LayerStack((8, 6), (WHITE, fix))
    picture = stack.composite()[..., :3]
    assert stack.difference(picture).max() == 0
    assert np.argwhere(stack.difference(picture, residual=False)).tolist() == [[1, 1]]
    assert stack.elements == ()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_thin_canvases(size: tuple[int, int]) -> None:
    colours = np.arange(size[0] * size[1] * 3, dtype=np.uint8).reshape(size[1], size[0], 3)
    stack = LayerStack(size, (opaque_layer("b", "b", colours, "background"),))
    assert np.array_equal(stack.composite()[..., :3], colours)


def test_layers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="its box asks for"):
        Layer("a", "a", Box(0, 0, 3, 3), patch(Box(0, 0, 2, 2), (0, 0, 0, 0)))
    with pytest.raises(ValueError, match="opacity"):
        layer("a", Box(0, 0, 1, 1), (0, 0, 0, 0), opacity=2.0)
    with pytest.raises(ValueError, match="outside the canvas"):
        LayerStack((2, 2), (layer("a", Box(0, 0, 3, 1), (0, 0, 0, 0)),))
    with pytest.raises(ValueError, match="share an id"):
        LayerStack((2, 2), (layer("a", Box(0, 0, 1, 1), (0, 0, 0, 0)), layer("a", Box(1, 1, 2, 2), (0, 0, 0, 0))))


def test_layers_apart_may_change_places_and_layers_that_meet_may_not() -> None:
    low, high, aside = (
        layer(name, box, (9, 9, 9, 90))
        for name, box in (("low", Box(0, 0, 3, 3)), ("high", Box(2, 2, 5, 5)), ("aside", Box(6, 0, 8, 6)))
    )
    corner = layer("corner", Box(2, 2, 3, 3), (0, 0, 0, 0))
    assert painted_alike([low, high, aside], ["aside", "high", "low"], {}) == [aside, low, high]
    assert painted_alike([low, high, aside], ["low"], {}) == [aside, low, high], "the unknown low down"
    assert painted_alike([low, corner], ["corner", "low"], {}) == [corner, low], "a clear pixel is no meeting"
    assert painted_alike([], ["low"], {}) == []


def test_layers_of_one_object_are_next_to_each_other_where_that_can_be() -> None:
    boxes = Box(0, 0, 3, 3), Box(4, 0, 6, 2), Box(1, 1, 4, 4), Box(5, 1, 8, 3)
    one, two, three, four = (layer(name, box, (9, 9, 9, 255)) for name, box in zip("abcd", boxes, strict=True))
    ours = {"a": "x", "c": "x", "b": "y", "d": "y"}
    assert painted_alike([one, two, three, four], ["a", "b", "c", "d"], ours) == [one, three, two, four]
    over = layer("e", Box(2, 0, 5, 2), (9, 9, 9, 255))
    kept = [one, over, three, two, four]
    assert painted_alike([one, over, two, three, four], ["a", "e", "b", "c", "d"], ours) == kept, "it lies in x"


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_wanted_the_picture_stays(seed: int) -> None:
    random = np.random.default_rng(seed)
    layers = []
    for index in range(7):
        x, y, width, height = (int(n) for n in random.integers(1, 5, 4))
        pixels = random.integers(0, 256, (height, width, 4), np.uint8)
        pixels[..., 3] *= random.random((height, width)) < 0.7
        layers.append(Layer(f"e{index}", "e", Box(x, y, x + width, y + height), pixels))
    wanted = [f"e{index}" for index in random.permutation(7)]
    whole = {f"e{index}": str(index % 3) for index in range(seed % 8)}
    again = painted_alike(layers, wanted, whole)
    assert {item.id for item in again} == {item.id for item in layers}
    assert np.array_equal(composite((9, 9), again), composite((9, 9), layers))
    assert [item.id for item in painted_alike(again, wanted, whole)] == [item.id for item in again]
