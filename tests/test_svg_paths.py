"""The grammar of SVG's paths, figures and transforms: what it means to the last bit, and what is none."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from peeler.svg_paths import FARTHEST, MOST_CURVES, Contour, Point, figure, joined, numbers, read_path, read_transform


def ends(contours: Iterable[Contour]) -> list[list[Point]]:
    """Of each contour where it begins and where its pieces end."""
    return [[one.start, *(piece[-1] for piece in one.pieces)] for one in contours]


def along(contour: Contour, steps: int = 50) -> Iterator[Point]:
    """Points on a contour of cubics."""
    here = contour.start
    for one, two, to in contour.pieces:
        for t in np.linspace(0, 1, steps):
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            x, y = (sum(w * p[axis] for w, p in zip(weights, (here, one, two, to), strict=True)) for axis in (0, 1))
            yield x, y
        here = to


def test_contours_are_closed_or_not() -> None:
    found = list(read_path("M1 1L9 9 m1 0 5 5zl3 3M0 0M7 7z"))
    assert [one.closed for one in found] == [False, True, False]
    assert [one.start for one in found] == [(1, 1), (10, 9), (10, 9)]
    assert [figure(kind, {"points": "0 0 9 9 0 9"})[0].closed for kind in ("polygon", "polyline")] == [True, False]
    assert all(one.closed for kind in ("rect", "ellipse") for one in figure(kind, dict.fromkeys(SIDES, "4")))


SIDES = ("width", "height", "rx")


def test_commands_relative_and_absolute() -> None:
    assert ends(read_path("m1 2h3v4l5 6H0V0L7 7")) == [[(1, 2), (4, 2), (4, 6), (9, 12), (0, 12), (0, 0), (7, 7)]]
    assert ends(read_path("M0 0,1 1 2-2.5.5.25")) == [[(0, 0), (1, 1), (2, -2.5), (0.5, 0.25)]]
    (smooth,) = read_path("M0 0C0 1 1 1 1 0s1-1 1 0S9 9 3 3q1 0 1 1t1 1")
    assert [piece[0] for piece in smooth.pieces[1:3]] == [(1, -1), (2, 1)]
    (quadratic,) = read_path("M0 0q3 0 3 3t3 3")
    assert quadratic.pieces == (((2, 0), (3, 1), (3, 3)), ((3, 5), (4, 6), (6, 6)))
    (plain,) = read_path("M0 0L3 3s1 0 3 3")
    assert plain.pieces[1][0] == (3, 3), "after a line there is no handle to mirror"


@pytest.mark.parametrize("large", [0, 1])
@pytest.mark.parametrize("sweep", [0, 1])
@pytest.mark.parametrize("turn", [0, 30, -75])
def test_arcs_are_exact(large: int, sweep: int, turn: float) -> None:
    """Every point lies on an ellipse of these radii, and it is the arc that the flags ask for."""
    rx, ry, to = 300.0, 200.0, (150.0, 90.0)
    (arc,) = read_path(f"M10 20A{rx} {ry} {turn} {large} {sweep} {to[0]} {to[1]}")
    assert arc == next(read_path(f"m10 20a{rx} {ry},{turn} {large}{sweep}{to[0] - 10} {to[1] - 20}"))
    assert arc.pieces[-1][-1] == to
    angle = math.radians(turn)
    flat = np.array(list(along(arc))) @ [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    flat /= rx, ry
    middle = _middle(flat)
    assert np.abs(np.hypot(*(flat - middle).T) - 1).max() < 0.0003
    turned = np.unwrap(np.arctan2(*(flat - middle).T[::-1]))
    assert (turned[-1] > turned[0]) == bool(sweep) and (abs(turned[-1] - turned[0]) > math.pi) == bool(large)


def _middle(points: np.ndarray) -> np.ndarray:
    """Of the circle on which the points lie, by least squares."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0][:2])


def test_arcs_that_are_lines_nothing_or_too_short() -> None:
    assert ends(read_path("M1 1A0 9 0 0 1 5 5A9 9 0 0 1 5 5z")) == [[(1, 1), (5, 5)]]
    (half,) = read_path("M0 0A1 1 0 0 1 200 0")
    assert max(math.dist(point, (100, 0)) for point in along(half)) == pytest.approx(100, abs=0.03)


def test_figures_are_exact() -> None:
    for kind, given in (("circle", {"r": "500"}), ("ellipse", {"rx": "500"}), ("ellipse", {"ry": "500", "rx": "500"})):
        (round_,) = figure(kind, {"cx": "7", "cy": "9px", **given})
        assert np.allclose([math.dist(point, (7, 9)) for point in along(round_)], 500, rtol=0.0003)
    (card,) = figure("rect", {"x": "1", "width": "40", "height": "20", "rx": "30", "ry": "5"})
    assert {piece[-1] for piece in card.pieces} == {(21, 0), (41, 5), (41, 15), (21, 20), (1, 15), (1, 5)}
    assert ends(figure("rect", {"width": "4", "height": "2"})) == [[(0, 0), (4, 0), (4, 2), (0, 2)]]
    for kind, given in (
        ("rect", {"width": "4"}),
        ("circle", {}),
        ("ellipse", {"rx": "-1"}),
        ("polygon", {"points": "1 1"}),
    ):
        assert figure(kind, given) == []


def test_transforms() -> None:
    (moved,) = (one.moved(read_transform("translate(10) , scale(2 3)rotate(90 1 1)")) for one in read_path("M1 1L2 1"))
    assert np.allclose([moved.start, moved.pieces[0][0]], [(12, 3), (12, 6)])
    assert read_transform(" ") == (1, 0, 0, 1, 0, 0)
    assert joined(read_transform("skewX(45)"), read_transform("skewY(0)"))[2] == pytest.approx(1)
    with pytest.raises(ValueError, match="out of bounds"):
        next(read_path("M1 1L2 2")).moved((FARTHEST, 0, 0, 1, 0, 0))


@pytest.mark.parametrize(
    "data",
    ["10 10", "M10", "M10 10L1", "M1 1X2 2", "M1 1A1 1 0 2 0 3 3", "M1 1 L 1 1e", "L1 1", "zM1 1", "M1 1L", "M1 1z2"]
    + ["M1 1LNaN 1", "M1 1L1e999 1", "M1 1L1e7 1", f"M{'1' * 99} 1", "M1 1A1 1 0 1", "M1 1A1 1 0 0"]
    + ["M1 1L1,2,3"],
)
def test_path_data_that_is_none(data: str) -> None:
    with pytest.raises(ValueError):
        list(read_path(data))


def test_path_data_without_end() -> None:
    with pytest.raises(ValueError, match="more than 200000 curves"):
        list(read_path(f"M0 0{'h1' * (MOST_CURVES + 2)}"))


@pytest.mark.parametrize(
    "text", ["scale()", "spin(3)", "scale(1", "scale(a)", "rotate(1 2)", "matrix(1)", "scale(1)" * 17]
)
def test_transforms_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        read_transform(text)


def test_other_words_that_are_none() -> None:
    assert numbers("1,2 -3.e1") == [1, 2, -30] and numbers(" , ") == []
    for wrong in ("1 a", "infinity", "--1", "0x1"):
        with pytest.raises(ValueError):
            numbers(wrong)
    with pytest.raises(ValueError, match="'g' is no figure"):
        figure("g", {})
    with pytest.raises(ValueError, match="polygon with 3 numbers"):
        figure("polygon", {"points": "1 2 3"})
