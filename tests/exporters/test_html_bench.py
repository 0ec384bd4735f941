"""The workbench of a report, as markup: what each row says, what the pictures hold, how large it all gets."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from peeler.exporters.html.bench import MOST_LAYERS, within_reach
from peeler.exporters.html.measures import count_segments, hidden_shares, read_drawing
from peeler.exporters.html.previews import LAYER_BYTES, STAGE, previews
from peeler.exporters.svg import SvgExporter
from peeler.files import png_bytes
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack, composite
from peeler.text import storable
from peeler.vectorizers.curves import CurvesVectorizer
from tests.exporters.pages import HOSTILE, Page, pixels_of, report_of, stack_named, write_run


def rows_of(markup: str) -> dict[str, str]:
    """The table's rows by the id of their layer, as words with single spaces."""
    rows = re.findall(r'<tr aria-level="\d" data-layer="([^"]*)".*?</tr>', markup, re.DOTALL)
    bodies = re.findall(r'<tr aria-level="\d" data-layer=.*?</tr>', markup, re.DOTALL)
    return {name: re.sub(r"(<[^>]*>|\s)+", " ", body) for name, body in zip(rows, bodies, strict=True)}


def noise(layers: int, side: int, crop: int) -> LayerStack:
    """Layers that nothing can make small."""
    random = np.random.default_rng(1)
    opaque = speckled(random, side) | np.array([0, 0, 0, 255], dtype=np.uint8)
    ground = Layer("background", "background", Box(0, 0, side, side), opaque, role="background")
    tops = []
    for number in range(layers):
        x, y = (int(random.integers(0, side - crop + 1)) for _ in "xy")
        tops.append(Layer(f"e{number}", f"cloud {number}", Box(x, y, x + crop, y + crop), speckled(random, crop)))
    return LayerStack((side, side), (ground, *tops))


def speckled(random: np.random.Generator, side: int) -> np.ndarray:
    pixels = random.integers(0, 256, (side, side, 4), dtype=np.uint8)
    pixels[..., 3] |= 128
    return pixels


def test_a_row_tells_what_is_known_of_its_layer(tmp_path: Path) -> None:
    stack = stack_named("hat", "band", "feather")
    ground, hat, band, feather = stack.layers
    half = replace(band, opacity=0.5, part_of="e0")
    stack = LayerStack(stack.size, (ground, hat, half, replace(feather, visible=False)))
    folder = write_run(tmp_path / "run", stack)
    SvgExporter(CurvesVectorizer()).export(stack, folder / "run.svg")
    markup = report_of(folder, stack)
    rows = rows_of(markup)
    assert list(rows) == ["e2", "e1", "e0", "background"]
    for told in ("band", "#c81e14", "60 × 180 at 50, 20", "opacity 50%", "id e1", "element, step 2", "0% hidden"):
        assert told in rows["e1"]
    assert "25% hidden" in rows["e0"] and "hidden layer" in rows["e2"] and "background" in rows["background"]
    assert all(re.search(r"\b1 segment\b", row) for row in rows.values())
    assert "4 path segments in" in markup and 'href="run.svg"' in markup
    assert re.search(r'<tbody class="group"><tr class="head".*?<b>hat</b> <small>2 layers</small>', markup)
    assert [name for name in re.findall(r'aria-label="Show ([^"]+)" checked hidden', markup)] == [
        "hat",
        "band",
        "hat",
        "background",
    ]


def test_what_a_page_may_do_is_written_into_it(tmp_path: Path) -> None:
    stack = stack_named("hat")
    markup = report_of(write_run(tmp_path / "run", stack), stack)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', markup)
    assert policy
    script, style = (re.findall(f"<{tag}>(.*?)</{tag}>", markup, re.DOTALL) for tag in ("script", "style"))
    assert len(script) == len(style) == 1
    for code in (*script, *style):
        assert b64encode(sha256(code.encode()).digest()).decode() in policy[1]
    assert "default-src 'none'" in policy[1] and "img-src data:;" in policy[1]
    assert not re.search(r"unsafe-eval|https?:|\*", policy[1])
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//)""", markup)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ids_wholes_and_accounts_are_only_text(name: str, tmp_path: Path) -> None:
    ground, hat, band = stack_named("hat", "band").layers
    name = storable(name)
    stack = LayerStack(
        (400, 300), (ground, replace(hat, id=name + "1", part_of=name), replace(band, id=name + "2", part_of=name))
    )
    folder = write_run(tmp_path / "run", stack)
    step = json.loads((folder / "steps/00/step.json").read_text())
    step["attempts"][0]["account"] = {
        "prompt": name,
        "instances": [{"prompt": name, "tokens": name}],
        "candidates": [{"seed": name, name or "left": name}],
        name or "more": [name],
    }
    (folder / "steps/00/step.json").write_text(json.dumps(step))
    markup = report_of(folder, stack)
    page = Page(markup)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not any(key.startswith("on") for _, attrs in page.elements for key in attrs)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", markup) and "x" * 700 not in markup


def test_a_step_tells_how_the_remover_chose(tmp_path: Path) -> None:
    stack = stack_named("hat")
    folder = write_run(tmp_path / "run", stack)
    step = json.loads((folder / "steps/00/step.json").read_text())
    step["attempts"][1] |= {
        "steps": 28,
        "account": {
            "prompt": "remove the hat",
            "instances": [{"prompt": "the hat", "tokens": 77}],
            "control": "strict",
            "chosen": 7,
            "candidates": [
                {"seed": 6, "left": 0.25, "drift_outside": 0.5},
                {"seed": 7, "left": 0.125, "drift_outside": 0.0},
            ],
        },
    }
    (folder / "steps/00/step.json").write_text(json.dumps(step))
    (folder / "steps/00/attempts").mkdir()
    (folder / "steps/00/attempts/00.png").write_bytes((folder / "input.png").read_bytes())
    markup = report_of(folder, stack)
    words = re.sub(r"(<[^>]*>|\s)+", " ", markup)
    for told in (
        "remove the hat",
        "the hat 77 tokens",
        "7 ✓ chosen 0.0% 12.5%",
        "6 50.0% 25.0%",
        '"strict"',
        "28 steps",
    ):
        assert told.replace('"', "&quot;") in words
    assert 'href="steps/00/attempts/00.png"' in markup


def test_pictures_are_the_layers_where_that_is_cheap() -> None:
    stack = stack_named("hat", "band")
    soft = stack.layers[1].pixels.copy()
    soft[:30, :, 3], soft[30:60, :, 3] = 0, np.arange(60)
    stack = LayerStack(stack.size, (stack.layers[0], replace(stack.layers[1], pixels=soft), stack.layers[2]))
    for layer, preview in zip(stack.layers, previews(stack), strict=True):
        box = layer.box
        assert preview.exact and preview.place == (box.x0, box.y0, box.width, box.height)
        shown = np.where(layer.pixels[..., 3:] > 0, layer.pixels, np.uint8(0))
        assert np.array_equal(pixels_of(preview.uri), shown)


def test_pictures_of_a_large_canvas_stay_in_register() -> None:
    pixels = np.zeros((501, 301, 4), dtype=np.uint8)
    pixels[:] = (10, 200, 30, 255)
    stack = LayerStack((2 * STAGE, 2 * STAGE), (Layer("e", "e", Box(101, 33, 402, 534), pixels, ink="#0ac81e"),))
    (preview,) = previews(stack)
    assert not preview.exact and preview.place == (100, 32, 302, 502)
    small = pixels_of(preview.uri)
    assert small.shape == (251, 151, 4) and small[9, 9].tolist() == [10, 200, 30, 255]
    assert small[0, 9, 3] == 128 and small[9, 0, 3] == 128


@pytest.mark.parametrize("layers, side, crop", [(12, 400, 400), (300, 256, 60), (1, 2048, 1500)])
def test_no_picture_makes_a_page_large(layers: int, side: int, crop: int) -> None:
    made = previews(noise(layers, side, crop))
    assert sum(len(preview.uri) for preview in made) <= 1.4 * LAYER_BYTES
    assert len(made) == layers + 1


def test_sizes_of_pages(tmp_path: Path) -> None:
    icon = stack_named(*(f"part {number}" for number in range(10)))
    many = [
        replace(layer, id=f"{layer.id}-{turn}", box=layer.box.shifted(0, 10 * turn))
        for layer in icon.elements
        for turn in range(4)
    ]
    stack = LayerStack(icon.size, (icon.layers[0], *many))
    assert len(report_of(write_run_of(tmp_path / "icon", stack), stack)) < 600_000
    large = noise(2, 2048, 700)
    assert len(report_of(write_run_of(tmp_path / "large", large), large)) < 5_000_000


def test_a_page_of_300_layers_has_them_all_and_one_of_more_paints_them_all(tmp_path: Path) -> None:
    ground = stack_named().layers[0]
    dot = np.full((4, 4, 4), 255, dtype=np.uint8)
    dots = [
        Layer(f"e{n}", f"dot {n}", Box(n % 90 * 4, n // 90 * 4, n % 90 * 4 + 4, n // 90 * 4 + 4), dot // (1 + n % 3))
        for n in range(MOST_LAYERS + 50)
    ]
    stack = LayerStack((400, 300), (ground, *dots[:300]))
    folder = write_run(tmp_path / "run", replace_elements(stack))
    assert len(rows_of(report_of(folder, stack))) == 301
    more = LayerStack((400, 300), (ground, *dots))
    rest = within_reach(more)
    assert len(rest.layers) == MOST_LAYERS and rest.layers[-1].name == "52 more layers, as one"
    gone = np.abs(rest.composite().astype(int) - more.composite().astype(int))
    assert gone.max() <= 1


def replace_elements(stack: LayerStack) -> LayerStack:
    """The same picture without steps to write."""
    return LayerStack(stack.size, tuple(replace(layer, role="background") for layer in stack.layers))


def test_stacks_without_elements_or_layers_and_clear_ones_have_pages(tmp_path: Path) -> None:
    nothing = LayerStack((7, 5), ())
    assert "There are no layers" in report_of(write_run_of(tmp_path / "a", nothing), nothing)
    clear = LayerStack((7, 5), (Layer("e", "", Box(2, 2, 2, 2), np.zeros((0, 0, 4), dtype=np.uint8)),))
    markup = report_of(write_run_of(tmp_path / "b", clear), clear)
    assert "(no name)" in markup and "0 × 0 at 2, 2" in markup
    Page(markup)


def write_run_of(folder: Path, stack: LayerStack) -> Path:
    """A run whose picture is the composite, clear parts included, and which has no steps."""
    folder.mkdir()
    (folder / "input.png").write_bytes(png_bytes(composite(stack.size, stack.layers)))
    return folder


def test_segments_are_counted_as_they_are_drawn() -> None:
    assert count_segments("M0 0L10 0L10 10Z") == 3
    assert count_segments("M0 0L10 0 10 10 0 0Z") == 3
    assert count_segments("m5 5h10v10h-10z m1 1c1 2 3 4 5 6 1 2 3 4 5 6z") == 4 + 3
    assert count_segments("M0 5A5 5 0 1110 5A5 5 0 110 5Z") == 2
    assert count_segments("M0 5a5 5 0 01.5.5 5 5 0 1 0-.5-.5z") == 2
    assert count_segments("") == count_segments("M3 3") == count_segments("M3 3Z") == 0


def test_only_a_drawing_of_the_same_layers_is_counted(tmp_path: Path) -> None:
    stack = stack_named("hat", "band")
    assert read_drawing(tmp_path, stack) is None
    (tmp_path / "a.svg").write_text('<!DOCTYPE svg [<!ENTITY a "b">]><svg/>')
    (tmp_path / "b.svg").write_text("<svg")
    SvgExporter(CurvesVectorizer()).export(stack_named("hat"), tmp_path / "c.svg")
    assert read_drawing(tmp_path, stack) is None
    SvgExporter(CurvesVectorizer()).export(stack, tmp_path / "d.svg")
    drawing = read_drawing(tmp_path, stack)
    assert drawing and drawing.file == "d.svg" and len(drawing.segments) == 3


def test_what_is_hidden_is_a_share_of_what_a_layer_paints() -> None:
    ground, hat, band = stack_named("hat", "band").layers
    shares = hidden_shares(LayerStack((400, 300), (ground, hat, replace(band, opacity=0.5))))
    # Half of the hat lies under half a band; of the background, the hat and half of what the band has for itself.
    assert shares == pytest.approx([180 * (60 + 30 * 0.5) / 120_000, 0.25, 0.0], abs=1e-5)
    unseen = hidden_shares(LayerStack((400, 300), (ground, hat, replace(band, visible=False))))
    assert unseen[1] == 0
    residual = hidden_shares(LayerStack((400, 300), (ground, hat, replace(band, role="residual"))))
    assert residual[1] == 0
