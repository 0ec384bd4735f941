"""Drawn scenes: every family and style, their layers, and the committed set."""

import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from peeler.errors import ConfigError, InputError
from peeler.geometry import RGB, Box
from peeler.scenes.motifs import FAMILIES
from peeler.scenes.render import picture, png_bytes, rendered, svg_text, true_layers, write_truth
from peeler.scenes.scene import Scene, scene
from peeler.scenes.styles import STYLES, bounds
from peeler.scenes.testset import COUNT, draw_testset, plan
from peeler.stack import Layer, composite

TESTSET = Path(__file__).parents[2] / "data" / "testset"
SAMPLE = range(3, COUNT, 27)


@cache
def planned(index: int) -> tuple[str, Scene]:
    name, family, style, seed = list(plan())[index]
    return name, scene(family, style, seed)


def on_white(scene_svg: Path) -> RGB:
    whole = [Layer(str(index), "", Box(0, 0, 512, 512), pixels) for index, pixels in enumerate(true_layers(scene_svg))]
    mixed = composite((512, 512), whole).astype(np.float64)
    cover = mixed[..., 3:] / 255
    return np.rint(mixed[..., :3] * cover + 255 * (1 - cover)).astype(np.uint8)


def check_scene(drawn: Scene) -> None:
    assert len(drawn.shapes) >= 2
    ids = [shape.id for shape in drawn.shapes]
    assert len(set(ids)) == len(ids)
    assert {shape.part_of for shape in drawn.shapes} <= {None, *ids}
    x0, y0, x1, y1 = bounds(drawn.shapes)
    assert min(x0, y0) > 8
    assert max(x1, y1) < drawn.size - 8
    assert max(x1 - x0, y1 - y0) > 0.7 * drawn.size


@pytest.mark.parametrize("number", range(len(FAMILIES)), ids=list(FAMILIES))
def test_a_family_in_one_style(number: int) -> None:
    style = list(STYLES)[number % len(STYLES)]
    drawn = scene(list(FAMILIES)[number], style, 5000 + number)
    check_scene(drawn)
    assert drawn.picture.std() > 5


@pytest.mark.parametrize("style", STYLES)
def test_a_style_on_one_motif(style: str) -> None:
    check_scene(scene("cat", style, 11))


def test_there_are_enough_families() -> None:
    assert len(FAMILIES) >= 40


def test_same_arguments_same_scene_other_seed_another() -> None:
    assert scene("car", "shaded", 4) == scene("car", "shaded", 4)
    assert scene("car", "flat", 4) != scene("car", "flat", 5)


def test_size_scales_the_picture() -> None:
    small = scene("fish", "flat", 1, size=128)
    assert small.picture.shape == (128, 128, 3)
    assert 'viewBox="0 0 128 128"' in small.svg


@pytest.mark.parametrize(("family", "style", "word"), [("dragon", "flat", "cat"), ("cat", "baroque", "outlined")])
def test_unknown_names_list_the_known(family: str, style: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        scene(family, style, 1)


def test_every_shape_shows(tmp_path: Path) -> None:
    drawn = scene("burger", "outlined", 3)
    for index in range(len(drawn.shapes)):
        without = picture(svg_text([*drawn.shapes[:index], *drawn.shapes[index + 1 :]], drawn.size))
        assert (without != drawn.picture).any(axis=2).sum() >= 12, drawn.shapes[index].id


@pytest.mark.parametrize("index", SAMPLE)
def test_layers_make_the_picture(index: int, tmp_path: Path) -> None:
    name, drawn = planned(index)
    file = tmp_path / f"{name}.svg"
    file.write_text(drawn.svg, encoding="utf-8")
    difference = np.abs(on_white(file).astype(int) - drawn.picture.astype(int))
    assert difference.max() <= 2


def test_an_outline_is_a_ring_over_its_fill() -> None:
    drawn = scene("ball", "outlined", 2)
    ring = next(shape for shape in drawn.shapes if shape.id == "outline-of-ball")
    assert ring.part_of == "ball"
    assert len(ring.path.loops) == 2
    alone = rendered(svg_text([ring], 512))
    assert alone[256, 256, 3] == 0


def test_truth_folder(tmp_path: Path) -> None:
    drawn = scene("key", "flat", 1)
    (tmp_path / "svg").mkdir()
    (tmp_path / "svg" / "key.svg").write_text(drawn.svg, encoding="utf-8")
    write_truth(tmp_path / "svg", tmp_path / "truth")
    layers = sorted((tmp_path / "truth" / "layers" / "key").iterdir())
    assert [file.name for file in layers] == [f"{index:02d}.png" for index in range(len(drawn.shapes))]
    assert (tmp_path / "truth" / "png" / "key.png").read_bytes() == png_bytes(drawn.picture)


@pytest.mark.parametrize("text", ["no xml", "<svg/>", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'])
def test_what_is_no_drawn_svg_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.svg").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"odd\.svg"):
        true_layers(tmp_path / "odd.svg")


def test_plan_names_are_unique_and_committed() -> None:
    names = [name for name, *_ in plan()]
    assert len(set(names)) == COUNT == 250
    for kind in ("png", "svg"):
        assert sorted(file.stem for file in (TESTSET / kind).iterdir()) == sorted(names)


@pytest.mark.parametrize("index", SAMPLE)
def test_committed_set_is_drawn_again(index: int) -> None:
    name, drawn = planned(index)
    assert (TESTSET / "svg" / f"{name}.svg").read_text(encoding="utf-8") == drawn.svg
    committed = (TESTSET / "png" / f"{name}.png").read_bytes()
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same pixels differently
        assert committed == png_bytes(drawn.picture)


def test_draw_testset_tells_its_progress(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    draw_testset(tmp_path, count=2, on_picture=lambda done, count: told.append((done, count)))
    assert told == [(1, 2), (2, 2)]
    for file in [*(tmp_path / "svg").iterdir()]:
        assert file.read_bytes() == (TESTSET / "svg" / file.name).read_bytes()
