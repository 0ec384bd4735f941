"""Round stretches of an outline are arcs of circles."""

from xml.etree import ElementTree

import numpy as np
import pytest

from peeler.exporters.shapes import read_shape
from peeler.vectorizers.arcs import arc_through
from tests.vectorizers.test_curves import X, Y, cover, disc, psnr, rendered, segments, vectorize

HALF_DISC = np.minimum(disc(80, 60, 48), Y - 60)
CORNER = np.minimum(  # of a square, rounded at one of its corners
    np.minimum(np.minimum(X - 30, 130 - X), np.minimum(Y - 30, 130 - Y)),
    np.where((X > 100) & (Y < 60), disc(100, 60, 30), 100),
)


def letters(data: str) -> str:
    return "".join(sorted(letter for letter, _ in segments(data)))


def test_a_half_disc_is_a_line_and_an_arc() -> None:
    (path,) = vectorize(cover(HALF_DISC))
    data = ElementTree.fromstring(path).attrib["d"]
    assert letters(data) in ("az", "ah")
    (arc,) = (numbers for letter, numbers in segments(data) if letter == "a")
    assert arc[:2] == pytest.approx([48, 48], abs=0.1)
    assert psnr(rendered([path])[..., 3], cover(HALF_DISC)) > 38


def test_a_rounded_corner_is_one_arc() -> None:
    (path,) = vectorize(cover(CORNER))
    data = ElementTree.fromstring(path).attrib["d"]
    assert letters(data).count("a") == 1 and "c" not in letters(data) and len(letters(data)) == 5
    assert all(numbers[0] == pytest.approx(30, abs=0.5) for letter, numbers in segments(data) if letter == "a")
    assert psnr(rendered([path])[..., 3], cover(CORNER)) > 38


@pytest.mark.parametrize("distance", [HALF_DISC, CORNER], ids=["half disc", "corner"])
def test_others_read_the_arc_as_it_is_drawn(distance: np.ndarray) -> None:
    (path,) = vectorize(cover(distance))
    (contour,) = read_shape(path).contours
    told = " ".join("LC"[len(piece) > 1] + " ".join(f"{x} {y}" for x, y in piece) for piece in contour.pieces)
    again = f'<path fill="#204060" d="M{contour.start[0]} {contour.start[1]}{told}z"/>'
    assert psnr(rendered([again]), rendered([path])) > 50


@pytest.mark.parametrize("turn", [0.3, 1.2, np.pi, 4.0, -0.3, -3.0, -5.5])
def test_three_points_tell_an_arc(turn: float) -> None:
    angles = 0.7 + turn * np.array([0, 0.5, 1])
    points = np.array([30.0, 40.0]) + 12.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    arc = arc_through(points)
    assert arc.centre == pytest.approx([30, 40]) and arc.radius == pytest.approx(12.5)
    assert arc.turn == pytest.approx(turn)
    assert arc.points(np.array([0, 0.5, 1])) == pytest.approx(points)
