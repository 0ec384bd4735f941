import numpy as np
import pytest

from peeler.vectorizers.markup import stroke_element
from peeler.vectorizers.outlines import trace_outlines
from peeler.vectorizers.primitives import Ellipse, Rectangle, recognised
from peeler.vectorizers.strokes import Stroke, find_stroke
from tests.vectorizers.test_curves import X, Y, cover, disc, rounded_box


def stroke_of(distance: np.ndarray) -> Stroke | None:
    outlines = trace_outlines(cover(distance))
    return find_stroke(outlines, [recognised(outline) for outline in outlines], 0.25)


def along(points: list[tuple[float, float]], width: float) -> np.ndarray:
    """A line through points with round ends and corners: half the width less the distance to the nearest stretch."""
    best = np.full(X.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        share = (((X - x0) * (x1 - x0) + (Y - y0) * (y1 - y0)) / length).clip(0, 1)
        best = np.minimum(best, np.hypot(X - x0 - share * (x1 - x0), Y - y0 - share * (y1 - y0)))
    return width / 2 - best


def test_a_ring_is_a_circle_with_a_width() -> None:
    found = stroke_of(np.minimum(disc(80, 79.6, 60), -disc(80, 79.6, 51)))
    assert found and isinstance(found.middle, Ellipse) and found.is_closed
    assert (found.middle.across, found.width) == (pytest.approx(55.5, abs=0.05), pytest.approx(9, abs=0.1))


@pytest.mark.parametrize("radius", [0.0, 20.0])
def test_a_frame_is_a_rectangle_with_a_width(radius: float) -> None:
    inside = max(0.0, radius - 6)
    found = stroke_of(np.minimum(rounded_box(20, 30, 140, 120, radius), -rounded_box(26, 36, 134, 114, inside)))
    assert found and isinstance(found.middle, Rectangle) and found.round_corners == bool(radius)
    assert found.width == pytest.approx(6, abs=0.1)
    assert found.middle[:4] == pytest.approx((23, 33, 137, 117), abs=0.1)


def test_a_ring_of_another_shape_is_a_closed_curve() -> None:
    far = np.hypot((X - 80) / 1.4, Y - 80)
    found = stroke_of(
        3.5 - np.abs(np.hypot(X - 80, Y - 80) - 45 - 8 * np.cos(3 * np.arctan2(Y - 80, X - 80))) * 0.93 + far * 0
    )
    assert found is None or found.is_closed


@pytest.mark.parametrize("width", [3, 6, 12])
@pytest.mark.parametrize("name", ["straight", "arc", "wave", "corner"])
def test_an_open_line_is_found_with_its_width(name: str, width: float) -> None:
    turn = np.linspace(0.3, 2.7, 60)
    places = np.linspace(25, 135, 80)
    lines = {
        "straight": [(30.0, 40.5), (130.0, 115.0)],
        "arc": list(zip(80 + 50 * np.cos(turn), 60 + 50 * np.sin(turn), strict=True)),
        "wave": list(zip(places, 80 + 12 * np.sin(places / 13), strict=True)),
        "corner": [(30.0, 30.0), (40.0, 120.0), (130.0, 125.0)],
    }
    found = stroke_of(along(lines[name], width))
    assert found and not found.is_closed
    assert found.width == pytest.approx(width, abs=0.2)
    assert isinstance(found.middle, list)
    ends = found.middle[0][0], found.middle[-1][-1]
    for wanted in (lines[name][0], lines[name][-1]):
        assert min(np.hypot(*(end - wanted)) for end in ends) < 0.5
    assert len(found.middle) <= {"straight": 1, "arc": 3, "wave": 12, "corner": 4}[name]


@pytest.mark.parametrize("width", [4, 9, 14])
@pytest.mark.parametrize("name", ["straight", "arc"])
def test_a_line_that_is_cut_off_has_flat_ends(name: str, width: float) -> None:
    along_it = (X - 30) * 0.8 + (Y - 30) * 0.6
    straight = np.minimum(width / 2 - abs((Y - 30) * 0.8 - (X - 30) * 0.6), np.minimum(along_it, 110 - along_it))
    arc = np.minimum(width / 2 - abs(np.hypot(X - 80, Y - 70) - 45), Y - 70)
    found = stroke_of({"straight": straight, "arc": arc}[name])
    assert found and not found.round_ends and not found.is_closed and isinstance(found.middle, list)
    assert found.width == pytest.approx(width, abs=0.1) and len(found.middle) <= 2
    ends = {"straight": [(30, 30), (118, 96)], "arc": [(35, 70), (125, 70)]}[name]
    for wanted in ends:
        assert min(np.hypot(*(end - wanted)) for end in (found.middle[0][0], found.middle[-1][-1])) < 0.45
    assert "linecap" not in stroke_element(found, 'fill="#204060"', (0, 0))


@pytest.mark.parametrize(
    "distance",
    [
        disc(80, 80, 50),
        rounded_box(20, 30, 140, 120, 18),
        np.minimum(disc(80, 80, 60), -disc(88, 80, 45)),
        np.minimum((X - 20) * 0.2, 8 - np.abs(Y - 80) + (X - 20) * 0.05),
        np.maximum(along([(20, 80), (140, 80)], 8), along([(80, 20), (80, 140)], 8)),
    ],
    ids=["disc", "box", "eccentric ring", "wedge", "cross"],
)
def test_what_is_no_stroke_is_none(distance: np.ndarray) -> None:
    assert stroke_of(distance) is None
