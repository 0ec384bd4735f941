#!/usr/bin/env python3
"""Draws peel.png for the README: a picture of the test set's kind and its layers, bottom first."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from peeler import peel_picture
from peeler.scenes.render import picture
from peeler.scenes.scene import scene

COLUMNS, TILE, GAP, CAPTION, SCALE = 7, 116, 10, 34, 2
SIZE = (512, 512)


def main() -> None:
    drawn = picture(scene("owl", "flat", 1).svg)
    stack = peel_picture(drawn)
    tiles = [("the picture", Image.fromarray(drawn).convert("RGBA"))]
    tiles += [(layer.name, Image.fromarray(layer.on(SIZE))) for layer in stack.layers]
    sheet(tiles).save(Path(__file__).with_name("peel.png"), optimize=True)


def sheet(tiles: list[tuple[str, Image.Image]]) -> Image.Image:
    rows = -(-len(tiles) // COLUMNS)
    width, height = GAP + COLUMNS * (TILE + GAP), GAP + rows * (TILE + CAPTION + GAP)
    paper = Image.new("RGB", (width * SCALE, height * SCALE), "white")
    for place, (name, tile) in enumerate(tiles):
        row, column = divmod(place, COLUMNS)
        put(paper, name, tile, (GAP + column * (TILE + GAP)) * SCALE, (GAP + row * (TILE + CAPTION + GAP)) * SCALE)
    return paper


def put(paper: Image.Image, name: str, tile: Image.Image, x: int, y: int) -> None:
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(10 * SCALE)
    side = TILE * SCALE
    ground = checkers()
    ground.alpha_composite(tile)
    paper.paste(ground.convert("RGB").resize((side, side), Image.Resampling.LANCZOS), (x, y))
    pen.rectangle((x, y, x + side - 1, y + side - 1), outline="#dddddd", width=SCALE)
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines, word] if pen.textlength(longer, font) > side else [*lines[:-1], longer]
    pen.multiline_text((x, y + side + 3 * SCALE), "\n".join(lines), fill="#333333", font=font, spacing=2 * SCALE)


def checkers() -> Image.Image:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] // 32
    return Image.fromarray(np.where((x + y) % 2, 234, 255).astype(np.uint8)).convert("RGBA")


if __name__ == "__main__":
    main()
