from itertools import combinations

import numpy as np
import pytest
from pydantic import ValidationError

from peeler.geometry import Box, Mask, Pixels, meeting


def random_pixels(seed: int, shape: tuple[int, int] = (9, 13)) -> Pixels:
    return np.random.default_rng(seed).random(shape) < 0.4


def test_a_box_knows_its_extent() -> None:
    box = Box(2, 3, 7, 5)
    assert (box.width, box.height, box.area, box.centre) == (5, 2, 10, (4.5, 4.0))
    assert np.zeros((8, 8))[box.slices].shape == (2, 5)


def test_boxes_apart_meet_in_nothing() -> None:
    assert Box(0, 0, 2, 2).intersect(Box(5, 5, 9, 9)).area == 0
    assert Box(0, 0, 2, 2).union(Box(5, 5, 9, 9)) == Box(0, 0, 9, 9)


def test_a_box_grows_only_to_the_edge_of_the_canvas() -> None:
    assert Box(1, 4, 3, 6).expand(5, (20, 8)) == Box(0, 0, 8, 8)


@pytest.mark.parametrize("seed", range(5))
def test_a_mask_gives_back_its_pixels(seed: int) -> None:
    pixels = random_pixels(seed)
    mask = Mask.of(pixels)
    assert np.array_equal(mask.on((13, 9)), pixels)
    assert mask.area == np.count_nonzero(pixels)
    assert Mask.model_validate_json(mask.model_dump_json()) == mask


def test_masks_that_look_alike_are_equal() -> None:
    pixels = random_pixels(1)
    framed = np.pad(pixels, 3)
    assert Mask.of(framed, origin=(-3, -3)) == Mask.of(pixels)


def test_masks_that_were_looked_at_can_still_be_compared() -> None:
    one, same, other = Mask.of(random_pixels(1)), Mask.of(random_pixels(1)), Mask.of(random_pixels(2))
    assert all(mask.pixels.any() for mask in (one, same, other))
    assert one == same and one != other and len({one, same, other}) == 2


def test_a_mask_without_pixels() -> None:
    mask = Mask.of(np.zeros((4, 5), dtype=bool))
    assert (mask.area, mask.box.area) == (0, 0)
    assert not mask.on((5, 4)).any()
    assert mask.iou(mask) == 0


def test_a_mask_is_cut_off_at_the_canvas() -> None:
    mask = Mask.of(np.ones((4, 4), dtype=bool), origin=(6, 6))
    assert np.count_nonzero(mask.on((8, 8))) == 4
    assert not mask.on((3, 3)).any()


def test_overlap_counts_shared_pixels() -> None:
    first, second = random_pixels(3), random_pixels(4)
    one, two = Mask.of(first), Mask.of(second)
    assert one.overlap(two) == two.overlap(one) == np.count_nonzero(first & second)
    assert one.iou(two) == np.count_nonzero(first & second) / np.count_nonzero(first | second)
    assert one.iou(one) == 1


@pytest.mark.parametrize("box, runs", [((0, 0, 2, 2), (1, 2)), ((0, 0, 2, 2), (5, -1)), ((-1, 0, 1, 2), (4,))])
def test_runs_that_do_not_fill_the_box_are_refused(box: tuple[int, ...], runs: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="fill its box"):
        Mask(box=Box(*box), runs=runs)


@pytest.mark.parametrize("size", [(512, 512), (1000, 333), (7, 900)])
def test_a_box_comes_back_from_the_grid(size: tuple[int, int]) -> None:
    random = np.random.default_rng(size[0])
    for _ in range(200):
        (x0, x1), (y0, y1) = (np.sort(random.choice(side + 1, 2, replace=False)).tolist() for side in size)
        box = Box(x0, y0, x1, y1)
        assert Box.from_grid(box.on_grid(size), size) == box


def test_the_grid_has_y_first() -> None:
    assert Box(0, 0, 10, 40).on_grid((100, 40)) == (0, 0, 1000, 100)
    assert Box.from_grid((0, 500, 250, 1000), (100, 40)) == Box(50, 0, 100, 10)


@pytest.mark.parametrize("reach", [0, 1, 5])
def test_boxes_that_meet_are_told_in_order(reach: int) -> None:
    corners = np.random.default_rng(reach).integers(0, 60, (40, 2))
    boxes = [Box(x, y, x + 3 + index % 5, y + 2 + index % 7) for index, (x, y) in enumerate(corners.tolist())]
    grown = [Box(box.x0 - reach, box.y0 - reach, box.x1 + reach, box.y1 + reach) for box in boxes]
    expected = [(one, other) for one, other in combinations(range(40), 2) if grown[one].intersect(grown[other]).area]
    assert list(meeting(boxes, reach)) == expected
    assert list(meeting([])) == list(meeting(boxes[:1])) == []


@pytest.mark.parametrize("window", [Box(0, 0, 9, 9), Box(2, 3, 5, 4), Box(4, 1, 12, 12), Box(7, 7, 9, 9)])
def test_a_mask_is_seen_through_a_window(window: Box) -> None:
    pixels = np.zeros((12, 12), np.bool_)
    pixels[2:6, 3:7] = np.random.default_rng(1).random((4, 4)) < 0.6
    assert np.array_equal(Mask.of(pixels).within(window), pixels[window.slices])
