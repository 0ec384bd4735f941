"""The inks of drawn pictures: how many, which, and what is no flat art."""

import cv2
import numpy as np
import pytest

from peeler.flat.palette import (
    CLEAN_NOISE,
    LOSSY_NOISE,
    MOST_TONES,
    find_palette,
    grain,
    mixtures,
    nearest_ink,
    packed,
    solid,
    unpacked,
)
from peeler.geometry import RGB
from tests.flat.figures import as_jpeg

WHITE, PAPER, RED, NAVY = (255, 255, 255), (245, 245, 245), (200, 40, 30), (20, 30, 90)
DARK_RED = (180, 36, 27)


def drawn(size: int = 256) -> RGB:
    """Two discs with soft edges on white."""
    picture = np.full((size, size, 3), 255, np.uint8)
    for centre, radius, ink in ((0.4, 0.22, RED), (0.62, 0.2, NAVY)):
        at = (int(size * centre), int(size * centre))
        cv2.circle(picture, at, int(size * radius), ink, cv2.FILLED, cv2.LINE_AA)
    return picture


def inks_of(picture: RGB) -> set[tuple[int, ...]]:
    return {tuple(ink) for ink in find_palette(picture).inks.tolist()}


def noise(*shape: int) -> RGB:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)


def gradients(size: int = 256) -> RGB:
    ramp = np.broadcast_to(np.linspace(0, 255, size), (size, size))
    return np.stack([ramp, 255 - ramp, ramp.T], axis=-1).astype(np.uint8)


def test_soft_edges_are_no_inks() -> None:
    palette = find_palette(drawn())
    assert palette.flat
    assert palette.tolerance == CLEAN_NOISE
    assert palette.inks.tolist() == [list(WHITE), list(RED), list(NAVY)]


@pytest.mark.parametrize("size", [48, 64, 512])
def test_a_small_icon_is_flat_though_much_of_it_is_edge(size: int) -> None:
    picture = cv2.resize(drawn(512), (size, size), interpolation=cv2.INTER_AREA)
    assert find_palette(picture).flat
    assert inks_of(picture) == {WHITE, RED, NAVY}


def test_paper_and_white_are_two_inks() -> None:
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[16:48, 16:48] = PAPER
    assert inks_of(picture) == {WHITE, PAPER}


@pytest.mark.parametrize("quality", [90, 75, 50])
def test_a_jpeg_of_flat_art_has_its_inks(quality: int) -> None:
    palette = find_palette(as_jpeg(drawn(), quality))
    assert palette.flat
    assert len(palette.inks) == 3
    found = palette.inks[np.argsort(palette.inks[:, 0])].astype(int)
    assert np.abs(found - [NAVY, RED, WHITE]).max() <= 6


@pytest.mark.parametrize("quality", [90, 75, 60])
def test_a_jpeg_keeps_inks_that_are_close(quality: int) -> None:
    picture = drawn()
    picture[150:250, 10:90] = DARK_RED
    cv2.circle(picture, (60, 190), 30, RED, cv2.FILLED, cv2.LINE_AA)
    found = find_palette(as_jpeg(picture, quality)).inks.astype(int)
    assert len(found) == 4
    assert np.abs(found[:, None] - [WHITE, RED, DARK_RED, NAVY]).max(axis=2).min(axis=0).max() <= 6


def test_a_little_loss_makes_no_inks() -> None:
    picture = np.full((512, 512, 3), 255, np.uint8)
    for at in range(40, 480, 60):
        cv2.circle(picture, (at, 256), 28, (220, 235, 245), cv2.FILLED, cv2.LINE_AA)
    _, file = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 80])
    assert len(find_palette(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)).inks) == 2


@pytest.mark.parametrize("quality", [88, 90, 92, 95])
@pytest.mark.parametrize("radius", [10, 20, 40])
def test_loss_is_told_also_where_most_of_the_picture_is_bare(radius: int, quality: int) -> None:
    picture = np.full((512, 512, 3), 255, np.uint8)
    for place, ink in enumerate([(220, 235, 245), RED, NAVY, (240, 180, 60)] * 2):
        cv2.circle(picture, (40 + 60 * place, 256), radius, ink, cv2.FILLED, cv2.LINE_AA)
    palette = find_palette(as_jpeg(picture, quality))
    assert palette.tolerance == LOSSY_NOISE and len(palette.inks) == 5


@pytest.mark.parametrize("how", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_the_steps_of_an_enlarged_edge_are_no_inks(how: int) -> None:
    picture = cv2.resize(drawn(256), (1024, 1024), interpolation=how)
    assert grain(picture) == 2
    assert inks_of(cv2.resize(picture, (2048, 2048), interpolation=how)) == {WHITE, RED, NAVY}


def test_dither_is_flat_only_to_the_wide_tolerance() -> None:
    picture = drawn()
    picture[::2, ::2] ^= 8
    assert find_palette(picture).tolerance == LOSSY_NOISE
    assert len(find_palette(picture).inks) == 3


@pytest.mark.parametrize(
    "picture",
    [noise(256, 256), gradients(), np.repeat(noise(256, 256)[..., :1] // 128 * 255, 3, axis=2)],
    ids=["noise", "gradients", "black and white noise"],
)
def test_noise_and_gradients_are_not_flat(picture: RGB) -> None:
    palette = find_palette(picture)
    assert not palette.flat
    assert 1 <= len(palette.inks) <= MOST_TONES


def test_a_grey_gradient_is_not_flat() -> None:
    assert not find_palette(np.repeat(gradients()[..., :1], 3, axis=2)).flat


def test_a_poster_with_a_photograph_in_it_is_not_flat() -> None:
    picture = drawn()
    picture[:, :100] = cv2.GaussianBlur(noise(256, 100), (0, 0), 2)
    assert not find_palette(picture).flat


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (2, 2), (3, 200), (64, 64)])
def test_one_colour_is_one_ink_at_any_size(shape: tuple[int, int]) -> None:
    palette = find_palette(np.full((*shape, 3), 77, np.uint8))
    assert palette.flat
    assert palette.inks.tolist() == [[77, 77, 77]]


def test_the_same_picture_has_the_same_tones() -> None:
    first = find_palette(gradients())
    cv2.setRNGSeed(99)
    assert np.array_equal(first.inks, find_palette(gradients()).inks)


def test_solid_leaves_out_edges() -> None:
    picture = np.zeros((7, 7, 3), np.uint8)
    picture[:, 4:] = 200
    assert solid(picture, 2).all(axis=0).tolist() == [True, True, True, False, False, True, True]


def test_colours_pack_and_unpack() -> None:
    colours = noise(5, 7)
    assert packed(np.array([[[1, 2, 3]]], np.uint8)).item() == 0x010203
    assert np.array_equal(unpacked(packed(colours)), colours)


def test_nearest_ink_tells_what_is_too_far() -> None:
    inks = np.array([[0, 0, 0], [10, 10, 10]], np.uint8)
    row = np.array([[[1, 0, 0], [8, 9, 10], [10, 10, 13], [5, 5, 5]]], np.uint8)
    assert nearest_ink(row, inks, 2).tolist() == [[0, 1, -1, -1]]
    assert nearest_ink(row, inks, 5).tolist() == [[0, 1, 1, 0]]


def test_a_mixture_lies_between_its_inks() -> None:
    picture = np.zeros((9, 9, 3), np.uint8)
    picture[:, 5:] = 250
    picture[:, 4] = 125
    picture[4, 4] = (125, 0, 125)
    inks = np.array([[0, 0, 0], [250, 250, 250]], np.uint8)
    points = np.array([[1, 4], [4, 4], [8, 4]])
    labels = nearest_ink(picture, inks, 2)
    assert mixtures(picture, labels, labels >= 0, inks, points).tolist() == [True, False, True]
