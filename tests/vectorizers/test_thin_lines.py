"""Lines thinner than a pixel become strokes of their own width, wherever they lie between the pixels."""

import re

import numpy as np
import pytest

from peeler.vectorizers.curves import CurvesVectorizer
from tests.vectorizers.test_curves import layer_of, psnr, rendered, vectorize

SIZE, FINE = 64, 16
Y, X = (np.mgrid[: SIZE * FINE, : SIZE * FINE] + 0.5) / FINE
WIDTHS = [0.3, 0.5, 0.7, 1.0, 1.25, 1.5]


def cover(distance: np.ndarray) -> np.ndarray:
    return np.rint((distance > 0).reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3)) * 255).astype(np.uint8)


def bar(x0: float, y0: float, x1: float, y1: float, width: float) -> np.ndarray:
    """A straight line with flat ends: signed distance to its edge."""
    length = np.hypot(x1 - x0, y1 - y0)
    u, v = (x1 - x0) / length, (y1 - y0) / length
    along = (X - x0) * u + (Y - y0) * v
    return np.minimum(np.minimum(along, length - along), width / 2 - abs((Y - y0) * u - (X - x0) * v))


def widths(paths: list[str]) -> list[float]:
    return [float(width) for path in paths for width in re.findall(r'stroke-width="([\d.]+)"', path)]


def drawn(distance: np.ndarray, least: float) -> list[str]:
    """The paths, which give the picture back; the renderer itself is 30 to 40 dB off for lines of up to a pixel."""
    alpha = cover(distance)
    paths = vectorize(alpha)
    assert psnr(rendered(paths, (SIZE, SIZE))[..., 3], alpha) >= least
    return paths


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("angle", [0, 7, 20, 45, 71, 90])
def test_a_straight_line_is_one_stroke_of_its_width(angle: float, width: float) -> None:
    u, v = np.cos(np.deg2rad(angle)) * 24, np.sin(np.deg2rad(angle)) * 24
    paths = drawn(bar(32.3 - u, 32.1 - v, 32.3 + u, 32.1 + v, width), 30)
    assert len(paths) == 1 and len(paths[0]) < 125
    assert widths(paths) == pytest.approx([width], abs=0.06)


@pytest.mark.parametrize("width", [0.25, 0.5, 0.75, 1.0, 1.25, 1.5])
@pytest.mark.parametrize("across", [20.0, 20.25, 20.5])
def test_a_level_line_is_one_stroke_wherever_it_lies_between_pixels(across: float, width: float) -> None:
    paths = drawn(bar(8, across, 56, across, width), 30)
    assert len(paths) == 1 and widths(paths) == pytest.approx([width], abs=0.1)


@pytest.mark.parametrize("width", WIDTHS)
def test_rings_are_circles_and_frames_closed(width: float) -> None:
    (ring,) = drawn(width / 2 - abs(np.hypot(X - 32.2, Y - 31.7) - 20.3), 29.5)
    assert ring.startswith("<circle") and widths([ring]) == pytest.approx([width], abs=0.03)
    (frame,) = drawn(width / 2 - abs(np.maximum(abs(X - 32.2) - 20, abs(Y - 31.6) - 15)), 27.5)
    assert frame.startswith("<rect") or frame.endswith('z"/>')


@pytest.mark.parametrize("width", WIDTHS)
def test_curves_corners_and_crossings(width: float) -> None:
    slope = np.sqrt(1 + (8 / 7 * np.cos(X / 7)) ** 2)
    wave = np.minimum((width / 2 - abs(Y - 32 - 8 * np.sin(X / 7)) / slope), np.minimum(X - 6, 58 - X))
    assert widths(drawn(wave, 28.5)) == pytest.approx([width], abs=0.06)
    corner = np.maximum(bar(10, 12, 45.5, 20, width), bar(45.5, 20, 30, 55, width))
    assert widths(drawn(corner, 36)) == pytest.approx([width], abs=0.06)
    cross = np.maximum(bar(8, 10, 56, 50, width), bar(10, 52, 50, 9, width))
    assert widths(drawn(cross, 28.5)) == pytest.approx([width] * 2, abs=0.06)
    near = np.maximum(bar(8, 20, 56, 28, width), bar(8, 23.5, 56, 31.5, width))
    assert widths(drawn(near, 33)) == pytest.approx([width] * 2, abs=0.06)


@pytest.mark.parametrize("width", [0.3, 0.7, 1.0, 1.5])
def test_a_line_at_a_body_is_a_stroke_and_the_body_stays(width: float) -> None:
    lollipop = np.maximum(10 - np.hypot(X - 20, Y - 20), bar(20, 20, 55, 50, width))
    body, line = drawn(lollipop, 31)
    assert "stroke" not in body and widths([line]) == pytest.approx([width], abs=0.06)


def test_a_line_that_grows_wider_is_an_outline() -> None:
    taper = np.minimum(np.minimum(X - 6, 58 - X), (0.3 + (X - 6) / 52) / 2 - abs(Y - 20 - 0.3 * X))
    (path,) = drawn(taper, 33)
    assert "stroke" not in path and path.endswith('z"/>')


def test_a_ring_that_grows_wider_is_an_outline_with_a_hole() -> None:
    (path,) = drawn((0.6 + X / 70) / 2 - abs(np.hypot(X - 32.2, Y - 31.7) - 20), 32)
    assert "stroke" not in path and path.count("z") == 2


def test_a_pale_band_is_no_thin_line() -> None:
    alpha = (cover(bar(8, 20, 56, 30, 4)) * 0.3).astype(np.uint8)
    (path,) = vectorize(alpha)
    assert "opacity" in path and widths([path]) == pytest.approx([4], abs=0.1)
    assert psnr(rendered([path], (SIZE, SIZE))[..., 3], alpha) > 40


def test_lines_of_another_colour_are_drawn_on_their_layer() -> None:
    layer = layer_of(cover(30 - np.hypot(X - 32, Y - 32)))
    share = cover(np.maximum(bar(14, 22, 50, 27, 3), bar(14, 30, 50, 42, 3)))[..., None] / 255
    layer.pixels[..., :3] = np.rint(layer.pixels[..., :3] * (1 - share) + np.array([250, 200, 30]) * share)
    layer.pixels[layer.pixels[..., 3] == 0] = 0
    paths = CurvesVectorizer().vectorize(layer)
    assert len(paths) == 2 and "#fac81e" in paths[1]
    assert psnr(rendered(paths, (SIZE, SIZE)), layer.pixels) > 33


def test_a_layer_of_few_colours_is_flat_without_an_ink() -> None:
    layer = layer_of(cover(30 - np.hypot(X - 32, Y - 32)), ink=None)
    layer.pixels[20:44, 12:50, :3] = (250, 200, 30)
    layer.pixels[24:30, 20:44, :3] = (20, 200, 130)
    paths = CurvesVectorizer().vectorize(layer)
    assert [re.findall("#[0-9a-f]{6}", path) for path in paths] == [["#204060"], ["#fac81e"], ["#14c882"]]


def test_the_dot_above_a_line_stays() -> None:
    stem, dot = bar(30.2, 24, 30.2, 36, 1.3), bar(30.2, 20, 30.2, 21.7, 1.5)
    shown = rendered(drawn(np.maximum(stem, dot), 30), (SIZE, SIZE))[..., 3]
    assert shown[20:22, 29:32].max() > 150
