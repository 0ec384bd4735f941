"""Regions of drawn pictures: whose a mixed pixel is, what is a line and what a sliver, and how many there can be."""

import cv2
import numpy as np
import pytest

from peeler.flat.palette import find_palette
from peeler.flat.regions import (
    MOST_REGIONS,
    MOST_TONE_REGIONS,
    SMALLEST_LOSSY,
    SMALLEST_TONE,
    Regions,
    boxes_of,
    find_regions,
)
from peeler.geometry import RGB, Box

WHITE, GREY, BLACK, RED = (255, 255, 255), (128, 128, 128), (0, 0, 0), (200, 40, 30)


def regions_of(picture: RGB) -> Regions:
    return find_regions(picture, find_palette(picture))


def ink_map(picture: RGB) -> RGB:
    """``picture`` with each pixel in the ink of its region."""
    palette = find_palette(picture)
    regions = find_regions(picture, palette)
    return palette.inks[[region.ink for region in regions.all]][regions.labels]


def sheet(height: int, width: int) -> RGB:
    return np.full((height, width, 3), 255, np.uint8)


def disc(size: int, how: int = cv2.LINE_AA) -> RGB:
    picture = sheet(size, size)
    cv2.circle(picture, (size // 2, size // 2), size // 4, RED, cv2.FILLED, how)
    return picture


def noise(height: int, width: int) -> RGB:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def check_consistent(regions: Regions) -> None:
    assert np.unique(regions.labels).tolist() == [region.label for region in regions.all]
    for region in regions.all:
        mask = regions.mask(region.label)
        assert region.area == mask.sum()
        assert region.box == Box.around(mask)
        assert cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] == 2


def test_a_mixed_pixel_goes_to_the_nearer_ink() -> None:
    picture = sheet(60, 60)
    picture[:, 30:] = 0
    picture[:, 29] = 200
    picture[:, 30] = 60
    assert (ink_map(picture)[:, :30] == 255).all()
    assert (ink_map(picture)[:, 30:] == 0).all()


def test_a_soft_disc_is_the_hard_disc() -> None:
    soft, hard = ink_map(disc(256)), disc(256, cv2.LINE_8)
    differ = (soft != hard).any(axis=2)
    ring = np.abs(np.hypot(*(np.indices((256, 256)) - 128)) - 64)
    assert ring[differ].max(initial=0) < 1.5
    assert len(regions_of(disc(256)).all) == 2


def test_a_grey_of_the_palette_makes_no_sliver_between_black_and_white() -> None:
    picture = sheet(60, 60)
    picture[10:50, 10:30] = BLACK
    picture[10:50, 30] = GREY
    picture[52:, :] = GREY
    regions = regions_of(picture)
    assert len(regions.all) == 3
    assert not (ink_map(picture)[10:50, 28:33] == 128).any()


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_thin_line_of_an_ink_stays(width: int) -> None:
    picture = sheet(60, 60)
    picture[4:20, 4:20] = RED
    picture[30 : 30 + width, 5:55] = RED
    assert len(regions_of(picture).all) == 3
    assert np.array_equal(ink_map(picture), picture)


def test_specks_belong_to_what_is_around_them() -> None:
    picture = sheet(60, 60)
    picture[10:30, 10:30] = RED
    picture[40:42, 40:42] = RED
    picture[15:17, 15:17] = WHITE
    assert len(regions_of(picture).all) == 2


def test_nearly_white_lies_on_white() -> None:
    picture = sheet(64, 64)
    picture[16:48, 16:48] = 245
    assert [region.area for region in regions_of(picture).all] == [64 * 64 - 32 * 32, 32 * 32]


@pytest.mark.parametrize("how", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_an_enlarged_picture_has_the_same_regions(how: int) -> None:
    picture = cv2.resize(disc(256), (2048, 2048), interpolation=how)
    regions = regions_of(picture)
    assert len(regions.all) == 2
    assert regions.all[1].area == pytest.approx(np.pi * 512**2, rel=0.03)


def test_numbers_boxes_and_areas_agree() -> None:
    picture = disc(96)
    picture[5:15, 5:60] = BLACK
    check_consistent(regions_of(picture))
    check_consistent(regions_of(cv2.GaussianBlur(noise(96, 96), (0, 0), 3)))


@pytest.mark.parametrize("rows", [40, 70])
def test_flat_art_of_thousands_of_tiles_is_bounded(rows: int) -> None:
    tiles = np.random.default_rng(1).permuted(np.tile(np.arange(10, dtype=np.uint8) * 25, (rows, rows // 10)), axis=1)
    picture = np.repeat(np.kron(tiles, np.ones((7, 7), np.uint8))[..., None], 3, axis=2)
    assert find_palette(picture).flat
    regions = regions_of(picture)
    assert 0.6 * min(rows**2, MOST_REGIONS) <= len(regions.all) <= MOST_REGIONS
    check_consistent(regions)


@pytest.mark.parametrize("blur", [0, 1, 4])
def test_what_is_not_flat_is_coarse(blur: int) -> None:
    picture = cv2.GaussianBlur(noise(200, 300), (0, 0), blur) if blur else noise(200, 300)
    regions = regions_of(picture)
    assert not find_palette(picture).flat
    assert len(regions.all) <= MOST_TONE_REGIONS
    assert min(region.area for region in regions.all) >= SMALLEST_TONE * 200 * 300 - 1


def test_the_main_area_of_a_photograph_like_picture_is_found() -> None:
    grain = np.random.default_rng(0).normal(0, 18, (240, 240, 1))
    picture = np.full((240, 240, 3), (90, 120, 170), np.float64)
    picture[120:] = (60, 110, 40)
    regions = regions_of((picture + grain).clip(0, 255).astype(np.uint8))
    top, bottom = regions.labels[:110], regions.labels[130:]
    assert not set(np.unique(top)) & set(np.unique(bottom))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 2), (3, 3)])
def test_the_smallest_pictures_are_read(shape: tuple[int, int]) -> None:
    check_consistent(regions_of(noise(*shape)))
    assert len(regions_of(np.full((*shape, 3), 9, np.uint8)).all) == 1


@pytest.mark.parametrize("picture", [disc(200), noise(100, 100)], ids=["flat", "noise"])
def test_the_same_picture_has_the_same_regions(picture: RGB) -> None:
    one, two = regions_of(picture), regions_of(picture.copy())
    assert np.array_equal(one.labels, two.labels)
    assert [vars(region) for region in one.all] == [vars(region) for region in two.all]


def test_specks_of_a_lossy_picture_belong_to_their_surroundings() -> None:
    picture = np.full((300, 400, 3), 255, np.uint8)
    cv2.circle(picture, (150, 150), 90, RED, -1, cv2.LINE_AA)
    cv2.circle(picture, (300, 120), 30, (250, 220, 60), -1, cv2.LINE_AA)
    _, file = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 40])
    lossy = np.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1])
    assert min(region.area for region in regions_of(lossy).all) >= SMALLEST_LOSSY


def test_boxes_of_labels() -> None:
    labels = np.random.default_rng(3).integers(0, 9, (7, 11)).astype(np.int32)
    labels[labels == 3] = 4
    assert boxes_of(labels, 10) == [Box.around(labels == label) for label in range(10)]
