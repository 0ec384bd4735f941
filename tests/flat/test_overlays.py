"""Translucent shapes: told from what they tint, one element each, and taken off without a trace."""

from pathlib import Path

import numpy as np
import pytest

from peeler.analysts.flat import FlatAnalyst
from peeler.flat.drawing import read_drawing
from peeler.flat.layering import Shape
from peeler.flat.overlays import tint_of
from peeler.geometry import RGB, Mask, Pixels
from peeler.inputs import Picture
from peeler.peel import Engine, peel
from peeler.presets import Preset
from peeler.protocols import Removal
from peeler.records import StopReason
from peeler.registry import choose_engine
from peeler.removers.flat import FlatRemover
from peeler.runs import Run
from peeler.stack import LayerStack
from tests.flat.figures import bar, circle, disc, drawn, iou, rect

SIZE = 160
RED, GREEN, BLUE, CREAM, BLACK, WHITE = "#c83214", "#28a050", "#1450c8", "#f0e0b0", "#000000", "#ffffff"
STRIPES = rect(20, 25, 145, 62, RED), rect(20, 62, 145, 100, GREEN), rect(20, 100, 145, 137, BLUE)
HALF_DISC = '<path d="M80 32a48 48 0 0 1 0 96z" fill="#000" fill-opacity="0.3"/>'
BOTTLE = (
    f'<rect x="45" y="40" width="70" height="110" rx="14" fill="{GREEN}"/>',
    rect(45, 75, 115, 115, CREAM),
    '<rect x="55" y="52" width="14" height="86" rx="7" fill="#fff" fill-opacity="0.35"/>',
)


def veiled(x: float, y: float, radius: float, fill: str, opacity: float) -> str:
    return circle(x, y, radius, fill).replace("/>", f' fill-opacity="{opacity}"/>')


def drawn_large(*elements: str) -> RGB:
    return drawn(*elements, size=SIZE)


def sheets(canvas: RGB) -> list[Shape]:
    return [shape for shape in read_drawing(canvas).shapes if shape.opacity < 1]


def peeled(canvas: RGB, folder: Path) -> tuple[LayerStack, Run]:
    chosen = choose_engine(Preset(engine="flat"))
    picture = Picture.of(canvas)
    with Run.begin(folder / "run", picture, chosen) as run:
        return peel(picture, Engine(FlatAnalyst(), FlatRemover()), chosen.preset, run), run


def half_disc() -> Pixels:
    return disc(80, 80, 48, SIZE) & bar(80, 0, SIZE, SIZE, SIZE)


def assert_like(shape: Shape, ink: tuple[int, int, int], opacity: float, whole: Pixels) -> None:
    assert np.abs(shape.ink.astype(int) - ink).max() <= 6
    assert abs(shape.opacity - opacity) <= 0.04
    assert iou(shape.whole, whole) >= 0.97


def test_a_shadow_across_stripes_is_one_shape() -> None:
    drawing = read_drawing(drawn_large(*STRIPES, HALF_DISC))
    assert len(drawing.shapes) == 4
    (shadow,) = [shape for shape in drawing.shapes if shape.opacity < 1]
    assert_like(shadow, (0, 0, 0), 0.3, half_disc())
    stripe = next(shape for shape in drawing.shapes if shape.ink.tolist() == [20, 80, 200])
    assert iou(stripe.whole, bar(20, 100, 145, 137, SIZE)) >= 0.97


def test_what_a_sheet_tints_does_not_show_as_it_is() -> None:
    drawing = read_drawing(drawn_large(*STRIPES, HALF_DISC))
    assert not any(shape.visible.overlap(Mask.of(half_disc())) > 150 for shape in drawing.shapes if shape.opacity == 1)
    place = next(place for place, shape in enumerate(drawing.shapes) if shape.opacity < 1)
    assert {item.below for item in drawing.evidence if item.above == place} == {0, 1, 2}


def test_a_highlight_leaves_the_bottle_and_its_label_whole() -> None:
    shapes = read_drawing(drawn_large(*BOTTLE)).shapes
    assert [shape.opacity < 1 for shape in shapes] == [False, False, True]
    assert_like(shapes[2], (255, 255, 255), 0.35, drawn_large(BOTTLE[2].replace("fff", "000"))[..., 0] < 210)
    assert iou(shapes[1].whole, bar(45, 75, 115, 115, SIZE)) >= 0.97


@pytest.mark.parametrize("opacity", [0.2, 0.5, 0.8])
def test_translucent_discs_that_cross_are_whole(opacity: float) -> None:
    low, high = veiled(62, 80, 44, RED, opacity), veiled(100, 80, 44, BLUE, opacity)
    below, above = read_drawing(drawn_large(low, high)).shapes
    # What lies on one ground alone may as well be opaque.
    assert below.opacity == 1
    assert iou(below.whole, disc(62, 80, 44, SIZE)) >= 0.97
    assert_like(above, (20, 80, 200), opacity, disc(100, 80, 44, SIZE))


def test_three_discs_that_cross_lie_on_each_other() -> None:
    places = (60, 96), (100, 96), (80, 62)
    colours = zip(places, (RED, BLUE, GREEN), strict=True)
    shapes = read_drawing(drawn_large(*(veiled(x, y, 38, fill, 0.6) for (x, y), fill in colours))).shapes
    assert [shape.opacity < 1 for shape in shapes] == [False, True, True]
    for shape, (x, y) in zip(shapes, places, strict=True):
        assert iou(shape.whole, disc(x, y, 38, SIZE)) >= 0.97


def test_grey_sheets_are_told_by_black_or_white_alone() -> None:
    (sheet,) = sheets(drawn_large(veiled(62, 80, 44, BLACK, 0.3), veiled(100, 80, 44, BLACK, 0.2)))
    assert sheet.ink.tolist() == [0, 0, 0]
    assert min(abs(sheet.opacity - opacity) for opacity in (0.2, 0.3)) <= 0.01


@pytest.mark.parametrize("fill", [BLACK, BLUE])
def test_discs_of_one_ink_whose_corners_touch_are_two(fill: str) -> None:
    shapes = read_drawing(drawn_large(veiled(62, 80, 44, fill, 0.4), veiled(100, 80, 44, fill, 0.4))).shapes
    assert [shape.opacity < 1 for shape in shapes] == [False, True]
    found = {max((62, 100), key=lambda x: iou(shape.whole, disc(x, 80, 44, SIZE))) for shape in shapes}
    assert found == {62, 100}
    assert all(max(iou(shape.whole, disc(x, 80, 44, SIZE)) for x in (62, 100)) >= 0.97 for shape in shapes)


def test_what_lies_on_a_sheet_lies_above_it() -> None:
    dot = circle(104, 80, 9, "#ffee00")
    drawing = read_drawing(drawn_large(*STRIPES, HALF_DISC, dot))
    sheet = next(place for place, shape in enumerate(drawing.shapes) if shape.opacity < 1)
    top = next(place for place, shape in enumerate(drawing.shapes) if shape.ink.tolist() == [255, 238, 0])
    assert top > sheet
    assert iou(drawing.shapes[sheet].whole, half_disc()) >= 0.97


def test_what_lies_wholly_under_a_sheet_has_an_ink_of_the_picture() -> None:
    dots = circle(104, 80, 9, BLUE), circle(40, 80, 9, BLUE)
    drawing = read_drawing(drawn_large(*STRIPES, *dots, HALF_DISC))
    assert len(drawing.shapes) == 6
    (sheet,) = [shape for shape in drawing.shapes if shape.opacity < 1]
    assert iou(sheet.visible, half_disc()) >= 0.97


@pytest.mark.parametrize(
    "canvas",
    [
        drawn_large(*STRIPES),
        drawn_large(*STRIPES, circle(80, 80, 30, BLACK)),
        drawn_large(rect(20, 20, 80, 80, RED), rect(80, 20, 140, 80, GREEN), rect(20, 80, 80, 140, BLUE)),
        drawn_large(
            *(
                rect(20 + 30 * x, 20 + 30 * y, 50 + 30 * x, 50 + 30 * y, (RED, BLUE)[(x + y) % 2])
                for x in range(4)
                for y in range(4)
            )
        ),
        drawn_large(*(rect(20, y, 140, y + 20, f"#{level:02x}{level:02x}{level:02x}") for y, level in
                      ((20, 40), (40, 90), (60, 140), (80, 190)))),
    ],
    ids=["stripes", "opaque disc", "quarters", "chequered", "greys"],
)  # fmt: skip
def test_opaque_pictures_have_no_sheets(canvas: RGB) -> None:
    assert sheets(canvas) == []


@pytest.mark.parametrize(
    ("elements", "count"),
    [
        ((*STRIPES, HALF_DISC), 4),
        ((veiled(62, 80, 44, RED, 0.6), veiled(100, 80, 44, BLUE, 0.6)), 2),
        (BOTTLE, 3),
    ],
    ids=["shadow", "discs", "bottle"],
)
def test_a_picture_with_a_sheet_peels_to_its_background(elements: tuple[str, ...], count: int, tmp_path: Path) -> None:
    canvas = drawn_large(*elements)
    stack, run = peeled(canvas, tmp_path)
    assert run.record.stop_reason is StopReason.BACKGROUND
    assert len(stack.elements) == count
    assert (stack.layers[0].pixels[..., :3] == 255).all()
    assert stack.difference(canvas, residual=False).max() <= 1
    (sheet,) = [layer for layer in stack.elements if layer.opacity < 1]
    assert sheet.ink is not None
    plain = sheet.pixels[sheet.pixels[..., 3] == 255][:, :3]
    assert (plain == tuple(bytes.fromhex(sheet.ink[1:]))).all()


def test_the_shapes_below_keep_their_colours_and_soft_edges() -> None:
    graph = FlatAnalyst().analyse(drawn_large(*BOTTLE), None, 0).graph
    (sheet,) = [element for element in graph.elements if element.opacity < 1]
    assert sheet.name.startswith("highlight")
    below = FlatRemover().remove(drawn_large(*BOTTLE), Removal((sheet,), graph.without([sheet.id])), 0, 1).canvas
    assert np.abs(below.astype(int) - drawn_large(*BOTTLE[:2])).max() <= 2


def test_a_tint_is_solved_from_what_it_does() -> None:
    bases = np.array([[200, 50, 20], [40, 160, 80], [255, 255, 255]], np.float64)
    tint = tint_of(bases, np.rint(0.7 * bases + 0.3 * np.array([30, 90, 240])))
    assert tint is not None
    assert abs(tint.opacity - 0.3) < 0.01
    assert np.abs(tint.ink - (30, 90, 240)).max() <= 4


@pytest.mark.parametrize(
    ("bases", "seen"),
    [
        ([[200, 50, 20], [40, 160, 80]], [[100, 90, 20], [60, 160, 90]]),
        ([[200, 50, 20], [40, 160, 80]], [[40, 160, 80], [200, 50, 20]]),
        ([[200, 200, 200], [100, 100, 100]], [[150, 150, 150], [90, 90, 90]]),
        ([[200, 50, 20], [205, 55, 25]], [[140, 35, 14], [143, 38, 17]]),
    ],
    ids=["no sheet", "swapped", "greys", "alike"],
)
def test_other_colours_are_no_tint(bases: list[list[int]], seen: list[list[int]]) -> None:
    assert tint_of(np.array(bases, np.float64), np.array(seen, np.float64)) is None
