"""Covered shapes that repeat others."""

import numpy as np
import pytest

from peeler.flat.drawing import read_drawing
from peeler.flat.repeats import repeated
from peeler.geometry import Pixels
from tests.flat.figures import bar, circle, disc, drawn, rect

FLAG = bar(0, 0, 30, 20) | bar(0, 0, 8, 50)
"""A figure that is not its own mirror image."""


def placed(model: Pixels, x: int, y: int) -> Pixels:
    canvas = np.zeros((96, 96), np.bool_)
    canvas[y : y + model.shape[0], x : x + model.shape[1]] = model
    return canvas


@pytest.mark.parametrize("model", [FLAG[:50, :30], FLAG[:50, :30][:, ::-1], FLAG[:50, :30][::-1]])
def test_a_covered_one_is_completed_by_its_twin(model: Pixels) -> None:
    whole, cover = placed(model, 30, 20), bar(0, 40, 96, 60)
    found = repeated(whole & ~cover, cover, [FLAG[:50, :30]])
    assert found is not None
    assert np.array_equal(found, whole)


def test_where_the_rest_of_a_twin_would_show_there_is_none() -> None:
    whole, cover = placed(FLAG[:50, :30], 30, 20), bar(0, 40, 96, 60)
    assert repeated(whole & ~cover & ~bar(0, 60, 96, 96), cover, [FLAG[:50, :30]]) is None


def test_what_hardly_shows_or_shows_too_little_repeats_nothing() -> None:
    model = FLAG[:50, :30]
    corner = placed(model, 30, 20) & bar(30, 20, 39, 29)
    assert repeated(corner, ~corner, [model]) is None
    assert repeated(bar(10, 10, 40, 16), bar(0, 16, 96, 96), [bar(0, 0, 30, 30)[:30, :30]]) is None


def test_a_window_behind_a_disc_is_like_the_others() -> None:
    windows = [rect(20 + 50 * n, 20, 44 + 50 * n, 80, "#1450c8") for n in range(3)]
    wall, sun = rect(4, 4, 170, 110, "#c83214"), circle(146, 84, 20, "#f0c828")
    drawing = read_drawing(drawn(wall, *windows, sun, size=176))
    blue = [shape for shape in drawing.shapes if shape.ink[2] > 150]
    assert [shape.whole.area for shape in blue] == pytest.approx([24 * 60] * 3, abs=30)
    assert min(shape.visible.area for shape in blue) < 0.9 * 24 * 60


def test_a_disc_is_no_window() -> None:
    assert repeated(disc(48, 48, 20) & ~bar(0, 48, 96, 96), bar(0, 48, 96, 96), [bar(0, 0, 40, 40)[:40, :40]]) is None
