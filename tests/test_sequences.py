"""Layers from the frames of a peeling: what changed is kept, however pale it is, and painted back it is the picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peeler.errors import InputError
from peeler.geometry import RGB
from peeler.importers.sequence import MOST_FRAMES, SequenceImporter, frames_folder
from peeler.scenes.render import picture, svg_text
from peeler.scenes.scene import scene
from peeler.sequences import noise_between, stack_of_frames


def plain(colour: tuple[int, int, int] = (255, 255, 255), size: tuple[int, int] = (64, 48)) -> RGB:
    return np.full((size[1], size[0], 3), colour, dtype=np.uint8)


def painted(frame: RGB, colour: tuple[int, int, int], left: int = 10, top: int = 8, side: int = 20) -> RGB:
    made = frame.copy()
    made[top : top + side, left : left + side] = colour
    return made


def save(frames: list[RGB], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"layer_{number}.png")
    return folder


PALE = {
    "one level of blue": ((255, 255, 255), (255, 255, 254)),
    "one level of red": ((9, 9, 9), (10, 9, 9)),
    "blue on darker blue": ((0, 0, 128), (0, 0, 255)),
    "yellow on white": ((255, 255, 255), (255, 255, 128)),
    "pale on white": ((255, 255, 255), (230, 242, 255)),
    "near white": ((255, 255, 255), (250, 250, 250)),
}


@pytest.mark.parametrize(("ground", "ink"), PALE.values(), ids=PALE)
@pytest.mark.parametrize("side", [5, 40])
def test_the_palest_change_is_a_layer(ground: tuple[int, int, int], ink: tuple[int, int, int], side: int) -> None:
    below = plain(ground)
    stack, notes = stack_of_frames([painted(below, ink, side=side), below])
    (layer,) = stack.elements
    assert layer.ink == "#" + bytes(ink).hex() and not notes
    assert (layer.box.width, layer.box.height) == (side, side) and layer.pixels[..., 3].min() == 255
    assert layer.box[:2] == (10, 8)


def test_the_last_frame_is_the_background_whatever_it_shows() -> None:
    last = painted(plain(), (20, 90, 200))
    stack, _ = stack_of_frames([painted(last, (250, 0, 0), 40), last])
    assert np.array_equal(stack.layers[0].pixels[..., :3], last)
    assert stack.layers[0].role == "background" and len(stack.elements) == 1


def test_a_single_frame_is_a_background_and_nothing_else() -> None:
    stack, _ = stack_of_frames([plain()])
    assert [layer.role for layer in stack.layers] == ["background"]


def test_a_removal_that_took_nothing_makes_no_layer() -> None:
    stack, _ = stack_of_frames([painted(plain(), (1, 2, 3)), painted(plain(), (1, 2, 3)), plain()])
    assert len(stack.elements) == 1


def test_what_goes_at_once_is_apart_by_area_and_by_ink() -> None:
    frame = painted(painted(plain(), (200, 0, 0)), (0, 0, 0), 15, 12, 8)
    stack, _ = stack_of_frames([painted(frame, (0, 120, 0), 45, 30, 10), plain()])
    assert sorted(str(layer.ink) for layer in stack.elements) == ["#000000", "#007800", "#c80000"]


def test_a_layer_is_whole_where_it_lay_on_its_own_colour() -> None:
    below = painted(plain(), (200, 0, 0), 16, 14, 8)
    stack, _ = stack_of_frames([painted(plain(), (200, 0, 0)), below, plain()])
    assert stack.elements[-1].pixels[..., 3].min() == 255


@pytest.mark.parametrize("style", ["flat", "outlined", "shaded"])
def test_a_drawing_that_is_peeled_shape_by_shape_is_given_back(style: str) -> None:
    shapes = scene("cat", style, 3).shapes
    frames = [picture(svg_text(shapes[:count], 512)) for count in range(len(shapes), -1, -1)]
    stack, notes = stack_of_frames(frames)
    assert stack.difference(frames[0]).max() <= 2 and not notes
    assert len(shapes) * 0.8 <= len(stack.elements) <= len(shapes) * 2
    assert all(layer.ink for layer in stack.elements)


def test_noise_everywhere_is_no_layer() -> None:
    chance = np.random.default_rng(1)
    clean = [painted(plain((200, 210, 220), (128, 128)), (30, 60, 200), side=60), plain((200, 210, 220), (128, 128))]
    noisy = [np.clip(frame + chance.integers(-2, 3, frame.shape), 0, 255).astype(np.uint8) for frame in clean]
    assert noise_between(noisy[1], noisy[1]) == 0 == noise_between(*clean)
    stack, notes = stack_of_frames(noisy)
    assert notes == ("frame 1: changes of up to 4 grey levels are taken as noise",)
    (layer,) = stack.elements
    assert (layer.box.width, layer.box.height) == (60, 60)
    assert stack.difference(noisy[0]).max() <= 2


def test_noise_with_tails_makes_no_layer_of_specks() -> None:
    """As a generative remover leaves it: soft, everywhere, and other in each frame."""
    chance = np.random.default_rng(2)
    clean = [painted(painted(plain((200, 210, 220), (160, 160)), (30, 60, 200), side=60), (220, 40, 40), 90, 90, 40)]
    clean += [painted(plain((200, 210, 220), (160, 160)), (30, 60, 200), side=60), plain((200, 210, 220), (160, 160))]
    noisy = [clean[0]]
    noisy += [
        np.clip(frame + chance.normal(0, 1.5, frame.shape), 0, 255).round().astype(np.uint8) for frame in clean[1:]
    ]
    stack, notes = stack_of_frames(noisy)
    assert len(notes) == 2
    assert [layer.ink for layer in stack.elements][1] == "#dc2828" and len(stack.elements) == 2
    for layer, side in zip(stack.elements, (60, 40), strict=True):
        assert side <= min(layer.box.width, layer.box.height) <= max(layer.box.width, layer.box.height) <= side + 2
    assert stack.difference(noisy[0]).max() <= 2


def test_frames_are_found_in_the_folder_or_in_that_of_the_picture(tmp_path: Path) -> None:
    frames = save([painted(plain(), (9, 9, 9)), plain()], tmp_path / "cat" / "layer_png")
    (frames / "layer_vlm_1.json").write_text("{}")
    for path in (frames, frames.parent):
        assert frames_folder(path) == frames
        assert len(SequenceImporter().read(path).stack.layers) == 2
    assert frames_folder(tmp_path) is None


def test_frames_go_by_number_and_clear_ones_are_laid_on_white(tmp_path: Path) -> None:
    frames = [painted(plain(), (9 * number, 0, 0), side=40 - 3 * number) for number in range(11)]
    clear = np.dstack([plain((1, 2, 3)), np.zeros((48, 64), dtype=np.uint8)])
    stack = SequenceImporter().read(save([*frames, plain(), clear], tmp_path)).stack
    assert np.array_equal(stack.composite()[..., :3], frames[0])
    assert (stack.layers[0].pixels == 255).all()


def test_frames_that_do_not_belong_together_are_told(tmp_path: Path) -> None:
    read = SequenceImporter().read
    with pytest.raises(InputError, match="no layer_0.png"):
        read(tmp_path)
    folder = save([plain(), plain(), plain()], tmp_path)
    (folder / "layer_1.png").unlink()
    with pytest.raises(InputError, match="layer_1.png is missing"):
        read(folder)
    save([plain(), plain(size=(9, 9))], folder)
    with pytest.raises(InputError, match="layer_1.png is 9 × 9, layer_0.png 64 × 48"):
        read(folder)
    (folder / "layer_1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"layer_1\.png"):
        read(folder)
    for number in range(MOST_FRAMES + 1):
        (folder / f"layer_{number}.png").touch()
    with pytest.raises(InputError, match="frames; 200 are read"):
        read(folder)
