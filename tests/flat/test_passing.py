"""Thin lines that pass behind something."""

import pytest

from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.survey import survey
from peeler.geometry import Pixels
from tests.flat.figures import bar, circle, disc, drawn, iou, rect

LINE, BAR = "#d8dfe9", "#9fb8d0"
SIZE = 256


def stroke(path: str, width: float, ink: str = "#f4d58d") -> str:
    return f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{width}"/>'


def best(drawing: Drawing, truth: Pixels) -> float:
    return max(iou(shape.whole, truth) for shape in drawing.shapes)


@pytest.mark.parametrize("width", [1.5, 3.0])
def test_a_grid_line_goes_on_behind_the_bars_of_a_chart(width: float) -> None:
    bars = [rect(x, 60, x + 30, 220, BAR) for x in (40, 100, 160)]
    drawing = read_drawing(drawn(stroke("M20 120H230", width, LINE), *bars, ground="#f0f4f8", size=SIZE))
    assert len(drawing.shapes) == 4, "three bars and one line"
    assert best(drawing, bar(20, 119, 230, 121, SIZE)) >= 0.9


def test_a_ring_goes_on_behind_stars_at_its_edge() -> None:
    dots = circle(48, 128, 14, "#bf4342"), circle(208, 128, 14, "#bf4342")
    ring = '<circle cx="128" cy="128" r="80" fill="none" stroke="#f4d58d" stroke-width="5"/>'
    drawing = read_drawing(drawn(ring, *dots, ground="#2a6f6f", size=SIZE))
    whole = disc(128, 128, 82.5, SIZE) & ~disc(128, 128, 77.5, SIZE)
    assert len(drawing.shapes) == 3
    assert best(drawing, whole) >= 0.88, "and no more of it than a ring has"


def test_lines_beside_each_other_are_two() -> None:
    """Their ends face each other across a block, but a width or two apart."""
    lines = stroke("M20 100H100", 5), stroke("M150 112H230", 5)
    assert not survey(drawn(*lines, rect(99, 60, 151, 160, "#bf4342"), ground="#2a6f6f", size=SIZE)).passages


def test_dashes_on_a_plate_do_not_pass_below_it() -> None:
    plate = rect(20, 60, 236, 160, "#bf4342")
    drawing = read_drawing(drawn(plate, stroke("M40 110H90M160 110H210", 5), ground="#2a6f6f", size=SIZE))
    assert len(drawing.shapes) == 3
    assert drawing.shapes[0].whole.area > 20000, "the plate is the lowest"


def test_a_line_that_ends_for_good_passes_behind_nothing() -> None:
    canvas = drawn(stroke("M20 110H110", 5), circle(140, 110, 40, "#bf4342"), ground="#2a6f6f", size=SIZE)
    assert not survey(canvas).passages
