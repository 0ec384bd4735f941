"""The command as a user meets it: what it prints, where, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peeler import __version__
from peeler.analysts.scripted import ScriptedAnalyst
from peeler.analysts.vlm import Conversation, VlmAnalyst
from peeler.asking import SPENDING, open_asker
from peeler.batch import peel_file
from peeler.console import Code
from peeler.exporters.png import PngExporter, read_stack
from peeler.geometry import RGB, Box, Mask
from peeler.graph import Edge, Element, LayerGraph
from peeler.peel import Engine
from peeler.presets import load_preset
from peeler.removers.flat import FlatRemover
from peeler.removers.scripted import ScriptedRemover
from peeler.vlms.scripted import ScriptedVlm
from tests.commands import document, peeler

PROJECT = Path(__file__).parents[1]
PEELER = [sys.executable, "-c", "from peeler.cli import main; main()"]
SCRIPTED = ("--engine", "scripted")


def canvas(*boxes: tuple[Box, tuple[int, int, int]]) -> RGB:
    picture = np.full((48, 64, 3), 255, dtype=np.uint8)
    for box, colour in boxes:
        picture[box.slices] = colour
    return picture


RED, BLUE = (Box(4, 4, 40, 40), (200, 0, 0)), (Box(20, 20, 60, 44), (0, 0, 200))


def save(path: Path, picture: RGB) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save(tmp_path / "cat.png", canvas(RED, BLUE))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures and a file that is none."""
    folder = tmp_path / "pictures"
    for name in ("one", "two"):
        save(folder / f"{name}.png", canvas(RED, BLUE))
    (folder / "bad.png").write_bytes(b"not a picture")
    return folder


@pytest.fixture
def run(picture: Path, tmp_path: Path) -> Path:
    """A finished run of two steps: blue, then the red below it."""
    red, blue = (
        Element(
            id=name,
            name=f"the {name} [box]",
            colour=colour,
            box=box,
            mask=Mask.of(np.ones((box.height, box.width), dtype=np.bool_), (box.x0, box.y0)),
        )
        for name, colour, (box, _) in (("red", "#c80000", RED), ("blue", "#0000c8", BLUE))
    )
    both = LayerGraph(elements=(red, blue), edges=(Edge(kind="occludes", source="blue", target="red"),))
    answers = (both, both.without(["blue"]), LayerGraph())
    engine = Engine(ScriptedAnalyst(answers), ScriptedRemover([canvas(RED), canvas()]))
    peel_file(picture, tmp_path / "run", load_preset("plain", {"engine": "scripted"}), engine=engine)
    return tmp_path / "run"


@pytest.fixture
def asked(picture: Path, tmp_path: Path) -> Path:
    """A finished run in which a model was asked; it names things with markup, and one that is not there."""
    moon = {"id": "m", "name": "<b>moon</b>", "colour": "#ffff00", "box_2d": [900, 900, 990, 990]}
    blue = {"id": "b", "name": "[red]sea[/]", "colour": "#0000c8", "box_2d": [417, 313, 917, 938]}
    reply = json.dumps({"elements": [moon, blue], "edges": [], "background_only": False})
    asker = open_asker(ScriptedVlm([reply]), tmp_path / SPENDING)
    engine = Engine(VlmAnalyst(Conversation(asker)), FlatRemover())
    peel_file(picture, tmp_path / "asked", load_preset("plain"), engine=engine)
    return tmp_path / "asked"


def test_what_a_model_said_and_what_was_believed(asked: Path) -> None:
    told = peeler("inspect", asked, "--step", "0").stdout
    for part in ("first_graph 1", "accepted", "[red]sea[/]", "<b>moon</b>", "no shape of the picture fits it", "e01"):
        assert part in told
    step = document(peeler("inspect", asked, "--step", "0", "--json"))
    assert step["said"]["believed"][0]["name"] == "[red]sea[/]"
    assert step["exchanges"][0]["prompt"]["id"] == "first_graph" and step["step"]["spent"]["calls"] == 1


def test_the_report_tells_it_too(asked: Path) -> None:
    page = (asked / "report.html").read_text(encoding="utf-8")
    assert "What the model was asked and said" in page and "&lt;b&gt;moon&lt;/b&gt;" in page
    assert "<b>moon" not in page


def test_options_are_settings(picture: Path, tmp_path: Path) -> None:
    options = (
        "--targets",
        "the hat, a sun",
        "--granularity",
        "objects",
        "--max-cost",
        "0.5",
        "--max-calls",
        "3",
        "--no-cache",
    )
    peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED, *options)
    preset = json.loads((tmp_path / "out" / "run.json").read_text())["preset"]
    assert (preset["targets"], preset["granularity"]) == (["the hat", "a sun"], "objects")
    assert (preset["max_cost"], preset["max_calls"], preset["cache"]) == (0.5, 3, "off")


def test_settings_come_from_a_file_env(picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PEELER_SEED=99\nUNKNOWN=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEELER_SEED", "99")  # so that it is taken back at the end
    monkeypatch.delenv("PEELER_SEED")
    assert peeler("peel", picture, "-o", "out", *SCRIPTED).exit_code == Code.OK
    assert json.loads(Path("out/run.json").read_text())["preset"]["seed"] == 99


def test_a_model_without_a_key_is_refused_at_once(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    done = peeler("peel", picture, "-o", tmp_path / "out", "--analyst", "gemini")
    assert done.exit_code == Code.USAGE and "GEMINI_API_KEY" in done.stderr
    assert not (tmp_path / "out").exists()


def test_version() -> None:
    assert peeler("--version").stdout == f"peeler {__version__}\n"


def test_help_tells_the_exit_codes() -> None:
    for arguments in ([], ["peel"], ["batch"], ["data", "draw"]):
        assert "Exit codes: 0 done" in peeler(*arguments, "--help").stdout


def test_the_codes_are_documented() -> None:
    page = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")
    for code in Code:
        assert f"| {code.value} |" in page


def test_help_is_quick() -> None:
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True, check=True); "
    code += "use = resource.getrusage(resource.RUSAGE_CHILDREN); print(use.ru_utime + use.ru_stime)"
    done = subprocess.run([sys.executable, "-c", code, *PEELER, "--help"], capture_output=True, text=True, cwd=PROJECT)
    assert float(done.stdout) < 0.5


def test_peel(picture: Path, tmp_path: Path) -> None:
    done = peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED)
    assert (done.exit_code, done.stderr) == (Code.OK, "")
    assert "cat.png" in done.stdout
    assert not read_stack(tmp_path / "out" / "stack").difference(canvas(RED, BLUE)).any()


def test_peel_for_machines(picture: Path, tmp_path: Path) -> None:
    told = document(peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED, "--json"))
    assert (told["status"], told["name"], told["folder"]) == ("ok", "out", str(tmp_path / "out"))


def test_the_default_folder(picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert peeler("peel", picture, *SCRIPTED).exit_code == Code.OK
    assert (tmp_path / "outputs" / "cat" / "run.json").is_file()


def test_a_finished_run_is_left_as_it_is(picture: Path, tmp_path: Path) -> None:
    first = document(peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED, "--json"))
    second = document(peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED, "--json"))
    anew = document(peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED, "--json", "--force"))
    assert (first["was_done"], second["was_done"], anew["was_done"]) == (False, True, False)


def test_options_reach_the_preset(picture: Path, tmp_path: Path) -> None:
    numbers = ("--seed", "7", "--steps", "5", "--max-steps", "3")
    peeler("peel", picture, "-o", tmp_path / "out", *SCRIPTED, *numbers)
    preset = json.loads((tmp_path / "out" / "run.json").read_text())["preset"]
    assert (preset["engine"], preset["seed"], preset["steps"], preset["max_steps"]) == ("scripted", 7, 5, 3)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["peel", "no.png"], Code.INPUT, "no.png"),
        (["peel", "."], Code.INPUT, "."),
        (["peel", "cat.png", "--engine", "nobody"], Code.USAGE, "flat"),
        (["peel", "cat.png", "--preset", "nothing"], Code.USAGE, "plain"),
        (["peel", "cat.png", "-o", "cat.png/out", *SCRIPTED], Code.STORE, "cat.png/out"),
        (["peel", "cat.png", "--seed", "x"], Code.USAGE, "--seed"),
        (["batch", "nowhere", "-o", "out"], Code.INPUT, "nowhere"),
        (["batch", "empty", "-o", "out"], Code.INPUT, "empty"),
        (["inspect", "nowhere"], Code.STORE, "nowhere"),
        (["score", "empty", "empty"], Code.INPUT, "no truth"),
        (["data", "fetch", "unknown"], Code.USAGE, "layerpeeler"),
        (["nonsense"], Code.USAGE, "nonsense"),
    ],
)
def test_errors_are_clear(
    arguments: list[str], code: Code, says: str, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    done = peeler(*arguments)
    assert done.exit_code == code
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    if done.stderr.startswith("peeler: "):
        assert done.stderr.count("\n") == 1


def test_an_error_for_machines() -> None:
    done = peeler("peel", "no.png", "--json")
    assert document(done)["exit_code"] == done.exit_code == Code.INPUT


def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    done = peeler("peel", tmp_path / "\x1b[2Jcat\n.png")
    assert done.exit_code == Code.INPUT
    assert "\x1b" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback() -> None:
    done = peeler("peel", "no.png", "--debug")
    assert "Traceback" in done.stderr
    assert done.exit_code == Code.INPUT


def test_batch_goes_on_past_a_bad_picture(pictures: Path, tmp_path: Path) -> None:
    done = peeler("batch", pictures, "-o", tmp_path / "out", *SCRIPTED, "--workers", "1")
    assert done.exit_code == Code.INCOMPLETE
    assert "3 pictures: 2 ok" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "bad.png" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"one", "two", "batch.json", "index.html"}


def test_batch_for_machines(pictures: Path, tmp_path: Path) -> None:
    (pictures / "bad.png").unlink()
    done = peeler("batch", pictures, "-o", tmp_path / "out", *SCRIPTED, "--workers", "1", "--limit", "1", "--json")
    assert done.exit_code == Code.OK
    assert [row["name"] for row in document(done)["rows"]] == ["one"]


def test_ctrl_c_leaves_what_can_go_on(tmp_path: Path) -> None:
    for number in range(40):
        save(tmp_path / "pictures" / f"{number:02d}.png", canvas(RED, BLUE))
    command = [*PEELER, "batch", "pictures", "-o", "out", *SCRIPTED, "--workers", "1", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "out" / "01" / "run.json").is_file() and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == Code.INTERRUPTED
    assert errors == "peeler: interrupted; the same command goes on with out\n"
    again = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["totals"]["ok"] == 40


def test_a_narrow_encoding_does_not_stop_a_run(picture: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "ascii"}
    command = [*PEELER, "peel", str(picture), "-o", str(tmp_path / "\u732b"), *SCRIPTED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (Code.OK, "")


def test_inspect_tells_the_run(run: Path) -> None:
    told = peeler("inspect", run).stdout
    for words in ("cat.png, 64 × 48", "only the background is left", "the blue [box]", "the red [box]", "background"):
        assert words in told


def test_inspect_tells_a_step(run: Path) -> None:
    told = peeler("inspect", run, "--step", "0").stdout
    for words in ("as scripted", "taken away here", "accepted", "#0000c8"):
        assert words in told


def test_inspect_for_machines(run: Path) -> None:
    told = document(peeler("inspect", run, "--json"))
    assert [step["step"]["removed"] for step in told["steps"]] == [["blue"], ["red"]]
    assert "mask" not in told["steps"][0]["graph"]["elements"][0]
    step = document(peeler("inspect", run, "--step", "1", "--json"))
    assert step["step"]["index"] == 1


def test_there_is_no_such_step(run: Path) -> None:
    done = peeler("inspect", run, "--step", "2")
    assert done.exit_code == Code.USAGE
    assert "no step 2" in done.stderr


def test_a_broken_run_is_one_line(run: Path) -> None:
    (run / "run.json").write_text("{}")
    done = peeler("inspect", run)
    assert done.exit_code == Code.STORE
    assert done.stderr.count("\n") == 1


def test_doctor() -> None:
    done = peeler("doctor")
    assert done.exit_code == Code.OK
    assert "the embedded engine is ready" in done.stdout
    told = document(peeler("doctor", "--json"))
    assert {one["name"] for one in told["backends"]} >= {"flat", "curves", "png", "svg"}


def test_score(run: Path, tmp_path: Path) -> None:
    stack = read_stack(run / "stack")
    PngExporter().export(stack, tmp_path / "runs" / "cat" / "stack")
    save(tmp_path / "truth" / "png" / "cat.png", canvas(RED, BLUE))
    for place, layer in enumerate(stack.elements):
        save(tmp_path / "truth" / "layers" / "cat" / f"{place:02d}.png", layer.on(stack.size))
    told = document(peeler("score", tmp_path / "runs", tmp_path / "truth", "--json", "--worst", "1"))
    assert (told["amodal_miou"], told["exact"], told["missing"]) == (1, 1, 0)
    assert [row["name"] for row in told["worst"]] == ["cat"]
    save(tmp_path / "truth" / "png" / "dog.png", canvas(RED))
    save(tmp_path / "truth" / "layers" / "dog" / "00.png", stack.elements[0].on(stack.size))
    done = peeler("score", tmp_path / "runs", tmp_path / "truth")
    assert done.exit_code == Code.INCOMPLETE
    assert "missing" in done.stdout
    assert "dog" in done.stderr
