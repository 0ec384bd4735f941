"""Text along an arc."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from peeler.flat.arc_text import with_arcs
from peeler.flat.survey import survey
from peeler.flat.text import find_lines
from peeler.geometry import RGB

SIZE, SCALE = 400, 4
INK, GROUND = (244, 213, 141), (42, 111, 111)


def along_arc(words: str, radius: float, top: bool, straight: str = "") -> RGB:
    """``words`` around the middle of the canvas, over it or under it, in the font that Pillow brings."""
    canvas = Image.new("RGB", (SIZE * SCALE, SIZE * SCALE), GROUND)
    font = ImageFont.load_default(34 * SCALE)
    widths = [font.getlength(letter) + 3 * SCALE for letter in words]
    at = -sum(widths) / 2
    for letter, width in zip(words, widths, strict=True):
        turn = (at + width / 2) / (radius * SCALE)
        at += width
        tile = Image.new("L", (80 * SCALE, 80 * SCALE))
        ImageDraw.Draw(tile).text((40 * SCALE, 40 * SCALE), letter, 255, font, anchor="mm")
        way = np.array([np.sin(turn), -np.cos(turn)]) if top else np.array([np.sin(turn), np.cos(turn)])
        tile = tile.rotate(np.degrees(-turn if top else turn), Image.Resampling.BICUBIC)
        x, y = (SIZE * SCALE / 2 + radius * SCALE * way - 40 * SCALE).astype(int).tolist()
        canvas.paste(INK, (x, y), tile)
    if straight:
        ImageDraw.Draw(canvas).text((SIZE * SCALE // 2,) * 2, straight, INK, font, anchor="mm")
    return np.asarray(canvas.resize((SIZE, SIZE), Image.Resampling.BOX))


def found(canvas: RGB) -> list[int]:
    """The letters of each line."""
    regions = survey(canvas).regions
    return sorted(len(line.letters) for line in with_arcs(regions, find_lines(regions)))


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize(("words", "radius"), [("MOUNTAINCOFFEE", 150), ("Brewhouse", 100), ("SINCE1974", 130)])
def test_it_is_one_line(words: str, radius: float, top: bool) -> None:
    assert found(along_arc(words, radius, top)) == [len(words)]


def test_beside_a_straight_line_both_are_told() -> None:
    assert found(along_arc("MOUNTAINCOFFEE", 150, top=True, straight="Roasted")) == [7, 14]


def test_what_is_straight_stays_as_it_was() -> None:
    canvas = Image.new("RGB", (SIZE, SIZE), GROUND)
    ImageDraw.Draw(canvas).text((200, 200), "Mountain coffee", INK, ImageFont.load_default(30), anchor="mm")
    regions = survey(np.asarray(canvas)).regions
    lines = find_lines(regions)
    assert with_arcs(regions, lines) == lines
    assert len(lines) == 1


def test_a_ring_of_like_shapes_is_no_text() -> None:
    canvas = Image.new("RGB", (SIZE * SCALE, SIZE * SCALE), GROUND)
    for turn in np.arange(0, 2 * np.pi, np.pi / 8):
        x, y = (SIZE / 2 + 150 * np.array([np.cos(turn), np.sin(turn)])) * SCALE
        ImageDraw.Draw(canvas).regular_polygon((float(x), float(y), 14 * SCALE), 3, np.degrees(turn), INK)
    assert not found(np.asarray(canvas.resize((SIZE, SIZE), Image.Resampling.BOX)))
