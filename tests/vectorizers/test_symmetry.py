import re
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.vectorizers.test_curves import (
    X,
    Y,
    corners_of,
    cover,
    disc,
    psnr,
    rendered,
    rounded_box,
    segments,
    vectorize,
)

AXIS = 79.7
SHAPES = {
    "heart": np.minimum(
        np.maximum(
            np.maximum(disc(AXIS - 22, 60, 27), disc(AXIS + 22, 60, 27)), 46 - np.abs(X - AXIS) - np.abs(Y - 78)
        ),
        150 - Y,
    ),
    "arch": np.maximum(
        np.minimum(disc(AXIS, 70, 40), 70 - Y), np.minimum(40 - np.abs(X - AXIS), np.minimum(Y - 70, 120 - Y))
    ),
    "vase": np.minimum(np.minimum(Y - 25, 130.4 - Y), 30 + 12 * np.sin((Y - 25) / 18) - np.abs(X - AXIS)),
    "arrow": np.minimum(np.minimum(Y - 20.3, 110 - Y), (Y - 20) * 0.5 - np.abs(X - AXIS)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_both_halves_have_the_same_corners(name: str) -> None:
    alpha = cover(SHAPES[name])
    (drawn,) = vectorize(alpha)
    points = corners_of(ElementTree.fromstring(drawn).attrib["d"])
    across = [round(x - AXIS, 1) for x, _ in points]
    for x, y in points:
        assert min(abs(2 * AXIS - x - other) + abs(y - down) for other, down in points) < 0.35, (x, y, across)
    assert psnr(rendered([drawn])[..., 3], alpha) >= 38


@pytest.mark.parametrize("name", SHAPES)
def test_top_and_bottom_are_as_left_and_right(name: str) -> None:
    alpha = np.ascontiguousarray(cover(SHAPES[name]).T)
    (drawn,) = vectorize(alpha)
    points = corners_of(ElementTree.fromstring(drawn).attrib["d"])
    for x, y in points:
        assert min(abs(2 * AXIS - y - other) + abs(x - across) for across, other in points) < 0.35, (x, y)
    assert psnr(rendered([drawn])[..., 3], alpha) >= 38


def test_numbers_of_the_halves_are_the_same() -> None:
    (drawn,) = vectorize(cover(SHAPES["vase"]))
    curves = [numbers for letter, numbers in segments(ElementTree.fromstring(drawn).attrib["d"]) if letter == "c"]
    assert len(curves) % 2 == 0 and curves
    ends = sorted(tuple(sorted((abs(curve[4]), abs(curve[5])))) for curve in curves)
    for one, other in zip(ends[::2], ends[1::2], strict=True):
        assert one == pytest.approx(other, abs=0.021)


def test_what_is_not_the_same_on_both_sides_is_not_made_so() -> None:
    bitten = np.minimum(SHAPES["vase"], np.hypot(X - AXIS - 38, Y - 60) - 9)
    (drawn,) = vectorize(cover(bitten))
    assert psnr(rendered([drawn])[..., 3], cover(bitten)) >= 38
    assert not re.search("nan|inf", drawn)


def test_a_shape_with_a_level_top_has_no_node_on_its_axis() -> None:
    house = np.minimum(rounded_box(40, 40, 119.4, 120, 0.0), 200 - Y)
    notched = np.maximum(house, np.minimum(30 - np.abs(X - AXIS), np.minimum(Y - 119, 135 - Y)))
    (drawn,) = vectorize(cover(notched))
    assert all(abs(x - AXIS) > 1 for x, _ in corners_of(ElementTree.fromstring(drawn).attrib["d"]))
