"""Unions, differences and offsets of closed curves."""

import math

import numpy as np
import pytest

from peeler.scenes import planar
from peeler.scenes.fitting import smooth
from peeler.scenes.forms import circle, cloud, cut, grown, joined, polygon, rect, ring, star, stroke
from peeler.scenes.paths import Path


def area(path: Path) -> float:
    return sum(planar.area(polygon) for polygon in planar.oriented(planar.flatten(path)))


def test_union_of_touching_and_overlapping() -> None:
    assert area(joined(rect(0, 0, 100, 100), rect(50, 50, 100, 100))) == pytest.approx(17500, rel=1e-3)
    assert area(joined(rect(0, 0, 100, 100), rect(100, 0, 100, 100), rect(0, 0, 100, 100))) == pytest.approx(
        20000, rel=1e-3
    )


def test_difference_and_ring() -> None:
    assert area(cut(rect(0, 0, 100, 100), circle(50, 50, 20))) == pytest.approx(10000 - math.pi * 400, rel=1e-3)
    assert area(ring(100, 100, 80, 40)) == pytest.approx(math.pi * 4800, rel=1e-3)


@pytest.mark.parametrize("distance", [9, -9])
def test_offset_of_a_disc(distance: float) -> None:
    assert area(grown(circle(200, 200, 60), distance)) == pytest.approx(math.pi * (60 + distance) ** 2, rel=2e-3)


def test_offset_of_a_square_has_round_corners() -> None:
    assert area(grown(rect(50, 50, 100, 100), 10)) == pytest.approx(10000 + 4000 + math.pi * 100, rel=2e-3)
    assert area(grown(rect(50, 50, 100, 100), -10)) == pytest.approx(6400, rel=2e-3)


def test_shrinking_past_the_middle_leaves_nothing() -> None:
    assert grown(star(100, 100, 30), -40).loops == ()


def test_stroke_has_constant_width() -> None:
    line = stroke([(50, 50), (250, 50)], 20, curved=False)
    assert area(line) == pytest.approx(200 * 20 + math.pi * 100, rel=3e-3)


@pytest.mark.parametrize("width", [150, 190, 280, 300, 370])
def test_cloud_is_one_piece(width: float) -> None:
    assert len(cloud(250, 300, width).loops) == 1


def test_fitting_keeps_corners_and_is_short() -> None:
    square = smooth(planar.oriented(planar.flatten(polygon([(10, 10), (90, 10), (90, 90), (10, 90)]))))
    assert {segment for segment in map(len, square.loops[0].segments)} == {1}
    disc = smooth(planar.oriented(planar.flatten(circle(100, 100, 80))))
    assert len(disc.loops[0].segments) <= 10
    assert area(disc) == pytest.approx(math.pi * 6400, rel=1e-3)


def test_path_data_is_rounded() -> None:
    assert polygon([(0.04, 1.26), (10, -0.04), (5, 5)]).data == "M5 5L0 1.3L10 0L5 5Z"


def test_rounding_does_not_move_where_a_curve_is_parted() -> None:
    """Half a circle is off its curve the most at two places, by as much but for the last digit."""
    (outline,) = planar.oriented(planar.flatten(rect(100, 100, 36, 160, 18)))
    rng = np.random.default_rng(1)
    paths = [smooth([outline + rng.normal(0, 1e-12, outline.shape)]).data for _ in range(8)]
    assert len(set(paths)) == 1
