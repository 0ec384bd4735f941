"""Changes to a stack: what each does, what it leaves alone, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from peeler import editing
from peeler.errors import ConfigError
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack, largest_difference
from peeler.tints import only_ink, tinted
from tests.awkward_stacks import STACKS, background, element, noise

SIZE = (80, 60)


def disc(id: str, x: float, y: float, radius: float, ink: str, fine: int = 8) -> Layer:
    """A flat layer with a soft edge, drawn at ``fine`` times the resolution."""
    down, across = np.mgrid[0 : fine * SIZE[1], 0 : fine * SIZE[0]] / fine + 0.5 / fine
    inside = (across - x) ** 2 + (down - y) ** 2 < radius**2
    cover = inside.reshape(SIZE[1], fine, SIZE[0], fine).mean(axis=(1, 3))
    alpha = np.rint(255 * cover).astype(np.uint8)
    box = Box.around(alpha > 0)
    colour = np.broadcast_to(np.frombuffer(bytes.fromhex(ink[1:]), np.uint8), (box.height, box.width, 3))
    return Layer(id, f"the {id}", box, np.dstack([colour, alpha[box.slices]]), ink=ink)


@pytest.fixture
def stack() -> LayerStack:
    textured = Layer("t", "texture", box := Box(50, 5, 75, 30), noise(box))
    return LayerStack(
        SIZE, (background(SIZE), disc("hat", 30, 30, 12, "#c03020"), disc("eye", 20, 20, 4, "#101030"), textured)
    )


def same(one: Layer, other: Layer) -> bool:
    return one.box == other.box and np.array_equal(one.pixels, other.pixels)


def test_nothing_that_is_given_is_changed(stack: LayerStack) -> None:
    before = [layer.pixels.copy() for layer in stack.layers]
    editing.recolour(stack, "hat", "#00ff00")
    editing.recolour(stack, "t", "#00ff00")
    editing.move(stack, "hat", 3, 4)
    editing.scale(stack, "t", 0.5)
    editing.merge(stack, ["hat", "eye"])
    editing.replace_pixels(stack, "eye", stack.composite())
    assert all(np.array_equal(layer.pixels, was) for layer, was in zip(stack.layers, before, strict=True))


def test_layers_go_by_id_or_name(stack: LayerStack) -> None:
    assert (
        editing.find(stack, "hat").id == editing.find(stack, "the hat").id == editing.find(stack, "The HAT").id == "hat"
    )
    with pytest.raises(
        ConfigError, match=r"no layer is called 'moon'; known are background \(background\), hat \(the hat\)"
    ):
        editing.find(stack, "moon")
    twins = editing.rename(stack, "eye", "the hat")
    assert editing.find(twins, "eye").name == "the hat"
    with pytest.raises(ConfigError, match="2 layers are called 'the hat'; say which by its id: hat, eye"):
        editing.find(twins, "the hat")


def test_a_flat_layer_gets_another_ink_and_keeps_its_edge(stack: LayerStack) -> None:
    layer = editing.find(editing.recolour(stack, "hat", "#1E90FF"), "hat")
    was = editing.find(stack, "hat")
    assert layer.ink == "#1e90ff"
    assert (layer.pixels[..., :3] == (0x1E, 0x90, 0xFF)).all()
    assert np.array_equal(layer.pixels[..., 3], was.pixels[..., 3])
    assert editing.find(editing.recolour(stack, "hat", "f00"), "hat").ink == "#ff0000"
    for wrong in ("red", "#12345", "#ggg", ""):
        with pytest.raises(ConfigError, match="a colour is written like"):
            editing.recolour(stack, "hat", wrong)


def test_a_textured_layer_gets_another_hue_and_keeps_its_shades(stack: LayerStack) -> None:
    shades = np.zeros((20, 30, 4), dtype=np.uint8)
    shades[..., 0] = np.linspace(90, 200, 30)
    shades[..., 1] = np.linspace(30, 80, 30)
    shades[..., 3] = 255
    blue = tinted(shades, "#2040c0")
    assert (blue[..., 2] > blue[..., 0]).all()
    grey = shades[..., :3].mean(axis=2)
    assert np.corrcoef(grey.ravel(), blue[..., :3].mean(axis=2).ravel())[0, 1] > 0.99
    back = tinted(blue, "#b04040")
    assert (back[..., 0] > back[..., 2]).all()
    assert np.ptp(tinted(shades, "#808080")[..., :3].astype(int), axis=2).max() <= 2
    assert (tinted(np.full((4, 4, 4), 128, np.uint8), "#ff0000")[..., 0] > 140).all()


def test_moving_by_whole_pixels_is_exact_and_cuts_at_the_canvas(stack: LayerStack) -> None:
    there = editing.move(stack, "hat", 7, -5)
    assert there.layers[1].box == stack.layers[1].box.shifted(7, -5)
    assert same(editing.move(there, "hat", -7, 5).layers[1], stack.layers[1])
    cut = editing.move(stack, "hat", 50, 0).layers[1]
    assert cut.box.x1 == SIZE[0] and cut.pixels.shape[1] == cut.box.width
    gone = editing.move(stack, "hat", 500, 0).layers[1]
    assert not gone.box.area and len(editing.move(stack, "hat", 500, 0).layers) == len(stack.layers)


@pytest.mark.parametrize("factor", [0.25, 0.5, 0.9, 1.5, 2.0])
def test_a_scaled_disc_is_the_disc_of_another_radius(factor: float) -> None:
    stack = LayerStack(SIZE, (disc("hat", 40, 30, 12, "#c03020"),))
    layer = editing.scale(stack, "hat", factor).layers[0]
    wanted = disc("hat", 40, 30, 12 * factor, "#c03020")
    off = np.abs(layer.on(SIZE)[..., 3].astype(int) - wanted.on(SIZE)[..., 3])
    assert off.max() <= 60 and off.mean() < 1.2
    cover = layer.pixels[..., 3].sum() / wanted.pixels[..., 3].sum()
    assert cover == pytest.approx(1, abs=0.03)
    assert (layer.pixels[layer.pixels[..., 3] > 0, :3] == (0xC0, 0x30, 0x20)).all()


def test_the_colour_of_clear_pixels_does_not_show_at_scaled_edges() -> None:
    pixels = np.full((20, 20, 4), (0, 255, 0, 0), dtype=np.uint8)
    pixels[5:15, 5:15] = 200, 0, 0, 255
    stack = LayerStack(SIZE, (Layer("a", "a", Box(10, 10, 30, 30), pixels),))
    layer = editing.scale(stack, "a", 1.7).layers[0]
    assert layer.pixels[layer.pixels[..., 3] > 20, 1].max() <= 6


def test_scaling_is_bounded(stack: LayerStack) -> None:
    assert editing.scale(stack, "hat", 1) is stack
    assert same(editing.scale(stack, "t", 1, 1.0).layers[3], stack.layers[3])
    assert editing.scale(stack, "background", 100).layers[0].box == Box.whole(SIZE)
    assert editing.scale(stack, "hat", 0.01).layers[1].box.area <= 4
    assert (
        editing.scale(stack, "hat", 2, 0.5).layers[1].box.width
        > 2 * editing.scale(stack, "hat", 2, 0.5).layers[1].box.height
    )
    for wrong in (0, -1, 101, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="can be scaled by"):
            editing.scale(stack, "hat", wrong)


def test_hiding_showing_fading_deleting_renaming(stack: LayerStack) -> None:
    hidden = editing.hide(stack, "hat")
    gone = editing.delete(stack, "hat")
    assert np.array_equal(hidden.composite(), gone.composite())
    assert np.array_equal(editing.show(hidden, "hat").composite(), stack.composite())
    assert [layer.id for layer in gone.layers] == ["background", "eye", "t"]
    assert editing.fade(stack, "hat", 0.5).layers[1].opacity == 0.5
    assert editing.rename(stack, "hat", "帽子").layers[1].name == "帽子"
    with pytest.raises(ConfigError, match="an opacity is 0 to 1"):
        editing.fade(stack, "hat", 1.5)


def test_the_order(stack: LayerStack) -> None:
    def ids(changed: LayerStack) -> list[str]:
        return [layer.id for layer in changed.layers]

    assert ids(editing.reorder(stack, "hat", -1)) == ["background", "eye", "t", "hat"]
    assert ids(editing.reorder(stack, "hat", 0)) == ["hat", "background", "eye", "t"]
    assert ids(editing.put_above(stack, "hat", "eye")) == ["background", "eye", "hat", "t"]
    assert ids(editing.put_below(stack, "t", "hat")) == ["background", "t", "hat", "eye"]
    for wrong in (4, -5):
        with pytest.raises(ConfigError, match="places 0 to 3"):
            editing.reorder(stack, "hat", wrong)
    with pytest.raises(ConfigError, match="above or below itself"):
        editing.put_above(stack, "hat", "the hat")


def test_merged_layers_look_as_before(stack: LayerStack) -> None:
    merged = editing.merge(stack, ["eye", "hat"], "face")
    assert [(layer.id, layer.name) for layer in merged.layers] == [
        ("background", "background"),
        ("hat", "face"),
        ("t", "texture"),
    ]
    assert largest_difference(merged.composite(), stack.composite()).max() <= 1
    whole = editing.merge(stack, ["t", "background", "hat", "eye"])
    assert len(whole.layers) == 1 and whole.layers[0].role == "background"
    assert editing.merge(stack, ["hat", "background"]).layers[0].role == "background"
    with pytest.raises(ConfigError, match="two layers or more"):
        editing.merge(stack, ["hat", "the hat"])


def test_merging_a_hidden_layer(stack: LayerStack) -> None:
    merged = editing.merge(editing.hide(stack, "hat"), ["hat", "eye"])
    assert merged.layers[1].visible
    assert largest_difference(merged.layers[1].on(SIZE), stack.layers[2].on(SIZE)).max() <= 1
    both = editing.hide(editing.hide(stack, "hat"), "eye")
    assert not editing.merge(both, ["hat", "eye"]).layers[1].visible
    assert (
        largest_difference(
            editing.show(editing.merge(both, ["hat", "eye"]), "hat").composite(), stack.composite()
        ).max()
        <= 1
    )


def test_other_pixels(stack: LayerStack) -> None:
    whole = np.zeros((SIZE[1], SIZE[0], 4), dtype=np.uint8)
    whole[10:20, 30:50] = 9, 8, 7, 255
    layer = editing.replace_pixels(stack, "hat", whole).layers[1]
    assert layer.box == Box(30, 10, 50, 20) and layer.ink == "#090807"
    wide = np.full((10, 40, 4), (9, 8, 7, 255), dtype=np.uint8)
    layer = editing.replace_pixels(stack, "hat", wide).layers[1]
    was = stack.layers[1].box
    assert layer.box.width == was.width and layer.box.intersect(was) == layer.box
    assert abs(layer.box.centre[1] - was.centre[1]) <= 1
    assert (layer.pixels == (9, 8, 7, 255)).all()


@pytest.mark.parametrize("case", STACKS)
def test_every_operation_on_every_stack(case: str) -> None:
    """Whatever the stack: a stack again, and never an error of another kind."""
    stack = STACKS[case]
    for layer in stack.layers:
        for changed in (
            editing.recolour(stack, layer.id, "#123456"),
            editing.move(stack, layer.id, 3, -70),
            editing.scale(stack, layer.id, 1.3, 0.6),
            editing.hide(stack, layer.id),
            editing.delete(stack, layer.id),
            editing.reorder(stack, layer.id, 0),
            editing.replace_pixels(stack, layer.id, noise(Box(0, 0, 5, 3))),
        ):
            assert changed.composite().shape == (*stack.size[::-1], 4)


def test_an_ink_is_told_by_what_is_seen() -> None:
    layer = disc("a", 30, 30, 10, "#336699")
    assert only_ink(layer.pixels) == "#336699"
    assert only_ink(noise(Box(0, 0, 9, 9))) is None
    assert only_ink(layer.pixels, "#000000") == "#336699"
    assert only_ink(np.zeros((3, 3, 4), dtype=np.uint8), "#000000") == "#000000"
    assert only_ink(element(1, Box(0, 0, 3, 3)).pixels) == element(1, Box(0, 0, 3, 3)).ink


# Parts


PARTS = STACKS["parts"]
"""``e03`` is part of ``e02``, and that and ``e05`` of ``e01``; ``e06`` is part of something that is no layer."""
WHOLE = ["e01", "e02", "e03", "e05"]


def changed(before: LayerStack, after: LayerStack) -> list[str]:
    return [one.id for one, other in zip(before.layers, after.layers, strict=True) if one is not other]


def test_parts_go_along() -> None:
    assert [layer.id for layer in editing.with_parts(PARTS, "e01")] == WHOLE
    moved = editing.move(PARTS, "e01", 3, 2)
    assert changed(PARTS, moved) == WHOLE
    assert all(editing.find(moved, id).box[:2] == editing.find(PARTS, id).box.shifted(3, 2)[:2] for id in WHOLE)
    hidden = editing.hide(PARTS, "e02")
    assert [layer.id for layer in hidden.layers if not layer.visible] == ["e02", "e03"]
    assert all(layer.visible for layer in editing.show(hidden, "e01").layers)
    left = [layer.id for layer in editing.delete(PARTS, "e01").layers]
    assert left == ["background", "e04", "e06"]


def test_parts_are_scaled_about_the_middle_of_the_whole(stack: LayerStack) -> None:
    eye = replace(editing.find(stack, "eye"), part_of="hat")
    whole = LayerStack(SIZE, (*stack.layers[:2], eye, stack.layers[3]))
    larger = editing.find(editing.scale(whole, "hat", 1.5), "eye")
    assert np.allclose(larger.box.centre, (15, 15), atol=0.5) and larger.box.width == pytest.approx(12, abs=1)
    assert same(
        editing.find(editing.scale(whole, "hat", 1.5), "hat"), editing.find(editing.scale(stack, "hat", 1.5), "hat")
    )
    assert editing.scale(whole, "hat", 50).layers[2].box.area == 0, "it leaves the canvas"


def test_a_layer_alone() -> None:
    for change in (
        editing.move(PARTS, "e01", 3, 2, alone=True),
        editing.scale(PARTS, "e01", 0.5, alone=True),
        editing.hide(PARTS, "e01", alone=True),
        editing.show(PARTS, "e01", alone=True),
    ):
        assert changed(PARTS, change) == ["e01"]
    left = editing.delete(PARTS, "e02", alone=True)
    assert [layer.id for layer in left.layers if layer.id in WHOLE] == ["e01", "e03", "e05"]
    assert editing.find(left, "e03").part_of == "e01"


def test_what_is_part_of_itself_or_of_the_ground_is_no_trap() -> None:
    ground, *layers = PARTS.layers
    ring = [replace(layers[0], part_of="e03"), *layers[1:3]]
    odd = LayerStack(PARTS.size, (ground, *ring, replace(layers[3], part_of="background")))
    assert changed(odd, editing.hide(odd, "e02")) == ["e01", "e02", "e03"]
    assert changed(odd, editing.hide(odd, "background")) == ["background"]
