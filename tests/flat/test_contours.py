import numpy as np
import pytest

from peeler.flat.contours import Corner, along, concave_corners, covered_arcs, outlines
from peeler.geometry import Pixels
from tests.flat.figures import SIZE, bar, disc

NOTHING = np.zeros((SIZE, SIZE), np.bool_)
PLUS = bar(40, 10, 56, 86) | bar(10, 40, 86, 56)


def test_outlines_lie_on_the_mask() -> None:
    ring = disc(48, 48, 30) & ~disc(48, 48, 15)
    found = list(outlines(ring))
    assert sorted(is_hole for _, is_hole in found) == [False, True]
    for points, is_hole in found:
        assert ring[points[:, 1], points[:, 0]].all()
        radius = np.hypot(*(points + 0.5 - 48).T)
        assert np.abs(radius - (15 if is_hole else 30)).max() < 1.6


def test_two_shapes_have_two_outlines() -> None:
    assert [is_hole for _, is_hole in outlines(bar(5, 5, 20, 20) | disc(60, 60, 12))] == [False, False]
    assert list(outlines(NOTHING)) == []


def test_what_nothing_covers_has_no_covered_arc() -> None:
    assert covered_arcs(disc(30, 48, 20), NOTHING) == []
    assert covered_arcs(disc(30, 48, 20), disc(80, 48, 12)) == []


def test_the_edge_of_a_cover_is_an_arc() -> None:
    cover = bar(48, 0, 96, 96)
    (arc,) = covered_arcs(disc(48, 48, 30) & ~cover, cover)
    assert arc.ends and not arc.is_hole
    assert np.abs(arc.points[:, 0] - 47).max() <= 1 and len(arc.points) == pytest.approx(60, abs=5)
    assert {round(float(end.point[1])) // 48 for end in arc.ends} == {0, 1}
    for end in arc.ends:
        assert end.direction is not None
        # The outline goes on into the cover; the rim leaves level there, within what a bent stretch can tell.
        assert np.hypot(*end.direction) == pytest.approx(1)
        assert end.direction[0] > 0.9


def test_a_framed_shape_is_covered_all_around() -> None:
    frame = disc(48, 48, 30) & ~disc(48, 48, 24)
    (arc,) = covered_arcs(disc(48, 48, 24), frame)
    assert arc.ends is None and not arc.is_hole


def test_a_hole_that_is_a_cover_is_told_from_one_with_a_view() -> None:
    ground, spot = disc(48, 48, 35), disc(48, 48, 12)
    (arc,) = covered_arcs(ground & ~spot, spot)
    assert arc.ends is None and arc.is_hole
    assert covered_arcs(ground & ~spot, NOTHING) == []
    assert covered_arcs(ground & ~spot, disc(48, 48, 6)) == []


def test_a_short_touch_is_a_rough_edge() -> None:
    assert covered_arcs(bar(10, 10, 50, 50), bar(50, 30, 53, 31)) == []


@pytest.mark.parametrize(
    "mask, count",
    [
        (PLUS, 4),
        (PLUS.T, 4),
        (bar(10, 10, 80, 80), 0),
        (disc(48, 48, 35), 0),
        (bar(10, 10, 80, 40) | bar(10, 10, 40, 80), 1),
        (bar(10, 10, 80, 80) & ~bar(30, 30, 60, 60), 4),
        (disc(34, 48, 22) | disc(62, 48, 22), 2),
        (bar(10, 10, 14, 14), 0),
        (NOTHING, 0),
    ],
    ids=["plus", "plus turned", "box", "disc", "L", "box with a hole", "two discs", "dot", "nothing"],
)
def test_corners_that_turn_inwards(mask: Pixels, count: int) -> None:
    assert len(concave_corners(mask)) == count


def test_a_corner_tells_where_and_how_it_turns() -> None:
    corners = concave_corners(PLUS)
    assert {(int(x) // 48, int(y) // 48) for x, y in (corner.point for corner in corners)} == {
        (0, 0), (0, 1), (1, 0), (1, 1),
    }  # fmt: skip
    for corner in corners:
        assert np.abs(np.abs(corner.point + 0.5 - 48) - 8).max() <= 2
        assert abs(corner.arriving @ corner.leaving) < 0.2


def test_the_way_between_two_corners() -> None:
    first, *others = concave_corners(PLUS)
    ways = sorted(first.way_to(other) for other in others)
    # 30 pixels out, 16 across and 30 back to each neighbour, twice that to the opposite one.
    assert ways == pytest.approx([76, 76, 152], abs=8)
    assert all(first.way_to(other) == other.way_to(first) for other in others)
    stranger = Corner(first.point, first.vertex, first.arriving, first.leaving, 7, 0, 10)
    assert first.way_to(stranger) == float("inf")


def test_the_pixels_along_a_line() -> None:
    rows, columns = along(np.array([3, 4]), np.array([10, 4]))
    assert set(rows.tolist()) == {4} and sorted(set(columns.tolist())) == list(range(3, 11))
    rows, columns = along(np.array([0, 0]), np.array([5, 5]))
    assert (rows == columns).all() and set(rows.tolist()) == set(range(6))
