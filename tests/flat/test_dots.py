"""Discs that have the ink of what is around the shape in which they lie: knobs and holes."""

import pytest

from peeler.flat.dots import REASON
from peeler.flat.drawing import read_drawing
from tests.flat.figures import bar, circle, disc, drawn, iou, rect

CARD, TRACK = rect(10, 10, 86, 86, "#f4f6f8"), "#28a050"


@pytest.mark.parametrize("ground", ["#f4f6f8", "#c83214"])
def test_a_knob_lies_on_its_track(ground: str) -> None:
    """Whether the card or the whole canvas has its ink."""
    pill = rect(20, 34, 76, 62, TRACK)
    track, knob = read_drawing(drawn(CARD, pill, circle(62, 48, 11, "#f4f6f8"), ground=ground)).shapes[-2:]
    assert iou(track.whole, bar(20, 34, 76, 62)) >= 0.98
    assert iou(knob.whole, disc(62, 48, 11)) >= 0.95


def test_the_middle_of_a_washer_is_seen_through_it() -> None:
    washer = circle(48, 48, 28, TRACK), circle(48, 48, 12, "#f4f6f8")
    drawing = read_drawing(drawn(CARD, *washer, ground="#c83214"))
    assert any(item.reason == REASON[1] for item in drawing.evidence) or len(drawing.shapes) == 2
    assert iou(drawing.shapes[-1].whole, disc(48, 48, 28) & ~disc(48, 48, 12)) >= 0.95


def test_a_spot_of_another_ink_is_told_as_ever() -> None:
    eye = circle(48, 48, 28, TRACK), circle(58, 48, 12, "#1450c8")
    drawing = read_drawing(drawn(CARD, *eye, ground="#c83214"))
    assert not any(item.reason in REASON for item in drawing.evidence)
    assert iou(drawing.shapes[-2].whole, disc(48, 48, 28)) >= 0.98
