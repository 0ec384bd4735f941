"""No ground shines through between layers that only touch, and nothing that can be seen changes."""

import numpy as np
import pytest

from peeler.exporters.svg import SvgExporter
from peeler.geometry import Box
from peeler.scenes.render import rendered
from peeler.stack import Layer, LayerStack, opaque_layer
from peeler.vectorizers.curves import CurvesVectorizer
from peeler.vectorizers.underlap import underlapped
from tests.vectorizers.test_curves import SIZE, X, Y, cover

GROUND = (255, 0, 255)


def stack_of(split: np.ndarray) -> LayerStack:
    """A disc in two halves that share the edge where ``split`` is zero, on a magenta ground."""
    disc = 60 - np.hypot(X - 80, Y - 80)
    halves = cover(np.minimum(disc, split)), cover(np.minimum(disc, -split))
    layers = [opaque_layer("background", "ground", np.full((SIZE, SIZE, 3), GROUND, np.uint8), "background")]
    for place, (alpha, ink) in enumerate(zip(halves, ("#208040", "#103050"), strict=True)):
        pixels = np.zeros((SIZE, SIZE, 4), np.uint8)
        pixels[alpha > 0, :3] = list(bytes.fromhex(ink[1:]))
        pixels[..., 3] = alpha
        layers.append(Layer(f"half-{place}", f"half {place}", Box(0, 0, SIZE, SIZE), pixels, ink=ink))
    return LayerStack((SIZE, SIZE), tuple(layers))


@pytest.mark.parametrize("scale", [1, 3, 8])
@pytest.mark.parametrize("name", ["straight", "steep", "wavy"])
def test_no_ground_shows_through_a_shared_edge(name: str, scale: int) -> None:
    split = {"straight": X - 80.4, "steep": 0.96 * X + 0.28 * Y - 99, "wavy": X - 80 - 12 * np.sin(Y / 9)}[name]
    svg = SvgExporter(CurvesVectorizer()).draw(stack_of(split))
    sized = svg.replace(f'width="{SIZE}" height="{SIZE}"', f'width="{SIZE * scale}" height="{SIZE * scale}"', 1)
    seen = rendered(sized)[..., :3].astype(int)
    inside = np.hypot(*(np.mgrid[: SIZE * scale, : SIZE * scale] / scale - 80)) < 56
    magenta = np.minimum(seen[..., 0], seen[..., 2]) - seen[..., 1]
    assert magenta[inside].max() < 24


def test_only_what_lies_under_others_grows() -> None:
    stack = stack_of(X - 80.4)
    lower, upper = stack.layers[1:]
    grown, _ = underlapped(lower, (upper,))
    more = grown.on(stack.size)[..., 3] > lower.on(stack.size)[..., 3]
    assert more.sum() > 100
    assert (upper.pixels[..., 3][more] > 127).all()
    assert Box.around(more).width <= 3


def test_a_shape_that_goes_on_under_another_stays_as_it_is() -> None:
    """Their edges cross, and run together for some pixels only."""
    below = cover(40 - np.abs(Y - 80))
    above = cover(30 - np.abs(X - 80))
    layers = []
    for alpha, ink in ((below, "#208040"), (above, "#103050")):
        pixels = np.zeros((SIZE, SIZE, 4), np.uint8)
        pixels[..., :3], pixels[..., 3] = list(bytes.fromhex(ink[1:])), alpha
        layers.append(Layer(ink, ink, Box(0, 0, SIZE, SIZE), pixels, ink=ink))
    assert underlapped(layers[0], layers[1:])[0] is layers[0]
    assert underlapped(layers[0], ())[0] is layers[0]
