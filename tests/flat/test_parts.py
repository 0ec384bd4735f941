import cv2
import numpy as np
import pytest

from peeler.flat.contours import Corner
from peeler.flat.cuts import OF_PARTS, possible_cuts
from peeler.flat.parts import split
from peeler.geometry import Pixels
from tests.flat.figures import SIZE, bar, disc, iou

CUP = bar(16, 24, 60, 80)
HANDLE = disc(60, 52, 20) & ~disc(60, 52, 12) & bar(60, 0, 96, 96)
NOTHING = np.zeros((SIZE, SIZE), np.bool_)


def whole(mask: Pixels) -> list[Pixels]:
    return [part for _, part in split(mask, mask, mask)]


def strip(angle: float, width: int = 16, x: int = 100, y: int = 100) -> Pixels:
    """A bar through (x, y) on a canvas of 200 × 200, turned by so many degrees."""
    canvas = np.zeros((200, 200), np.uint8)
    reach = 70 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    (x0, y0), (x1, y1) = np.rint((x, y) - reach).astype(int), np.rint((x, y) + reach).astype(int)
    cv2.line(canvas, (x0, y0), (x1, y1), (1,), width)
    return canvas > 0


def assert_parts_of(mask: Pixels, parts: list[Pixels]) -> None:
    assert (np.sum(parts, axis=0) == mask).all(), "every pixel belongs to one part"


def test_a_handle_is_cut_from_its_cup() -> None:
    parts = whole(CUP | HANDLE)
    assert_parts_of(CUP | HANDLE, parts)
    assert len(parts) == 2
    large, small = sorted(parts, key=lambda part: -int(part.sum()))
    assert iou(large, CUP) > 0.97 and iou(small, HANDLE) > 0.85


def test_two_corners_of_one_vertex_make_no_cut() -> None:
    right = np.array([1.0, 0.0])
    corners = [
        Corner(np.array([x, 40]), np.array([44.0, 40.0]), way, way, 0, place, 100)
        for x, way, place in ((40, right, 0), (48, right, 50))
    ]
    assert not possible_cuts(corners, CUP, CUP, OF_PARTS)


def test_a_lollipop_is_cut_where_its_stick_begins() -> None:
    head, stick = disc(48, 32, 24), bar(44, 55, 52, 92)
    parts = whole(head | stick)
    assert_parts_of(head | stick, parts)
    assert len(parts) <= 2


@pytest.mark.parametrize(
    "mask",
    [
        disc(48, 48, 30),
        bar(10, 10, 80, 60),
        disc(48, 48, 30) & ~disc(48, 48, 15),
        disc(48, 48, 30) & ~bar(48, 0, 96, 96),
        bar(10, 10, 80, 40) | bar(10, 10, 40, 80),
        bar(3, 3, 6, 6),
    ],
    ids=["disc", "box", "ring", "half disc", "L", "dot"],
)
def test_what_is_one_shape_is_not_cut(mask: Pixels) -> None:
    (part,) = whole(mask)
    assert (part == mask).all()


def test_no_cut_is_made_where_nothing_is_seen_or_the_edge_is_a_covers() -> None:
    mask = CUP | HANDLE
    assert len(split(mask, mask & ~bar(54, 0, 66, 96), mask)) == 1
    assert len(split(mask, mask, NOTHING)) == 1


@pytest.mark.parametrize(
    "angles", [(0, 90), (20, 110), (40, -45), (7, 67), (0, 60, -60)], ids=["plus", "turned", "x", "slanted", "asterisk"]
)
def test_bars_that_cross_are_whole(angles: tuple[float, ...]) -> None:
    bars = [strip(angle) for angle in angles]
    cross = np.logical_or.reduce(bars)
    parts = split(cross, cross, cross)
    assert len(parts) == len(bars)
    assert_parts_of(cross, [shown for shown, _ in parts])
    for wanted in bars:
        assert max(iou(part, wanted) for _, part in parts) > 0.97


def test_the_disc_of_a_wheel_is_one_under_its_spokes() -> None:
    spokes = [strip(angle, 12) for angle in (0, 45, 90, 135)]
    hub = disc(100, 100, 45, 200)
    parts = whole(np.logical_or.reduce([hub, *spokes]))
    assert len(parts) == 5
    assert max(iou(part, hub) for part in parts) > 0.95
    assert all(max(iou(part, one) for part in parts) > 0.9 for one in spokes)


def test_the_bars_of_a_grid_are_whole() -> None:
    bars = [strip(0, 12, y=75), strip(0, 12, y=125), strip(90, 12, x=75), strip(90, 12, x=125)]
    parts = whole(np.logical_or.reduce(bars))
    assert len(parts) == 4
    for wanted in bars:
        assert max(iou(part, wanted) for part in parts) > 0.95


def test_a_bar_that_crosses_nothing_is_a_part_like_others() -> None:
    dumbbell = bar(24, 44, 72, 52) | disc(20, 48, 14) | disc(76, 48, 14)
    parts = whole(dumbbell)
    assert_parts_of(dumbbell, parts)
    assert len(parts) == 3


def test_a_pattern_is_one_shape() -> None:
    rows, columns = np.mgrid[:360, :360]
    board = (rows // 20 + columns // 20) % 2 == 0
    assert len(whole(board)) == 1
    assert len(whole(board[:80, :80])) == 8
