from dataclasses import replace

import numpy as np
import pytest

from peeler.geometry import RGB, RGBA, Box, Mask, Pixels
from peeler.graph import Element
from peeler.inputs import Picture
from peeler.lift import hard_composite, lift, settle_transparency, with_residual
from peeler.stack import Layer, LayerStack, largest_difference, opaque_layer
from tests.toy import Toy

SIZE = (64, 64)


def ground(canvas: RGB) -> Layer:
    return opaque_layer("background", "background", canvas, "background")


def painted(canvas: RGB, layers: tuple[Layer, ...]) -> LayerStack:
    return LayerStack((canvas.shape[1], canvas.shape[0]), (ground(canvas), *layers))


def test_lifted_layers_give_back_the_canvas(toy: Toy) -> None:
    elements = toy.graph.topmost()
    layers = lift(toy.picture, toy.canvases[1], elements)
    assert painted(toy.canvases[1], layers).difference(toy.picture).max() <= 1
    assert [layer.id for layer in layers] == [element.id for element in elements]
    assert [layer.ink for layer in layers] == [element.colour for element in elements]


def test_a_flat_layer_has_one_colour_up_to_its_soft_edge(toy: Toy) -> None:
    (disc,) = lift(toy.canvases[1], toy.canvases[2], (toy.graph["disc"],))
    shown = disc.pixels[disc.pixels[..., 3] > 0]
    assert (shown[:, :3] == (200, 60, 40)).all(axis=1).mean() > 0.99
    assert len(np.unique(shown[:, 3])) > 3


def test_touching_elements_share_no_pixel() -> None:
    before = np.full((20, 20, 3), 255, dtype=np.uint8)
    before[5:15, 3:10], before[5:15, 10:17] = (200, 0, 0), (0, 0, 200)
    after = np.full_like(before, 255)
    elements = tuple(_block(name, Box(*box)) for name, box in (("a", (3, 5, 10, 15)), ("b", (10, 5, 17, 15))))
    layers = lift(before, after, elements)
    assert not (layers[0].on((20, 20))[..., 3].astype(bool) & layers[1].on((20, 20))[..., 3].astype(bool)).any()
    assert painted(after, layers).difference(before).max() == 0


def _block(name: str, box: Box) -> Element:
    mask = Mask.of(np.ones((box.height, box.width), dtype=bool), origin=(box.x0, box.y0))
    return Element(id=name, name=name, colour="#000000", box=box, mask=mask)


def test_what_changes_around_an_element_belongs_to_it(toy: Toy) -> None:
    """A remover may take a halo away too; the layer then holds it."""
    before = toy.picture.copy()
    before[36:40, 10:12] = (90, 90, 90)
    elements = toy.graph.topmost()
    layers = lift(before, toy.canvases[1], elements)
    assert painted(toy.canvases[1], layers).difference(before).max() <= 1


def test_a_textured_element_keeps_its_colours() -> None:
    random = np.random.default_rng(3)
    after = np.full((24, 24, 3), 255, dtype=np.uint8)
    before = after.copy()
    before[6:18, 6:18] = random.integers(0, 200, (12, 12, 3))
    (layer,) = lift(before, after, (_block("t", Box(6, 6, 18, 18)),))
    assert layer.ink is None
    assert np.array_equal(layer.on((24, 24))[6:18, 6:18, :3], before[6:18, 6:18])


def test_nothing_outside_the_mask_is_repainted(toy: Toy) -> None:
    mask = np.zeros((64, 64), dtype=bool)
    mask[:32] = True
    canvas = hard_composite(toy.picture, np.zeros_like(toy.picture), mask)
    assert np.array_equal(canvas[32:], toy.picture[32:])
    assert not canvas[:30].any()


def test_what_is_repainted_goes_over_into_what_was_there_without_a_seam() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[:10] = True
    canvas = hard_composite(np.full((20, 20, 3), 90, np.uint8), np.zeros((20, 20, 3), np.uint8), mask)
    assert canvas[6:12, 5, 0].tolist() == [0, 0, 30, 60, 90, 90]


def test_an_exact_stack_has_no_residual(toy: Toy) -> None:
    stack = painted(toy.picture, ())
    assert with_residual(stack, toy.picture) is stack


def test_the_residual_holds_what_the_layers_miss(toy: Toy) -> None:
    missing = with_residual(painted(toy.canvases[1], ()), toy.picture)
    residual = missing.layers[-1]
    assert (residual.role, residual.id) == ("residual", "residual")
    assert missing.difference(toy.picture).max() <= 2
    assert missing.elements == ()


def transparent(seed: int = 0, backdrop_like: bool = False) -> tuple[Picture, Pixels, Pixels]:
    """A soft-edged disc with a soft-edged, half clear dot on it, on nothing; and where the two are."""
    y, x = np.mgrid[0:64, 0:64]
    disc = (24.5 - np.hypot(x - 30, y - 32)).clip(0, 1)
    dot = (8.5 - np.hypot(x - 44, y - 32)).clip(0, 1)
    colour = (252, 252, 252) if backdrop_like else (200, 60, 40)
    premultiplied = disc[..., None] * np.array(colour) * (1 - dot[..., None] * 0.7)
    premultiplied += dot[..., None] * 0.7 * np.array((20, 90, 160))
    alpha = disc * (1 - dot * 0.7) + dot * 0.7
    straight = np.divide(premultiplied, alpha[..., None], out=np.zeros((64, 64, 3)), where=alpha[..., None] > 0)
    straight[alpha == 0] = np.random.default_rng(seed).integers(0, 256, 3)
    pixels = np.rint(np.dstack([straight, alpha * 255])).astype(np.uint8)
    return Picture.of(pixels), disc > 0.5, dot > 0.5


def peeled(picture: Picture, disc: Pixels, dot: Pixels) -> LayerStack:
    """The true layers on the backdrop, as a remover with perfect knowledge gives them."""
    empty = np.full((64, 64, 3), picture.backdrop, dtype=np.uint8)
    without_dot = picture.rgb.copy()
    without_dot[dot] = picture.rgb[32, 20]
    elements = (_shaped("disc", disc), _shaped("dot", dot))
    lower, upper = lift(without_dot, empty, elements[:1]), lift(picture.rgb, without_dot, elements[1:])
    return with_residual(LayerStack(SIZE, (ground(empty), *lower, *upper)), picture.rgb)


def _shaped(name: str, pixels: Pixels) -> Element:
    mask = Mask.of(pixels)
    return Element(id=name, name=name, colour="#000000", box=mask.box, mask=mask)


@pytest.mark.parametrize("backdrop_like", [False, True])
def test_a_transparent_picture_stays_transparent(backdrop_like: bool) -> None:
    picture, disc, dot = transparent(backdrop_like=backdrop_like)
    settled = settle_transparency(peeled(picture, disc, dot), picture)
    assert (picture.backdrop != (255, 255, 255)) == backdrop_like
    assert largest_difference(settled.composite(), picture.pixels).max() <= 2
    assert [layer.role for layer in settled.layers][:3] == ["background", "element", "element"]


def test_one_layer_alone_carries_a_half_clear_pixel() -> None:
    picture, disc, dot = transparent()
    settled = settle_transparency(peeled(picture, disc, dot), picture)
    assert picture.alpha is not None
    half = (picture.alpha > 0) & (picture.alpha < 255)
    carriers = np.sum([layer.on(SIZE)[..., 3] > 0 for layer in settled.layers], axis=0)
    assert half.any() and (carriers[half] == 1).all() and not carriers[picture.alpha == 0].any()


def test_no_backdrop_is_left_under_what_covers_it() -> None:
    picture, disc, dot = transparent()
    settled = settle_transparency(peeled(picture, disc, dot), picture)
    assert not settled.layers[0].pixels[..., 3].any()
    assert (settled.layers[1].on(SIZE)[20:44, 15:30, 3] == 255).all()


def test_a_stack_of_the_background_alone_becomes_the_picture() -> None:
    picture, *_ = transparent()
    settled = settle_transparency(painted(picture.rgb, ()), picture)
    assert largest_difference(settled.composite(), picture.pixels).max() <= 2
    assert len(settled.layers) == 1


def test_a_wholly_clear_picture_gives_a_clear_background() -> None:
    picture = Picture.of(np.zeros((5, 4, 4), dtype=np.uint8))
    settled = settle_transparency(painted(picture.rgb, ()), picture)
    assert not settled.composite().any()


def test_opacity_goes_into_the_alpha() -> None:
    pixels: RGBA = np.full((64, 64, 4), (0, 0, 0, 255), dtype=np.uint8)
    pixels[:, :10, 3] = 0
    picture = Picture.of(pixels)
    black = np.zeros((64, 64, 3), np.uint8)
    layers = tuple(
        replace(ground(black), id=name, role="element", opacity=opacity) for name, opacity in (("a", 1.0), ("b", 0.5))
    )
    settled = settle_transparency(painted(picture.rgb, layers), picture)
    assert [layer.opacity for layer in settled.layers] == [1, 1, 1]
    assert settled.layers[2].pixels[30, 30].tolist() == [0, 0, 0, 128]
    assert settled.difference(pixels).max() == 0


def test_no_layer_keeps_the_colour_of_the_backdrop() -> None:
    """Where soft edges met on the backdrop it shone through; the picture there is opaque."""
    pixels = np.zeros((16, 16, 4), dtype=np.uint8)
    pixels[4:12, 2:8], pixels[4:12, 8:14] = (220, 220, 220, 255), (250, 250, 250, 255)
    picture = Picture.of(pixels)
    left, right = np.zeros((16, 16, 4), np.uint8), np.zeros((16, 16, 4), np.uint8)
    left[4:12, 2:8], right[4:12, 8:14] = (220, 220, 220, 255), (250, 250, 250, 255)
    left[4:12, 7, 3] = right[4:12, 8, 3] = 128
    whole = Box(0, 0, 16, 16)
    empty = np.full((16, 16, 3), picture.backdrop, dtype=np.uint8)
    stack = LayerStack((16, 16), (ground(empty), Layer("l", "l", whole, left), Layer("r", "r", whole, right)))
    settled = settle_transparency(stack, picture)
    assert picture.backdrop != (255, 255, 255)
    assert settled.difference(pixels).max() == 0
    shown = np.concatenate([layer.pixels[layer.pixels[..., 3] > 0] for layer in settled.layers])
    assert {tuple(colour) for colour in shown.tolist()} == {(220, 220, 220, 255), (250, 250, 250, 255)}


def test_the_ink_of_a_half_clear_layer_is_its_own_colour() -> None:
    """Peeled on white it was paler."""
    pixels = np.zeros((16, 16, 4), dtype=np.uint8)
    pixels[4:12, 4:12] = (33, 150, 243, 153)
    picture = Picture.of(pixels)
    pale = picture.rgb[8, 8].tolist()
    disc = Layer("e", "e", Box(4, 4, 12, 12), np.full((8, 8, 4), (*pale, 255), np.uint8), ink="#" + bytes(pale).hex())
    settled = settle_transparency(painted(picture.rgb, (disc, replace(disc, id="f", ink=None))), picture)
    assert settled.difference(pixels).max() == 0
    assert pale != [33, 150, 243]
    assert [layer.ink for layer in settled.elements] == [None, None], "the lower one shows nowhere now"
    (alone,) = settle_transparency(painted(picture.rgb, (disc,)), picture).elements
    assert alone.ink == "#2196f3"


def test_an_opaque_picture_is_left_as_it_is(toy: Toy) -> None:
    stack = painted(toy.picture, ())
    assert settle_transparency(stack, Picture.of(toy.picture)) is stack
