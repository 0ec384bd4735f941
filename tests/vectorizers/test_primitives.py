"""Shapes with a name, recognised from the points of their outlines."""

import numpy as np
import pytest

from peeler.vectorizers.outlines import Outline
from peeler.vectorizers.primitives import Ellipse, recognised


@pytest.mark.parametrize(("count", "way", "width"), [(9, (3, 2), 1), (10, (1, 1), 3), (15, (3, 2), 8), (26, (3, 1), 2)])
def test_two_parallel_lines_are_no_ellipse(count: int, way: tuple[int, int], width: int) -> None:
    """They are conics too, but have no middle: the equations for it have no solution."""
    side = np.arange(count)[:, None] * np.array([way], np.float64)
    across = width * np.array([[-way[1], way[0]]], np.float64)
    points = np.concatenate([side, (side + across)[::-1]])
    assert recognised(Outline(points, np.zeros(len(points)), None)) is None


@pytest.mark.parametrize(("length", "width"), [(380, 2.0), (120, 1.6), (60, 3.0)])
def test_a_long_bar_is_no_part_of_a_longer_ellipse(length: int, width: float) -> None:
    """Its sides lie within a tenth of a pixel of ellipses that are many times as long."""
    x = np.arange(0, length + 0.5)
    top, bottom = np.column_stack([x, 0 * x]), np.column_stack([x[::-1], 0 * x + width])
    points = np.concatenate([top, bottom]) + (20, 30)
    shape = recognised(Outline(points, np.zeros(len(points)), None))
    assert not isinstance(shape, Ellipse)
    if shape is not None:
        assert shape[:4] == pytest.approx((20, 30, 20 + length, 30 + width), abs=0.3)
