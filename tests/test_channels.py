"""Colours over their channels: the same figures as numpy gives along the last axis."""

import numpy as np
import pytest

from peeler.channels import apart, dot, picked, strongest

RANDOM = np.random.default_rng(5)
SHAPES = [((6, 7, 3), (6, 7, 3)), ((6, 7, 3), (3,)), ((5, 1, 3), (4, 3)), ((9, 3), (3,)), ((3,), (3,)), ((0, 3), (3,))]


@pytest.mark.parametrize(("one", "other"), SHAPES)
def test_they_are_reductions_of_the_last_axis(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    first = RANDOM.integers(0, 256, one).astype(np.int16)
    second = RANDOM.integers(0, 256, other).astype(np.uint8)
    assert np.array_equal(apart(first, second), np.abs(first - second).max(axis=-1, initial=0))
    assert np.array_equal(strongest(first), first.max(axis=-1, initial=0))
    floats, others = first.astype(np.float32), second.astype(np.float32)
    assert dot(floats, others) == pytest.approx((floats * others).sum(axis=-1))


def test_an_ink_may_be_a_plain_tuple() -> None:
    assert apart((255, 0, 10), np.array([250, 9, 10])) == 9


def test_picked_are_the_colours_of_a_mask_row_by_row() -> None:
    picture = RANDOM.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    where = RANDOM.random((4, 5)) < 0.5
    window = picture[1:5, 2:7]
    assert np.array_equal(picked(window, where), window[where])
