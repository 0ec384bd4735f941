import numpy as np
import pytest

from peeler.errors import OutputError
from peeler.exporters.svg import SvgExporter, check_svg
from peeler.geometry import Box
from peeler.scenes.render import rendered
from peeler.stack import Layer, LayerStack, opaque_layer
from peeler.vectorizers.curves import CurvesVectorizer
from peeler.vectorizers.gradients import Linear, Radial, find_gradient

Y, X = np.mgrid[:80, :120] + 0.5


def layer(colours: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    shape = (np.hypot(X - 60, Y - 40) < 38) if alpha is None else alpha
    return np.dstack([np.rint(colours).clip(0, 255), shape * 255]).astype(np.uint8)


def between(share: np.ndarray, one: tuple[int, ...], other: tuple[int, ...]) -> np.ndarray:
    return np.array(one) + share.clip(0, 1)[..., None] * (np.array(other) - np.array(one))


@pytest.mark.parametrize("angle", [0, 30, 90, 135, 200])
def test_a_linear_gradient_is_found_with_its_direction(angle: float) -> None:
    way = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    share = ((X - 60) * way[0] + (Y - 40) * way[1] + 40) / 80
    found = find_gradient(layer(between(share, (250, 40, 60), (30, 60, 220))))
    assert isinstance(found, Linear) and len(found.stops) == 2
    line = np.subtract(found.end, found.start)
    assert abs(line @ way) / np.hypot(*line) > 0.999
    for place, stop in ((found.start, found.stops[0]), (found.end, found.stops[-1])):
        expected = between(
            np.array((place[0] - 60) * way[0] + (place[1] - 40) * way[1] + 40) / 80, (250, 40, 60), (30, 60, 220)
        )
        assert np.abs(np.array(stop.colour) - expected).max() <= 3


def test_a_radial_gradient_is_found_with_its_middle() -> None:
    share = np.hypot(X - 48, Y - 33) / 60
    found = find_gradient(layer(between(share, (255, 250, 200), (200, 80, 20))))
    assert isinstance(found, Radial) and len(found.stops) == 2
    assert found.middle == pytest.approx((48, 33), abs=1)
    assert np.abs(np.array(found.stops[0].colour) - (255, 250, 200)).max() <= 6


def test_a_gradient_over_three_colours_has_three_stops() -> None:
    share = X / 120
    colours = np.where(
        (share < 0.4)[..., None],
        between(share / 0.4, (255, 0, 0), (255, 255, 0)),
        between((share - 0.4) / 0.6, (255, 255, 0), (0, 80, 0)),
    )
    found = find_gradient(layer(colours))
    assert isinstance(found, Linear) and 3 <= len(found.stops) <= 5


@pytest.mark.parametrize("name", ["plain", "noise", "halves", "tiny", "clear", "checks"])
def test_what_is_no_gradient_is_none(name: str) -> None:
    plain = np.broadcast_to([90.0, 120, 30], (80, 120, 3))
    noise = np.random.default_rng(2).integers(0, 255, (80, 120, 3))
    halves = np.where((X < 60)[..., None], [250.0, 40, 60], [30, 60, 220])
    checks = np.where((((X // 9 + Y // 9) % 2) > 0)[..., None], [250.0, 40, 60], [30, 60, 220])
    tiny = layer(between(X / 120, (0, 0, 0), (255, 255, 255)), (X < 6) & (Y < 6))
    cases = {"plain": layer(plain), "noise": layer(noise), "halves": layer(halves), "tiny": tiny}
    cases |= {"clear": layer(plain, X < 0), "checks": layer(checks)}
    assert find_gradient(cases[name]) is None


def test_slight_noise_does_not_hide_a_gradient() -> None:
    noise = np.random.default_rng(4).normal(0, 1.5, (80, 120, 3))
    found = find_gradient(layer(between(X / 120, (200, 40, 60), (30, 60, 220)) + noise))
    assert isinstance(found, Linear) and len(found.stops) <= 3


@pytest.mark.parametrize("kind", ["linear", "radial"])
def test_a_layer_with_a_gradient_is_one_shape_that_looks_the_same(kind: str) -> None:
    share = X / 120 if kind == "linear" else np.hypot(X - 48, Y - 33) / 70
    pixels = layer(between(share, (250, 240, 60), (30, 60, 160)))
    lower = Layer("the Ball!", "ball", Box(30, 20, 150, 100), pixels)
    size = (200, 140)
    white = opaque_layer("background", "white", np.full((size[1], size[0], 3), 255, np.uint8), "background")
    stack = LayerStack(size, (white, lower))
    svg = SvgExporter(CurvesVectorizer()).draw(stack)
    check_svg(svg)
    assert svg.count("<path") + svg.count("<circle") == 1 and svg.count(f"<{kind}Gradient") == 1
    missed = np.abs(rendered(svg)[..., :3].astype(int) - stack.composite()[..., :3]).max(axis=2)
    assert missed.mean() < 1 and np.percentile(missed, 99) <= 8


def test_a_fill_that_refers_to_nothing_is_refused() -> None:
    markup = '<svg xmlns="http://www.w3.org/2000/svg"><path fill="url(#paint-x)" d="M0 0l1 1z"/></svg>'
    with pytest.raises(OutputError, match="no url.*paint-x"):
        check_svg(markup)
