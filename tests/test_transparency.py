"""Pictures with clear parts, peeled by the embedded engine from file to files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import peeler
from peeler import registry
from peeler.geometry import RGBA
from peeler.lift import TOLERANCE

RED, WHITE, BLUE = (200, 40, 40), (255, 255, 255), (20, 60, 160)
CLEAR = (0, 0, 0, 0)


def icon(ink: tuple[int, int, int], mark: tuple[int, int, int]) -> Image.Image:
    """A disc with a bar across, with soft edges on nothing."""
    large = Image.new("RGBA", (384, 384), (*ink, 0))
    pen = ImageDraw.Draw(large)
    pen.ellipse((60, 60, 320, 320), fill=(*ink, 255))
    pen.rectangle((150, 20, 220, 200), fill=(*mark, 255))
    return large.resize((128, 128), Image.Resampling.BOX)


def palette() -> Image.Image:
    image = Image.new("P", (96, 96), 0)
    image.putpalette([1, 2, 3, *RED, *BLUE])
    pen = ImageDraw.Draw(image)
    pen.ellipse((10, 10, 80, 80), fill=1)
    pen.rectangle((40, 30, 90, 60), fill=2)
    image.info["transparency"] = 0
    return image


def half_clear() -> Image.Image:
    image = Image.new("RGBA", (96, 96), CLEAR)
    ImageDraw.Draw(image).ellipse((10, 10, 80, 80), fill=(*BLUE, 128))
    return image


PICTURES = {
    "soft edges": icon(RED, BLUE),
    "white on nothing": icon(WHITE, BLUE),
    "black on nothing": icon((0, 0, 0), WHITE),
    "a palette": palette(),
    "half clear": half_clear(),
}


def peeled(image: Image.Image, folder: Path) -> tuple[RGBA, peeler.LayerStack]:
    image.save(folder / "a.png")
    return np.asarray(Image.open(folder / "a.png").convert("RGBA")), peeler.peel_picture(folder / "a.png")


@pytest.mark.parametrize("name", PICTURES)
def test_clear_ground_stays_clear(name: str, tmp_path: Path) -> None:
    pixels, stack = peeled(PICTURES[name], tmp_path)
    assert stack.difference(pixels).max() <= TOLERANCE
    assert np.array_equal(stack.composite()[..., 3] == 0, pixels[..., 3] == 0)
    ground, *elements = stack.layers
    assert ground.role == "background" and ground.pixels[..., 3].max() < 16, "hardly a trace of what it was laid on"
    assert len(elements) == (1 if name == "half clear" else 2)
    # A layer has the colours of the picture, even where only a trace of it shows.
    assert all(layer.ink is not None for layer in elements)


def test_half_clear_layers_carry_their_own_colour(tmp_path: Path) -> None:
    _, stack = peeled(half_clear(), tmp_path)
    (disc,) = stack.elements
    assert disc.ink == "#143ca0" and disc.pixels[35, 35].tolist() == [*BLUE, 128]


def test_a_wholly_clear_picture_is_a_clear_background(tmp_path: Path) -> None:
    pixels, stack = peeled(Image.new("RGBA", (64, 64), (9, 9, 9, 0)), tmp_path)
    assert [layer.role for layer in stack.layers] == ["background"]
    assert not stack.composite()[..., 3].any() and stack.difference(pixels).max() == 0


@pytest.mark.parametrize("kind", ["psd", "ora", "svg"])
def test_what_is_exported_is_clear_too(kind: str, tmp_path: Path) -> None:
    pixels, stack = peeled(icon(WHITE, BLUE), tmp_path)
    registry.exporter(kind).export(stack, tmp_path / f"out.{kind}")
    again = peeler.open_stack(tmp_path / f"out.{kind}")
    assert again.composite()[0, 0].tolist() == [0, 0, 0, 0]
    # The outlines of a drawing are no pixels.
    assert np.percentile(again.difference(pixels), 95 if kind == "svg" else 100) <= TOLERANCE
