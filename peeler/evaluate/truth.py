"""Pictures with known layers: ``png/NAME.png`` with ``layers/NAME/NN.png`` or with the drawing ``svg/NAME.svg``."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from peeler.errors import InputError
from peeler.geometry import RGB, RGBA, Box
from peeler.scenes.render import true_groups, true_layers
from peeler.stack import Layer


@dataclass(frozen=True, eq=False)
class Truth:
    """A picture and its true layers, bottom to top."""

    name: str
    picture: RGB
    layers: tuple[Layer, ...]

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.picture.shape[:2]
        return width, height


def truth_names(folder: Path) -> list[str]:
    """The names of the pictures in ``folder/png``, sorted."""
    return sorted(path.stem for path in (folder / "png").glob("*.png"))


def read_truth(folder: Path, name: str) -> Truth:
    """The truth of one picture. Raises InputError when a file is missing or cannot be read."""
    try:
        with Image.open(folder / "png" / f"{name}.png") as file:
            picture = np.asarray(file.convert("RGB"))
        alone = _true_layers(folder, name)
        wholes = true_groups(folder / "svg" / f"{name}.svg", len(alone))
        layers = tuple(
            _layer(place, pixels, whole) for place, (pixels, whole) in enumerate(zip(alone, wholes, strict=True))
        )
    except OSError as problem:
        raise InputError(f"the truth of {name} cannot be read: {problem}") from problem
    return Truth(name, picture, layers)


def _layer(place: int, pixels: RGBA, whole: int | None) -> Layer:
    box = Box.around(pixels[..., 3] > 0)
    parent = None if whole is None else _id(whole)
    return Layer(_id(place), f"true layer {place}", box, pixels[box.slices], part_of=parent)


def _id(place: int) -> str:
    return f"true-{place}"


def _true_layers(folder: Path, name: str) -> list[RGBA]:
    files = sorted((folder / "layers" / name).glob("*.png"))
    if not files:
        return true_layers(folder / "svg" / f"{name}.svg")
    layers = []
    for path in files:
        with Image.open(path) as file:
            layers.append(np.asarray(file.convert("RGBA")))
    return layers
