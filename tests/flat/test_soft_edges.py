import numpy as np
import pytest
from numpy.typing import NDArray

from peeler.flat.soft_edges import Course, Side, fit_courses, share, share_of_both

FINE = 200
GRID = (np.mgrid[:FINE, :FINE] + 0.5) / FINE - 0.5
"""Points of a pixel, y before x."""


def side(degrees: float, deep: float) -> Side:
    angle = np.radians(degrees)
    return Side(*(np.array([value]) for value in (np.cos(angle), np.sin(angle), deep)))


def points_on(line: Side) -> NDArray[np.bool_]:
    """Which points of the pixel lie on a side."""
    return np.asarray(GRID[1] * line.x + GRID[0] * line.y + line.deep > 0)


@pytest.mark.parametrize("degrees", [0, 7, 45, 90, 133, 180, 256, 341])
@pytest.mark.parametrize("deep", [-0.9, -0.45, -0.1, 0, 0.3, 0.62, 2])
def test_a_side_covers_its_area(degrees: float, deep: float) -> None:
    line = side(degrees, deep)
    assert share(line)[0] == pytest.approx(points_on(line).mean(), abs=0.005)
    assert share(line.other)[0] == pytest.approx(1 - share(line)[0])


@pytest.mark.parametrize("first", [(20, 0.2), (0, 0.5), (90, -0.1), (45, 0.0), (300, 0.7)])
@pytest.mark.parametrize("second", [(80, 0.1), (20, 0.2), (200, -0.2), (200, 0.1), (270, 0.3), (135, -0.6)])
def test_two_sides_cover_what_they_share(first: tuple[float, float], second: tuple[float, float]) -> None:
    one, other = side(*first), side(*second)
    true = (points_on(one) & points_on(other)).mean()
    assert share_of_both(one, other)[0] == pytest.approx(true, abs=0.006)
    assert share_of_both(other, one)[0] == pytest.approx(true, abs=0.006)


@pytest.mark.parametrize("degrees", [0, 31, 90, 148, 225, 302])
@pytest.mark.parametrize("bend", [0.0, 0.04])
def test_the_course_of_an_edge_is_found_to_a_hundredth_of_a_pixel(degrees: float, bend: float) -> None:
    offsets = np.mgrid[-6:7, -6:7].reshape(2, -1).T[None].astype(np.float64)
    true = Course(np.radians([[degrees]]), np.array([[[0.6, 0.05, bend]]]))
    shares = share(true.left(offsets))
    known = np.hypot(*offsets[0].T)[None, None] > 1.5
    known &= (offsets @ [np.cos(true.angle[0, 0]), np.sin(true.angle[0, 0])])[:, None] > 0
    found, certain = fit_courses(true.angle + np.radians(5), offsets, shares, known)
    assert certain.shape == (1, 1, 3, 3)
    core = np.abs(share(found.left(offsets)) - shares)[known]
    assert core.max() < 0.03 and core.mean() < 0.003
