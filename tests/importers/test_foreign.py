"""Files as other programs write them: groups within groups, masks, blend modes, transforms, loose shapes."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from peeler import registry
from peeler.exporters.psd import PsdExporter
from peeler.files import png_bytes
from peeler.geometry import RGBA, Box
from peeler.protocols import Imported
from tests.awkward_stacks import STACKS, flat, noise

RED, BLUE = "#c80000", "#0000c8"


def patch(ink: str, width: int = 8, height: int = 6) -> RGBA:
    return flat(Box(0, 0, width, height), ink)


def read(name: str, data: bytes, folder: Path) -> Imported:
    (folder / "file").write_bytes(data)
    return registry.importer(name).read(folder / "file")


# PSD


def saved(document: PSDImage) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def document(mode: str = "RGBA", depth: int = 8) -> PSDImage:
    return PSDImage.new(mode, (40, 30), depth=depth)  # type: ignore[arg-type]


def test_groups_in_groups(tmp_path: Path) -> None:
    psd = document()
    outer = psd.create_group(name="cat", opacity=128)
    inner = outer.create_group(name="head")
    inner.create_pixel_layer(Image.fromarray(patch(RED)), name="eye", left=3, top=4, opacity=128)
    outer.create_pixel_layer(Image.fromarray(patch(BLUE)), name="tail")
    inner.visible = False
    psd.create_pixel_layer(Image.fromarray(patch(BLUE)), name="hat", left=-3, top=27)
    found = read("psd", saved(psd), tmp_path)
    eye, tail, hat = found.stack.layers
    assert (eye.part_of, tail.part_of, hat.part_of) == ("cat / head", "cat", None)
    assert (eye.visible, tail.visible) == (False, True)
    assert (eye.opacity, tail.opacity) == pytest.approx(((128 / 255) ** 2, 128 / 255))
    assert (eye.ink, eye.box, hat.box) == (RED, Box(3, 4, 11, 10), Box(0, 27, 5, 30))
    assert any("groups are faded as a whole" in note for note in found.notes)


def test_blend_modes_are_told(tmp_path: Path) -> None:
    psd = document()
    for name in "ab":
        psd.create_pixel_layer(Image.fromarray(patch(RED)), name=name, blend_mode=BlendMode.MULTIPLY)
    assert "2 layers have a blend mode, which is taken as normal" in read("psd", saved(psd), tmp_path).notes


def test_masks_are_applied(tmp_path: Path) -> None:
    psd = document()
    layer = psd.create_pixel_layer(Image.fromarray(patch(RED)), name="a", left=10, top=10)
    cover = np.full((6, 8), 100, dtype=np.uint8)
    cover[:3] = 255
    layer.create_mask(Image.fromarray(cover))
    seen = read("psd", saved(psd), tmp_path).stack.layers[0].on((40, 30))[..., 3]
    assert np.unique(seen[10:13, 10:18]).tolist() == [255]
    assert np.unique(seen[13:16, 10:18]).tolist() == [100]


@pytest.mark.parametrize(("mode", "depth"), [("RGBA", 16), ("LA", 8), ("LA", 16)])
def test_grey_and_deep_files(mode: str, depth: int, tmp_path: Path) -> None:
    psd = document(mode, depth)
    psd.create_pixel_layer(Image.fromarray(patch("#808080")), name="a", left=2, top=3)
    (layer,) = read("psd", saved(psd), tmp_path).stack.layers
    assert (layer.box, layer.ink) == (Box(2, 3, 10, 9), "#808080")


def test_a_flat_psd_is_one_layer(tmp_path: Path) -> None:
    found = read("psd", saved(PSDImage.frompil(Image.fromarray(patch(RED)[..., :3]))), tmp_path)
    assert [(layer.name, layer.role, layer.ink) for layer in found.stack.layers] == [("background", "background", RED)]


def test_what_photoshop_changed_goes_before_what_travelled_along(tmp_path: Path) -> None:
    PsdExporter().export(STACKS["parts"], tmp_path / "file.psd")
    psd = PSDImage.open(tmp_path / "file.psd")
    layers = {layer.name: layer for layer in psd.descendants() if layer.kind == "pixel"}
    layers["layer 2"].name = "nose"
    layers["layer 4"].opacity = 100
    layers["layer 5"].visible = False
    layers["layer 4"].left += 5
    stack = read("psd", saved(psd), tmp_path).stack
    known = {layer.id: layer for layer in stack.layers}
    assert [layer.id for layer in stack.layers] == [layer.id for layer in STACKS["parts"].layers]
    assert (known["e02"].name, known["e02"].part_of, known["e02"].ink) == ("nose", "e01", STACKS["parts"].layers[2].ink)
    assert known["e04"].opacity == pytest.approx(100 / 255)
    assert known["e04"].box == Box(5, 0, 14, 9)
    assert not known["e05"].visible


@pytest.mark.parametrize(("name", "outer"), [("cap / brim", ""), ("brim", "cap")])
def test_a_group_with_the_name_of_a_layer_in_it_is_of_its_parts(name: str, outer: str, tmp_path: Path) -> None:
    psd = document("RGB")
    around = psd.create_group(name=outer) if outer else psd
    group = around.create_group(name=name)
    for title in (name, "dot"):
        layer = psd.create_pixel_layer(Image.fromarray(patch(RED)), name=title)
        layer.move_to_group(group)
    whole, dot = read("psd", saved(psd), tmp_path).stack.layers
    assert (whole.name, dot.part_of) == (name, whole.id)


def test_a_picture_inside_that_is_not_what_the_layers_make_is_told(tmp_path: Path) -> None:
    psd = document("RGB")
    psd.create_pixel_layer(Image.fromarray(patch(RED, 40, 30)), name="a")
    psd._record.image_data.set_data([bytes(1200)] * 3, psd._record.header)
    buffer = BytesIO()
    psd._record.write(buffer)
    assert any("unlike the picture in the file" in note for note in read("psd", buffer.getvalue(), tmp_path).notes)


# OpenRaster


def archive(markup: str, **pictures: RGBA) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as made:
        made.writestr("mimetype", "image/openraster")
        made.writestr("stack.xml", f'<image w="40" h="30"><stack>{markup}</stack></image>')
        for name, pixels in pictures.items():
            made.writestr(f"data/{name}.png", png_bytes(pixels))
    return buffer.getvalue()


def test_stacks_in_stacks(tmp_path: Path) -> None:
    markup = """
        <layer name="top" src="data/a.png" x="2" y="3" composite-op="svg:multiply"/>
        <stack name="cat" opacity="0.5"><stack name="head" visibility="hidden">
        <layer name="eye" src="data/b.png" opacity="0.5" x="-4"/></stack>
        <layer name="tail" src="data/a.png"/></stack>
        <filter name="blur"/><layer src="data/c.png"/>"""
    found = read("ora", archive(markup, a=patch(RED), b=patch(BLUE), c=noise(Box(0, 0, 40, 30))), tmp_path)
    assert [layer.name for layer in found.stack.layers] == ["layer", "tail", "eye", "top"]
    bottom, tail, eye, top = found.stack.layers
    assert (tail.part_of, eye.part_of, top.part_of) == ("cat", "cat / head", None)
    assert (eye.opacity, eye.visible, tail.opacity, tail.visible) == (0.25, False, 0.5, True)
    assert (eye.box, top.box, top.ink) == (Box(0, 0, 4, 6), Box(2, 3, 10, 9), RED)
    assert found.notes[:2] == (
        "'top' has a blend mode, which is taken as normal",
        "'blur' is no layer of pixels and is left out",
    )


def test_clear_margins_are_cut_off(tmp_path: Path) -> None:
    whole = np.zeros((30, 40, 4), dtype=np.uint8)
    whole[10:16, 20:28] = patch(RED)
    (layer,) = read("ora", archive('<layer name="a" src="data/a.png"/>', a=whole), tmp_path).stack.layers
    assert layer.box == Box(20, 10, 28, 16)


# SVG


HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</svg>'
)
LAYER = 'inkscape:groupmode="layer"'


def drawing(inside: str, size: str = 'width="40" height="30"') -> bytes:
    return HEAD.format(size, inside).encode()


def test_inkscape_layers_with_what_inkscape_puts_into_them(tmp_path: Path) -> None:
    inside = f"""
        <defs><linearGradient id="base"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>
        <linearGradient id="g" xlink:href="#base" x2="1"/></defs>
        <metadata/><rect width="40" height="30" fill="#ffffff"/>
        <g {LAYER} id="layer1" inkscape:label="sky" style="display:none;opacity:0.5">
          <rect x="5" y="5" width="10" height="10" fill="url(#g)"/></g>
        <g {LAYER} id="layer2" inkscape:label="cat" transform="translate(10 0)" opacity="0.5">
          <circle id="c" cx="5" cy="5" r="4" fill="{RED}"/>
          <g {LAYER} id="layer3" inkscape:label="eye" style="opacity:50%"><use xlink:href="#c"/></g></g>"""
    found = read("svg", drawing(inside), tmp_path)
    assert not found.notes
    ground, sky, loose, eye = found.stack.layers
    assert (ground.role, ground.ink, ground.box) == ("background", "#ffffff", Box(0, 0, 40, 30))
    assert (sky.name, sky.id, sky.visible, sky.opacity, sky.box) == ("sky", "layer1", False, 0.5, Box(5, 5, 15, 15))
    assert sky.pixels[5, 0, 0] > 230 and sky.pixels[5, -1, 2] > 230 and sky.ink is None
    assert (loose.part_of, loose.opacity, loose.ink, loose.box) == ("cat", 0.5, RED, Box(11, 1, 19, 9))
    assert (eye.name, eye.part_of, eye.opacity) == ("eye", "cat", 0.25)
    assert np.array_equal(eye.pixels, loose.pixels)


def test_a_plain_drawing_is_a_stack_of_its_parts(tmp_path: Path) -> None:
    shapes = f'<rect id="a" width="4" height="4" fill="{RED}"/><path fill="{BLUE}" d="M9 9h3v3z"/>'
    shapes = f'<g transform="scale(2)">{shapes}</g>'
    stack = read("svg", drawing(shapes), tmp_path).stack
    assert [(layer.name, layer.ink) for layer in stack.layers] == [("a", RED), ("path", BLUE)]
    assert stack.layers[0].box == Box(0, 0, 8, 8)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ('width="40" height="30"', (40, 30)),
        ('width="10.4mm" height="1in"', (39, 96)),
        ('viewBox="0 0 12 7"', (12, 7)),
        ('viewBox="-5 -5 20 10" width="40"', (40, 20)),
        ('width="100%" height="100%" viewBox="0 0 12 7"', (12, 7)),
    ],
)
def test_sizes(size: str, expected: tuple[int, int], tmp_path: Path) -> None:
    assert read("svg", drawing('<rect width="5" height="5"/>', size), tmp_path).stack.size == expected


def test_styles_and_clips_reach_every_layer(tmp_path: Path) -> None:
    inside = f"""<style>.r {{ fill: {RED} }}</style><clipPath id="half"><rect width="20" height="30"/></clipPath>
        <rect class="r" width="40" height="30"/>
        <g clip-path="url(#half)"><rect width="40" height="9" fill="{BLUE}"/></g>"""
    ground, clipped = read("svg", drawing(inside), tmp_path).stack.layers
    assert (ground.ink, clipped.ink, clipped.box) == (RED, BLUE, Box(0, 0, 20, 9))


def test_names_come_from_labels_titles_and_ids(tmp_path: Path) -> None:
    inside = '<rect width="9" height="9"><title>a hat</title></rect><rect id="b7" width="9" height="9"/>'
    inside += '<rect width="9" height="9"/>'
    assert [layer.name for layer in read("svg", drawing(inside), tmp_path).stack.layers] == ["a hat", "b7", "rect"]
