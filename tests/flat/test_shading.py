"""Shaded pictures: a gradient is one region, and one element that keeps its pixels."""

import numpy as np
import pytest

from peeler.analysts.flat import FlatAnalyst
from peeler.flat.cleaning import has_ramps
from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.palette import without_noise
from peeler.flat.shading import has_gradients, may_have_gradients, smooth_areas
from peeler.geometry import RGB
from peeler.graph import LayerGraph
from peeler.protocols import Removal
from peeler.removers.flat import FlatRemover
from peeler.scenes.render import picture
from peeler.stack import Layer, LayerStack, opaque_layer
from tests.flat.figures import as_jpeg, disc, iou

SIZE = 192
BALL = '<circle cx="80" cy="90" r="60" fill="url(#r)"/>'
BAR = '<rect x="70" y="80" width="110" height="30" fill="#206040"/>'
LINE = '<path d="M10 180 L180 170" stroke="#402010" stroke-width="3"/>'


def shaded(*elements: str, ground: str = "#ffffff") -> RGB:
    def stops(one: str, other: str) -> str:
        return f'<stop offset="0" stop-color="{one}"/><stop offset="1" stop-color="{other}"/>'

    defs = (
        f'<linearGradient id="l" x1="0" y1="0" x2="0" y2="1">{stops("#ffe9a0", "#e08030")}</linearGradient>'
        f'<radialGradient id="r" cx="0.35" cy="0.3" r="0.8">{stops("#f8a0a0", "#901020")}</radialGradient>'
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
    return picture(
        f'{head}<defs>{defs}</defs><rect width="{SIZE}" height="{SIZE}" fill="{ground}"/>{"".join(elements)}</svg>'
    )


def largest(drawing: Drawing) -> list[tuple[int, float]]:
    """Pixels of each shape and its overlap with the ball."""
    ball = disc(80, 90, 60, SIZE)
    return [(shape.whole.area, iou(shape.whole, ball)) for shape in drawing.shapes]


def peeled(canvas: RGB) -> LayerStack:
    """Everything taken off, the topmost first."""
    shown, graph, layers = canvas, FlatAnalyst().analyse(canvas, None, 0).graph, list[Layer]()
    while graph.elements:
        top = graph.acyclic()[0].topmost()
        rest = graph.without(element.id for element in top)
        removed = FlatRemover().remove(shown, Removal(top, rest), 0, 1)
        shown, layers = removed.canvas, [*(removed.layers or ()), *layers]
        graph = FlatAnalyst().analyse(shown, rest, 0).graph if rest.elements else LayerGraph()
    return LayerStack((SIZE, SIZE), (opaque_layer("background", "background", shown, "background"), *layers))


@pytest.mark.parametrize("ground", ["#ffffff", "url(#l)"], ids=["plain", "shaded"])
def test_a_gradient_is_one_shape(ground: str) -> None:
    drawing = read_drawing(shaded(BALL, ground=ground))
    assert drawing.palette.flat
    (found,) = largest(drawing)
    assert found[1] > 0.97


def test_a_gradient_goes_on_behind_what_covers_it() -> None:
    found = largest(read_drawing(shaded(BALL, BAR)))
    assert len(found) == 2
    assert max(overlap for _, overlap in found) > 0.95


def test_a_thin_line_on_a_gradient_is_a_shape() -> None:
    assert len(read_drawing(shaded(BALL, LINE, ground="url(#l)")).shapes) == 2


def test_the_stack_is_exact_and_keeps_the_gradient() -> None:
    canvas = shaded(BALL, BAR, LINE, ground="url(#l)")
    stack = peeled(canvas)
    assert stack.difference(canvas).max() <= 2
    ball = next(layer for layer in stack.elements if abs(layer.box.width - 120) < 4 and layer.box.height > 100)
    truth = shaded(BALL)[ball.box.slices]
    hidden = disc(80, 90, 57, SIZE)[ball.box.slices]
    assert ball.ink is None
    assert np.abs(ball.pixels[..., :3].astype(int) - truth)[hidden].mean() < 2


def test_a_jpeg_of_a_drawing_with_gradients_has_the_same_shapes() -> None:
    canvas = as_jpeg(shaded(BALL, BAR), 85)
    drawing = read_drawing(canvas)
    assert drawing.palette.flat
    assert len(drawing.shapes) <= 4
    assert max(overlap for _, overlap in largest(drawing)) > 0.9
    assert peeled(canvas).difference(canvas).max() <= 2


@pytest.mark.parametrize("quality", [90, 75, 60])
def test_the_blur_between_two_inks_of_a_jpeg_is_no_gradient(quality: int) -> None:
    calm, shaded_calm = (without_noise(as_jpeg(shaded(*parts), quality)) for parts in ((BAR, LINE), (BALL, BAR)))
    assert not has_ramps(calm, smooth_areas(calm))
    assert has_ramps(shaded_calm, smooth_areas(shaded_calm))


def test_only_gradients_are_gradients() -> None:
    flat = shaded(BAR, LINE)
    assert not may_have_gradients(flat) and not has_gradients(flat, smooth_areas(flat))
    canvas = shaded(BALL)
    assert may_have_gradients(canvas) and has_gradients(canvas, smooth_areas(canvas))


def test_a_slow_gradient_is_no_row_of_bands() -> None:
    canvas = np.empty((512, 512, 3), np.uint8)
    canvas[:] = np.linspace(150, 240, 512).astype(np.uint8)[:, None, None]
    canvas[200:300, 150:400] = (40, 90, 200)
    drawing = read_drawing(canvas)
    assert [shape.whole.area for shape in drawing.shapes] == [100 * 250]
