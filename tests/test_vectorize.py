"""The command ``vectorize`` as a user meets it: runs, batches, stacks and published frames."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from peeler.asking import SPENDING
from peeler.batch import peel_file, peel_folder
from peeler.exporters.svg import check_svg
from peeler.files import lock_folder
from peeler.opening import open_stack
from peeler.presets import Preset
from tests.commands import document, peeler
from tests.test_sequences import painted, plain, save
from tests.vlms.wires import Answer, said, serving

KEY = "fake-recraft-key-0123456789"
RECRAFT = ("RECRAFT_API_KEY", "RECRAFT_BASE_URL")
CENT = "date: 2026-11-21\nprices:\n- {match: 'recraft:vectorize', input: 0, output: 0, call: 0.01}\n"


def wavy() -> Any:
    """A picture whose outline takes more curves the closer it is followed."""
    picture = plain(size=(160, 120))
    y, x = np.mgrid[:120, :160]
    reach = 35 + 9 * np.sin(7 * np.arctan2(y - 60, x - 80)) + 2 * np.sin(23 * np.arctan2(y - 60, x - 80))
    picture[np.hypot(y - 60, x - 80) < reach] = 30, 90, 200
    return picture


@pytest.fixture(autouse=True)
def at_a_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setenv("PEELER_CACHE", str(tmp_path / "cache"))
    for name in RECRAFT:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    yield tmp_path / "desk"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    Image.fromarray(wavy()).save(tmp_path / "cat.png")
    peel_file(tmp_path / "cat.png", tmp_path / "cat", Preset())
    return tmp_path / "cat"


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for name, side in (("one", 20), ("two", 25), ("zoo", 30)):
        Image.fromarray(painted(plain(), (200, 0, side), side=side)).save(tmp_path / "in" / f"{name}.png")
    peel_folder(tmp_path / "in", tmp_path / "runs", Preset(), workers=1)
    return tmp_path / "runs"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_is_drawn_again_as_it_was(run: Path) -> None:
    before = files(run)
    (run / "cat.svg").unlink()
    done = peeler("vectorize", run)
    assert done.exit_code == 0 and done.stdout.strip() == str(run / "cat.svg")
    assert files(run) == before


def test_the_tolerance_reaches_the_curves(run: Path) -> None:
    exact = (run / "cat.svg").read_text()
    assert peeler("vectorize", run, "--tolerance", "3").exit_code == 0
    coarse = (run / "cat.svg").read_text()
    check_svg(coarse)
    assert len(coarse) < 0.75 * len(exact)
    report = (run / "report.html").read_text()
    assert peeler("vectorize", run, "--tolerance", "0.25").exit_code == 0
    assert (run / "cat.svg").read_text() == exact and "cat.svg" in report


@pytest.mark.parametrize("tolerance", ["0", "-1", "nan", "1e9"])
def test_a_tolerance_that_is_none_is_wrong_usage(run: Path, tolerance: str) -> None:
    assert peeler("vectorize", run, "--tolerance", tolerance).exit_code == 2


def test_a_stack_or_another_folder_will_do(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run / "stack", tmp_path / "plain")
    assert peeler("vectorize", tmp_path / "plain").exit_code == 0
    assert peeler("vectorize", run, "-o", tmp_path / "there").exit_code == 0
    assert (tmp_path / "there" / "cat.svg").read_text() == (run / "cat.svg").read_text()
    assert len(list((tmp_path / "there").iterdir())) == 1
    assert any(path.suffix == ".svg" for path in (tmp_path / "plain").rglob("*"))


def test_a_batch_goes_on_past_a_broken_run(batch: Path) -> None:
    before = (batch / "zoo" / "zoo.svg").read_text()
    (batch / "one" / "stack" / "stack.json").write_text("{")
    (batch / "zoo" / "zoo.svg").unlink()
    done = peeler("vectorize", batch, "--json")
    told = document(done)
    assert done.exit_code == 1 and (told["failed"], told["left"], told["spent"]) == (1, 0, None)
    assert [row["name"] for row in told["drawings"]] == ["one", "two", "zoo"]
    assert "error" in told["drawings"][0] and done.stderr.count("\n") == 1
    assert (batch / "zoo" / "zoo.svg").read_text() == before
    assert not (batch / SPENDING).exists()


def test_a_run_that_is_worked_on_is_left_alone(run: Path) -> None:
    lock = lock_folder(run)
    try:
        done = peeler("vectorize", run)
    finally:
        os.close(lock)
    assert done.exit_code == 4 and "another process" in done.stderr


def test_nothing_there_is_told(tmp_path: Path) -> None:
    for name in ("nowhere", "."):
        done = peeler("vectorize", tmp_path / name)
        assert done.exit_code == 3 and done.stderr.count("\n") == 1
    assert peeler("vectorize", tmp_path, "--vectorizer", "magic").exit_code == 2


FRAMES = [painted(painted(plain(), (200, 0, 0)), (255, 255, 254), 40), painted(plain(), (200, 0, 0)), plain()]


def test_published_frames_become_a_stack_and_a_drawing(tmp_path: Path, at_a_desk: Path) -> None:
    folder = save(FRAMES, tmp_path / "published" / "cat" / "layer_png").parent
    before = files(tmp_path / "published")
    done = peeler("vectorize", folder)
    assert done.exit_code == 0 and done.stdout.strip() == "outputs/cat/cat.svg"
    stack = open_stack(at_a_desk / "outputs" / "cat")
    assert [layer.ink for layer in stack.elements] == ["#c80000", "#fffffe"]
    assert np.array_equal(stack.composite()[..., :3], FRAMES[0])
    assert files(tmp_path / "published") == before
    done = peeler("vectorize", folder / "layer_png")
    assert done.exit_code == 4 and "--force" in done.stderr
    assert peeler("vectorize", folder / "layer_png", "--force").exit_code == 0


def test_folders_of_frames_are_a_batch(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        save(FRAMES, tmp_path / "published" / name / "layer_png")
    (tmp_path / "published" / "b" / "layer_png" / "layer_1.png").unlink()
    done = peeler("vectorize", tmp_path / "published", "-o", tmp_path / "out")
    assert (
        done.exit_code == 1 and "3 stacks: 2 drawn, 1 failed" in done.stdout and "layer_1.png is missing" in done.stderr
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "c"]
    assert sorted(path.name for path in (tmp_path / "out" / "a").iterdir()) == ["a.svg", "stack"]


def drawn() -> Answer:
    path = '<path d="M122 122h20v20h-20z" fill="#c80000"/>'
    markup = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 264 264">{path}</svg>'
    return said({"image": {"b64_json": base64.b64encode(markup.encode()).decode()}})


def test_a_batch_is_drawn_for_money_and_no_more_than_that(
    batch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prices.yaml").write_text(CENT)
    with serving(drawn()) as server:
        # Where it is and the key may stand in .env, as all settings may.
        Path(".env").write_text(f"RECRAFT_API_KEY={KEY}\nRECRAFT_BASE_URL={server.root}/v1\n")
        monkeypatch.setenv("PEELER_PRICES", str(tmp_path / "prices.yaml"))
        paid = ("vectorize", batch, "--vectorizer", "recraft", "--max-cost")
        done = peeler(*paid, "0.02")
        assert done.exit_code == 1 and "3 stacks: 2 drawn, 1 failed" in done.stdout
        assert "--max-cost" in done.stderr and "$0.0200" in done.stdout
        assert len(server.asked) == 2
        done = peeler(*paid, "0.03", "--json")
        told = document(done)
        assert done.exit_code == 0 and told["spent"]["money"] == 0.03 and told["spent"]["cached"] == 2
    assert len(server.asked) == 3 and server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert all("#c80000" in (batch / name / f"{name}.svg").read_text() for name in ("one", "two", "zoo"))
    assert KEY not in done.output and not any(KEY.encode() in data for data in files(batch).values())


def paid(monkeypatch: pytest.MonkeyPatch, folder: Path, root: str) -> tuple[str, ...]:
    """The words that ask a service at ``root``, whose calls cost a cent each."""
    (folder / "prices.yaml").write_text(CENT)
    for name, value in zip(("PEELER_PRICES", *RECRAFT), (str(folder / "prices.yaml"), KEY, f"{root}/v1"), strict=True):
        monkeypatch.setenv(name, value)
    return ("--vectorizer", "recraft", "--max-cost", "1")


def spent(path: Path) -> Any:
    return json.loads(path.read_text())["spent"]


def test_what_was_spent_is_told_by_the_run(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spent(run / "run.json") is None
    with serving(drawn()) as server:
        words = paid(monkeypatch, tmp_path, server.root)
        assert peeler("vectorize", run, *words).exit_code == 0
        calls = len(server.asked)
        assert calls and spent(run / "run.json")["money"] == pytest.approx(0.01 * calls)
        assert peeler("vectorize", run, *words, "--no-cache").exit_code == 0
    assert peeler("vectorize", run).exit_code == 0
    assert spent(run / "run.json")["money"] == pytest.approx(0.02 * calls)
    assert "$0.0" in (run / "report.html").read_text() and "spent" in peeler("inspect", run).stdout


def test_what_was_spent_is_told_by_the_batch(batch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(drawn()) as server:
        words = paid(monkeypatch, tmp_path, server.root)
        assert peeler("vectorize", batch, *words[:3], "0.02").exit_code == 1
        assert spent(batch / "zoo" / "run.json") is None
        assert spent(batch / "batch.json")["money"] == pytest.approx(0.02)
        (batch / "one" / "run.json").write_text("{")
        assert peeler("vectorize", batch, *words).exit_code == 1
        # Alone, a run keeps its own purse, and what it has cost in the batch counts, too.
        assert peeler("vectorize", batch / "two", *words, "--no-cache").exit_code == 0
    assert len(server.asked) == 4
    told = json.loads((batch / "batch.json").read_text())
    assert told["spent"]["money"] == pytest.approx(0.03) and "$0.03" in (batch / "index.html").read_text()
    assert [row["spent"]["money"] for row in told["rows"]] == pytest.approx([0.01] * 3)
    assert spent(batch / "two" / "run.json")["money"] == pytest.approx(0.02)


def test_a_run_that_cannot_be_read_costs_nothing(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (run / "run.json").write_text("{")
    with serving(drawn()) as server:
        done = peeler("vectorize", run, *paid(monkeypatch, tmp_path, server.root))
    assert done.exit_code == 4 and "run.json is damaged" in done.stderr and not server.asked


def test_an_export_asks_once_for_all_formats(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(drawn()) as server:
        words = paid(monkeypatch, tmp_path, server.root)
        done = peeler("export", run, "--to", "svg,pptx,ora", *words, "--no-cache", "--json")
        calls = len(server.asked)
        assert done.exit_code == 0 and calls == document(done)["spent"]["calls"] == spent(run / "run.json")["calls"]
        assert calls and "#c80000" in (run / "cat.svg").read_text() and (run / "cat.pptx").exists()
        done = peeler("export", run, "--to", "svg", *words[:3], "0", "--no-cache")
        assert done.exit_code == 5 and "--max-cost" in done.stderr
        assert len(server.asked) == calls


def test_an_export_without_paths_asks_nobody(run: Path) -> None:
    assert peeler("export", run, "--to", "psd,png", "--vectorizer", "recraft").exit_code == 0
    assert not (run / SPENDING).exists()
    done = peeler("export", run, "--to", "psd,svg", "--vectorizer", "recraft")
    assert done.exit_code == 2 and "RECRAFT_API_KEY" in done.stderr


def test_money_is_no_matter_of_tolerance(run: Path) -> None:
    done = peeler("vectorize", run, "--vectorizer", "recraft", "--tolerance", "1")
    assert done.exit_code == 2 and "--tolerance" in done.stderr
    done = peeler("vectorize", run, "--vectorizer", "recraft")
    assert done.exit_code == 2 and "RECRAFT_API_KEY" in done.stderr
