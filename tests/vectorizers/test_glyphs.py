"""Small letters as paths: they look like the letters themselves, drawn larger."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from peeler.vectorizers.glyphs import take_glyphs
from tests.vectorizers.test_curves import cover, disc, rendered, vectorize

TIMES = 4


def lettered(words: str, size: int) -> np.ndarray:
    """Coverage of ``words`` in the font that Pillow brings, from letters that are drawn eight times as large."""
    font = ImageFont.load_default(8 * size)
    large = Image.new("L", (8 * (int(font.getlength(words) / 8) + 12), 16 * size))
    ImageDraw.Draw(large).text((40, large.height // 2), words, 255, font, anchor="lm")
    return np.asarray(large)


def shrunk(large: np.ndarray, times: int) -> np.ndarray:
    return cv2.resize(large, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)


def likeness(words: str, size: int) -> float:
    """Overlap (IoU) of the paths of small ``words``, drawn ``TIMES`` as large, with the words as large."""
    large = lettered(words, size)
    alpha = shrunk(large, 8)
    height, width = alpha.shape
    grown = [f'<g transform="scale({TIMES})">', *vectorize(alpha), "</g>"]
    drawn = rendered(grown, (width * TIMES, height * TIMES))[..., 3] > 127
    true = shrunk(large, 8 // TIMES) > 127
    return float((drawn & true).sum() / (drawn | true).sum())


@pytest.mark.parametrize("words", ["Share of the year", "Source: 2026", "Customer, yes"])
@pytest.mark.parametrize(("size", "least"), [(14, 0.75), (18, 0.85), (26, 0.92)])
def test_small_letters_are_legible(words: str, size: int, least: float) -> None:
    assert likeness(words, size) >= least


def test_what_has_a_name_or_is_large_is_no_glyph() -> None:
    for shape in (disc(40, 40, 8), disc(80, 80, 50)):
        alpha = cover(shape)
        glyphs, rest = take_glyphs(alpha, 0.25)
        assert not glyphs and (rest == alpha).all()
