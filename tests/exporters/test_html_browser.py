"""Pages as a browser shows them: what is drawn is the stack, and everything can be done with keys or a pointer."""

import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from peeler.exporters.png import PngExporter
from peeler.files import png_bytes
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack, composite, largest_difference
from tests.chromium import Chromium, chromium, program
from tests.exporters.pages import HOSTILE, pixels_of, report_of, stack_named, write_batch, write_run

pytestmark = pytest.mark.skipif(program() is None, reason="no Chromium is installed")

BENCH = "document.getElementById('bench')"
READY = f"{BENCH}.dataset.ready !== undefined"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as page:
        yield page


def toy() -> LayerStack:
    """A hat with a band, a half clear feather, a hidden sun, a residual: the canvas is clear on the right."""
    ground, hat, band, feather, sun = stack_named("red hat", "hat band", "feather", "sun").layers
    ground = replace(ground, box=Box(0, 0, 300, 300), pixels=ground.pixels[:, :300])
    soft = feather.pixels.copy()
    soft[..., 3] = np.linspace(0, 255, soft.shape[0]).astype(np.uint8)[:, None]
    fleck = np.zeros((10, 10, 4), dtype=np.uint8)
    fleck[4, 4] = (0, 0, 255, 255)
    return LayerStack(
        (400, 300),
        (
            ground,
            hat,
            replace(band, part_of="e0", opacity=0.6),
            replace(feather, pixels=soft, ink="#c81e28"),
            replace(sun, id="e/3,&=é", visible=False),
            Layer("residual", "residual", Box(200, 250, 210, 260), fleck, role="residual"),
        ),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stack = toy()
    folder = write_run(tmp_path_factory.mktemp("runs") / "run", stack)
    (folder / "input.png").write_bytes(png_bytes(stack.composite()))
    (folder / "background.png").write_bytes(png_bytes(composite(stack.size, stack.layers[:1])[..., :3]))
    PngExporter().export(stack, folder / "stack")
    report_of(folder, stack)
    return folder


@pytest.fixture
def report(run: Path, browser: Chromium) -> Iterator["Report"]:
    yield Report(browser, run / "report.html")
    assert not browser.complaints


class Report:
    """The page of the toy run."""

    def __init__(self, browser: Chromium, path: Path) -> None:
        self.browser, self.path = browser, path

    def open(self, address: str = "", **how: Any) -> None:
        self.browser.open(self.path, address, **how)
        self.browser.until(READY)

    def drawn(self, which: str = ".live") -> NDArray[np.uint8]:
        uri = self.browser.run(f"{BENCH}.querySelector('canvas{which}').toDataURL()")
        return np.asarray(Image.open(BytesIO(b64decode(uri.partition(",")[2]))).convert("RGBA"))

    def text(self, where: str) -> str:
        return str(self.browser.run(f"{BENCH}.querySelector({where!r}).textContent"))

    def address(self) -> str:
        return str(self.browser.run("location.hash"))

    def row(self, layer: str) -> str:
        return f"{BENCH}.querySelector('[data-layer=\"{layer}\"]')"

    def click(self, x: int, y: int, click: bool = True) -> None:
        """Point at a pixel of the canvas."""
        left, top, wide = self.browser.run(
            f"(() => {{ const box = {BENCH}.querySelector('.stage').getBoundingClientRect();"
            " return [box.left, box.top, box.width]; })()"
        )
        self.browser.point(left + (x + 0.5) * wide / 400, top + (y + 0.5) * wide / 400, click)


def shown(*ids: str) -> NDArray[np.uint8]:
    stack = toy()
    return composite(stack.size, [replace(layer, visible=True) for layer in stack.layers if layer.id in ids])


@pytest.mark.parametrize(
    "address, ids",
    [
        ("", ("background", "e0", "e1", "e2", "residual")),
        ("#hide=e1,residual", ("background", "e0", "e2")),
        ("#only=e2", ("e2",)),
        ("#hide=background&show=" + quote("e/3,&=é", safe=""), ("e0", "e1", "e2", "e/3,&=é", "residual")),
        ("#hide=nobody&only=&pick=%&view=strange&ground=", ("background", "e0", "e1", "e2", "residual")),
    ],
)
def test_what_is_drawn_is_what_the_layers_give(address: str, ids: tuple[str, ...], report: Report) -> None:
    report.open(address)
    assert largest_difference(report.drawn(), shown(*ids)).max() <= 2
    assert report.text(".said").startswith(f"{len(ids)} of 6 layers shown")
    report.browser.run("dispatchEvent(new HashChangeEvent('hashchange'))")
    report.browser.settle()
    assert largest_difference(report.drawn(), shown(*ids)).max() <= 2


def test_everything_can_be_done_with_keys(report: Report) -> None:
    report.open()
    browser = report.browser
    browser.run(f"{BENCH}.querySelector('[type=search]').focus()")
    browser.press("Tab")
    focused = "document.activeElement.dataset.layer ?? document.activeElement.className"
    assert browser.run(focused) == "residual"
    browser.press("ArrowDown", "ArrowDown")
    assert browser.run(focused) == "e2" and report.text(".said").endswith("feather chosen")
    browser.press(" ")
    assert "hide=e2" in report.address() and "pick=e2" in report.address()
    assert largest_difference(report.drawn(), shown("background", "e0", "e1", "residual")).max() <= 2
    browser.press("ArrowDown")
    assert browser.run(focused) == "head"
    browser.press("ArrowLeft", "ArrowDown")
    assert browser.run(focused) == "background" and browser.run(f"{report.row('e1')}.offsetParent") is None
    browser.press("ArrowUp", "ArrowRight", " ")
    assert largest_difference(report.drawn(), shown("background", "residual")).max() <= 2
    browser.press("ArrowDown", "s")
    assert "only=e1" in report.address()
    assert largest_difference(report.drawn(), shown("e1")).max() <= 2
    browser.press("s", "Home", "End", "Tab")
    assert browser.run("document.activeElement.getAttribute('aria-label')") == "Show background"
    browser.press(" ", "Tab", "Enter")
    assert browser.run("document.activeElement.getAttribute('aria-pressed')") == "true"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert browser.run(outline) != "none"
    browser.press("Tab", "Tab")
    assert browser.run("document.activeElement.tagName") == "SUMMARY"


def test_a_click_chooses_the_uppermost_layer_that_is_shown_there(report: Report) -> None:
    report.open()
    for at, name in (((120, 190), "feather"), ((100, 30), "hat band"), ((30, 30), "red hat"), ((5, 5), "background")):
        report.click(*at)
        assert report.text(".said").endswith(f"layers shown, {name} chosen")
    assert report.browser.run(f"{report.row('background')}.getAttribute('aria-selected')") == "true"
    report.click(350, 100)
    assert report.text(".said") == "5 of 6 layers shown"
    report.open("#hide=e2,e1")
    report.click(70, 100)
    assert "red hat" in report.text(".said")
    report.browser.run(f"{report.row('e1')}.querySelector('input').click()")
    report.click(70, 100)
    assert "hat band" in report.text(".said")


def test_hovering_outlines_a_layer_where_it_lies(report: Report) -> None:
    report.open()
    report.click(25, 190, click=False)
    outline = report.drawn(".outline")
    scale = outline.shape[1] / 400
    solid = outline[..., 3] > 128
    assert solid[round(100 * scale), round(20 * scale) - 1] and not solid[round(100 * scale), round(50 * scale)]
    assert solid[:, : round(15 * scale)].sum() == solid[:, round(86 * scale) :].sum() == 0
    assert report.browser.run(f"{report.row('e0')}.className") == "near"
    report.click(200, 100, click=False)
    solid = report.drawn(".outline")[..., 3] > 128
    assert solid[0, 0] and solid[round(250 * scale), 0] and not solid[0, round(305 * scale) :].any()


def test_views_grounds_and_dials(report: Report) -> None:
    report.open("#view=compare&split=25&ground=magenta&hide=background,e0")
    place = f"{BENCH}.querySelector('.stage').getBoundingClientRect()"
    x, y, wide = report.browser.run(f"(({{x, y, width}}) => [x, y, width])({place})")

    def at(left: int, top: int) -> list[int]:
        picture = report.browser.picture()
        return [int(value) for value in picture[round(y + top * wide / 400), round(x + left * wide / 400)]]

    assert at(30, 30) == [200, 30, 0] and at(250, 30) == [255, 0, 255] and at(390, 290) == [255, 0, 255]
    report.browser.run(f"{BENCH}.querySelector('[name=split]').focus()")
    report.browser.press("Home")
    assert at(30, 30) == [255, 0, 255]
    for kind, left, down in (("mousePressed", 100, 1), ("mouseMoved", 300, 1), ("mouseReleased", 300, 0)):
        where = {"x": x + left * wide / 400, "y": y + 40, "button": "left", "buttons": down, "clickCount": 1}
        report.browser.call("Input.dispatchMouseEvent", type=kind, **where)
    assert "split=75" in report.address()
    report.open("#view=exploded&spread=0", prefers_reduced_motion="reduce")
    flat = report.browser.run(f"getComputedStyle({BENCH}.querySelector('.pulled img:nth-child(3)')).transform")
    report.browser.run(f"{BENCH}.querySelector('[name=spread]').focus()")
    report.browser.press("End")
    pulled = report.browser.run(f"getComputedStyle({BENCH}.querySelector('.pulled img:nth-child(3)')).transform")
    assert flat != pulled and "spread=100" in report.address()
    plane = f"{BENCH}.querySelector('.pulled img:nth-child(2)').getBoundingClientRect()"
    middle = f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({plane})"
    report.browser.point(*report.browser.run(middle))
    assert report.text(".said").endswith("red hat chosen")


def test_the_difference_is_the_measured_one_or_that_of_what_is_shown(report: Report) -> None:
    report.open("#view=difference")
    assert report.text(".largest") == "0 of 255"
    report.open("#view=difference&hide=e0")
    stack = toy()
    truth = largest_difference(shown("background", "e1", "e2", "residual"), stack.composite())
    assert report.text(".largest") == f"{truth.max()} of 255, of what is shown here"
    warm = report.drawn(".heat")[..., 3]
    assert ((warm == 255) == (truth > 2)).mean() > 0.999


def test_a_layer_is_handed_out_as_it_is(report: Report) -> None:
    report.open()
    stop = "document.addEventListener('click', (event) => event.preventDefault(), { once: true })"
    report.browser.run(stop)
    uri = report.browser.run(
        f"(() => {{ const link = {report.row('e2')}.querySelector('.png'); link.click(); return link.href; }})()"
    )
    feather = toy().layers[3].pixels
    assert np.array_equal(pixels_of(uri)[feather[..., 3] > 0], feather[feather[..., 3] > 0])


def test_a_screen_reader_finds_names_and_roles(report: Report) -> None:
    report.open()
    nodes = report.browser.call("Accessibility.getFullAXTree")["nodes"]
    seen = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]}
    roles = {role for role, _ in seen}
    assert {"treegrid", "row", "gridcell", "checkbox", "radio", "button", "link", "status", "image"} <= roles
    for what in (("treegrid", "Layers, the uppermost first"), ("checkbox", "Show red hat"), ("radio", "Exploded")):
        assert what in seen
    for role, name in seen:
        assert name or role not in {"checkbox", "radio", "button", "link", "slider", "image", "searchbox", "treegrid"}


def test_without_scripts_everything_is_there(report: Report) -> None:
    browser = report.browser
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(report.path, width=1000, height=900)
        picture = browser.run(
            f"(({{x, y, width}}) => [x, y, width])({BENCH}.querySelector('.whole').getBoundingClientRect())"
        )
        x, y, wide = picture
        seen = browser.picture()
        assert seen[round(y + 30 * wide / 400), round(x + 30 * wide / 400)].tolist() == [200, 30, 0]
        visible = (
            f"[...{BENCH}.querySelectorAll('td input, td button, [data-do], .keys')].some((one) => one.offsetParent)"
        )
        assert not browser.run(visible) and "feather" in report.text(".layers")
        browser.run(f"{BENCH}.querySelector('[value=difference]').click()")
        assert browser.run(f"getComputedStyle({BENCH}.querySelector('img.heat')).display") == "block"
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_wishes_of_the_reader_are_kept(report: Report) -> None:
    moves = f"getComputedStyle({BENCH}.querySelector('.pulled img')).transitionDuration"
    ground = "getComputedStyle(document.body).backgroundColor"
    report.open(prefers_reduced_motion="reduce", prefers_color_scheme="light")
    still, light = report.browser.run(moves), report.browser.run(ground)
    report.open(prefers_reduced_motion="no-preference", prefers_color_scheme="dark")
    assert still == "0s" != report.browser.run(moves) and light != report.browser.run(ground)
    for width in (420, 700, 1280):
        report.open(width=width)
        assert report.browser.run("document.documentElement.scrollWidth") <= width
    report.browser.call("Emulation.setEmulatedMedia", media="print")
    assert not report.browser.run(f"{BENCH}.querySelector('.tools').offsetParent")
    assert report.browser.run(f"{BENCH}.querySelector('.layers').offsetHeight") <= report.browser.run(
        f"{BENCH}.querySelector('.scroll').clientHeight"
    )
    report.browser.call("Emulation.setEmulatedMedia", media="")


def test_hostile_names_run_nothing_and_load_nothing(tmp_path: Path, browser: Chromium) -> None:
    names = [name.encode("utf-8", "replace").decode() for name in HOSTILE] + ["<img src=x onerror=alert(4)>"]
    named = stack_named(*names)
    layers = [replace(layer, id=layer.id + layer.name[:40], part_of=layer.name or None) for layer in named.elements]
    stack = LayerStack(named.size, (named.layers[0], *layers))
    folder = write_run(tmp_path / "run", stack_named("hat"), note=names[1])
    report_of(folder, stack)
    browser.open(folder / "report.html", "#pick=<script>alert(5)</script>&hide=" + quote(layers[0].id, safe=""))
    browser.until(READY)
    assert browser.run("document.scripts.length") == 2
    assert not browser.complaints
    assert not [event for event in browser.events if event.get("method") == "Page.javascriptDialogOpening"]
    assert browser.run(f"{BENCH}.querySelectorAll('[aria-level] td:first-child input:not(:checked)').length") == 1


def test_many_layers_and_none(tmp_path: Path, browser: Chromium) -> None:
    ground = stack_named().layers[0]
    dot = np.full((20, 20, 4), 255, dtype=np.uint8)
    dots = [Layer(f"e{n}", f"dot {n}", Box(n, n % 7, n + 20, n % 7 + 20), dot // (1 + n % 3)) for n in range(300)]
    seconds = {}
    for name, stack in (("none", LayerStack((400, 300), ())), ("many", LayerStack((400, 300), (ground, *dots)))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "input.png").write_bytes(png_bytes(stack.composite()))
        report_of(folder, stack)
        begun = time.monotonic()
        browser.open(folder / "report.html")
        seconds[name] = time.monotonic() - begun
        if stack.layers:
            browser.until(READY)
            # A machine that takes long for an empty page is busy with something else.
            assert time.monotonic() - begun < max(5, 20 * seconds["none"])
            browser.run(f"{BENCH}.querySelector('[data-do=none]').click()")
            browser.settle()
            assert browser.run(f"{BENCH}.querySelector('.said').textContent") == "0 of 301 layers shown"
        assert not browser.complaints


def test_a_batch_is_sorted_and_filtered_and_its_pictures_load(tmp_path: Path, browser: Chromium) -> None:
    rows = [
        {"name": name, "status": status, "layers": layers, "steps": 12 - layers, "stop_reason": "stuck"}
        for name, status, layers in (("b 2", "ok", 3), ("a 10", "stopped", 2), ("a 9", "ok", 11))
    ]
    for row in rows:
        (tmp_path / str(row["name"])).mkdir()
        (tmp_path / str(row["name"]) / "input.png").write_bytes(png_bytes(np.zeros((9, 9, 3), dtype=np.uint8)))
    browser.open(write_batch(tmp_path, rows))
    names = "[...document.querySelectorAll('.runs li:not([hidden]) h3')].map((one) => one.textContent).join()"
    for order, expected in (
        ("name", "a 9,a 10,b 2"),
        ("status", "a 10,b 2,a 9"),
        ("layers", "a 9,b 2,a 10"),
        ("steps", "a 10,b 2,a 9"),
        ("seconds", "b 2,a 10,a 9"),
        ("", "b 2,a 10,a 9"),
    ):
        change = f"(() => {{ const order = document.querySelector('.order'); order.value = '{order}';"
        browser.run(change + " order.dispatchEvent(new Event('change')); })()")
        assert browser.run(names) == expected
    browser.run("document.querySelector('.filter').focus()")
    browser.press("a", " ", "1", "0")
    assert browser.run(names) == "a 10" and browser.run("document.querySelector('.found').textContent") == "1 of 3"
    browser.until("[...document.images].every((one) => one.naturalWidth === 9 || one.closest('[hidden]'))")
    assert not browser.complaints
