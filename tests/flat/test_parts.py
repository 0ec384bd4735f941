import numpy as np
import pytest

from peeler.flat.parts import split
from peeler.geometry import Pixels
from tests.flat.figures import SIZE, bar, disc, iou

CUP = bar(16, 24, 60, 80)
HANDLE = disc(60, 52, 20) & ~disc(60, 52, 12) & bar(60, 0, 96, 96)
NOTHING = np.zeros((SIZE, SIZE), np.bool_)


def whole(mask: Pixels) -> list[Pixels]:
    return split(mask, mask, mask)


def assert_parts_of(mask: Pixels, parts: list[Pixels]) -> None:
    assert (np.sum(parts, axis=0) == mask).all(), "every pixel belongs to one part"


def test_a_handle_is_cut_from_its_cup() -> None:
    parts = whole(CUP | HANDLE)
    assert_parts_of(CUP | HANDLE, parts)
    assert len(parts) == 2
    large, small = sorted(parts, key=lambda part: -int(part.sum()))
    assert iou(large, CUP) > 0.97 and iou(small, HANDLE) > 0.85


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


def test_crossing_bars_fall_into_parts_that_do_not_overlap() -> None:
    cross = bar(40, 8, 56, 88) | bar(8, 40, 88, 56)
    assert_parts_of(cross, whole(cross))
