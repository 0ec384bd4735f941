import numpy as np
import pytest

from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.fine_lines import with_fine_lines
from peeler.geometry import RGB, Mask, Pixels
from tests.flat.figures import circle, drawn, iou, rect, regions_of

CARD = rect(20, 20, 236, 236, "#ffffff")
GROUND = "#f0e6d2"


def line(points: str, colour: str, width: float) -> str:
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def near(canvas: RGB, colour: tuple[int, int, int], off: int = 40) -> Pixels:
    missed: Pixels = np.abs(canvas.astype(int) - colour).max(axis=2) <= off
    return missed


def shown_as(drawing: Drawing, where: Pixels) -> Mask:
    """What shows of the shape that shows most of ``where``."""
    return max((shape.visible for shape in drawing.shapes), key=lambda mask: (mask.on(drawing.size) & where).sum())


@pytest.mark.parametrize(("width", "left", "bottom"), [(1, 50.5, 212.5), (2, 51, 213)])
def test_the_axes_of_a_chart_are_one_line_on_its_card(width: int, left: float, bottom: float) -> None:
    bars = "".join(rect(70 + 44 * k, 200 - 30 * k, 96 + 44 * k, 212, "#c85032") for k in range(1, 4))
    canvas = drawn(
        CARD, line(f"{left},40 {left},{bottom} 226,{bottom}", "#708090", width), bars, ground=GROUND, size=256
    )
    drawing = read_drawing(canvas)
    axes = near(canvas, (112, 128, 144), 30)
    assert iou(shown_as(drawing, axes), axes) > 0.9
    assert len(drawing.shapes) == 5, "a card, its axes and three bars"
    card = shown_as(drawing, near(canvas, (255, 255, 255), 2))
    assert iou(card, near(canvas, (255, 255, 255), 2)) > 0.97, "also what bars and axes enclose"


def test_a_whisker_has_its_ink() -> None:
    canvas = drawn(circle(128, 128, 90, "#f0a030"), line("70,150 120,160", "#3c2814", 2), size=256)
    whisker = next(shape for shape in read_drawing(canvas).shapes if shape.visible.area < 1000)
    assert np.abs(whisker.ink.astype(int) - (0x3C, 0x28, 0x14)).max() <= 30
    assert iou(whisker.visible, near(canvas, (0x3C, 0x28, 0x14), 90)) > 0.8


@pytest.mark.parametrize("lean", [0, 7, 30])
def test_a_seam_is_no_line(lean: int) -> None:
    halves = rect(40, 60, 128.4, 200, "#c85032") + rect(128.4, 60, 216, 200, "#3264c8")
    canvas = drawn(f'<g transform="rotate({lean} 128 128)">{halves}</g>', size=256)
    regions, palette = regions_of(canvas)
    assert len(with_fine_lines(canvas, palette, regions)[1].all) == len(regions.all) == 3


def test_noise_that_is_no_line_changes_nothing() -> None:
    canvas = drawn(CARD, ground=GROUND, size=256).copy()
    rng = np.random.default_rng(5)
    spots = rng.integers(30, 226, (60, 2))
    canvas[spots[:, 0], spots[:, 1]] = (40, 120, 200)
    regions, palette = regions_of(canvas)
    assert len(with_fine_lines(canvas, palette, regions)[1].all) == len(regions.all)
