"""Drawn outlines, and what they hide: which of two fills is in front."""

import cv2
import numpy as np

from peeler.flat.drawing import read_drawing
from peeler.flat.forms import forms_of
from peeler.flat.strokes import find_strokes, without_strokes
from peeler.geometry import RGB, Pixels
from tests.flat.figures import disc, drawn, iou, label_at, rect, regions_of

SIZE = 256
BLACK, GREEN, LIME = "#101010", "#28a050", "#a0d040"


def outlined(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="{BLACK}" stroke-width="8"/>'


TREES = outlined(96, 112, 64, GREEN) + outlined(160, 144, 64, LIME)


def trees() -> RGB:
    return drawn(TREES, size=SIZE)


def outlines(*shapes: str) -> int:
    regions, palette = regions_of(drawn(*shapes, size=SIZE))
    return len(find_strokes(forms_of(regions, palette.inks, frozenset({label_at(regions, 0, 0)}))).outlines)


def test_an_outline_is_a_stroke_and_a_fill_is_none() -> None:
    regions, palette = regions_of(trees())
    strokes = find_strokes(forms_of(regions, palette.inks, frozenset({label_at(regions, 0, 0)})))
    assert strokes.outlines == strokes.all == {label_at(regions, 32, 112)}
    plain, palette = regions_of(drawn(rect(40, 40, 200, 200, GREEN), rect(80, 80, 160, 160, LIME), size=SIZE))
    assert not find_strokes(forms_of(plain, palette.inks, frozenset({label_at(plain, 0, 0)}))).all


def test_a_frame_is_an_outline_only_where_it_is_one_even_line() -> None:
    thick = f'stroke="{BLACK}" stroke-width="14"'
    assert outlines(f'<circle cx="128" cy="128" r="56" fill="{LIME}" {thick}/>') == 1
    uneven = rect(40, 60, 200, 200, BLACK), rect(46, 66, 194, 140, LIME)
    assert outlines(*uneven) == 0


def test_a_small_thick_ring_is_an_outline_where_other_things_have_that() -> None:
    bubble = f'<circle cx="220" cy="40" r="10" fill="{LIME}" stroke="{BLACK}" stroke-width="6"/>'
    assert outlines(bubble) == 0
    assert outlines(bubble, outlined(96, 144, 64, GREEN)) == 2


def test_the_rim_outside_of_a_ring_on_a_disc_is_no_outline() -> None:
    ring = f'<circle cx="128" cy="128" r="88" fill="none" stroke="{LIME}" stroke-width="6"/>'
    badge = f'<circle cx="128" cy="128" r="104" fill="{BLACK}"/>{ring}<circle cx="128" cy="128" r="30" fill="{LIME}"/>'
    assert outlines(badge) == 0
    drawing = read_drawing(drawn(badge, size=SIZE))
    assert [iou(shape.whole, disc(128, 128, 104, SIZE)) > 0.98 for shape in drawing.shapes] == [True, False, False]


def test_without_their_outlines_fills_meet_in_the_middle() -> None:
    regions, palette = regions_of(trees())
    stroke = label_at(regions, 32, 112)
    fills = without_strokes(regions, frozenset({stroke}))
    assert fills.all[stroke].area == 0 and not (fills.labels == stroke).any()
    assert iou(fills.mask(label_at(regions, 200, 150)), disc(160, 144, 64, SIZE)) > 0.97
    kept = regions.labels != stroke
    assert np.array_equal(fills.labels[kept], regions.labels[kept])
    assert without_strokes(regions, frozenset()) is regions


def test_a_fill_goes_on_behind_an_outlined_one() -> None:
    drawing = read_drawing(trees())
    inks = ["#" + bytes(shape.ink).hex() for shape in drawing.shapes]
    assert inks.index(GREEN) < inks.index(LIME)
    assert iou(drawing.shapes[inks.index(GREEN)].whole, disc(96, 112, 64, SIZE)) > 0.93
    assert iou(drawing.shapes[inks.index(LIME)].whole, disc(160, 144, 64, SIZE)) > 0.97


def test_the_outline_of_what_is_behind_is_its_own() -> None:
    drawing = read_drawing(trees())
    inks = ["#" + bytes(shape.ink).hex() for shape in drawing.shapes]
    assert inks == [GREEN, BLACK, LIME, BLACK]
    behind, front = drawing.shapes[1], drawing.shapes[3]
    ring = disc(96, 112, 68, SIZE) & ~disc(96, 112, 60, SIZE)
    assert iou(behind.whole, ring) > 0.75
    assert iou(front.whole, disc(160, 144, 68, SIZE) & ~disc(160, 144, 60, SIZE)) > 0.9


STICK = "M92 30 L164 30 L148 226 L108 226 Z"
BANDS = '<path d="M94 72 H162 L161 81 H95 Z" fill="#d06040"/><path d="M95 94 H161 L160 103 H96 Z" fill="#d06040"/>'


def test_bands_that_end_at_an_outline_leave_it_whole() -> None:
    fill, line = '<path d="{}" fill="#f0e0c8"/>', '<path d="{}" fill="none" stroke="{}" stroke-width="12"/>'
    drawing = read_drawing(drawn(fill.format(STICK), BANDS, line.format(STICK, BLACK), size=SIZE))
    lines = [shape for shape in drawing.shapes if "#" + bytes(shape.ink).hex() == BLACK]
    assert len(drawing.shapes) == 4
    (outline,) = lines
    assert connected(outline.visible.pixels) == 1


def test_what_a_line_goes_around_is_a_shape_though_it_has_the_colour_of_the_ground() -> None:
    plate = f'<rect x="40" y="40" width="176" height="176" rx="40" fill="#ffffff" stroke="{BLACK}" stroke-width="4"/>'
    drawing = read_drawing(drawn(plate, f'<circle cx="128" cy="128" r="48" fill="{GREEN}"/>', size=SIZE))
    (white,) = [shape for shape in drawing.shapes if shape.ink.tolist() == [255, 255, 255]]
    whole = white.whole.on(drawing.size)
    assert whole[128, 128] and whole[60, 128] and not whole[20, 20]


def test_the_rim_around_fills_without_a_line_between_is_one_shape() -> None:
    circle = '<circle cx="{}" cy="{}" r="{}" fill="{}"/>'
    rim = circle.format(96, 112, 72, BLACK) + circle.format(160, 144, 72, BLACK)
    drawing = read_drawing(drawn(rim, circle.format(96, 112, 64, GREEN), circle.format(160, 144, 64, LIME), size=SIZE))
    inks = ["#" + bytes(shape.ink).hex() for shape in drawing.shapes]
    assert inks.index(GREEN) < inks.index(LIME)
    assert inks.count(BLACK) == 1


def test_an_outline_of_its_own_leaves_no_crumbs_behind() -> None:
    drawing = read_drawing(trees())
    assert [connected(shape.visible.pixels) for shape in drawing.shapes] == [1, 1, 1, 1]


def connected(mask: Pixels) -> int:
    return int(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0]) - 1
