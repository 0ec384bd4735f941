"""Soft shadows and glows: one shape each, with an alpha for every pixel, and taken off without a trace."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from peeler.analysts.flat import FlatAnalyst
from peeler.exporters.svg import SvgExporter
from peeler.flat.drawing import read_drawing
from peeler.flat.layering import Shape
from peeler.geometry import RGB, Box, Mask, Pixels, Veil
from peeler.graph import LayerGraph
from peeler.records import StopReason
from peeler.registry import vectorizer
from tests.flat.figures import bar, circle, disc, drawn, iou, rect
from tests.flat.test_overlays import peeled

SIZE = 200
BLUR = '<filter id="b" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="6"/></filter>'
GLOW = (
    '<radialGradient id="g"><stop offset="0.4" stop-color="#fff2a0" stop-opacity="0.8"/>'
    '<stop offset="1" stop-color="#fff2a0" stop-opacity="0"/></radialGradient>'
)
SHADOW = f'<defs>{BLUR}</defs><rect x="52" y="58" width="100" height="84" rx="12" fill-opacity="0.4" filter="url(#b)"/>'
CARD = '<rect x="48" y="50" width="100" height="84" rx="12" fill="#e8a030"/>'
LIGHT = f'<defs>{GLOW}</defs><circle cx="100" cy="100" r="70" fill="url(#g)"/>'
SUN = circle(100, 100, 34, "#ffd23c")
SKY, MEADOW, NIGHT = "#9fd3e8", "#8cc46a", "#20305a"
FIELDS = rect(0, 0, SIZE, 96, SKY), rect(0, 96, SIZE, SIZE, MEADOW)
PANEL = (
    '<defs><linearGradient id="p" y2="0.4"><stop stop-color="#3a78c8"/><stop offset="1" stop-color="#d84a9a"/>'
    '</linearGradient></defs><rect x="12" y="12" width="176" height="176" fill="url(#p)"/>'
)
PICTURES = {
    "on white": (SHADOW, CARD),
    "on two grounds": (*FIELDS, SHADOW, CARD),
    "on a square": (rect(12, 12, 188, 188, "#3a78c8"), SHADOW, CARD),
    "on a gradient": (PANEL, SHADOW, CARD),
    "glow": (rect(0, 0, SIZE, SIZE, NIGHT), LIGHT, SUN),
    "glow on two grounds": (rect(0, 0, SIZE, SIZE, NIGHT), rect(0, 120, SIZE, SIZE, "#2f5a3a"), LIGHT, SUN),
}
COUNTS = {"on white": 2, "on two grounds": 3, "on a square": 3, "on a gradient": 3, "glow": 2, "glow on two grounds": 3}


def picture_of(name: str) -> RGB:
    return drawn(*PICTURES[name], size=SIZE)


def fading(canvas: RGB) -> Shape:
    (shape,) = [shape for shape in read_drawing(canvas).shapes if shape.levels is not None]
    return shape


def true_alpha(element: str, ink: int) -> NDArray[np.float64]:
    """Alpha (0–1) of something whose red is ``ink``, by what it does to another red ground."""
    ground = 255 - ink
    seen = drawn(element, ground=f"#{ground:02x}{ground:02x}{ground:02x}", size=SIZE)[..., 0].astype(np.float64)
    return (seen - ground) / (ink - ground)


@pytest.mark.parametrize("name", PICTURES)
def test_a_fade_is_one_shape(name: str) -> None:
    drawing = read_drawing(picture_of(name))
    assert len(drawing.shapes) == COUNTS[name]
    assert drawing.shapes[-2].levels is not None


@pytest.mark.parametrize("name", PICTURES)
def test_its_ink_and_its_alpha_are_true(name: str) -> None:
    shape = fading(picture_of(name))
    glows = "glow" in name
    ink = (255, 242, 160) if glows else (0, 0, 0)
    assert np.abs(shape.ink.astype(int) - ink).max() <= 6
    assert shape.levels is not None
    alpha = true_alpha(LIGHT if glows else SHADOW, ink[0])
    assert np.abs(shape.levels / 255 - alpha)[shape.visible.on((SIZE, SIZE))].max() <= 0.04
    # The colours of a gradient are known to one grey level or so.
    faintest = 0.01 if name == "on a gradient" else 0.002
    assert iou(shape.visible, (alpha > faintest) & ~on_top(name)) >= 0.95


def on_top(name: str) -> Pixels:
    return disc(100, 100, 34, SIZE) if "glow" in name else drawn(CARD, size=SIZE)[..., 2] < 150


def test_it_goes_on_below_what_lies_on_it() -> None:
    shape = fading(picture_of("glow"))
    assert shape.levels is not None
    hidden = disc(100, 100, 30, SIZE)
    assert shape.whole.overlap(Mask.of(hidden)) == hidden.sum()
    assert shape.levels[hidden].min() >= 150


def test_those_of_two_inks_that_run_into_each_other_are_two() -> None:
    # Three deviations of either reach into the other.
    dark = f'<defs>{BLUR}</defs><circle cx="56" cy="104" r="30" fill-opacity="0.5" filter="url(#b)"/>'
    red = '<circle cx="146" cy="104" r="30" fill="#ff0000" fill-opacity="0.6" filter="url(#b)"/>'
    discs = circle(56, 98, 28, "#e8a030"), circle(146, 98, 28, "#3a78c8")
    shapes = read_drawing(drawn(dark, red, *discs, size=SIZE)).shapes
    black, light = sorted((shape for shape in shapes if shape.levels is not None), key=lambda shape: shape.ink[0])
    assert black.ink.tolist() == [0, 0, 0]
    assert np.abs(light.ink.astype(int) - (255, 0, 0)).max() <= 6
    assert black.visible.box.x0 < 20 < 90 < light.visible.box.x0
    assert black.visible.box.x1 < 112 < 182 < light.visible.box.x1


def test_one_that_its_object_and_another_part_is_one() -> None:
    dark = f'<defs>{BLUR}</defs><circle cx="100" cy="104" r="38" fill-opacity="0.4" filter="url(#b)"/>'
    beside = circle(100, 90, 40, "#e8a030"), rect(0, 126, SIZE, SIZE, "#3a78c8")
    shape = fading(drawn(dark, *beside, size=SIZE))
    assert shape.visible.box.x0 < 55 < 145 < shape.visible.box.x1


def test_what_it_lies_on_is_whole() -> None:
    ground, *_ = read_drawing(picture_of("on two grounds")).shapes
    half = bar(0, 0, SIZE, 96, SIZE) if ground.ink.tolist() == [159, 211, 232] else bar(0, 96, SIZE, SIZE, SIZE)
    assert iou(ground.whole, half) >= 0.97
    (square,) = [shape for shape in read_drawing(picture_of("on a square")).shapes if shape.ink[0] == 58]
    assert iou(square.whole, bar(12, 12, 188, 188, SIZE)) >= 0.97


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_with_a_fade_peels_to_its_background(name: str, tmp_path: Path) -> None:
    canvas = picture_of(name)
    stack, run = peeled(canvas, tmp_path)
    assert run.record.stop_reason is StopReason.BACKGROUND
    assert len(stack.elements) == COUNTS[name]
    assert (stack.layers[0].pixels == stack.layers[0].pixels[0, 0]).all()
    assert stack.difference(canvas, residual=False).max() <= (2 if name == "on a gradient" else 1)
    names = [layer.name for layer in stack.elements]
    assert names[-2].startswith("light yellow glow" if "glow" in name else "shadow")
    assert stack.elements[-1].part_of != stack.elements[-2].id


@pytest.mark.parametrize(
    "elements",
    [
        ('<defs><linearGradient id="l"><stop offset="0.5" stop-color="#c83214"/><stop offset="1" stop-color="#ffc060"/>'
         '</linearGradient></defs><rect x="30" y="30" width="140" height="140" fill="url(#l)"/>',),
        ('<defs><linearGradient id="l" x2="0" y2="1"><stop offset="0.6" stop-color="#9fd3e8"/>'
         '<stop offset="1" stop-color="#fff"/></linearGradient></defs><rect width="200" height="150" fill="url(#l)"/>',
         rect(0, 150, SIZE, SIZE, MEADOW)),
        ('<defs><radialGradient id="r"><stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#c83214"/>'
         '</radialGradient></defs><circle cx="100" cy="100" r="80" fill="url(#r)"/>',),
        (*FIELDS, CARD),
    ],
    ids=["gradient to an edge", "sky", "ball", "flat"],
)  # fmt: skip
def test_gradients_inside_an_outline_are_no_fades(elements: tuple[str, ...]) -> None:
    assert not any(shape.is_translucent for shape in read_drawing(drawn(*elements, size=SIZE)).shapes)


def test_a_veil_is_kept_as_plain_data() -> None:
    graph = FlatAnalyst().analyse(picture_of("on white"), None, 0).graph
    assert LayerGraph.model_validate_json(graph.model_dump_json()) == graph
    (veil,) = [element.veil for element in graph.elements if element.veil is not None]
    levels = fading(picture_of("on white")).levels
    assert levels is not None
    for window in (Box(0, 0, SIZE, SIZE), Box(90, 20, 150, 70), Box(0, 0, 4, 3)):
        assert np.array_equal(veil.within(window), levels[window.slices])


@pytest.mark.parametrize("data", ["", "####", "eJw=", "eJxjAAAAAQAB"])
def test_a_veil_fills_its_box(data: str) -> None:
    with pytest.raises(ValueError, match="fill its box"):
        Veil(box=Box(0, 0, 3, 2), data=data)


def test_in_a_drawing_it_is_a_picture(tmp_path: Path) -> None:
    stack, _ = peeled(picture_of("on white"), tmp_path)
    SvgExporter(vectorizer("curves")).export(stack, tmp_path / "out.svg")
    assert (tmp_path / "out.svg").read_text().count("<image") == 1


def test_pale_lines_are_no_fades() -> None:
    """They differ from their ground as a shadow does, but are all edge."""
    lines = "".join(rect(10, y + 0.25, 190, y + 1.75, "#d8dfe9") for y in range(30, 180, 24))
    assert not any(shape.levels is not None for shape in read_drawing(drawn(lines, ground="#f0f4f8", size=SIZE)).shapes)


def test_a_shadow_may_run_over_the_edge_of_the_canvas() -> None:
    wide = BLUR.replace("6", "16").replace("50%", "100%").replace("200%", "300%")
    shadow = f'<defs>{wide}</defs><rect x="12" y="30" width="90" height="120" fill-opacity="0.5" filter="url(#b)"/>'
    shape = fading(
        drawn(PANEL.replace('"12"', '"0"').replace("176", "200"), shadow, rect(12, 24, 102, 140, "#e8a030"), size=SIZE)
    )
    assert shape.visible.box.x0 == 0


def test_the_shadows_of_cards_in_a_row_are_no_part_of_the_ground() -> None:
    boxes = [f'x="30" y="{y}" width="140" height="40" rx="6"' for y in (20, 70, 120)]
    shadows = [f'<rect {box} fill="#1e1e50" fill-opacity="0.25" filter="url(#b)"/>' for box in boxes]
    cards = [f'<rect {box} fill="#ffffff"/>' for box in boxes]
    blur = f"<defs>{BLUR.replace('6', '4')}</defs>"
    drawing = read_drawing(drawn(blur, *shadows, *cards, ground="#f4f6fc", size=SIZE))
    assert any(shape.levels is not None for shape in drawing.shapes)
    assert sum(shape.visible.area > 5000 and shape.levels is None for shape in drawing.shapes) == 3
