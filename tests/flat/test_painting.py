import numpy as np
import pytest

from peeler.flat.matting import REACH, Ink, grown
from peeler.flat.painting import Painted, ink_of, painted, take_off, visible_parts
from peeler.geometry import RGB, RGBA, Box, Mask, Pixels
from peeler.graph import Element
from peeler.stack import Layer, LayerStack, opaque_layer
from tests.flat.figures import SIZE, bar, circle, disc, drawn, rect

RED, BLUE, WHITE = (200, 50, 20), (20, 80, 200), (255, 255, 255)
DISC, BAR = disc(48, 48, 24), bar(8, 40, 88, 60)
ON_THE_BAR = (rect(8, 40, 88, 60, "#1450c8"), circle(48, 48, 24, "#c83214"))


def worst(one: RGB, other: RGB) -> int:
    return int(np.abs(one.astype(int) - other).max(initial=0))


def over(ground: RGB, box: Box, pixels: RGBA) -> LayerStack:
    return LayerStack((SIZE, SIZE), (opaque_layer("b", "b", ground, "background"), Layer("e", "e", box, pixels)))


def test_what_is_behind_comes_out() -> None:
    picture, without = drawn(*ON_THE_BAR), drawn(ON_THE_BAR[0])
    canvas, _, _ = take_off(picture, Mask.of(DISC), RED, [Painted(Mask.of(BAR), BLUE)], WHITE)
    inside_out = grown(bar(8, 40, 88, 60), 2) & ~bar(10, 42, 86, 58)
    assert worst(canvas[~inside_out], without[~inside_out]) == 0
    # The edges that were hidden are drawn soft.
    assert np.abs(canvas.astype(int) - without).max(axis=2)[inside_out & DISC].mean() < 80


@pytest.mark.parametrize("ink", [RED, None])
def test_outside_the_shape_and_its_edge_no_pixel_changes(ink: Ink | None) -> None:
    picture = drawn(*ON_THE_BAR)
    canvas, box, _ = take_off(picture, Mask.of(DISC), ink, [], (9, 99, 199))
    outside = ~grown(DISC, REACH)
    assert (canvas[outside] == picture[outside]).all()
    assert (canvas[DISC] == (9, 99, 199)).all()
    assert box == Mask.of(DISC).box.expand(REACH + 1, (SIZE, SIZE))


@pytest.mark.parametrize("ink", [RED, None, (190, 60, 30)])
def test_what_was_lifted_gives_the_picture_back(ink: Ink | None) -> None:
    picture = drawn(*ON_THE_BAR)
    canvas, box, pixels = take_off(picture, Mask.of(DISC), ink, [Painted(Mask.of(BAR), BLUE)], WHITE)
    assert over(canvas, box, pixels).difference(picture).max() <= 1


@pytest.mark.parametrize("shape", [bar(0, 0, 30, 30), bar(60, 60, 96, 96), bar(0, 0, 96, 96), bar(95, 95, 96, 96)])
def test_a_shape_at_the_rim_of_the_canvas(shape: Pixels) -> None:
    picture = np.where(shape[..., None], RED, WHITE).astype(np.uint8)
    canvas, box, pixels = take_off(picture, Mask.of(shape), RED, [], WHITE)
    assert (canvas == 255).all()
    assert over(canvas, box, pixels).difference(picture).max() == 0


def test_what_overshoots_the_ground_beside_an_edge_stays_on_it() -> None:
    """Sharpened and lossy pictures have rings around their edges; lifted along they would be specks in the layer."""
    ground, ink = (240, 200, 40), (30, 30, 30)
    picture = drawn(circle(48, 48, 24, "#1e1e1e"), ground="#f0c828").copy()
    ring = disc(48, 48, 26) & ~disc(48, 48, 25)
    picture[ring] = (250, 212, 60)
    canvas, box, layer = take_off(picture, Mask.of(DISC), ink, [], ground)
    assert (canvas[ring] == (250, 212, 60)).all()
    lifted = np.zeros((SIZE, SIZE), np.uint8)
    lifted[box.slices] = layer[..., 3]
    assert not lifted[ring].any() and (layer[layer[..., 3] > 0][:, :3] <= 40).all()
    assert worst(over(canvas, box, layer).composite()[..., :3], picture) <= 1


def test_noise_of_the_ground_beside_an_edge_stays_on_it() -> None:
    """On a nearly black ground only an opaque pixel could tell a darker one, and would be a speck elsewhere."""
    ground, ink = (3, 2, 2), (12, 155, 88)
    picture = drawn(circle(48, 48, 24, "#0c9b58"), ground="#030202").copy()
    ring = disc(48, 48, 26) & ~disc(48, 48, 25)
    picture[ring] = np.where(np.arange(np.count_nonzero(ring))[:, None] % 2, (0, 5, 2), (3, 2, 2))
    canvas, box, layer = take_off(picture, Mask.of(DISC), ink, [], ground)
    assert (canvas[ring] == picture[ring]).all()
    assert (layer[layer[..., 3] > 0][:, :3] == ink).mean() > 0.99
    assert worst(over(canvas, box, layer).composite()[..., :3], picture) <= 1


def test_the_picture_that_was_given_is_left_alone() -> None:
    picture = drawn(*ON_THE_BAR)
    copy = picture.copy()
    take_off(picture, Mask.of(DISC), RED, [], WHITE)
    assert (picture == copy).all()


def test_shapes_are_painted_in_turn() -> None:
    shapes = [Painted(Mask.of(BAR), BLUE), Painted(Mask.of(DISC), RED)]
    picture = painted(shapes, WHITE, Box(0, 0, SIZE, SIZE))
    assert picture[48, 48].tolist() == list(RED) and picture[50, 12].tolist() == list(BLUE)
    assert picture[10, 10].tolist() == list(WHITE)
    assert np.abs(picture.astype(int) - drawn(*ON_THE_BAR)).max(axis=2).mean() < 2
    seen = Box(30, 20, 70, 90)
    assert (painted(shapes, WHITE, seen)[4:-4, 4:-4] == picture[24:86, 34:66]).all()


def test_the_ink_of_an_element() -> None:
    assert ink_of(Element(id="e", name="e", colour="#0a14ff", box=Box(0, 0, 1, 1))) == (10, 20, 255)


def test_what_shows_of_shapes_on_each_other() -> None:
    assert visible_parts([Mask.of(BAR), Mask.of(DISC)], (SIZE, SIZE)) == [Mask.of(BAR & ~DISC), Mask.of(DISC)]
    hidden = Mask.of(np.zeros((SIZE, SIZE), np.bool_))
    assert visible_parts([Mask.of(bar(40, 45, 50, 50)), Mask.of(DISC)], (SIZE, SIZE)) == [hidden, Mask.of(DISC)]
    assert visible_parts([], (SIZE, SIZE)) == []
