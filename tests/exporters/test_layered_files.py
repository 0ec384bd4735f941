"""PSD, OpenRaster and slides: what a program that reads them finds in them."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Emu
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from peeler.exporters.grouping import DEEPEST, Group, covers, grouped
from peeler.exporters.ora import OraExporter, ora_bytes
from peeler.exporters.pptx import PptxExporter
from peeler.exporters.psd import PsdExporter
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack
from peeler.vectorizers.curves import CurvesVectorizer
from tests.awkward_stacks import NAMES, STACKS, background, element, noise

SIZE = (200, 120)
PIXEL = 9525


class Says:
    """A vectorizer that says what it is told to."""

    def __init__(self, *markup: str) -> None:
        self.markup = list(markup)

    def vectorize(self, layer: Layer, above: object = (), times: int = 1) -> list[str]:
        return self.markup


def slide(stack: LayerStack, path: Path, *markup: str) -> list[object]:
    vectorizer = Says(*markup) if markup else CurvesVectorizer()
    PptxExporter(vectorizer).export(stack, path)
    return list(Presentation(str(path)).slides[0].shapes)


# PSD


@pytest.mark.parametrize("case", STACKS)
def test_the_picture_inside_is_the_composite(case: str, tmp_path: Path) -> None:
    """What the library is not asked to paint, and has no public way to be given."""
    stack = STACKS[case]
    PsdExporter().export(stack, tmp_path / "file.psd")
    psd, picture = PSDImage.open(tmp_path / "file.psd"), stack.composite()
    seen = np.asarray(psd._record.image_data.get_data(psd._record.header)[0:3], dtype=object)
    planes = np.stack([np.frombuffer(plane, np.uint8).reshape(picture.shape[:2]) for plane in seen], axis=2)
    cover = picture[..., 3:].astype(np.uint32)
    assert np.array_equal(planes, (picture[..., :3] * cover + 255 * (255 - cover) + 127) // 255)
    assert psd.channels == (3 if picture[..., 3].min() == 255 else 4)


def test_groups_of_a_psd_show_in_every_program(tmp_path: Path) -> None:
    PsdExporter().export(STACKS["parts"], tmp_path / "file.psd")
    psd = PSDImage.open(tmp_path / "file.psd")
    assert [(layer.kind, layer.name) for layer in psd] == [
        ("pixel", "background"),
        ("group", "layer 1"),
        ("pixel", "layer 4"),
        ("pixel", "layer 5"),
        ("pixel", "layer 1"),
    ]
    assert all(layer.blend_mode == BlendMode.NORMAL for layer in psd.descendants())
    body = list(psd[1])  # type: ignore[call-overload]
    assert [(layer.kind, layer.name) for layer in body] == [("pixel", "layer 1"), ("group", "layer 2")]
    assert [layer.name for layer in body[1]] == ["layer 2", "layer 3"], "what is part of a part lies in a group with it"


def test_a_psd_of_names(tmp_path: Path) -> None:
    PsdExporter().export(STACKS["names"], tmp_path / "file.psd")
    names = [layer.name for layer in PSDImage.open(tmp_path / "file.psd")][1:]
    assert names[:4] == NAMES[:4]
    assert names[4:6] == ["line break tab", "x" * 159 + "…"]
    assert names[6].startswith("long long ") and len(names[6]) <= 160
    assert names[7:11] == ["zero one", "Ünï cödé", "e09", "e10"]


# OpenRaster


def test_the_archive_keeps_to_the_specification() -> None:
    stack = STACKS["parts"]
    with ZipFile(BytesIO(ora_bytes(stack))) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, archive.read(first)) == (
            "mimetype",
            ZIP_STORED,
            b"image/openraster",
        )
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        root = ElementTree.fromstring(archive.read("stack.xml"))
        for entry in root.iter("layer"):
            with Image.open(BytesIO(archive.read(entry.get("src", "")))) as image:
                assert image.mode == "RGBA"
        with Image.open(BytesIO(archive.read("mergedimage.png"))) as image:
            assert np.array_equal(np.asarray(image), stack.composite())
    assert (root.tag, root.get("w"), root.get("h")) == ("image", "40", "30")
    top = root.find("stack")
    assert top is not None
    assert [(entry.tag, entry.get("name")) for entry in top] == [
        ("layer", "layer 1"),
        ("layer", "layer 5"),
        ("layer", "layer 4"),
        ("stack", "layer 1"),
        ("layer", "background"),
    ]
    body = top[3]
    assert [(entry.tag, entry.get("name")) for entry in body] == [("stack", "layer 2"), ("layer", "layer 1")]
    assert [entry.get("x") for entry in root.iter("layer")][-2:] == ["5", "0"]


@pytest.mark.parametrize(("size", "expected"), [((600, 300), (256, 128)), ((3, 900), (1, 256)), ((20, 30), (20, 30))])
def test_the_thumbnail_is_small(size: tuple[int, int], expected: tuple[int, int], tmp_path: Path) -> None:
    OraExporter().export(LayerStack(size, (background(size, "#336699"),)), tmp_path / "file.ora")
    with (
        ZipFile(tmp_path / "file.ora") as archive,
        Image.open(BytesIO(archive.read("Thumbnails/thumbnail.png"))) as image,
    ):
        assert image.size == expected
        assert (np.asarray(image) == (0x33, 0x66, 0x99, 255)).all()


# Slides


def test_a_slide_has_the_size_of_the_picture(tmp_path: Path) -> None:
    for size, expected in (
        ((200, 120), (200 * PIXEL, 120 * PIXEL)),
        ((50, 100), (914_400, 2 * 914_400)),
        ((8000, 4000), (51_206_400, 25_603_200)),
        ((1, 1), (914_400, 914_400)),
    ):
        slide(LayerStack(size, (element(1, Box(0, 0, 1, 1)),)), tmp_path / "file.pptx")
        deck = Presentation(str(tmp_path / "file.pptx"))
        assert (deck.slide_width, deck.slide_height) == expected


def test_flat_layers_are_shapes_and_others_pictures_at_their_places(tmp_path: Path) -> None:
    textured = Layer("t", "a <photo>\n猫", box := Box(20, 30, 60, 50), noise(box), opacity=0.25, visible=False)
    stack = LayerStack(SIZE, (background(SIZE), element(1, Box(10, 20, 110, 80), opacity=0.5), textured))
    ground, flat, photo = slide(stack, tmp_path / "file.pptx")
    assert [shape.name for shape in (ground, flat, photo)] == ["background", "layer 1", "a <photo> 猫"]  # type: ignore[attr-defined]
    assert (ground.left, ground.top, ground.width, ground.height) == (0, 0, 200 * PIXEL, 120 * PIXEL)  # type: ignore[attr-defined]
    assert abs(flat.left - 10 * PIXEL) <= PIXEL and abs(flat.width - 100 * PIXEL) <= PIXEL  # type: ignore[attr-defined]
    assert (photo.left, photo.top) == (Emu(20 * PIXEL), Emu(30 * PIXEL))  # type: ignore[attr-defined]
    assert np.array_equal(np.asarray(Image.open(BytesIO(photo.image.blob))), textured.pixels)  # type: ignore[attr-defined]
    markup = ZipFile(tmp_path / "file.pptx").read("ppt/slides/slide1.xml").decode()
    assert '<a:alpha val="50000"/>' in markup and '<a:alphaModFix amt="25000"/>' in markup
    assert 'descr="a &lt;photo&gt; 猫" hidden="1"' in markup
    assert 'prst="rect"' in markup and markup.count("custGeom>") == 4


def test_parts_of_one_thing_are_moved_together(tmp_path: Path) -> None:
    shapes = slide(STACKS["parts"], tmp_path / "file.pptx")
    names = [shape.name for shape in shapes]  # type: ignore[attr-defined]
    assert names == ["background", "layer 1", "layer 4", "layer 5", "layer 1"]
    group = shapes[1]
    inside = list(group.shapes)  # type: ignore[attr-defined]
    assert [shape.name for shape in inside] == ["layer 1", "layer 2"]
    assert [shape.name for shape in inside[1].shapes] == ["layer 2", "layer 3"]
    assert (group.left, group.top) == (min(s.left for s in inside), min(s.top for s in inside))  # type: ignore[attr-defined]
    ids = [element.get("id") for element in group._element.iter() if element.tag.endswith("cNvPr")]  # type: ignore[attr-defined]
    assert len(set(ids)) == len(ids)


def test_what_slides_cannot_draw_stays_a_picture(tmp_path: Path) -> None:
    stack = LayerStack(SIZE, (element(1, Box(10, 20, 110, 80)),))
    for odd in (
        '<path fill="url(#g)" d="M0 0L9 9L0 9Z"/>',
        '<path fill="#000000" stroke="url(#g)" d="M0 0L9 9L0 9Z"/>',
        '<path fill="#000000" stroke="#ff0000" stroke-linejoin="bevel" d="M0 0L9 9L0 9Z"/>',
        '<path fill="#000000" d="M0 0 L1"/>',
        '<path fill="#000000" d="M0 0 B1 1"/>',
        '<path fill="#000000" transform="spin(3)" d="M0 0L9 9L0 9Z"/>',
        '<text fill="#000000">a</text>',
    ):
        (shape,) = slide(stack, tmp_path / "file.pptx", odd)
        assert shape.image.size == (100, 60)  # type: ignore[attr-defined]
    many = '<path fill="#000000" d="M0 0' + "L1 1L0 1" * 10_001 + 'Z"/>'
    (shape,) = slide(stack, tmp_path / "file.pptx", many)
    assert shape.image.size == (100, 60)  # type: ignore[attr-defined]


def test_several_shapes_of_a_layer_are_one_group(tmp_path: Path) -> None:
    markup = (
        '<rect fill="#000000" width="9" height="5"/>',
        '<circle fill="#ff0000" fill-opacity=".5" cx="30" cy="30" r="4"/>',
    )
    stack = LayerStack(SIZE, (element(1, Box(10, 20, 110, 80), opacity=0.5, visible=False),))
    (group,) = slide(stack, tmp_path / "file.pptx", *markup)
    assert [shape.name for shape in group.shapes] == ["layer 1", "layer 1"]  # type: ignore[attr-defined]
    assert (group.left, group.width) == (0, 34 * PIXEL)  # type: ignore[attr-defined]
    assert '<a:alpha val="25000"/>' in ZipFile(tmp_path / "file.pptx").read("ppt/slides/slide1.xml").decode()


def test_lines_are_lines(tmp_path: Path) -> None:
    look = 'fill="none" stroke="#c02010" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"'
    stack = LayerStack(SIZE, (element(1, Box(10, 20, 110, 80), opacity=0.5),))
    (shape,) = slide(stack, tmp_path / "file.pptx", f'<path {look} d="M20 30L90 70L100 30"/>')
    assert (shape.line.width, shape.line.color.rgb) == (6 * PIXEL, RGBColor(0xC0, 0x20, 0x10))  # type: ignore[attr-defined]
    markup = ZipFile(tmp_path / "file.pptx").read("ppt/slides/slide1.xml").decode()
    assert 'cap="rnd"' in markup and "<a:round/>" in markup and "<a:close/>" not in markup


def test_a_slide_tells_nothing_of_who_made_it_when(tmp_path: Path) -> None:
    slide(STACKS["parts"], tmp_path / "file.pptx")
    about = Presentation(str(tmp_path / "file.pptx")).core_properties
    assert (about.author, about.last_modified_by, about.title) == ("Peeler", "Peeler", "")
    assert about.created == about.modified == datetime(1980, 1, 1)
    with ZipFile(tmp_path / "file.pptx") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        with Image.open(BytesIO(archive.read("docProps/thumbnail.jpeg"))) as image:
            assert image.size == (40, 30)


# Groups


def test_only_neighbours_are_together() -> None:
    stack = STACKS["parts"]
    told = [
        (each.whole, each.shown, len(each.layers)) if isinstance(each, Group) else each.id for each in grouped(stack)
    ]
    assert told == ["background", ("e01", "layer 1", 3), "e04", "e05", "e06"]


def test_groups_are_in_each_other_only_so_deep(tmp_path: Path) -> None:
    layers = [replace(element(n, Box(0, 0, 9, 9)), part_of=f"e{n - 1:02d}" if n else None) for n in range(1500)]
    stack = LayerStack((9, 9), tuple(layers))
    (group,) = grouped(stack)
    depth = 0
    while isinstance(group, Group):
        assert len(group.layers) == len(layers) - depth
        group, depth = group.members[-1], depth + 1
    assert depth == DEEPEST
    PsdExporter().export(stack, tmp_path / "file.psd")
    assert ora_bytes(stack)


def test_a_layer_that_is_hidden_or_faded_covers_nothing() -> None:
    layers = [element(number, Box(0, 0, 9, 9)) for number in range(4)]
    layers[1], layers[2] = replace(layers[1], visible=False), replace(layers[2], opacity=0.9)
    stack = LayerStack((9, 9), tuple(layers))
    assert [layer.id for layer in covers(stack, layers[0])] == ["e03"]
