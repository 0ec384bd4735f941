import numpy as np
import pytest

from peeler.flat.contacts import boundaries
from peeler.flat.cues import WEIGHTS, Evidence, by_rule, measure, verdict
from peeler.flat.figures import surroundings
from peeler.flat.forms import forms_of
from peeler.flat.palette import Palette
from peeler.flat.regions import Regions
from peeler.flat.strokes import find_strokes
from peeler.geometry import RGB
from tests.flat.figures import circle, drawn, label_at, rect, regions_of

RED, BLUE, GREEN = "#c83214", "#1450c8", "#28a050"


def weighed(regions: Regions, palette: Palette, background: frozenset[int]) -> list[Evidence]:
    forms = forms_of(regions, palette.inks, background)
    borders = boundaries(regions.labels)
    around = surroundings(regions, borders, background)
    pairs = measure(regions, forms, find_strokes(forms).outlines, borders, around, background)
    return [verdict(pair, by_rule(pair)) for pair in pairs]


def judged(canvas: RGB, one: tuple[int, int], other: tuple[int, int]) -> Evidence:
    """The evidence about the regions at two points (x, y); the background is what shows in the upper left corner."""
    regions, palette = regions_of(canvas)
    background = frozenset({label_at(regions, 0, 0)})
    ends = {label_at(regions, *one), label_at(regions, *other)}
    found = weighed(regions, palette, background)
    assert all(not background & {item.above, item.below} for item in found)
    (item,) = [item for item in found if {item.above, item.below} == ends]
    assert item.weight >= 0 and item.reason in WEIGHTS
    return Evidence(item.above == label_at(regions, *one), item.below == label_at(regions, *one), item.weight, "")


DISC_ON_BAR = rect(8, 60, 120, 84, BLUE), circle(64, 72, 28, RED)
BAR_ON_DISC = circle(64, 64, 40, RED), rect(4, 54, 124, 74, BLUE)
ONTO_THE_RIM = circle(50, 64, 36, RED), rect(70, 40, 116, 88, BLUE)
FRAME = (f'<rect x="24" y="24" width="80" height="80" fill="{RED}" stroke="{BLUE}" stroke-width="6"/>',)
DETAIL = circle(64, 64, 50, RED), circle(50, 50, 8, BLUE)
PADS = rect(30, 40, 98, 88, RED), circle(30, 64, 14, BLUE), circle(98, 64, 14, BLUE)


@pytest.mark.parametrize(
    "elements, above, below",
    [
        (DISC_ON_BAR, (64, 72), (14, 72)),
        (BAR_ON_DISC, (64, 64), (64, 40)),
        (ONTO_THE_RIM, (100, 64), (30, 64)),
        (FRAME, (24, 64), (64, 64)),
        (DETAIL, (50, 50), (80, 80)),
        (PADS, (98, 64), (64, 64)),
    ],
    ids=["disc on bar", "bar on disc", "box on a disc's rim", "frame", "detail", "two pads on a box"],
)
@pytest.mark.parametrize("turns", range(4))
def test_what_is_in_front(
    elements: tuple[str, ...], above: tuple[int, int], below: tuple[int, int], turns: int
) -> None:
    whole = f'<g transform="rotate({90 * turns} 64 64)">{"".join(elements)}</g>'
    points = [turned(point, turns) for point in (above, below)]
    found = judged(drawn(whole, size=128), *points)
    assert found.above and found.weight > 0
    assert judged(drawn(whole, size=128), *points[::-1]).below


def turned(point: tuple[int, int], turns: int) -> tuple[int, int]:
    x, y = point
    for _ in range(turns):
        x, y = 127 - y, x
    return x, y


def test_colours_say_nothing() -> None:
    one = judged(drawn(*DISC_ON_BAR, size=128), (64, 72), (14, 72))
    assert judged(drawn(rect(8, 60, 120, 84, RED), circle(64, 72, 28, BLUE), size=128), (64, 72), (14, 72)) == one


def test_size_says_nothing() -> None:
    small = judged(drawn(*DISC_ON_BAR, size=128), (64, 72), (14, 72))
    scaled = f'<g transform="scale(2)">{"".join(DISC_ON_BAR)}</g>'
    large = judged(drawn(scaled, size=256), (128, 144), (28, 144))
    assert large.above == small.above and large.weight == pytest.approx(small.weight, rel=0.25)


def test_what_does_not_touch_is_not_judged() -> None:
    canvas = drawn(circle(24, 24, 14, RED), circle(70, 70, 14, BLUE), rect(60, 10, 80, 20, GREEN))
    regions, palette = regions_of(canvas)
    background = frozenset({label_at(regions, 0, 0)})
    assert weighed(regions, palette, background) == []
    assert len(regions.all) == 4 and np.unique(regions.labels).tolist() == [0, 1, 2, 3]
