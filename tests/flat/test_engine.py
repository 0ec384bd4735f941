"""The embedded analyst and remover, taking turns."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pytest
from PIL import Image

from peeler.analysts.flat import NOT_FLAT, FlatAnalyst
from peeler.batch import peel_picture
from peeler.choice import objects_of
from peeler.geometry import RGB, Box, Mask
from peeler.graph import Element, LayerGraph
from peeler.presets import load_preset
from peeler.protocols import Analysis, Removal, Removed
from peeler.removers.flat import FlatRemover
from peeler.scenes.render import picture, svg_text
from peeler.scenes.scene import scene
from peeler.stack import Layer, LayerStack, opaque_layer
from tests.flat.figures import SIZE, as_jpeg, circle, disc, drawn, rect

RED, BLUE, GREEN = "#c83214", "#1450c8", "#28a050"
FACE = circle(48, 48, 40, RED), circle(34, 40, 8, BLUE), circle(62, 40, 8, BLUE), rect(32, 62, 64, 70, GREEN)
TOWER = rect(8, 60, 88, 90, BLUE), circle(48, 60, 24, RED), rect(40, 40, 56, 56, GREEN), circle(48, 48, 5, BLUE)


@dataclass(frozen=True)
class Turn:
    canvas: RGB
    analysis: Analysis
    removal: Removal
    removed: Removed


def turns(canvas: RGB) -> Iterator[Turn]:
    """Everything that nothing occludes is taken away, again and again."""
    previous: LayerGraph | None = None
    for _ in range(30):
        analysis = FlatAnalyst().analyse(canvas, previous, seed=0)
        if not analysis.graph.elements:
            return
        graph, _ = analysis.graph.acyclic()
        top = graph.topmost()
        previous = graph.without(element.id for element in top)
        removal = Removal(top, previous)
        removed = FlatRemover().remove(canvas, removal, seed=0, steps=1)
        yield Turn(canvas, analysis, removal, removed)
        canvas = removed.canvas
    raise AssertionError("it never ends")


def read_how(analysis: Analysis) -> str:
    return str(analysis.account["read"])


def noise(seed: int) -> RGB:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def gradient() -> RGB:
    across, down = np.meshgrid(np.linspace(0, 255, SIZE), np.linspace(0, 255, SIZE))
    return np.stack([across, down, 255 - across], axis=2).astype(np.uint8)


def a_scene(family: str, style: str) -> RGB:
    return picture(svg_text(scene(family, style, 5, size=160).shapes, 160))


@pytest.mark.parametrize(
    "canvas",
    [
        drawn(*FACE),
        drawn(*TOWER, ground="#202020"),
        a_scene("cat", "sticker-shaded"),
        a_scene("bicycle", "flat"),
        gradient(),
        noise(1),
        np.full((1, 1, 3), 9, np.uint8),
        np.full((3, 50, 3), 9, np.uint8),
    ],
    ids=["face", "tower", "cat", "bicycle", "gradient", "noise", "pixel", "strip"],
)
def test_every_step_is_exact_and_the_graph_has_no_cycle(canvas: RGB) -> None:
    ids: set[str] = set()
    lifted: list[Layer] = []
    size = canvas.shape[1], canvas.shape[0]
    turn = None
    for turn in turns(canvas):
        assert turn.analysis.graph.acyclic()[1] == ()
        known = {element.id for element in turn.analysis.graph.elements}
        assert known <= ids or read_how(turn.analysis) == "the canvas", "an id that was not there before"
        ids = known
        layers = turn.removed.layers or ()
        assert {layer.id for layer in layers} == {element.id for element in turn.removal.elements}
        ground = opaque_layer("ground", "ground", turn.removed.canvas, "background")
        assert LayerStack(size, (ground, *layers)).difference(turn.canvas).max() <= 1
        # That no later element has the id of a lifted one is the loop's to see to.
        lifted = [*(replace(layer, id=f"{layer.id} of {len(lifted)}") for layer in layers), *lifted]
    left = turn.removed.canvas if turn else canvas
    whole = LayerStack(size, (opaque_layer("background", "background", left, "background"), *lifted))
    assert whole.difference(canvas).max() <= 2


def test_a_face_comes_off_in_two_steps() -> None:
    first, second = turns(drawn(*FACE))
    assert [element.colour for element in first.removal.elements].count(BLUE) == 2
    assert [element.colour for element in second.removal.elements] == [RED]
    assert (second.removed.canvas == 255).all()
    (face,) = second.removal.elements
    assert {element.part_of for element in first.removal.elements} == {face.id}


def test_a_face_is_called_a_circle() -> None:
    (face,) = [element for element in next(turns(drawn(*FACE))).analysis.graph.elements if element.colour == RED]
    assert face.name == "red circle"


def test_layers_have_one_ink_and_soft_edges() -> None:
    for turn in turns(drawn(*FACE)):
        for layer in turn.removed.layers or ():
            assert layer.ink is not None and layer.origin == "flat"
            shown = layer.pixels[..., 3] > 0
            assert (layer.pixels[shown][:, :3] == list(bytes.fromhex(layer.ink[1:]))).mean() > 0.99
            assert Box.around(shown) == (0, 0, layer.box.width, layer.box.height)
            soft = shown & (layer.pixels[..., 3] < 255)
            assert soft.any() == (layer.ink != GREEN), "all but the box have soft edges"
            assert soft.mean() < 0.5


@pytest.mark.parametrize("quality", [60, 75, 90])
def test_small_shapes_that_were_saved_with_loss_have_one_ink(quality: int) -> None:
    """Though loss reaches all of their pixels, and looks like a gradient."""
    ground = rect(8, 96, 184, 184, "#3b8e5a")
    dots = [circle(24 + 28 * column, 50 + 88 * (column % 2), 7 + column % 3, "#5fc0f7") for column in range(6)]
    canvas = as_jpeg(drawn(ground, *dots, size=192), quality)
    stack = peel_picture(canvas)
    assert [layer.ink is not None for layer in stack.elements] == [True] * 7
    assert stack.difference(canvas).max() <= 2


def test_the_graph_of_the_canvas_before_is_kept_up() -> None:
    first, second = turns(drawn(*FACE))
    assert read_how(first.analysis) == "the canvas"
    assert read_how(second.analysis) == "the graph before, without what was removed"
    (before,) = first.removal.rest.elements
    (now,) = second.analysis.graph.elements
    assert (now.id, now.shape) == (before.id, before.shape)
    assert now.mask and before.mask and now.mask.area > before.mask.area
    assert now.mask == now.shape, "nothing covers it any more"


def test_a_graph_read_from_its_file_is_as_good() -> None:
    first = next(turns(drawn(*FACE)))
    stored = LayerGraph.model_validate_json(first.removal.rest.model_dump_json())
    again = FlatAnalyst().analyse(first.removed.canvas, stored, seed=9)
    assert again == FlatAnalyst().analyse(first.removed.canvas, first.removal.rest, seed=0)


def test_a_canvas_that_contradicts_the_graph_is_read_anew() -> None:
    first = next(turns(drawn(*FACE)))
    (face,) = first.removal.rest.elements
    moved = FlatAnalyst().analyse(drawn(circle(30, 30, 24, GREEN)), first.removal.rest, seed=0)
    assert read_how(moved) == "the canvas"
    assert [element.colour for element in moved.graph.elements] == [GREEN]
    shrunk = FlatAnalyst().analyse(drawn(circle(48, 48, 31, GREEN)), first.removal.rest, seed=0)
    assert [element.id for element in shrunk.graph.elements] == [face.id], "what lies where it lay keeps its id"


def test_a_graph_without_shapes_is_read_anew() -> None:
    canvas = drawn(circle(48, 48, 30, RED))
    known = Element(id="sun", name="the sun", colour=RED, box=Box(18, 18, 78, 78), mask=Mask.of(disc(48, 48, 30)))
    analysis = FlatAnalyst().analyse(canvas, LayerGraph(elements=(known,)), seed=0)
    assert read_how(analysis) == "the canvas"
    assert [element.id for element in analysis.graph.elements] == ["sun"]


CUPS = [
    shape
    for x, ink in ((6, RED), (54, BLUE))
    for shape in (rect(x, 30, x + 24, 66, ink), rect(x + 24, 38, x + 34, 54, GREEN), circle(x + 12, 48, 5, "#ffd200"))
]


def test_what_hangs_together_is_one_object_and_lies_together_in_the_stack() -> None:
    graph = FlatAnalyst().analyse(drawn(*CUPS), None, 0).graph
    objects = objects_of(graph)
    assert sorted(Counter(objects.values()).items()) == [("blue group on the right", 3), ("red group on the left", 3)]
    stack = peel_picture(drawn(*CUPS))
    told = [objects[layer.id] for layer in stack.elements]
    assert [name for name, _ in groupby(told)] == list(dict.fromkeys(told)), "each in one go"
    whole = peel_picture(drawn(*CUPS), load_preset(overrides={"granularity": "objects"}))
    assert sorted(layer.name for layer in whole.elements) == ["blue group on the right", "red group on the left"]
    assert np.array_equal(whole.composite(), stack.composite())


def test_what_is_not_flat_art_is_said_to_be_not() -> None:
    assert FlatAnalyst().analyse(noise(1), None, 0).note == NOT_FLAT
    assert FlatAnalyst().analyse(gradient(), None, 0).note == ""
    assert FlatAnalyst().analyse(drawn(*FACE), None, 0).note == ""


def test_only_the_background_is_nothing() -> None:
    assert FlatAnalyst().analyse(drawn(), None, 0).graph == LayerGraph()


def test_an_element_with_a_box_alone_can_be_removed() -> None:
    canvas = drawn(circle(48, 48, 20, RED))
    element = Element(id="e", name="e", colour=RED, box=Box(26, 26, 70, 70))
    removed = FlatRemover().remove(canvas, Removal((element,), LayerGraph()), 0, 1)
    assert (removed.canvas == 255).all()
    (layer,) = removed.layers or ()
    ground = opaque_layer("ground", "ground", removed.canvas, "background")
    assert LayerStack((SIZE, SIZE), (ground, layer)).difference(canvas).max() <= 1


def test_a_pair_that_may_be_one_shape_is_an_edge() -> None:
    high, low = rect(4, 33, 48, 45, "#1450c8"), rect(48, 47, 92, 59, "#1450c8")
    graph = FlatAnalyst().analyse(drawn(high, low, circle(48, 46, 20, "#c83214")), None, 0).graph
    (edge,) = [edge for edge in graph.edges if edge.kind == "interrupted_shape"]
    assert graph[edge.source].colour == graph[edge.target].colour == "#1450c8"


@pytest.mark.parametrize("times", [3, 4])
def test_the_soft_edges_of_an_enlarged_picture_leave_no_rims(times: int) -> None:
    canvas = drawn(rect(20, 90, 180, 130, BLUE), circle(100, 100, 50, RED), circle(60, 40, 20, GREEN), size=200)
    soft = np.asarray(Image.fromarray(canvas).resize((200 * times,) * 2, Image.Resampling.BICUBIC))
    *_, last = turns(soft)
    assert np.abs(last.removed.canvas.astype(int) - 255).max() <= 8
