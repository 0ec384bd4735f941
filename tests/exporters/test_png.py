"""PNG folders: exact both ways, safe with any name, honest about damage."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from peeler.errors import StoreError
from peeler.exporters.png import PngExporter, read_stack
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack
from peeler.text import slug

HOSTILE = [
    "<script>alert(1)</script>",
    "a\"b'c",
    "]]>",
    "nul\0byte",
    "😀🎩",
    "x" * 10_000,
    "../../etc/passwd",
    "",
    "\ud800",
    "CON",
    "ﷺ" * 500,
]


def noise(box: Box, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (box.height, box.width, 4), dtype=np.uint8)


def stack_named(*names: str) -> LayerStack:
    ground = Layer(
        "background", "background", Box(0, 0, 20, 10), noise(Box(0, 0, 20, 10)), role="background", ink="#ffffff"
    )
    layers = [
        Layer(
            f"e{i}",
            name,
            box := Box(i % 5, i % 3, i % 5 + 4, i % 3 + 7),
            noise(box, i),
            part_of="e0" if i else None,
            opacity=0.5,
        )
        for i, name in enumerate(names)
    ]
    return LayerStack((20, 10), (ground, *layers))


def assert_same(one: LayerStack, other: LayerStack) -> None:
    assert one.size == other.size
    for mine, theirs in zip(one.layers, other.layers, strict=True):
        assert np.array_equal(mine.pixels, theirs.pixels)
        for field in ("id", "name", "box", "role", "opacity", "part_of", "ink", "origin", "visible"):
            assert getattr(mine, field) == getattr(theirs, field)


def test_round_trip_is_exact_even_under_zero_alpha(tmp_path: Path) -> None:
    stack = stack_named("red hat", "hat band")
    PngExporter().export(stack, tmp_path / "stack")
    assert_same(stack, read_stack(tmp_path / "stack"))
    assert sorted(file.name for file in (tmp_path / "stack").iterdir()) == [
        "00-background.png",
        "01-red-hat.png",
        "02-hat-band.png",
        "stack.json",
    ]


def test_only_a_hidden_layer_is_told_as_such(tmp_path: Path) -> None:
    one, other = (replace(layer, visible=layer.id != "e1") for layer in stack_named("one", "two").layers[1:])
    stack = LayerStack((20, 10), (one, other))
    PngExporter().export(stack, tmp_path)
    assert_same(stack, read_stack(tmp_path))
    rows = json.loads((tmp_path / "stack.json").read_text())["layers"]
    assert [row.get("visible") for row in rows] == [None, False]


def test_a_size_that_no_picture_has_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    for size in ([0, 5], [100_000, 100_000], [-1, -1]):
        (tmp_path / "stack.json").write_text(json.dumps({"size": size, "layers": []}))
        with pytest.raises(StoreError, match="is no size of a picture"):
            read_stack(tmp_path)


def test_same_stack_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        PngExporter().export(stack_named("one", "two"), tmp_path / folder)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    PngExporter().export(stack_named(*HOSTILE), tmp_path / "deep" / "stack")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["stack"]
    files = [row["file"] for row in json.loads((tmp_path / "deep" / "stack" / "stack.json").read_text())["layers"]]
    assert len(set(files)) == len(files)
    assert all(
        file.isascii() and len(file) < 64 and set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        for file in files
    )
    names = [layer.name for layer in read_stack(tmp_path / "deep" / "stack").layers[1:]]
    assert names == [name.replace("\ud800", "?") for name in HOSTILE]


def test_an_earlier_stack_is_replaced(tmp_path: Path) -> None:
    PngExporter().export(stack_named("one", "two", "three"), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    PngExporter().export(stack_named("other"), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "00-background.png",
        "01-other.png",
        "notes.txt",
        "stack.json",
    ]


def test_an_empty_layer_survives(tmp_path: Path) -> None:
    empty = Layer("e", "nothing", Box(3, 3, 3, 3), np.zeros((0, 0, 4), dtype=np.uint8))
    stack = LayerStack((5, 5), (empty,))
    PngExporter().export(stack, tmp_path)
    assert_same(stack, read_stack(tmp_path))


def test_more_than_a_hundred_layers_sort_by_name(tmp_path: Path) -> None:
    PngExporter().export(stack_named(*[f"n{i}" for i in range(120)]), tmp_path)
    files = [row["file"] for row in json.loads((tmp_path / "stack.json").read_text())["layers"]]
    assert files == sorted(files)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("The Dark-Red  curve", "the-dark-red-curve"),
        ("Käse & Brot", "kase-brot"),
        ("…", "layer"),
        ("--a--", "a"),
        ("½ moon", "12-moon"),
    ],
)
def test_slug(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_damage_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot read the stack"):
        read_stack(tmp_path / "missing")
    PngExporter().export(stack_named("one"), tmp_path)
    spec = json.loads((tmp_path / "stack.json").read_text())
    for change, message in [
        ({"file": "../01-one.png"}, "is no stack: layers.1.file"),
        ({"file": "01-gone.png"}, "cannot read the stack"),
        ({"box": [0, 0, 3, 3]}, "its box asks for"),
        ({"role": "hero"}, "is no stack"),
        ({"id": "background"}, "share an id"),
    ]:
        broken = {**spec, "layers": [spec["layers"][0], {**spec["layers"][1], **change}]}
        (tmp_path / "stack.json").write_text(json.dumps(broken))
        with pytest.raises(StoreError, match=message):
            read_stack(tmp_path)
    (tmp_path / "stack.json").write_text(json.dumps(spec))
    for damage in (b"", b"not a png", (tmp_path / "01-one.png").read_bytes()[:60]):
        (tmp_path / "01-one.png").write_bytes(damage)
        with pytest.raises(StoreError):
            read_stack(tmp_path)


def test_a_place_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        PngExporter().export(stack_named("one"), tmp_path / "file")
