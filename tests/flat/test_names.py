import numpy as np
import pytest

from peeler.flat.groups import parts_of, structure
from peeler.flat.layering import Shape
from peeler.flat.names import colour_word, describe, names_of, place_words
from peeler.geometry import Box, Mask, Pixels
from tests.flat.figures import SIZE, bar, disc


@pytest.mark.parametrize(
    "hexadecimal, word",
    [
        ("000000", "black"), ("ffffff", "white"), ("808080", "grey"), ("404040", "dark grey"), ("d0d0d0", "light grey"),
        ("ff0000", "red"), ("d01010", "red"), ("800808", "dark red"),
        ("ff8000", "orange"), ("ffe000", "yellow"), ("b0ff00", "lime"),
        ("00c000", "green"), ("004000", "dark green"), ("00b0a8", "teal"), ("40c0ff", "sky blue"), ("0030ff", "blue"),
        ("000070", "dark blue"), ("a0b0ff", "light blue"), ("8000ff", "purple"), ("ff40b0", "pink"),
        ("8a5a2b", "brown"), ("4a2a10", "dark brown"), ("f5deb3", "beige"), ("ffb0b0", "pale pink"),
        ("8798a5", "grey"), ("2e3236", "dark grey"), ("1a2640", "dark blue"), ("b9dc96", "light green"),
        ("be7d40", "brown"),
    ],
)  # fmt: skip
def test_a_colour_has_the_word_that_a_person_would_use(hexadecimal: str, word: str) -> None:
    assert colour_word(np.frombuffer(bytes.fromhex(hexadecimal), np.uint8)) == word


@pytest.mark.parametrize(
    "mask, words",
    [
        (bar(5, 5, 20, 20), "on the upper left"),
        (bar(75, 5, 90, 20), "on the upper right"),
        (bar(5, 75, 20, 90), "on the lower left"),
        (bar(75, 75, 90, 90), "on the lower right"),
        (bar(5, 40, 20, 56), "on the left"),
        (bar(75, 40, 90, 56), "on the right"),
        (bar(40, 5, 56, 20), "at the top"),
        (bar(40, 75, 56, 90), "at the bottom"),
        (bar(40, 40, 56, 56), "in the middle"),
        (bar(10, 10, 90, 90), ""),
    ],
)
def test_a_place_is_told_in_thirds(mask: Pixels, words: str) -> None:
    assert place_words(Box.around(mask), (SIZE, SIZE)) == words


def test_a_name_is_colour_form_and_place() -> None:
    assert describe(np.array([200, 20, 20], np.uint8), disc(20, 20, 12)) == "red circle on the upper left"
    assert describe(np.array([0, 48, 255], np.uint8), disc(48, 48, 40)) == "blue circle"


RED, DARK_RED, PALE_RED, BLACK = (200, 20, 20), (150, 10, 10), (240, 110, 110), (10, 10, 10)
WHITE, YELLOW, BLUE, GREEN = (255, 255, 255), (255, 210, 0), (0, 48, 255), (0, 160, 0)


def shape(ink: tuple[int, int, int], mask: Pixels) -> Shape:
    return Shape(np.array(ink, np.uint8), Mask.of(mask), Mask.of(mask))


def named(*shapes: Shape) -> list[str]:
    parts = parts_of(shapes, (SIZE, SIZE))
    return names_of(parts, structure(parts).wholes)


HEAD = shape(YELLOW, disc(48, 48, 40))
MOUTH = shape(RED, bar(40, 62, 56, 67))


def test_a_face_has_a_left_and_a_right_eye() -> None:
    eyes = shape(BLACK, disc(34, 40, 4)), shape(BLACK, disc(62, 40, 4))
    assert named(HEAD, *eyes, MOUTH) == ["yellow circle", "left eye", "right eye", "red bar on the yellow circle"]


def test_eyes_have_pupils_and_highlights() -> None:
    whites = shape(WHITE, disc(34, 40, 8)), shape(WHITE, disc(62, 40, 8))
    pupils = shape(BLACK, disc(34, 40, 4)), shape(BLACK, disc(62, 40, 4))
    assert named(HEAD, *whites, *pupils, MOUTH)[1:5] == [
        "left eye", "right eye", "black pupil on the left eye", "black pupil on the right eye",
    ]  # fmt: skip


def test_a_pair_without_a_face_is_no_eyes() -> None:
    wheels = shape(BLACK, disc(30, 70, 8)), shape(BLACK, disc(66, 70, 8))
    assert named(*wheels) == ["left black circle", "right black circle"]


def test_three_in_a_row_are_no_pair() -> None:
    row = [shape(BLUE, disc(x, 48, 6)) for x in (20, 48, 76)]
    assert named(*row) == ["blue circle on the left", "blue circle in the middle", "blue circle on the right"]


def test_what_is_alike_and_near_is_numbered_as_one_reads() -> None:
    row = [shape(BLUE, disc(x, 48, 4)) for x in (60, 48, 36)]
    ground = shape(YELLOW, bar(10, 30, 86, 66))
    assert named(ground, *row)[1:] == [f"blue circle {number} on the yellow rectangle" for number in (3, 2, 1)]


def test_a_small_lighter_shape_of_the_same_hue_is_a_highlight() -> None:
    body = shape(RED, bar(20, 10, 76, 86))
    gleam, dot = disc(32, 26, 5), disc(60, 76, 5)
    assert named(body, shape(PALE_RED, gleam))[1] == "highlight on the red rectangle"
    assert named(body, shape(PALE_RED, dot))[1] == "red circle on the red rectangle", "light falls from above"
    assert named(body, shape(BLUE, gleam))[1] == "blue circle on the red rectangle"


def test_something_darker_along_the_rim_is_a_shadow() -> None:
    body = disc(48, 48, 40)
    crescent = body & ~disc(36, 36, 42)
    assert named(shape(RED, body), shape(DARK_RED, crescent))[1] == "dark red shadow on the red circle"
    assert named(shape(RED, body), shape(DARK_RED, disc(60, 60, 8)))[1] == "dark red circle on the red circle"


def test_a_dark_line_around_something_is_its_outline() -> None:
    fill, line = disc(48, 48, 30), disc(48, 48, 31) & ~disc(48, 48, 29)
    assert named(shape(GREEN, fill), shape(BLACK, line)) == ["green circle", "black outline of the green circle"]


def test_all_names_differ_and_are_the_same_each_time() -> None:
    shapes = [shape(BLUE, disc(x, y, 3)) for y in range(6, 96, 9) for x in range(6, 96, 9)]
    names = named(*shapes)
    assert len(set(names)) == len(names)
    assert names == named(*shapes)
