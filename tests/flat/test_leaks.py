import numpy as np
import pytest
from PIL import Image

from peeler.flat.contacts import boundaries
from peeler.flat.drawing import read_drawing
from peeler.flat.leaks import Coincidences, Leak, coincidences, find_leaks
from peeler.geometry import RGB
from tests.flat.figures import as_jpeg, circle, disc, drawn, iou, regions_of

ORANGE, DARK, BLUE = "#f0a030", "#c07010", "#3264c8"
HALF = f'<path d="M128 38 A90 90 0 0 1 128 218 Z" fill="{DARK}"/>'
OTHER_HALF = f'<path d="M128 38 A90 90 0 0 0 128 218 Z" fill="{ORANGE}"/>'


def turned(*inside: str) -> str:
    return f'<g transform="rotate(17 128 128)">{"".join(inside)}</g>'


def leaks_of(canvas: RGB) -> set[tuple[str, str, str]]:
    """The inks of the two sides of each leak, and of what shines through."""
    regions, palette = regions_of(canvas)
    found = find_leaks(canvas, palette, regions, boundaries(regions.labels))
    named = ["#" + bytes(palette.inks[region.ink].tolist()).hex() for region in regions.all]
    sides = [sorted((named[leak.upper], named[leak.lower])) for leak in found]
    return {(one, other, named[leak.below]) for (one, other), leak in zip(sides, found, strict=True)}


def test_a_disc_shines_through_the_edge_of_its_shaded_half() -> None:
    canvas = drawn(turned(circle(128, 128, 90, ORANGE), HALF), size=256)
    assert leaks_of(canvas) == {(DARK, "#ffffff", ORANGE)}
    below, above = read_drawing(canvas).shapes
    assert iou(below.whole, disc(128, 128, 90, 256)) > 0.98
    assert above.whole == above.visible


def test_the_ground_shines_through_between_two_halves() -> None:
    canvas = drawn(turned(OTHER_HALF, HALF), size=256)
    assert leaks_of(canvas) == {(DARK, ORANGE, "#ffffff")}
    assert all(shape.whole == shape.visible for shape in read_drawing(canvas).shapes)


def test_what_goes_on_under_its_cover_leaks_nothing() -> None:
    assert not leaks_of(drawn(circle(100, 128, 60, ORANGE), circle(160, 120, 60, DARK), size=256))


@pytest.mark.parametrize("quality", [60, 95])
def test_lossy_pictures_tell_nothing(quality: int) -> None:
    assert not leaks_of(as_jpeg(drawn(turned(OTHER_HALF, HALF), size=256), quality))


def test_few_colours_leak_little() -> None:
    """Of a few colours for all edges many lie between the wrong three inks; some still do by chance."""
    discs = [circle(70 + 23 * k, 70 + 60 * (k % 3), 44, fill) for k, fill in enumerate((ORANGE, DARK, BLUE, "#50a060"))]
    canvas = drawn(*discs, size=256)
    assert not leaks_of(canvas)
    few = {
        colours: len(leaks_of(np.asarray(Image.fromarray(canvas).quantize(colours).convert("RGB"))))
        for colours in (10, 12, 16, 20, 24, 32, 40, 48, 64, 96)
    }
    assert not any(few[colours] for colours in (10, 12, 20, 32, 64, 96))
    assert sum(few.values()) <= 5


def side(y: float) -> float:
    """Half the width of the cone at a height."""
    return 92 * (y - 30) / 190


def stripe(top: float, bottom: float, fill: str) -> str:
    """What a cone has between two heights."""
    corners = f"M{128 - side(top)} {top} H{128 + side(top)} L{128 + side(bottom)} {bottom} H{128 - side(bottom)} Z"
    return f'<path d="{corners}" fill="{fill}"/>'


def test_what_shows_between_stripes_is_one_shape() -> None:
    stripes = stripe(80, 106, BLUE) + stripe(140, 166, BLUE)
    canvas = drawn(stripe(30, 220, ORANGE), stripes, size=256)
    cone = drawn(stripe(30, 220, "#000000"), size=256)[..., 0] < 128
    whole = [shape.whole for shape in read_drawing(canvas).shapes]
    assert len(whole) == 3 and max(iou(mask, cone) for mask in whole) > 0.98


def test_what_lies_below_decides_what_a_leak_means() -> None:
    odds = np.zeros((4, 4))
    odds[3, 1], odds[1, 3] = 2.0, -2.0
    leaks = [Leak(1, 2, 0), Leak(1, 0, 2), Leak(2, 1, 3), Leak(2, 3, 1), Leak(0, 3, 2)]
    said = coincidences(leaks, {0}, odds)
    assert said.flush == {(1, 2), (2, 3)}, "the ground, and what lies below both"
    assert said.lined == {(1, 2), (2, 3)}, "beside the ground, and above the lower one; the ground covers nothing"
    assert coincidences([], {0}, odds) == Coincidences()


def test_a_cap_on_a_mountain_lies_above_it() -> None:
    sky, mountain = circle(128, 128, 110, "#203850"), "M60 190 L128 60 L196 190 Z"
    cap = '<path d="M128 60 L106.5 101 L150.5 103 Z" fill="#ffffff"/>'
    canvas = drawn(sky, f'<path d="{mountain}" fill="#2a9d8f"/>', cap, ground="#f0a030", size=256)
    regions, palette = regions_of(canvas)
    cap_label = int(regions.labels[90, 128])
    found = find_leaks(canvas, palette, regions, boundaries(regions.labels))
    assert [leak.upper for leak in found] == [cap_label]
