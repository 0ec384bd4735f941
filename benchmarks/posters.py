"""Pictures that are no icons, peeled by the embedded engine: a contact sheet of their objects, and a table."""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import peeler
from peeler.analysts.flat import FlatAnalyst
from peeler.inputs import Picture, read_picture
from peeler.presets import load_preset
from peeler.stack import Layer

TILE = 160
"""Pixels."""
SHOWN = 12
"""The largest objects of a picture."""
OBJECTS = load_preset().model_copy(update={"granularity": "objects"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="PNG, JPEG or WebP pictures")
    parser.add_argument("sheet", type=Path, metavar="OUT.png")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.iterdir() if path.suffix in (".png", ".jpg", ".jpeg", ".webp"))
    if not paths:
        sys.exit(f"no pictures in {arguments.folder}")
    columns = "picture", "pixels", "read as", "layers", "objects", "lines of text", "seconds"
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)
    arguments.sheet.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.vstack([row(path) for path in paths])).save(arguments.sheet)


def row(path: Path) -> NDArray[np.uint8]:
    """The picture and its largest objects side by side; its line of the table is printed."""
    picture = read_picture(path)
    began = time.process_time()
    stack = peeler.peel_picture(path)
    seconds = time.process_time() - began
    texts = sum(" text " in f" {layer.name} " for layer in stack.elements)
    objects = peeler.peel_picture(path, preset=OBJECTS).elements
    width, height = picture.size
    print(
        f"| {path.stem} | {width} × {height} | {kind(picture)} | {len(stack.elements)} | {len(objects)} | "
        f"{texts} | {seconds:.1f} |",
        flush=True,
    )
    largest = sorted(objects, key=lambda layer: -int(layer.pixels[..., 3].sum(dtype=np.int64)))[:SHOWN]
    tiles = [tile(Image.fromarray(picture.rgb)), *(tile(alone(layer, picture.size)) for layer in largest)]
    empty = np.full((TILE, TILE, 3), 255, np.uint8)
    return np.hstack([*tiles, *[empty] * (1 + SHOWN - len(tiles))])


def kind(picture: Picture) -> str:
    """Flat art, or why its layers are but coarse tones."""
    note = FlatAnalyst().analyse(picture.rgb, None, 0).note
    return "coarse tones: " + note.split(":")[0] if note else "flat art"


def alone(layer: Layer, size: tuple[int, int]) -> Image.Image:
    """A layer on grey."""
    canvas = Image.new("RGBA", size, (190, 190, 190, 255))
    canvas.alpha_composite(Image.fromarray(layer.pixels), (layer.box.x0, layer.box.y0))
    return canvas


def tile(image: Image.Image) -> NDArray[np.uint8]:
    small = image.convert("RGB")
    small.thumbnail((TILE - 8, TILE - 8))
    canvas = Image.new("RGB", (TILE, TILE), (255, 255, 255))
    canvas.paste(small, ((TILE - small.width) // 2, (TILE - small.height) // 2))
    return np.asarray(canvas)


if __name__ == "__main__":
    main()
