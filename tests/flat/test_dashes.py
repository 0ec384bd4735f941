"""Dashed and dotted lines."""

import numpy as np
import pytest

from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.pieces import DASHES
from peeler.geometry import RGB
from tests.flat.figures import circle, drawn, iou, rect

SIZE, INK = 256, "#c0392b"


def dashed(path: str, dashes: str, width: float = 3, ink: str = INK) -> str:
    return f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{width}" stroke-dasharray="{dashes}"/>'


def lines(drawing: Drawing) -> list[int]:
    return drawing.places(DASHES)


def inked(canvas: RGB, off: int = 120) -> np.ndarray:
    return np.abs(canvas.astype(int) - (0xC0, 0x39, 0x2B)).max(axis=2) < off


@pytest.mark.parametrize("dashes", ["8 6", "4 4", "12 5", "3 5"])
@pytest.mark.parametrize("path", ["M30 100H220", "M40 40L200 210", "M40 190C60 40 190 40 220 180"])
def test_a_dashed_line_is_one_shape(path: str, dashes: str) -> None:
    canvas = drawn(dashed(path, dashes), circle(128, 232, 14, "#2a6f6f"), size=SIZE)
    drawing = read_drawing(canvas)
    (place,) = lines(drawing)
    assert iou(drawing.shapes[place].visible, inked(canvas)) >= 0.75
    assert len(drawing.shapes) <= 3


def test_it_turns_corners() -> None:
    canvas = drawn(dashed("M40 40H210V200H60V160", "7 5"), circle(128, 120, 30, "#2a6f6f"), size=SIZE)
    drawing = read_drawing(canvas)
    (place,) = lines(drawing)
    assert iou(drawing.shapes[place].visible, inked(canvas)) >= 0.75


def test_two_of_one_ink_are_two() -> None:
    drawing = read_drawing(drawn(dashed("M30 80H220", "9 6"), dashed("M30 170H220", "9 6"), size=SIZE))
    assert len(lines(drawing)) == 2


def test_one_lies_on_the_card_that_it_crosses() -> None:
    drawing = read_drawing(drawn(rect(60, 60, 200, 200, "#f2d544"), dashed("M70 130H190", "9 6"), size=SIZE))
    card, line = drawing.shapes
    assert lines(drawing) == [1]
    assert card.whole.area == 140 * 140


@pytest.mark.parametrize(
    "marks",
    [
        [rect(30 + 24 * k, 100, 36 + 24 * k, 150, INK) for k in range(8)],
        [rect(30 + 24 * k, 100, 46 + 24 * k, 124, INK) for k in range(8)],
        [circle(40 + 24 * k, 120, 9, INK) for k in range(8)],
        [rect(30 + 5 * k * k, 120, 40 + 5 * k * k, 124, INK) for k in range(6)],
    ],
    ids=["fence posts", "windows", "balls", "uneven steps"],
)
def test_other_rows_are_no_dashed_lines(marks: list[str]) -> None:
    assert not lines(read_drawing(drawn(*marks, size=SIZE)))
