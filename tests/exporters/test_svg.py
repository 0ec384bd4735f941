"""The layered SVG: it looks like the stack, keeps its order and names, and holds nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import resvg_py

from peeler.errors import OutputError, StoreError
from peeler.exporters.svg import SvgExporter, check_svg
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack
from peeler.vectorizers.curves import CurvesVectorizer

SIZE = (120, 90)
SVG = "{http://www.w3.org/2000/svg}"
INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"
HOSTILE = [
    "<script>alert(1)</script>",
    "a\"b'c&d",
    "]]>",
    "nul\0byte",
    "😀🎩",
    "x" * 10_000,
    "\ud800",
    "\u202egpj",
    "",
    "  ",
]


class OnePath:
    """A vectorizer that says what it is told to."""

    def __init__(self, markup: str = '<path fill="#000000" d="M0 0L1 1L0 1Z"/>') -> None:
        self.markup = markup

    def vectorize(self, layer: Layer, above: Sequence[Layer] = (), times: int = 1) -> list[str]:
        return [self.markup]


def disc(id: str, x: int, y: int, radius: int, ink: str, name: str = "", **more: object) -> Layer:
    canvas = np.zeros((8 * SIZE[1], 8 * SIZE[0]), dtype=np.uint8)
    cv2.circle(canvas, (8 * x, 8 * y), 8 * radius, 255, -1)
    alpha = cv2.resize(canvas, SIZE, interpolation=cv2.INTER_AREA)
    box = Box.around(alpha > 0)
    colour = [np.full((box.height, box.width), value, dtype=np.uint8) for value in bytes.fromhex(ink[1:])]
    return Layer(id, name or id, box, np.dstack([*colour, alpha[box.slices]]), ink=ink, **more)  # type: ignore[arg-type]


def ground(pixels: np.ndarray | None = None) -> Layer:
    full = np.full((SIZE[1], SIZE[0], 4), (240, 230, 200, 255), dtype=np.uint8) if pixels is None else pixels
    return Layer("background", "background", Box(0, 0, *SIZE), full, role="background")


def residual() -> Layer:
    return Layer(
        "residual", "rest", Box(2, 3, 4, 5), np.full((2, 2, 4), (0, 255, 0, 255), dtype=np.uint8), role="residual"
    )


def drawn(stack: LayerStack) -> ElementTree.Element:
    markup = SvgExporter(OnePath()).draw(stack)
    check_svg(markup)
    return ElementTree.fromstring(markup)


def rendered(markup: str) -> np.ndarray:
    png = np.frombuffer(bytes(resvg_py.svg_to_bytes(svg_string=markup)), dtype=np.uint8)
    return cv2.cvtColor(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.square(one.astype(float) - other).mean())))


def test_the_drawing_looks_like_the_stack(tmp_path: Path) -> None:
    layers = (
        disc("a", 40, 45, 30, "#aa2211"),
        disc("b", 70, 45, 25, "#1122aa", opacity=0.5),
        disc("c", 60, 30, 9, "#ffffff"),
    )
    stack = LayerStack(SIZE, (ground(), *layers, residual()))
    SvgExporter(CurvesVectorizer()).export(stack, tmp_path / "icon.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["icon.svg"]
    seen = rendered((tmp_path / "icon.svg").read_text())
    assert psnr(seen, stack.composite()) >= 42
    assert seen[3, 2].tolist() == [0, 255, 0, 255]


@pytest.mark.parametrize("way", [cv2.INTER_NEAREST, cv2.INTER_CUBIC])
def test_what_is_enlarged_is_drawn_as_it_was(way: int) -> None:
    discs = (disc("a", 40, 45, 30, "#aa2211"), disc("b", 70, 45, 25, "#1122aa"), disc("c", 60, 30, 9, "#ffffff"))
    size = (SIZE[0] * 3, SIZE[1] * 3)
    layers = (enlarged_layer(layer, 3, way) for layer in (ground(), *discs))
    root = ElementTree.fromstring(SvgExporter(CurvesVectorizer()).draw(LayerStack(size, tuple(layers))))
    circles = [circle.attrib for circle in root.iter(f"{SVG}circle")]
    found = [[float(circle[key]) for key in ("cx", "cy", "r")] for circle in circles]
    assert np.allclose(found, [(120, 135, 90), (210, 135, 75), (180, 90, 27)], atol=0.6)


def enlarged_layer(layer: Layer, times: int, way: int) -> Layer:
    alpha = cv2.resize(layer.on(SIZE)[..., 3], None, fx=times, fy=times, interpolation=way)
    box = Box.around(alpha > 0)
    colour = np.broadcast_to(layer.pixels[0, 0, :3], (box.height, box.width, 3))
    return replace(layer, box=box, pixels=np.dstack([colour, alpha[box.slices]]))


def test_groups_are_layers_of_drawing_programs_bottom_to_top() -> None:
    root = drawn(LayerStack(SIZE, (ground(), disc("red hat", 40, 45, 30, "#aa2211"), residual())))
    groups = list(root.findall(f"{SVG}g"))
    assert [group.get("id") for group in groups] == ["background", "red-hat", "residual"]
    assert [group.findtext(f"{SVG}title") for group in groups] == ["background", "red hat", "rest"]
    assert all(group.get(f"{INKSCAPE}groupmode") == "layer" and group.get(f"{INKSCAPE}label") for group in groups)
    assert root.get("viewBox") == "0 0 120 90"


def test_parts_of_one_thing_share_a_group_without_leaving_their_place() -> None:
    parts = [
        disc("body", 40, 45, 30, "#aa2211"),
        disc("wing", 45, 45, 10, "#bb2211", part_of="body"),
        disc("sun", 80, 20, 9, "#eeee11"),
        disc("feather", 45, 50, 5, "#cc2211", part_of="wing"),
        disc("eye", 30, 30, 3, "#000000", part_of="wing"),
    ]
    root = drawn(LayerStack(SIZE, (ground(), *parts)))
    assert [group.get("id") for group in root.findall(f"{SVG}g")] == ["background", "group-body", "sun", "group-body-2"]
    again = root.findall(f"{SVG}g")[-1]
    assert [group.get("id") for group in again.findall(f"{SVG}g")] == ["feather", "eye"], (
        "no group in a group of the same"
    )
    assert [group.get("id") for group in root.iter(f"{SVG}g") if not (group.get("id") or "").startswith("group")] == [
        "background",
        *(part.id for part in parts),
    ]


def test_an_object_holds_its_things_with_their_parts() -> None:
    parts = [
        disc("face", 40, 45, 30, "#aa2211", part_of="a person"),
        disc("eye", 30, 30, 5, "#000000", part_of="face"),
        disc("pupil", 30, 30, 3, "#ffffff", part_of="eye"),
        disc("hat", 40, 20, 9, "#0000aa", part_of="a person"),
    ]
    person = drawn(LayerStack(SIZE, (ground(), *parts))).findall(f"{SVG}g")[1]
    face, hat = person.findall(f"{SVG}g")
    assert [group.get("id") for group in (person, face, hat)] == ["group-a-person", "group-face", "hat"]
    assert [group.get("id") for group in face.findall(f"{SVG}g")] == ["face", "group-eye"]
    assert [group.get("id") for group in face.findall(f"{SVG}g")[1].findall(f"{SVG}g")] == ["eye", "pupil"]


def test_a_circle_of_parts_ends() -> None:
    twins = disc("a", 40, 45, 9, "#aa2211", part_of="b"), disc("b", 60, 45, 9, "#aa2211", part_of="a")
    assert len(list(drawn(LayerStack(SIZE, twins)).iter(f"{SVG}path"))) == 2


def test_a_background_with_the_grain_of_loss_is_of_one_colour() -> None:
    grain = np.full((90, 120, 4), 255, dtype=np.uint8)
    noise = np.random.default_rng(0).integers(-9, 10, (90, 120, 3))
    grain[..., :3] = (90, 160, 230) + noise
    grain[30, 20:90, :3] = (90, 160, 190)  # a ring beside what was an edge
    rect = drawn(LayerStack(SIZE, (ground(grain),))).find(f".//{SVG}rect")
    assert rect is not None
    fill = bytes.fromhex((rect.get("fill") or "")[1:])
    assert np.abs(np.array(list(fill)) - (90, 160, 230)).max() <= 2
    striped, slope = grain.copy(), grain.copy()
    striped[40:46, 20:90, :3] -= 12
    slope[..., 0] = np.linspace(80, 100, 120)
    for seen in (striped, slope):
        assert drawn(LayerStack(SIZE, (ground(seen),))).find(f".//{SVG}image") is not None


def test_backgrounds() -> None:
    assert drawn(LayerStack(SIZE, (ground(),))).find(f".//{SVG}rect").get("fill") == "#f0e6c8"  # type: ignore[union-attr]
    stray = np.full((90, 120, 4), 255, dtype=np.uint8)
    stray[::9, ::9, :3] -= 3
    stray[45, 45] = (200, 150, 150, 255)
    assert drawn(LayerStack(SIZE, (ground(stray),))).find(f".//{SVG}rect").get("fill") == "#ffffff"  # type: ignore[union-attr]
    clear = drawn(LayerStack(SIZE, (ground(np.zeros((90, 120, 4), dtype=np.uint8)),)))
    assert {node.tag for node in clear.iter()} == {f"{SVG}{tag}" for tag in ("svg", "g", "title")}
    two = np.full((90, 120, 4), 255, dtype=np.uint8)
    two[40:] = (9, 9, 99, 255)
    assert drawn(LayerStack(SIZE, (ground(two),))).find(f".//{SVG}path") is not None
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 4), dtype=np.uint8)
    noise[..., 3] = 255
    markup = SvgExporter(CurvesVectorizer()).draw(LayerStack(SIZE, (ground(noise),)))
    check_svg(markup)
    assert (rendered(markup) == noise).all()


def test_hostile_names_are_only_text() -> None:
    layers = [disc(f"e{i}{name}", 40, 45, 9, "#aa2211", name, part_of=name) for i, name in enumerate(HOSTILE)]
    root = drawn(LayerStack(SIZE, tuple(layers)))
    ids = [group.attrib["id"] for group in root.iter(f"{SVG}g")]
    assert len(set(ids)) == len(ids) >= len(HOSTILE)
    assert all(id.isascii() and id[0].isalpha() and " " not in id for id in ids)
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert "<script>alert(1)</script>" in titles and all(0 < len(title) < 200 for title in titles)


def test_ids_that_collide_are_told_apart() -> None:
    layers = [disc(id, 40, 45, 9, "#aa2211") for id in ("A b", "a-b", "a_b", "Background", "7", "é")]
    ids = [group.attrib["id"] for group in drawn(LayerStack(SIZE, (ground(), *layers))).iter(f"{SVG}g")]
    assert ids == ["background", "a-b", "a-b-2", "a-b-3", "background-2", "layer-7", "e"]


def test_same_stack_same_bytes(tmp_path: Path) -> None:
    stack = LayerStack(SIZE, (ground(), disc("a", 40, 45, 30, "#aa2211"), residual()))
    for name in ("a.svg", "b.svg"):
        SvgExporter(CurvesVectorizer()).export(stack, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        '<path fill="url(#x)" d="M0 0L1 1Z"/>',
        '<path fill="#000000" d="M0 0L1 nanZ"/>',
        '<path fill="#000000" d="M0 0L1 1Z" onclick="alert(1)"/>',
        '<path fill="#000000" d="M0 0L1 1Z" style="fill:red"/>',
        '<image x="0" y="0" width="1" height="1" xlink:href="http://example.org/a.png"/>',
        "<!-- hello -->",
        "<path",
        '<g id="background"/>',
        "<title onload='x'>a</title>",
    ],
)
def test_what_does_not_belong_is_refused(markup: str, tmp_path: Path) -> None:
    stack = LayerStack(SIZE, (ground(), disc("a", 40, 45, 30, "#aa2211")))
    with pytest.raises(OutputError):
        SvgExporter(OnePath(markup)).export(stack, tmp_path / "icon.svg")
    assert not list(tmp_path.iterdir())


def test_other_documents_are_refused() -> None:
    for markup in (
        "<svg/>",
        "",
        "<html/>",
        '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
    ):
        with pytest.raises(OutputError):
            check_svg(markup)


def test_a_place_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        SvgExporter(OnePath()).export(LayerStack(SIZE, (ground(),)), tmp_path / "missing" / "icon.svg")
