"""An atlas of errors: picture, truth and result side by side, the worst pictures first."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from peeler.evaluate.pieces import Piece
from peeler.evaluate.score import PictureScore, found_pieces, match, true_pieces
from peeler.evaluate.truth import Truth
from peeler.geometry import RGB
from peeler.stack import LayerStack

WORST = 40
SIDE = 240
"""Pixels of a panel."""
CAPTION = 16
GOLDEN = 137.508
"""Degrees between two hues, so that no two of them come near each other."""


class Entry(NamedTuple):
    """One picture of the atlas: its figures in words, and its three panels side by side."""

    told: str
    panels: RGB


def worst(scores: Sequence[PictureScore]) -> list[str]:
    """The names of the pictures that lose most overlap with true elements, the one that loses most first."""
    return [row.name for row in sorted(scores, key=lambda row: -sum(1 - value for value in row.iou))[:WORST]]


def entry(score: PictureScore, stack: LayerStack, truth: Truth) -> Entry:
    true, found = true_pieces(truth), found_pieces(stack)
    partners = {j: i for i, j, _ in match(true, found)}
    strangers = [j for j in range(len(found)) if j not in partners]
    numbers = partners | {j: len(true) + place for place, j in enumerate(strangers)}
    panels = truth.picture, _painted(true, range(len(true)), truth.size), _painted(found, numbers, truth.size)
    return Entry(_told(score), np.concatenate([_panel(panel) for panel in panels], axis=1))


def _told(score: PictureScore) -> str:
    occluded = [value for value, hidden in zip(score.iou, score.occluded, strict=True) if hidden]
    figures = [
        f"amodal {score.amodal_miou:.3f}",
        f"occluded {np.mean(occluded):.3f} of {len(occluded)}" if occluded else "",
        f"hidden {np.mean(score.hidden):.3f}" if score.hidden else "",
        f"order {score.ordered}/{score.pairs}" if score.pairs else "",
        f"elements {score.found}/{len(score.iou)}",
    ]
    return ", ".join(filter(None, (score.name, *figures)))


def _painted(pieces: Sequence[Piece], numbers: Mapping[int, int] | Sequence[int], size: tuple[int, int]) -> RGB:
    """The pieces bottom first, each in the colour of its number, with the whole outline of each on top of all."""
    canvas = np.full((size[1], size[0], 3), 255, np.uint8)
    for index, piece in enumerate(pieces):
        canvas[piece.mask.box.slices][piece.mask.pixels] = _colour(numbers[index], 255)
    for index, piece in enumerate(pieces):
        curves, _ = cv2.findContours(piece.mask.pixels.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        line = _colour(numbers[index], 120)
        cv2.drawContours(canvas, curves, -1, line, 2, offset=(piece.mask.box.x0, piece.mask.box.y0))
    return canvas


def _colour(number: int, value: int) -> tuple[int, int, int]:
    hue = number * GOLDEN % 360
    red, green, blue = cv2.cvtColor(np.array([[[hue / 2, 150, value]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0].tolist()
    return red, green, blue


def _panel(picture: RGB) -> RGB:
    panel = Image.new("RGB", (SIDE, SIDE), "#888")
    small = Image.fromarray(picture)
    small.thumbnail((SIDE - 4, SIDE - 4))
    panel.paste(small, ((SIDE - small.width) // 2, (SIDE - small.height) // 2))
    return np.asarray(panel)


def write_atlas(entries: Sequence[Entry], path: Path) -> None:
    """A page when ``path`` ends in .html, else a picture; each entry is picture, truth, result."""
    if path.suffix == ".html":
        path.write_text(_page(entries), encoding="utf-8")
    else:
        _sheet(entries).save(path)


def _page(entries: Sequence[Entry]) -> str:
    figures = "\n".join(
        f'<figure><img src="data:image/png;base64,{_png(item.panels)}">{escape(item.told)}</figure>' for item in entries
    )
    style = "figure{display:inline-block;margin:8px;font:13px sans-serif}img{display:block}"
    return f"<!doctype html><meta charset=utf-8><title>Error atlas</title><style>{style}</style>\n{figures}"


def _png(pixels: RGB) -> str:
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG", optimize=True)
    return base64.b64encode(data.getvalue()).decode()


def _sheet(entries: Sequence[Entry]) -> Image.Image:
    """Two entries in a row."""
    width, height = 3 * SIDE + 8, SIDE + CAPTION
    sheet = Image.new("RGB", (2 * width, height * ((len(entries) + 1) // 2)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, item in enumerate(entries):
        x, y = place % 2 * width, place // 2 * height
        pen.text((x + 4, y + 2), item.told, fill="black")
        sheet.paste(Image.fromarray(item.panels), (x, y + CAPTION))
    return sheet
