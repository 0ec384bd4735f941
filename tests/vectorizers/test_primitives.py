"""Shapes with a name, recognised from the points of their outlines."""

import numpy as np
import pytest

from peeler.vectorizers.outlines import Outline
from peeler.vectorizers.primitives import recognised


@pytest.mark.parametrize(("count", "way", "width"), [(9, (3, 2), 1), (10, (1, 1), 3), (15, (3, 2), 8), (26, (3, 1), 2)])
def test_two_parallel_lines_are_no_ellipse(count: int, way: tuple[int, int], width: int) -> None:
    """They are conics too, but have no middle: the equations for it have no solution."""
    side = np.arange(count)[:, None] * np.array([way], np.float64)
    across = width * np.array([[-way[1], way[0]]], np.float64)
    points = np.concatenate([side, (side + across)[::-1]])
    assert recognised(Outline(points, np.zeros(len(points)), None)) is None
