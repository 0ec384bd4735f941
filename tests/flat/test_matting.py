import numpy as np
import pytest
from numpy.typing import NDArray

from peeler.flat.matting import REACH, SAME_INK, Ink, coverage, grown, unmix
from peeler.geometry import RGB, Box, Pixels
from peeler.stack import Layer, LayerStack, opaque_layer
from tests.flat.figures import bar, disc

SIZE, FINE = 64, 8


def soft_shape(random: np.random.Generator) -> NDArray[np.float64]:
    """The coverage of a disc with a straight cut, anywhere and of any size."""
    rows, columns = (np.mgrid[: SIZE * FINE, : SIZE * FINE] + 0.5) / FINE
    x, y, radius, angle = random.uniform([16, 16, 6, 0], [48, 48, 24, 2 * np.pi])
    inside = np.hypot(columns - x, rows - y) < radius
    inside &= (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle) < radius / 2
    mean: NDArray[np.float64] = inside.reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3))
    return mean


def patchwork(random: np.random.Generator) -> RGB:
    """Tiles of random colours."""
    tiles = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.kron(tiles, np.ones((SIZE // 4, SIZE // 4, 1), np.uint8))


def painted(ground: RGB, ink: Ink, alpha: NDArray[np.float64]) -> RGB:
    return np.rint(ground + (np.array(ink) - ground.astype(np.float64)) * alpha[..., None]).astype(np.uint8)


def missed(layer: NDArray[np.uint8], ground: RGB, picture: RGB) -> int:
    whole = Box(0, 0, ground.shape[1], ground.shape[0])
    stack = LayerStack(whole[2:], (opaque_layer("b", "b", ground, "background"), Layer("e", "e", whole, layer)))
    return int(stack.difference(picture).max())


@pytest.mark.parametrize("seed", range(12))
def test_a_soft_shape_is_lifted_exactly_and_in_its_ink(seed: int) -> None:
    random = np.random.default_rng(seed)
    alpha, ground = soft_shape(random), patchwork(random)
    ink: Ink = tuple(random.integers(0, 256, 3).tolist())
    picture = painted(ground, ink, alpha)
    layer = unmix(picture, ground, alpha >= 0.5, ink)
    assert missed(layer, ground, picture) <= 1
    shown = layer[..., 3] > 0
    assert (layer[alpha == 1] == (*ink, 255)).all()
    fringe = np.abs(layer[..., :3].astype(int) - ink).max(axis=2)
    assert not fringe[shown & (layer[..., 3] < 255)].any(), "the ground shines through the edge"
    assert fringe[layer[..., 3] == 255].max() <= SAME_INK
    assert not shown[alpha == 0].any()
    # The edge is as soft as it was drawn, wherever ink and ground differ enough to tell.
    span = np.abs(ground.astype(int) - ink).max(axis=2)
    assert (np.abs(layer[..., 3] / 255 - alpha) * span).max() <= SAME_INK + 0.5


@pytest.mark.parametrize("seed", range(4))
def test_what_no_single_ink_explains_is_kept_exactly(seed: int) -> None:
    random = np.random.default_rng(seed)
    mask, ground = disc(32, 32, 20, SIZE), patchwork(random)
    picture = ground.copy()
    picture[mask] = random.integers(0, 256, (int(mask.sum()), 3))
    for ink in (None, (200, 30, 30)):
        layer = unmix(picture, ground, mask, ink)
        assert missed(layer, ground, picture) <= 1
        assert not layer[~grown(mask, REACH)].any()


def test_without_an_ink_the_layer_has_the_colours_of_the_picture() -> None:
    random = np.random.default_rng(5)
    mask, ground = bar(20, 20, 40, 40, SIZE), patchwork(random)
    picture = ground.copy()
    picture[mask] = random.integers(0, 256, (400, 3))
    layer = unmix(picture, ground, mask)
    assert (layer[mask][:, :3] == picture[mask]).all() and (layer[mask][:, 3] == 255).all()
    assert not layer[~mask].any()


def test_an_ink_of_the_colour_of_its_ground_is_solid() -> None:
    flat = np.full((SIZE, SIZE, 3), 77, np.uint8)
    layer = unmix(flat, flat, disc(32, 32, 10, SIZE), (77, 77, 77))
    assert (layer[..., 3] == disc(32, 32, 10, SIZE) * 255).all()


def test_noise_inside_a_shape_is_no_hole() -> None:
    ground, ink, shape = np.full((40, 40, 3), 230, np.uint8), (90, 40, 20), bar(6, 6, 34, 34, 40)
    picture = ground.copy()
    noise = np.random.default_rng(0).integers(-16, 17, (40, 40, 3))
    picture[shape] = (np.array(ink) + noise)[shape]
    layer = unmix(picture, ground, shape, ink)
    inside = bar(6 + REACH, 6 + REACH, 34 - REACH, 34 - REACH, 40)
    assert (layer[inside][:, 3] >= 240).all()
    assert missed(layer, ground, picture) <= 1


def test_what_changes_beyond_reach_is_none_of_the_layer() -> None:
    ground = np.full((SIZE, SIZE, 3), 200, np.uint8)
    mask = bar(10, 10, 20, 20, SIZE)
    picture = ground.copy()
    picture[mask] = picture[40:50, 40:50] = (10, 20, 30)
    assert Box.around(unmix(picture, ground, mask, (10, 20, 30))[..., 3] > 0) == (10, 10, 20, 20)


def test_coverage_is_the_share_of_the_ink() -> None:
    ground, ink = np.array([[[0, 100, 200]]], np.float32), np.array([[[200, 100, 0]]], np.float32)
    for share in (0, 0.25, 0.5, 1):
        assert coverage(ground + (ink - ground) * np.float32(share), ground, ink) == pytest.approx(share)
    assert coverage(ground, ground, ground) == 1
    assert coverage(2 * ground, ground, ink) == 0, "never less than nothing"


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_a_grown_mask_has_a_rim_all_around(radius: int) -> None:
    dot = bar(30, 30, 31, 31)
    rim: Pixels = grown(dot, radius)
    assert Box.around(rim) == (30 - radius, 30 - radius, 31 + radius, 31 + radius)
    assert (rim == rim[:, ::-1][:, list(range(35, 96)) + list(range(35))]).all() and rim[30, 30]
