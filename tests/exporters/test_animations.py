"""The peeling as WebP and GIF: the pictures in it, their times, and colours without bands."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from peeler.exporters.gif import GifExporter, reduced
from peeler.exporters.peeling import EACH, FIRST, LAST, MOST_FRAMES, frames, on_white, smaller
from peeler.exporters.webp import WebpExporter
from peeler.geometry import RGBA, Box
from peeler.stack import LayerStack
from tests.awkward_stacks import STACKS, background, element, noise

SIZE = (60, 40)
STACK = LayerStack(
    SIZE, (background(SIZE), *(element(n, Box(4 * n, 3 * n, 4 * n + 20, 3 * n + 15)) for n in (1, 2, 3)))
)


def played(path: Path) -> list[tuple[RGBA, int]]:
    with Image.open(path) as image:
        return [(np.asarray(frame.convert("RGBA")), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]


def test_layers_go_from_the_top_to_the_background(tmp_path: Path) -> None:
    WebpExporter().export(STACK, tmp_path / "a.webp")
    shown = played(tmp_path / "a.webp")
    assert [time for _, time in shown] == [FIRST, EACH, EACH, LAST]
    for number, (pixels, _) in enumerate(shown):
        left = STACK.layers[: len(STACK.layers) - number]
        assert np.array_equal(pixels, LayerStack(SIZE, left).composite())


def test_flat_art_has_its_own_colours_in_a_gif(tmp_path: Path) -> None:
    GifExporter().export(STACK, tmp_path / "a.gif")
    shown = played(tmp_path / "a.gif")
    assert [time for _, time in shown] == [FIRST, EACH, EACH, LAST]
    assert np.array_equal(shown[0][0], STACK.composite())


def test_inks_stay_exact_where_there_are_too_many_colours() -> None:
    """A hundred soft edges have thousands of mixed colours; those that cover areas must not move."""
    picture = np.full((200, 200, 3), (240, 230, 200), dtype=np.uint8)
    picture[50:150, 50:150] = 12, 34, 56
    picture[:20, :, 0] = np.arange(4000).reshape(20, 200) % 256
    picture[:20, :, 1] = np.arange(4000).reshape(20, 200) // 16 % 256
    (image,) = reduced([picture])
    seen = np.asarray(image.convert("RGB")).astype(int)
    assert np.array_equal(seen[20:], picture[20:])
    assert np.abs(seen - picture).max() <= 40


def test_photographs_are_dithered() -> None:
    slope = (
        np.indices((256, 256)).sum(axis=0)[..., None] * np.array([0.5, 0.3, 0.1])
        + noise(Box(0, 0, 256, 256))[..., :3] / 8
    )
    picture = slope.clip(0, 255).astype(np.uint8)
    (image,) = reduced([picture])
    assert len(image.getcolors() or []) > 200
    means = [
        np.asarray(image.convert("RGB"))[y : y + 32, :32].mean() - picture[y : y + 32, :32].mean()
        for y in range(0, 256, 32)
    ]
    assert np.abs(means).max() < 3


@pytest.mark.parametrize("case", STACKS)
def test_every_stack_plays(case: str, tmp_path: Path) -> None:
    for name, exporter in (("webp", WebpExporter()), ("gif", GifExporter())):
        exporter.export(STACKS[case], tmp_path / name)
        first, _ = played(tmp_path / name)[0]
        whole = STACKS[case].composite()
        if name == "webp" or len(np.unique(on_white(whole).reshape(-1, 3), axis=0)) <= 256:
            assert np.array_equal(on_white(first), on_white(whole))


def test_many_layers_make_no_more_pictures_than_one_looks_at() -> None:
    size = (20, 20)
    many = LayerStack(
        size, (background(size), *(element(n, Box(n % 15, n % 9, n % 15 + 3, n % 9 + 3)) for n in range(150)))
    )
    shown = list(frames(many))
    assert len(shown) == MOST_FRAMES
    assert np.array_equal(shown[-1].pixels, many.layers[0].pixels)
    assert sum(frame.milliseconds for frame in shown) < 20_000


def test_large_pictures_are_made_smaller() -> None:
    large = np.full((1000, 3000, 4), (10, 20, 30, 0), dtype=np.uint8)
    large[:, 1500:] = 200, 100, 50, 255
    small = smaller(large)
    assert small.shape == (341, 1024, 4)
    assert (small[:, 600:] == (200, 100, 50, 255)).all() and not small[:, :400, 3].any()
