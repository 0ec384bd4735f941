import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from peeler.flat.crossings import region_of
from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.layering import FEWEST_VISIBLE
from peeler.flat.regions import Regions
from peeler.flat.survey import find_background
from peeler.geometry import RGB, Pixels
from peeler.scenes.render import picture, svg_text, top_shapes
from peeler.scenes.scene import scene
from tests.flat.figures import SIZE, bar, circle, disc, drawn, enlarged, iou, label_at, rect, regions_of
from tests.flat.test_fades import CARD, PANEL, SHADOW

RED, BLUE, GREEN, WHITE, BLACK = "#c83214", "#1450c8", "#28a050", "#ffffff", "#101010"


def told(drawing: Drawing) -> list[str]:
    """The inks bottom to top."""
    return ["#" + bytes(shape.ink).hex() for shape in drawing.shapes]


def assert_consistent(drawing: Drawing, canvas: RGB, dropped: int = 0) -> None:
    """``dropped`` pixels may belong to parts that are too small to be shapes.

    The parts of a shape may go on over each other: they have one ink, so painting them changes nothing.
    """
    covered = np.zeros(canvas.shape[:2], np.bool_)
    for shape in reversed(drawing.shapes):
        visible, whole = shape.visible.on(drawing.size), shape.whole.on(drawing.size)
        assert (visible <= whole).all() and visible.any()
        assert not (visible & covered).any(), "one pixel shows two shapes"
        alike = [other.visible.on(drawing.size) for other in drawing.shapes if (other.ink == shape.ink).all()]
        may_hold = np.logical_or.reduce([covered, *alike])
        assert (whole & ~may_hold).sum() <= dropped, "outside the painter's interval"
        covered |= visible
    for item in drawing.evidence:
        assert item.above > item.below, "evidence against the painting order"
        assert item.weight >= 0


def read(*elements: str, ground: str = WHITE) -> Drawing:
    canvas = drawn(*elements, ground=ground)
    drawing = read_drawing(canvas)
    assert_consistent(drawing, canvas)
    assert "#" + bytes(drawing.background).hex() == ground and drawing.palette.flat
    return drawing


@pytest.mark.parametrize("ground", [WHITE, "#000000", "#f0d060"])
def test_a_disc_over_a_bar(ground: str) -> None:
    drawing = read(rect(8, 40, 88, 56, BLUE), circle(48, 48, 20, RED), ground=ground)
    assert told(drawing) == [BLUE, RED]
    low, high = drawing.shapes
    assert iou(high.whole, disc(48, 48, 20)) > 0.97
    assert iou(low.whole, bar(8, 40, 88, 56)) > 0.97
    assert [(item.above, item.below) for item in drawing.evidence] == [(1, 0)]


def test_a_face() -> None:
    eyes = circle(36, 40, 6, BLUE) + circle(60, 40, 6, BLUE)
    drawing = read(circle(48, 48, 36, RED), eyes, rect(34, 62, 62, 68, WHITE))
    assert told(drawing)[0] == RED and sorted(told(drawing)[1:]) == sorted([BLUE, BLUE, WHITE])
    low, high = (shape.whole for shape in drawing.shapes[:2])
    assert low.overlap(high) == high.area, "the face goes on under what is on it"
    assert iou(drawing.shapes[0].whole, disc(48, 48, 36)) > 0.97
    assert {(item.above, item.below) for item in drawing.evidence} == {(1, 0), (2, 0), (3, 0)}


def test_a_frame_lies_on_its_fill() -> None:
    drawing = read(f'<rect x="20" y="20" width="56" height="56" fill="{RED}" stroke="{BLUE}" stroke-width="6"/>')
    assert told(drawing) == [RED, BLUE]
    assert iou(drawing.shapes[0].whole, bar(20, 20, 76, 76)) > 0.95


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 5, 9])
def test_two_inks_of_nearly_one_colour_are_both_seen(levels: int) -> None:
    """On a third, which must not take the rarer one for a part of itself."""
    nearly = "#fbc2" + bytes([0x19 + levels]).hex()
    drawing = read(rect(4, 4, 60, 92, "#fbc219"), rect(60, 4, 92, 92, "#f26d31"), circle(76, 40, 10, nearly))
    (spot,) = [shape.visible for shape in drawing.shapes if shape.visible.on(drawing.size)[40, 76]]
    assert iou(spot, disc(76, 40, 10)) > 0.95


def test_things_apart_have_no_order() -> None:
    drawing = read(circle(24, 24, 14, RED), circle(70, 70, 18, BLUE), rect(60, 10, 80, 20, GREEN))
    assert told(drawing) == [BLUE, RED, GREEN], "the larger first"
    assert drawing.evidence == ()


def test_a_plain_canvas_is_all_background() -> None:
    drawing = read(ground=GREEN)
    assert drawing.shapes == () and drawing.evidence == ()


def test_a_patch_that_an_edge_keeps_from_the_ground_is_a_shape() -> None:
    """As a card whose shadow is paler than any ink, before a bar."""
    labels = np.zeros((60, 60), np.int32)
    labels[:20], labels[10:50, 20:40] = 1, 2
    regions = Regions(labels, tuple(region_of(labels, label, ink) for label, ink in enumerate((0, 1, 0))))
    assert find_background(regions) == {0}
    labels[20:50, 18:20] = labels[20:50, 40:42] = labels[50:52, 18:42] = 1
    regions = Regions(labels, tuple(region_of(labels, label, ink) for label, ink in enumerate((0, 1, 0))))
    assert find_background(regions) == {0}


def test_what_is_seen_between_shapes_is_background_but_a_patch_on_one_is_a_shape() -> None:
    rails = rect(20, 20, 76, 30, RED), rect(20, 66, 76, 76, BLUE)
    posts = rect(20, 20, 30, 76, GREEN), rect(66, 20, 76, 76, GREEN)
    regions, _ = regions_of(drawn(*rails, *posts))
    assert find_background(regions) == {label_at(regions, 0, 0), label_at(regions, 48, 48)}
    regions, _ = regions_of(drawn(circle(48, 48, 40, RED), circle(48, 48, 12, WHITE)))
    assert find_background(regions) == {label_at(regions, 0, 0)}


def test_a_shape_behind_bars_is_one() -> None:
    drawing = read(circle(48, 48, 36, RED), rect(30, 4, 36, 92, BLUE), rect(60, 4, 66, 92, BLUE))
    assert told(drawing) == [RED, BLUE, BLUE]
    assert iou(drawing.shapes[0].whole, disc(48, 48, 36)) > 0.95


@pytest.mark.parametrize(
    "family, style", [("pizza", "outlined"), ("apple", "grounded"), ("lemon", "badge"), ("moon", "duotone")]
)
def test_a_drawn_scene_is_read_well(family: str, style: str) -> None:
    shapes = scene(family, style, 5, size=160).shapes
    canvas = picture(svg_text(shapes, 160))
    drawing = read_drawing(canvas)
    assert_consistent(drawing, canvas, dropped=4 * FEWEST_VISIBLE)
    masks = visible(top_shapes(shapes, 160))
    found = sum(any(iou(shape.visible, mask) > 0.8 for shape in drawing.shapes) for mask in masks)
    assert found >= 0.8 * len(masks)


def visible(top: NDArray[np.int64]) -> list[Pixels]:
    masks = [top == number for number in np.unique(top) if number]
    return [mask for mask in masks if mask.sum() > 60]


def test_what_is_painted_later_leaves_no_hole() -> None:
    """Nothing says that the glass of a lens lies on the body of its camera, but it is painted later."""
    lens = circle(50, 48, 24, "#c8d2dc") + circle(50, 48, 18, BLUE) + circle(50, 48, 10, RED)
    drawing = read(rect(8, 16, 88, 80, BLUE), lens, circle(26, 30, 14, GREEN))
    assert told(drawing)[0] == BLUE and iou(drawing.shapes[0].whole, bar(8, 16, 88, 80)) > 0.97


def test_what_is_not_flat_is_read_as_tones() -> None:
    across, down = np.meshgrid(np.linspace(0, 255, SIZE), np.linspace(0, 255, SIZE))
    grain = np.random.default_rng(3).integers(-60, 60, (SIZE, SIZE))
    canvas = np.stack([across + grain, down - grain, 90 + grain], axis=2).clip(0, 255).astype(np.uint8)
    drawing = read_drawing(canvas)
    assert_consistent(drawing, canvas)
    assert not drawing.palette.flat and drawing.shapes


def test_bars_that_hardly_line_up_behind_a_disc_are_told_to_be_one_perhaps() -> None:
    def bars(apart: float) -> Drawing:
        high, low = rect(4, 40 - apart, 48, 52 - apart, BLUE), rect(48, 40 + apart, 92, 52 + apart, BLUE)
        return read(high, low, circle(48, 46, 20, RED))

    assert len(bars(2).shapes) == 2
    assert len(bars(7).shapes) == 3 and bars(7).interrupted == ((0, 1),)
    assert len(bars(12).shapes) == 3 and not bars(12).interrupted


def test_a_shape_that_a_stroke_crosses_is_one() -> None:
    ring = f'<circle cx="48" cy="48" r="42" fill="{GREEN}" stroke="{BLACK}" stroke-width="4"/>'
    drawing = read(ring, circle(48, 48, 26, RED), f'<path d="M18 18L78 78" stroke="{BLACK}" stroke-width="4"/>')
    assert told(drawing).count(RED) == 1
    (fill,) = [shape for shape in drawing.shapes if shape.ink.tolist() == list(bytes.fromhex(RED[1:]))]
    assert iou(fill.whole, disc(48, 48, 26)) > 0.95


def test_slices_between_strokes_are_one() -> None:
    body = f'<rect x="18" y="28" width="60" height="42" fill="{RED}" stroke="{BLACK}" stroke-width="4"/>'
    drawing = read(body, f'<path d="M10 42H86M10 56H86" stroke="{BLACK}" stroke-width="4"/>')
    assert told(drawing).count(RED) == 1
    assert iou(drawing.shapes[0].whole, bar(18, 28, 78, 70)) > 0.95


def test_pixel_art_is_flat_art() -> None:
    """Though the picture of which each pixel was repeated has no area that could be called even."""
    inks = np.array([[200, 30, 30], [30, 60, 200], [255, 255, 255]], np.uint8)
    sprite = np.random.default_rng(2).choice(inks, (64, 64)).repeat(8, 0).repeat(8, 1)
    drawing = read_drawing(sprite)
    assert drawing.palette.flat and len(drawing.shapes) > 20


def test_the_ground_is_the_ink_that_has_most_of_the_rim_though_roads_part_it() -> None:
    roads = rect(30, 0, 36, 60, "#ffffff") + rect(62, 0, 68, 60, "#ffffff")
    drawing = read_drawing(drawn(roads, rect(0, 55, 96, 96, "#9fd3e6"), ground="#dff0e3"))
    assert drawing.background.tolist() == [0xDF, 0xF0, 0xE3]


ENLARGED = {
    "edges that coincide": (
        circle(100, 100, 60, RED),
        '<path d="M100 40 A60 60 0 0 1 160 100 L100 100Z" fill="#701808"/>',
    ),
    "a disc over two bars": (rect(10, 50, 190, 80, BLUE), rect(10, 120, 190, 140, GREEN), circle(100, 100, 50, RED)),
    "a shadow": (SHADOW, CARD),
    "a gradient": (PANEL,),
}


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("name", ENLARGED)
def test_an_enlarged_picture_is_read_as_it_was(name: str, times: int) -> None:
    canvas = drawn(*ENLARGED[name], size=200)
    small, large = read_drawing(canvas), read_drawing(enlarged(canvas, times))
    assert large.size == (200 * times, 200 * times)
    assert (small.evidence, small.drawn_as, len(small.shapes)) == (large.evidence, large.drawn_as, len(large.shapes))
    for one, other in zip(small.shapes, large.shapes, strict=True):
        assert (one.ink == other.ink).all() and one.opacity == other.opacity
        assert (enlarged(one.whole.on(small.size), times) == other.whole.on(large.size)).all()
        assert (enlarged(one.visible.on(small.size), times) == other.visible.on(large.size)).all()
        if one.levels is not None and other.levels is not None:
            assert (enlarged(one.levels, times) == other.levels).all()
    assert [one.levels is None for one in small.shapes] == [other.levels is None for other in large.shapes]


FLAT = ("edges that coincide", "a disc over two bars")
# A filter that makes a picture twice as large is undone to a grey level, which is seen in fades.
SOFTLY_ENLARGED = [*((name, 2) for name in FLAT), *((name, times) for name in ENLARGED for times in (3, 4))]


@pytest.mark.parametrize(("name", "times"), SOFTLY_ENLARGED)
def test_a_softly_enlarged_picture_is_read_as_it_was(name: str, times: int) -> None:
    canvas = drawn(*ENLARGED[name], size=200)
    side = 200 * times
    soft = np.asarray(Image.fromarray(canvas).resize((side, side), Image.Resampling.BICUBIC))
    small, large = read_drawing(canvas), read_drawing(soft)
    assert large.size == (side, side) and told(large) == told(small) and large.drawn_as == small.drawn_as
    assert [shape.opacity for shape in large.shapes] == [shape.opacity for shape in small.shapes]
    for one, other in zip(small.shapes, large.shapes, strict=True):
        assert iou(other.whole, enlarged(one.whole.on(small.size), times)) > 0.97


@pytest.mark.parametrize("times", [3, 4])
@pytest.mark.parametrize("name", FLAT)
def test_a_softly_enlarged_picture_has_no_other_shapes(name: str, times: int) -> None:
    canvas = drawn(*ENLARGED[name], size=200)
    side = 200 * times - 1  # not even a multiple
    soft = np.asarray(Image.fromarray(canvas).resize((side, side), Image.Resampling.BICUBIC))
    small, large = read_drawing(canvas), read_drawing(soft)
    assert large.size == (side, side) and told(large) == told(small)
    assert_consistent(large, soft)
    for one, other in zip(small.shapes, large.shapes, strict=True):
        assert iou(other.whole, enlarged(one.whole.on(small.size), times)[:side, :side]) > 0.97
