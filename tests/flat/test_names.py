import numpy as np
import pytest

from peeler.flat.names import colour_word, describe, form_word, place_words
from peeler.geometry import Pixels
from tests.flat.figures import SIZE, bar, disc


@pytest.mark.parametrize(
    "hexadecimal, word",
    [
        ("000000", "black"), ("ffffff", "white"), ("808080", "grey"), ("404040", "dark grey"), ("d0d0d0", "light grey"),
        ("ff0000", "red"), ("d01010", "red"), ("ff8000", "orange"), ("ffe000", "yellow"), ("b0ff00", "lime"),
        ("00c000", "green"), ("004000", "dark green"), ("00b0a8", "teal"), ("40c0ff", "sky blue"), ("0030ff", "blue"),
        ("000070", "dark blue"), ("a0b0ff", "light blue"), ("8000ff", "purple"), ("ff40b0", "pink"),
        ("8a5a2b", "brown"), ("4a2a10", "dark brown"), ("f5deb3", "beige"), ("ffb0b0", "pale pink"),
    ],
)  # fmt: skip
def test_a_colour_has_the_word_that_a_person_would_use(hexadecimal: str, word: str) -> None:
    assert colour_word(np.frombuffer(bytes.fromhex(hexadecimal), np.uint8)) == word


def wedge() -> Pixels:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    half: Pixels = (abs(columns - 48) < (rows - 16) / 2) & (rows < 80)
    return half


def rounded_box() -> Pixels:
    corners = disc(40, 40, 20) | disc(56, 40, 20) | disc(40, 56, 20) | disc(56, 56, 20)
    return corners | bar(40, 20, 56, 76) | bar(20, 40, 76, 56)


@pytest.mark.parametrize(
    "mask, word",
    [
        (disc(48, 48, 30), "circle"),
        (bar(20, 20, 70, 70), "square"),
        (bar(20, 20, 70, 50), "rectangle"),
        (bar(10, 40, 80, 56), "bar"),
        (bar(5, 46, 90, 49), "line"),
        (rounded_box(), "rounded square"),
        (wedge(), "triangle"),
        (disc(48, 48, 30) & ~disc(48, 48, 20), "ring"),
        (bar(10, 30, 90, 66) & ~bar(16, 36, 84, 60), "frame"),
        ((disc(48, 48, 40) & ~disc(48, 48, 36)) & bar(0, 0, 96, 48), "curve"),
        (bar(20, 20, 26, 80) | bar(20, 74, 70, 80), "curve"),
        (bar(10, 10, 80, 40) | bar(10, 10, 40, 80), "shape"),
    ],
)
def test_a_form_has_the_word_that_a_person_would_use(mask: Pixels, word: str) -> None:
    assert form_word(mask) == word
    assert form_word(mask.T) == word


@pytest.mark.parametrize("radius", [1, 2, 5, 9])
def test_the_smallest_forms_have_words(radius: int) -> None:
    assert form_word(disc(48, 48, radius))
    assert form_word(bar(3, 3, 3 + radius, 4))


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
    assert place_words(mask, (SIZE, SIZE)) == words


def test_a_name_is_colour_form_and_place() -> None:
    assert describe(np.array([200, 20, 20], np.uint8), disc(20, 20, 12)) == "red circle on the upper left"
    assert describe(np.array([0, 48, 255], np.uint8), disc(48, 48, 40)) == "blue circle"
