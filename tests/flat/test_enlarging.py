"""How many times larger than drawn a picture is, and the drawing that it was made of."""

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling

from peeler.flat.enlarging import scale_of
from peeler.flat.undoing import middles
from peeler.geometry import RGB
from tests.flat.figures import circle, drawn, rect

BY_PILLOW = (Resampling.BILINEAR, Resampling.BICUBIC, Resampling.LANCZOS)
BY_OPENCV = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
SOFT = [*(("pillow", int(way)) for way in BY_PILLOW), *(("opencv", way) for way in BY_OPENCV)]
CARD = (rect(20.4, 30, 150.7, 120.2, "#1450c8"), circle(120, 110.5, 48, "#c83214"), circle(70, 70, 12.3, "#ffffff"))


def resized(canvas: RGB, size: tuple[int, int], library: str, way: int) -> RGB:
    if library == "pillow":
        return np.asarray(Image.fromarray(canvas).resize(size, Resampling(way)))
    return np.asarray(cv2.resize(canvas, size, interpolation=way), np.uint8)


@pytest.mark.parametrize("times", [2, 3, 4])
@pytest.mark.parametrize(("library", "way"), SOFT)
def test_a_soft_enlargement_is_undone(times: int, library: str, way: int) -> None:
    canvas = drawn(*CARD, size=200)
    scale = scale_of(resized(canvas, (200 * times, 200 * times), library, way))
    assert scale.times == times and not scale.repeated
    found = scale.reduced(resized(canvas, (200 * times, 200 * times), library, way)).astype(int)
    assert np.abs(found - canvas).mean() < 0.2
    assert np.percentile(np.abs(found - canvas), 99.5) <= 8


@pytest.mark.parametrize("side", [200, 230, 300, 350])
def test_what_was_not_enlarged_evenly_is_read_as_it_is(side: int) -> None:
    canvas = drawn(*CARD, size=200)
    assert scale_of(resized(canvas, (side, side), "pillow", Resampling.BICUBIC)).times == 1


def test_what_was_saved_with_loss_is_read_as_it_is() -> None:
    _, file = cv2.imencode(".jpg", drawn(*CARD, size=200), [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert scale_of(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)).times == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (127, 300), (128, 129)])
def test_noise_of_any_size_is_as_it_was_drawn(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert scale_of(noise).times == 1


@pytest.mark.parametrize("times", [2, 3, 4, 5])
def test_the_middle_of_each_square(times: int) -> None:
    large = np.arange(6 * times * 4 * times, dtype=np.float32).reshape(6 * times, 4 * times)
    means = large.reshape(6, times, 4, times).mean(axis=(1, 3))
    assert np.allclose(middles(large, times), means)
