"""The paid vectorizer against a real server on this machine: what is sent, what it costs, what is believed."""

import base64
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtracer
from PIL import Image

from peeler import registry
from peeler.asking import SPENDING, Ledger, load_prices, open_asker
from peeler.asking.budget import spent
from peeler.batch import peel_file, peel_folder
from peeler.dialogue import Abilities, Message, Reply, Request, Usage
from peeler.engines import vectorizer_of
from peeler.errors import BudgetSpent, ConfigError, Rejected, ReplyError, Unavailable
from peeler.exporters.svg import SvgExporter, check_svg
from peeler.geometry import Box
from peeler.presets import Preset
from peeler.scenes.render import rendered
from peeler.stack import Layer, LayerStack
from peeler.vectorizers.recraft import LONGEST_SIDE, MOST_BYTES, MOST_PIXELS, PROMPT, SHORTEST_SIDE, framed
from peeler.vlms.recraft import NAME, lacks, open_service
from tests.toy import draw_toy
from tests.vlms.wires import Answer, FakeServer, said, serving

KEY = "fake-recraft-key-0123456789"
CENT = "date: 2026-11-21\nprices:\n- {match: 'recraft:vectorize', input: 0, output: 0, call: 0.01}\n"
SVG = "http://www.w3.org/2000/svg"


def svg(body: str = '<path d="M8 8h50v50h-50z" fill="#cc2200"/>', side: int = 264) -> str:
    return f'<svg xmlns="{SVG}" viewBox="0 0 {side} {side}">{body}</svg>'


def drawn(markup: str | None = None, as_data: bool = False) -> Answer:
    image = {"image_id": "x", "b64_json": base64.b64encode((svg() if markup is None else markup).encode()).decode()}
    return said({"created": 1, "credits": 10, **({"data": [image]} if as_data else {"image": image})})


def layer(size: tuple[int, int] = (30, 20), at: tuple[int, int] = (5, 7), **more: Any) -> Layer:
    pixels = np.zeros((size[1], size[0], 4), dtype=np.uint8)
    pixels[2:-2, 3:-3] = (204, 34, 0, 255)
    return Layer("e01", "red bar", Box(*at, at[0] + size[0], at[1] + size[1]), pixels, ink="#cc2200", **more)


class Setting:
    """A preset that asks ``server``, with its own prices, cache and ledger."""

    def __init__(self, folder: Path, server: FakeServer, **settings: Any) -> None:
        prices = folder / "prices.yaml"
        prices.write_text(CENT, encoding="utf-8")
        given = {"cache": str(folder / "cache"), "prices": str(prices), "timeout": 5.0, **settings}
        self.preset = Preset(vectorizer="recraft", **given)
        self.spending = folder / SPENDING

    def trace(self, wanted: Layer) -> list[str]:
        return vectorizer_of(self.preset, self.spending, "a run").vectorize(wanted)

    @property
    def money(self) -> tuple[int, int, float]:
        told = spent(Ledger(self.spending), "a run")
        return told.calls, told.cached, round(told.money, 9)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECRAFT_API_KEY", KEY)
    monkeypatch.delenv("RECRAFT_BASE_URL", raising=False)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    def point(server: FakeServer) -> FakeServer:
        monkeypatch.setenv("RECRAFT_BASE_URL", f"{server.root}/v1/")
        return server

    return point


def sent_picture(body: bytes) -> Image.Image:
    start = body.index(b"\x89PNG")
    return Image.open(io.BytesIO(body[start:]))


def test_a_layer_is_sent_as_published_and_comes_back_in_its_place(at: Any, tmp_path: Path) -> None:
    with serving(drawn()) as server:
        (path,) = Setting(tmp_path, at(server)).trace(layer())
    (asked,) = server.asked
    assert asked.path == "/v1/images/vectorize"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="response_format"\r\n\r\nb64_json' in asked.body
    assert b'name="file"; filename="layer.png"\r\nContent-Type: image/png' in asked.body
    picture = sent_picture(asked.body)
    assert picture.mode == "RGBA" and min(picture.size) >= SHORTEST_SIDE
    shown = np.asarray(picture)[..., 3] > 0
    assert shown.sum() == 24 * 16 and not shown[:8].any() and not shown[:, :8].any()
    # What shows begins at (8, 9) of the canvas, and at (120, 124) of the 264 × 264 that were sent.
    assert path == '<path fill="#cc2200" d="M-104-107h50v50h-50z"/>'


@pytest.mark.parametrize("as_data", [False, True])
def test_both_forms_of_the_answer_are_read(at: Any, tmp_path: Path, as_data: bool) -> None:
    with serving(drawn(as_data=as_data)) as server:
        assert Setting(tmp_path, at(server)).trace(layer())


def test_a_clear_layer_is_never_sent(at: Any, tmp_path: Path) -> None:
    clear = layer()
    clear.pixels[..., 3] = 0
    with serving(drawn()) as server:
        assert Setting(tmp_path, at(server)).trace(clear) == []
        empty = Layer("e02", "", Box(3, 3, 3, 3), np.zeros((0, 0, 4), dtype=np.uint8))
        assert Setting(tmp_path, at(server)).trace(empty) == []
    assert not server.asked


def test_the_same_picture_is_paid_once_wherever_it_lies(at: Any, tmp_path: Path) -> None:
    with serving(drawn()) as server:
        setting = Setting(tmp_path, at(server))
        (first,) = setting.trace(layer())
        (twin,) = setting.trace(layer(at=(105, 7)))
        setting.trace(layer(size=(31, 20)))
    assert len(server.asked) == 2
    assert setting.money == (2, 1, 0.02)
    assert (first.index("M-104"), twin.index("M-4")) == (first.index("M"), twin.index("M"))


def test_money_is_kept_to(at: Any, tmp_path: Path) -> None:
    with serving(drawn()) as server:
        setting = Setting(tmp_path, at(server), max_cost=0.02, cache="off")
        setting.trace(layer())
        setting.trace(layer())
        with pytest.raises(BudgetSpent, match=r"may cost \$0.0100, and \$0.0200 of the \$0.0200"):
            setting.trace(layer())
        with pytest.raises(BudgetSpent, match="2 of the 2 calls"):
            Setting(tmp_path, server, max_calls=2, cache="off").trace(layer())
    assert len(server.asked) == 2


def test_the_built_in_price_is_a_cent_a_picture() -> None:
    price = load_prices().of(NAME)
    assert price is not None
    asked = Request(PROMPT, (Message("user", "", (framed(layer().pixels, (0, 0))[0],)),), most_tokens=0)
    assert price.most(asked) == price.cost(Usage()) == 0.01


def test_a_limit_in_dollars_takes_a_known_price(at: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECRAFT_BASE_URL", "https://proxy.example/v1")
    with pytest.raises(ConfigError, match="no price is known for recraft:vectorize@https://proxy.example/v1"):
        vectorizer_of(Preset(vectorizer="recraft", max_cost=1.0), tmp_path / SPENDING)


def test_what_may_work_later_is_asked_again(at: Any, tmp_path: Path) -> None:
    busy = said({"error": {"message": "slow down"}}, 429, Retry_After="0.01")
    with serving(busy, said({}, 500, Retry_After="0.01"), drawn()) as server:
        setting = Setting(tmp_path, at(server))
        assert setting.trace(layer())
    assert setting.money == (3, 0, 0.01)


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "RECRAFT|key is not accepted"), (402, "nothing left"), (400, "past its limits"), (404, "RECRAFT_BASE_URL")],
)
def test_a_refusal_is_not_asked_again_and_hides_the_key(at: Any, tmp_path: Path, status: int, told: str) -> None:
    with serving(said({"error": {"message": f"no: {KEY}"}}, status)) as server:
        with pytest.raises(Rejected, match=told) as problem:
            Setting(tmp_path, at(server)).trace(layer())
    assert KEY not in str(problem.value)
    assert len(server.asked) == 1


def test_a_silent_server_is_not_waited_for(at: Any, tmp_path: Path) -> None:
    with serving(replace(drawn(), wait=30)) as server:
        at(server)
        service = registry.service("recraft")
        asked = Request(PROMPT, (Message("user", "", (b"\x89PNG",)),), timeout=0.3, most_tokens=0)
        with pytest.raises(Unavailable, match="in time"):
            service.ask(asked)


@pytest.mark.parametrize(
    "markup", [svg("<script>1</script>"), "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + svg(), svg(side=0), "", "no"]
)
def test_a_hostile_answer_is_refused_paid_once_and_not_kept(at: Any, tmp_path: Path, markup: str) -> None:
    with serving(drawn(markup), drawn()) as server:
        setting = Setting(tmp_path, at(server))
        with pytest.raises(ReplyError, match="^layer 'e01': the SVG"):
            setting.trace(layer())
        assert len(server.asked) == 1
        assert setting.trace(layer())
    assert setting.money == (2, 0, 0.02)


@pytest.mark.parametrize("body", [b'{"image": {"b64_json": "%%%"}}', b'{"image": {"b64_json": "/+8="}}'])
def test_an_answer_that_is_no_text_is_refused(at: Any, tmp_path: Path, body: bytes) -> None:
    with serving(Answer(body, headers={"Content-Type": "application/json"})) as server:
        with pytest.raises(ReplyError):
            Setting(tmp_path, at(server)).trace(layer())


@pytest.mark.parametrize("size", [(1, 1), (300, 5), (5000, 20), (4096, 4096), (264, 20_000)])
def test_every_picture_is_within_the_limits(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    png, frame = framed(pixels, (10, 20))
    with Image.open(io.BytesIO(png)) as image:
        width, height = image.size
    assert len(png) <= MOST_BYTES and width * height <= MOST_PIXELS
    assert SHORTEST_SIDE <= min(width, height) and max(width, height) <= LONGEST_SIDE
    assert frame.width >= size[0] + 16 and frame.x <= 10 - 8


def test_what_it_draws_passes_the_check_of_the_drawing(at: Any, tmp_path: Path) -> None:
    body = '<g transform="translate(4,4)"><circle cx="128" cy="128" r="10" style="fill: rgb(204,34,0)"/></g>'
    ground = Layer("background", "", Box(0, 0, 64, 64), np.full((64, 64, 4), 255, dtype=np.uint8), role="background")
    with serving(drawn(svg(body))) as server:
        setting = Setting(tmp_path, at(server))
        exporter = SvgExporter(vectorizer_of(setting.preset, setting.spending))
        markup = exporter.draw(LayerStack((64, 64), (ground, layer(part_of="x"))))
    check_svg(markup)
    shown = rendered(markup)
    assert shown[17, 20].tolist() == [204, 34, 0, 255] and shown[40, 40].tolist() == [255] * 4


class _Tracing:
    """A service with a real tracer behind it."""

    name, abilities = "tracing@http://127.0.0.1/", Abilities()

    def ask(self, request: Request) -> Reply:
        picture = request.messages[0].images[0]
        return Reply(vtracer.convert_raw_image_to_svg(picture, img_format="png", mode="polygon"))


@pytest.mark.parametrize("size", [(600, 500), (40, 30), (5000, 300)])
def test_what_a_real_tracer_draws_lies_where_the_layer_does(size: tuple[int, int], tmp_path: Path) -> None:
    """Also where the picture was sent smaller, or with more ground around it, than the layer has."""
    pixels = np.zeros((size[1], size[0], 4), dtype=np.uint8)
    y, x = np.mgrid[: size[1], : size[0]]
    inside = ((x / size[0] - 0.5) ** 2 + (y / size[1] - 0.5) ** 2) < 0.2
    pixels[inside] = (30, 90, 200, 255)
    round_one = Layer("e01", "", Box(11, 7, 11 + size[0], 7 + size[1]), pixels)
    tracer = registry.paid_vectorizer("recraft", open_asker(_Tracing(), tmp_path / SPENDING), 5.0)
    canvas = (size[0] + 20, size[1] + 20)
    paths = "".join(tracer.vectorize(round_one))
    shown = rendered(f'<svg xmlns="{SVG}" width="{canvas[0]}" height="{canvas[1]}">{paths}</svg>')
    off = (shown[..., 3] > 127) != (round_one.on(canvas)[..., 3] > 127)
    assert off.sum() <= 2 * sum(size)
    assert np.abs(shown[canvas[1] // 2, canvas[0] // 2].astype(int) - (30, 90, 200, 255)).max() <= 2


def test_a_batch_shares_the_money_and_goes_on_with_more(at: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, ink in (("one", (200, 30, 30)), ("two", (30, 30, 200))):
        canvas = np.full((64, 64, 3), 255, dtype=np.uint8)
        canvas[20:40, 10:40] = ink
        Image.fromarray(canvas).save(tmp_path / "in" / f"{name}.png")
    with serving(drawn()) as server:
        setting = Setting(tmp_path, at(server), max_cost=0.01, outputs=("png", "svg"))
        told = peel_folder(tmp_path / "in", tmp_path / "out", setting.preset, workers=1)
        assert told.totals == {"ok": 1, "stopped": 0, "failed": 1}
        assert "--max-cost" in told.failed[0].reason and told.warning
        more = setting.preset.model_copy(update={"max_cost": 0.02})
        told = peel_folder(tmp_path / "in", tmp_path / "out", more, workers=1)
    assert told.totals == {"ok": 2, "stopped": 0, "failed": 0}
    assert told.spent is not None and told.spent.money == 0.02 and len(server.asked) == 2
    assert all((tmp_path / "out" / name / f"{name}.svg").exists() for name in ("one", "two"))
    assert KEY not in "".join(path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file())


def test_nothing_is_begun_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECRAFT_API_KEY")
    Image.fromarray(draw_toy().picture).save(tmp_path / "a.png")
    with pytest.raises(ConfigError, match="set RECRAFT_API_KEY"):
        peel_file(tmp_path / "a.png", tmp_path / "out", Preset(vectorizer="recraft"))
    assert not (tmp_path / "out").exists()


def test_the_environment_says_where_and_with_which_key() -> None:
    assert lacks({}) == "lacks a key: set RECRAFT_API_KEY"
    assert lacks({"RECRAFT_API_KEY": KEY}) == "" == lacks({"RECRAFT_BASE_URL": "http://127.0.0.1:9/v1"})
    assert open_service({"RECRAFT_API_KEY": KEY}).name == NAME
    for address in ("http://proxy.example/v1", "https://a:b@proxy.example", "ftp://127.0.0.1", "https://x?key=1"):
        assert lacks({"RECRAFT_API_KEY": KEY, "RECRAFT_BASE_URL": address}).startswith("cannot be asked")
    with pytest.raises(ConfigError, match="no key has"):
        open_service({"RECRAFT_API_KEY": "two words"})


def test_it_is_not_made_without_somebody_who_counts_the_money() -> None:
    with pytest.raises(ConfigError, match="costs money: peeler vectorize"):
        registry.vectorizer("recraft")
