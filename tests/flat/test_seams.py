import numpy as np
import pytest

from peeler.flat.drawing import read_drawing
from peeler.flat.seams import parted_at_seams
from tests.flat.figures import drawn, label_at, rect, regions_of

RED = "#c83220"


def turned(inside: str, degrees: float) -> str:
    return f'<g transform="rotate({degrees} 128 128)">{inside}</g>'


@pytest.mark.parametrize("degrees", [0, 9, 30, 45])
@pytest.mark.parametrize("ground", ["#ffffff", "#203040"])
def test_two_shapes_of_one_ink_are_told_apart_by_their_seam(degrees: float, ground: str) -> None:
    leg_on_base = rect(110, 40, 146, 150.5, RED) + rect(50, 150.5, 206, 190, RED)
    canvas = drawn(turned(leg_on_base, degrees), ground=ground, size=256)
    regions, palette = regions_of(canvas)
    parted = parted_at_seams(canvas, palette, regions)
    assert (len(regions.all), len(parted.all)) == (2, 3)
    areas = sorted(region.area for region in parted.all)[:2]
    assert np.allclose(areas, [36 * 110.5, 156 * 39.5], rtol=0.03)
    assert all(
        region.area == np.count_nonzero(parted.mask(region.label)) and region.box.area for region in parted.all
    ), "areas and boxes are those of the parts"


def test_shapes_that_overlap_have_no_seam() -> None:
    canvas = drawn(turned(rect(110, 40, 146, 160, RED) + rect(50, 150, 206, 190, RED), 20), size=256)
    regions, palette = regions_of(canvas)
    assert parted_at_seams(canvas, palette, regions) is regions


def test_a_line_of_another_colour_is_no_seam() -> None:
    divided = rect(50, 60, 206, 200, RED) + rect(50, 128, 206, 129, "#3264c8")
    canvas = drawn(divided, size=256)
    regions, palette = regions_of(canvas)
    assert len(parted_at_seams(canvas, palette, regions).all) == len(regions.all)


def test_what_a_seam_parts_are_two_shapes() -> None:
    canvas = drawn(turned(rect(40, 60, 128, 200, RED) + rect(128, 60, 216, 200, RED), 20), size=256)
    regions, _ = regions_of(canvas)
    assert label_at(regions, 90, 128) == label_at(regions, 170, 128)
    assert len(read_drawing(canvas).shapes) == 2


@pytest.mark.parametrize("degrees", [0, 20])
def test_a_pale_line_that_is_wider_than_a_seam_is_none(degrees: float) -> None:
    """Of what is beside it each of its pixels might show a share, but all of them across it show too much."""
    plate = (
        rect(50, 60, 206, 200, "#f0f4f8") + rect(50, 127.25, 206, 128.75, "#d8dfe9") + rect(20, 60, 50, 200, "#9fb8d0")
    )
    canvas = drawn(turned(plate, degrees), ground="#9fb8d0", size=256)
    regions, palette = regions_of(canvas)
    assert len(parted_at_seams(canvas, palette, regions).all) == len(regions.all)
