"""Gradients: found from a part of them, they go on as they were drawn."""

import numpy as np
import pytest

from peeler.flat.gradients import Gradient, Numbers, Paraboloid, Plain, Shade, fit
from peeler.geometry import Pixels
from peeler.scenes.render import picture
from tests.flat.figures import SIZE, bar, disc

POINTS = np.argwhere(np.ones((SIZE, SIZE), np.bool_))[:, ::-1].astype(np.float64)
STOPS = '<stop offset="0" stop-color="#f0c020"/><stop offset="1" stop-color="#2040a0"/>'
LINEAR = f'<linearGradient id="g" x1="0" y1="0" x2="1" y2="0.6">{STOPS}</linearGradient>'
RADIAL = f'<radialGradient id="g" cx="0.4" cy="0.5" r="0.7">{STOPS}</radialGradient>'


def filled(gradient: str) -> Numbers:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
    return picture(f'{head}<defs>{gradient}</defs><rect width="{SIZE}" height="{SIZE}" fill="url(#g)"/></svg>').astype(
        float
    )


@pytest.mark.parametrize("gradient", [LINEAR, RADIAL], ids=["linear", "radial"])
@pytest.mark.parametrize("hidden", [bar(30, 30, 60, 60), disc(60, 40, 18)], ids=["box", "disc"])
def test_what_is_hidden_is_painted_as_the_gradient_goes_on(gradient: str, hidden: Pixels) -> None:
    colours = filled(gradient)
    shade = shade_of(colours, ~hidden)
    assert isinstance(shade, Gradient)
    missed = np.abs(shade.at(POINTS).reshape(colours.shape) - colours).max(axis=2)
    assert missed[hidden].mean() < 2.5
    assert missed[hidden].max() < 8


def test_a_linear_gradient_is_found_by_its_direction() -> None:
    shade = shade_of(filled(LINEAR), np.ones((SIZE, SIZE), np.bool_))
    assert isinstance(shade, Gradient) and shade.way is not None
    assert abs(abs(shade.way @ np.array([1, 0.6])) / np.hypot(1, 0.6) - 1) < 0.002


def shade_of(colours: Numbers, where: Pixels) -> Shade:
    return fit(POINTS[where.ravel()], colours[where])


def test_one_colour_is_no_gradient() -> None:
    colours = np.full((len(POINTS), 3), 80.0)
    colours[::7] += 3
    shade = fit(POINTS, colours)
    assert isinstance(shade, Plain)
    assert (shade.at(POINTS[:4]) == 80).all()


def test_two_gradients_over_each_other_are_a_paraboloid() -> None:
    x, y = POINTS.T / SIZE
    colours = np.stack([40 + 160 * x, 60 + 150 * y, 200 - 120 * x * y], axis=1)
    shade = fit(POINTS, colours)
    assert isinstance(shade, Paraboloid)
    assert np.abs(shade.at(POINTS) - colours).mean() < 4
    far = shade.at(np.array([[9000.0, 9000.0]]))
    assert (far >= 0).all() and (far <= 255).all()
