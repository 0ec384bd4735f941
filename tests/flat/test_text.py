from collections.abc import Iterable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from peeler.analysts.flat import FlatAnalyst
from peeler.batch import peel_picture
from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.pieces import TEXT
from peeler.flat.text import Line, find_lines
from peeler.geometry import RGB, Pixels
from tests.flat.figures import circle, drawn, iou, rect, regions_of

Colour = tuple[int, int, int]
WHITE, RED, NAVY, YELLOW, BLACK = (255, 255, 255), (200, 40, 40), (20, 50, 110), (240, 200, 60), (16, 16, 16)
HERSHEY = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)
DARK = "#143264"


def board(ground: Colour = WHITE, button: Colour | None = None) -> Image.Image:
    canvas = Image.new("RGB", (256, 256), ground)
    if button:
        ImageDraw.Draw(canvas).rounded_rectangle((16, 70, 240, 186), 20, fill=button)
    return canvas


def written(words: str, size: int, ink: Colour, ground: Colour = WHITE, button: Colour | None = None) -> RGB:
    """``words`` in the middle, in the font that Pillow brings."""
    canvas = board(ground, button)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(canvas).multiline_text((128, 128), words, ink, font, anchor="mm", spacing=size // 2)
    return np.array(canvas)


def inked(canvas: RGB, ink: Colour) -> Pixels:
    """Where there is more of ``ink`` than of what it is written on in the middle of the left."""
    missed = np.abs(canvas.astype(int) - ink).max(axis=2)
    near: Pixels = missed < missed[90, 20] / 2
    near[:70], near[186:], near[:, :6], near[:, 250:] = False, False, False, False
    return near


def lines_in(canvas: RGB) -> list[Line]:
    return find_lines(regions_of(canvas)[0])


def texts(drawing: Drawing) -> list[int]:
    return drawing.places(TEXT)


# What is text


@pytest.mark.parametrize("words", ["Hello", "OPEN", "pizzeria!", "Jump", "COFFEE"])
@pytest.mark.parametrize(
    ("ink", "ground", "button"), [(BLACK, WHITE, None), (NAVY, YELLOW, None), (WHITE, (90, 160, 90), RED)]
)
@pytest.mark.parametrize("size", [36, 52])
def test_a_word_is_one_shape(words: str, size: int, ink: Colour, ground: Colour, button: Colour | None) -> None:
    canvas = written(words, size, ink, ground, button)
    drawing = read_drawing(canvas)
    (text,) = texts(drawing)
    assert iou(drawing.shapes[text].visible, inked(canvas, ink)) > 0.95
    assert drawing.shapes[text].visible == drawing.shapes[text].whole
    assert len(drawing.shapes) == 1 + (button is not None)


@pytest.mark.parametrize("face", HERSHEY)
@pytest.mark.parametrize("scale", [0.9, 1.4])
def test_words_drawn_with_a_plotter(face: int, scale: float) -> None:
    canvas = np.array(board())
    cv2.putText(canvas, "Waves", (12, 140), face, scale, NAVY, 3, cv2.LINE_AA)
    drawing = read_drawing(canvas)
    (text,) = texts(drawing)
    assert iou(drawing.shapes[text].visible, inked(canvas, NAVY)) > 0.95


def test_two_lines_are_two_shapes() -> None:
    drawing = read_drawing(written("Summer\nholiday", 40, NAVY, YELLOW))
    upper, lower = sorted((drawing.shapes[text].visible.box for text in texts(drawing)), key=lambda box: box.y0)
    assert upper.y1 <= lower.y0 and len(drawing.shapes) == 2


def test_what_is_seen_in_letters_belongs_to_their_ground() -> None:
    drawing = read_drawing(written("Boiled", 52, WHITE, (90, 160, 90), RED))
    button, text = drawing.shapes
    assert not button.visible.overlap(text.visible)
    assert button.whole.on(drawing.size)[128, 40:216].all(), "the button goes on under the text"
    shown = [shape.visible.on(drawing.size)[80:176, 40:216] for shape in (button, text)]
    assert (shown[0] | shown[1]).all(), "no letter holds anything else"


def test_text_is_named_by_its_colour_and_what_it_lies_on() -> None:
    graph = FlatAnalyst().analyse(written("Boiled", 52, WHITE, (90, 160, 90), RED), None, 0).graph
    assert [element.name for element in graph.elements][1] == "white text on the red rectangle"
    assert graph.elements[1].part_of == graph.elements[0].id
    above = written("Boiled", 40, NAVY)
    alone = FlatAnalyst().analyse(np.roll(above, -80, axis=0), None, 0).graph
    assert [element.name for element in alone.elements] == ["dark blue text at the top"]


def test_dots_and_stops_are_of_the_line_and_a_dot_far_away_is_not() -> None:
    canvas = written("fairies.", 48, NAVY)
    cv2.circle(canvas, (40, 40), 5, NAVY, -1, cv2.LINE_AA)
    regions, _ = regions_of(canvas)
    (line,) = find_lines(regions)
    assert len(line.letters) == 10 and int(regions.labels[40, 40]) not in line.letters


# What is none


def row(figure: Iterable[str], around: str = "") -> RGB:
    return drawn(around, *figure, size=256)


def path(points: str, fill: str = DARK) -> str:
    return f'<path d="{points}" fill="{fill}"/>'


def window(x: int) -> str:
    panes = "".join(rect(x + 4 + 11 * (k % 2), 104 + 16 * (k // 2), 7, 12, "#ffffff") for k in range(4))
    return rect(x, 100, 26, 36, DARK) + panes


NO_TEXT = {
    "windows": row(window(20 + 38 * k) for k in range(6)),
    "dots": row(circle(24 + 30 * k, 128, 9, DARK) for k in range(7)),
    "beads": row(circle(24 + 26 * k, 128, 8 + k % 3, DARK) for k in range(8)),
    "rings": row(circle(30 + 36 * k, 128, 14, DARK) + circle(30 + 36 * k, 128, 9, "#ffffff") for k in range(6)),
    "teeth": row(path(f"M{20 + 24 * k} 100 h20 l-10 {30 + 2 * (k % 3)} z") for k in range(9)),
    "keys": row(rect(20 + 18 * k, 80, 9 + 3 * (k % 2), 70, DARK) for k in range(12)),
    "posts": row(path(f"M{20 + 26 * k} 160 v-60 l8 -12 l8 12 v60 z") for k in range(8)),
    "stripes": row(rect(20, 60 + 20 * k, 210, 4 + 2 * k, DARK) for k in range(7)),
    "bars of a code": row(rect(20 + 14 * k, 90, 2 + 3 * (k % 3), 60, DARK) for k in range(15)),
    "houses": row(
        path(f"M{16 + 48 * k} 150 v-{30 + 9 * (k % 3)} l{14 + 3 * (k % 2)} -18 l{14 + k} 18 V150 z") for k in range(5)
    ),
    "waves": row(
        f'<path d="M20 {80 + 24 * k} q20 -16 40 0 t40 0 t40 0 t40 0" fill="none" stroke="{DARK}" stroke-width="5"/>'
        for k in range(5)
    ),
    "stars": row(
        path(f"M{30 + 40 * k} 104 l5 12 l13 1 l-10 9 l3 13 l-11 -7 l-11 7 l3 -13 l-10 -9 l13 -1 z") for k in range(5)
    ),
    "slices": row(
        f'<g transform="rotate({45 * k} 128 128)">{path("M140 128 L182 108 q10 20 0 40 z")}</g>' for k in range(8)
    ),
    "a face": row([circle(100, 110, 9, DARK), circle(156, 110, 9, DARK), path("M96 140 q32 40 64 0 q-32 22 -64 0")]),
    "stairs": row(path(f"M{30 + 50 * k} {160 - 40 * k} v-30 h30 v8 h-22 v22 z") for k in range(4)),
}


@pytest.mark.parametrize("name", NO_TEXT)
def test_rows_of_other_things_are_no_text(name: str) -> None:
    assert not lines_in(NO_TEXT[name])


def test_many_letters_of_one_shape_are_no_text() -> None:
    assert not lines_in(written("SSSSS", 40, NAVY)) and len(lines_in(written("Abe", 48, NAVY))) == 1


@pytest.mark.parametrize("word", ["OK", "UP", "NY", "Ab", "Rx", "On", "No"])
def test_a_word_of_two_letters_is_a_line(word: str) -> None:
    (line,) = lines_in(written(word, 52, WHITE, (90, 160, 90), RED))
    assert len(line.letters) == 2


@pytest.mark.parametrize("pair", ["OO", "bd", "ll", "C  R"])
def test_two_shapes_that_are_alike_or_apart_are_none(pair: str) -> None:
    assert not lines_in(written(pair, 48, NAVY))


@pytest.mark.parametrize(
    ("words", "size"), [("Sign in", 40), ("ON AIR", 22), ("E a s e  u p", 24), ("- Costs: 18 %!", 26)]
)
def test_all_that_stands_in_a_line_is_one_shape(words: str, size: int) -> None:
    canvas = written(words, size, NAVY)
    drawing = read_drawing(canvas)
    (text,) = texts(drawing)
    assert len(drawing.shapes) == 1 and iou(drawing.shapes[text].visible, inked(canvas, NAVY)) > 0.8


def labels(*words: str) -> RGB:
    """Words side by side as below an axis."""
    canvas = board()
    for place, word in enumerate(words):
        ImageDraw.Draw(canvas).text((40 + 58 * place, 128), word, NAVY, ImageFont.load_default(24), anchor="mm")
    return np.array(canvas)


def test_short_words_on_one_level_are_text_together() -> None:
    assert len(read_drawing(labels("Q1", "Q2", "Q3", "Q4")).places(TEXT)) == 4
    assert not read_drawing(labels("Q1")).places(TEXT), "one alone could be anything"
    assert not read_drawing(labels("11", "11", "11", "11")).places(TEXT)


# Small text


def shrunk(canvas: RGB, side: int, size: int = 512) -> RGB:
    """``canvas`` in the middle of a white sheet, ``side`` pixels wide."""
    sheet = np.full((size, size, 3), 255, np.uint8)
    low = (size - side) // 2
    sheet[low : low + side, low : low + side] = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)
    return sheet


@pytest.mark.parametrize("size", [12, 16, 22])
@pytest.mark.parametrize(("ink", "ground", "button"), [(BLACK, WHITE, None), (WHITE, (90, 160, 90), RED)])
def test_letters_too_thin_for_an_ink_are_lines(size: int, ink: Colour, ground: Colour, button: Colour | None) -> None:
    canvas = written("Small words,\nsome more", size, ink, ground, button)
    drawing = read_drawing(canvas)
    assert len(texts(drawing)) == 2 and len(drawing.shapes) == 2 + (button is not None)
    for text in texts(drawing):
        assert np.abs(drawing.shapes[text].ink.astype(int) - ink).max() <= 40
    shown = np.logical_or.reduce([drawing.shapes[text].visible.on(drawing.size) for text in texts(drawing)])
    assert iou(shown, inked(canvas, ink)) > 0.75


@pytest.mark.parametrize("size", [9, 11, 14])
def test_grey_words_beside_black_ones_have_an_ink_of_their_own(size: int) -> None:
    canvas = board()
    for y, ink in ((80, BLACK), (140, (150, 150, 150))):
        ImageDraw.Draw(canvas).text((128, y), "Total price", ink, ImageFont.load_default(size), anchor="mm")
    drawing = read_drawing(np.array(canvas))
    inks = sorted(int(drawing.shapes[text].ink.max()) for text in texts(drawing))
    assert len(inks) == 2 and inks[0] < 90 and 130 < inks[1] < 190


def test_no_letter_is_left_on_the_ground() -> None:
    canvas = written("Balance 1,284.50", 17, BLACK, (90, 160, 90), RED)
    stack = peel_picture(canvas)
    text = next(layer for layer in stack.layers if "text" in layer.name)
    assert text.ink is not None, "its soft edges are mixed of its ink and nothing, not of its ink and its ground"
    (button,) = (layer for layer in stack.layers if layer.ink == "#c82828")
    solid = button.pixels[button.pixels[..., 3] == 255][:, :3]
    assert (np.abs(solid.astype(int) - RED).max(axis=1) <= 3).all()


def test_small_text_on_a_gradient_is_one_shape() -> None:
    slope = np.linspace((240, 120, 60), (120, 40, 160), 256)[:, None].repeat(256, axis=1)
    canvas = Image.fromarray(np.rint(slope).astype(np.uint8))
    ImageDraw.Draw(canvas).text((128, 128), "Summer", WHITE, ImageFont.load_default(50), anchor="mm")
    drawing = read_drawing(np.array(canvas))
    assert len(texts(drawing)) == len(drawing.shapes) == 1


@pytest.mark.parametrize("name", NO_TEXT)
def test_small_rows_of_other_things_are_no_text(name: str) -> None:
    assert not read_drawing(shrunk(NO_TEXT[name], 100)).places(TEXT)


def test_signs_that_each_lie_on_something_else_are_no_line() -> None:
    plates = [
        rect(16 + 60 * k, 96, 48, 64, fill) for k, fill in enumerate(("#c83214", "#28a050", "#f0c83c", "#7828a0"))
    ]
    canvas = Image.fromarray(row(plates))
    for k, sign in enumerate("AKR5"):
        ImageDraw.Draw(canvas).text((40 + 60 * k, 128), sign, WHITE, ImageFont.load_default(40), anchor="mm")
    assert not lines_in(np.array(canvas))


def test_a_short_word_set_like_another_line_is_text() -> None:
    canvas = board()
    for words, y in (("yes, perhaps", 90), ("no", 180)):
        ImageDraw.Draw(canvas).text((128, y), words, NAVY, ImageFont.load_default(26), anchor="mm")
    assert len(texts(read_drawing(np.array(canvas)))) == 2


def test_a_letter_larger_than_all_others_is_of_its_line() -> None:
    canvas = board()
    ImageDraw.Draw(canvas).text((128, 128), "Mono", NAVY, ImageFont.load_default(52), anchor="mm")
    drawing = read_drawing(np.array(canvas))
    (place,) = texts(drawing)
    assert iou(drawing.shapes[place].visible, inked(np.array(canvas), NAVY)) > 0.8


@pytest.mark.parametrize("size", [13, 15, 18])
def test_the_dots_of_small_letters_are_of_their_line(size: int) -> None:
    canvas = written("in idiom i will", size, (102, 102, 119))
    drawing = read_drawing(canvas)
    (place,) = texts(drawing)
    dark = np.abs(canvas.astype(int) - 255).max(axis=2) > 75
    assert (dark & ~drawing.shapes[place].visible.on(drawing.size)).sum() <= 0.03 * dark.sum()
