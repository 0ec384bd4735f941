import numpy as np
import pytest

from peeler.frames import Frame
from peeler.geometry import RGB, Box


def picture(width: int, height: int) -> RGB:
    """Smooth in both directions, so that scaling loses little."""
    x, y = np.meshgrid(np.linspace(20, 220, width), np.linspace(30, 200, height))
    return np.dstack([x, y, (x + y) / 2]).round().astype(np.uint8)


def test_a_canvas_that_fits_is_left_alone() -> None:
    canvas = picture(512, 512)
    frame = Frame.fitting((512, 512), 512, 16)
    assert frame == ((512, 512), (512, 512), (512, 512))
    assert np.array_equal(frame.put(canvas), canvas) and np.array_equal(frame.take_back(canvas), canvas)
    assert frame.put_box(Box(3, 4, 100, 200)) == (3, 4, 100, 200)


@pytest.mark.parametrize(
    "size, inner, outer",
    [
        ((1000, 500), (512, 256), (512, 256)),
        ((500, 1000), (256, 512), (256, 512)),
        ((300, 200), (512, 341), (512, 352)),
        ((100, 100), (512, 512), (512, 512)),
        ((2000, 3), (512, 1), (512, 16)),
    ],
)
def test_the_longer_side_fits_and_both_are_whole_patches(
    size: tuple[int, int], inner: tuple[int, int], outer: tuple[int, int]
) -> None:
    frame = Frame.fitting(size, 512, 16)
    assert (frame.inner, frame.outer) == (inner, outer)
    assert frame.put(picture(*size)).shape == (outer[1], outer[0], 3)


@pytest.mark.parametrize("size", [(1000, 500), (300, 200), (123, 457), (64, 64)])
def test_there_and_back_is_the_same_picture(size: tuple[int, int]) -> None:
    canvas = picture(*size)
    frame = Frame.fitting(size, 512, 16)
    back = frame.take_back(frame.put(canvas))
    assert back.shape == canvas.shape
    assert np.abs(back.astype(int) - canvas).max() <= 4


def test_the_padding_repeats_the_edge() -> None:
    canvas = picture(300, 200)
    framed = Frame.fitting((300, 200), 300, 16).put(canvas)
    assert framed.shape == (208, 304, 3)
    assert np.array_equal(framed[4:204, 2:302], canvas)
    assert np.array_equal(framed[0, 2:302], canvas[0]) and np.array_equal(framed[4:204, -1], canvas[:, -1])


def test_a_mask_and_its_box_go_where_the_pixels_go() -> None:
    frame = Frame.fitting((300, 200), 512, 16)
    mask = np.zeros((200, 300), np.bool_)
    mask[50:90, 30:31] = True
    framed = frame.put_mask(mask)
    x0, y0, x1, y1 = frame.put_box(Box(30, 50, 31, 90))
    around = Box.around(framed)
    assert around == (int(x0), int(y0), -int(-x1 // 1), -int(-y1 // 1))


def test_nothing_of_a_mask_gets_lost_when_pixels_become_fewer() -> None:
    mask = np.zeros((2048, 2048), np.bool_)
    mask[700, 900] = True
    assert Frame.fitting((2048, 2048), 512, 16).put_mask(mask).sum() == 1
