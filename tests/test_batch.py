import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import peeler
from peeler.analysts.scripted import ScriptedAnalyst
from peeler.batch import Progress, name_pictures, peel_file, peel_folder, peel_picture
from peeler.errors import BackendError, InputError, StoreError, Unavailable
from peeler.geometry import RGB
from peeler.graph import Element, LayerGraph
from peeler.peel import Engine
from peeler.presets import Preset
from peeler.protocols import Analysis, Removal, Removed
from peeler.records import read_record
from peeler.removers.scripted import ScriptedRemover
from peeler.workers import Tell, aside, do_all, rest
from tests.toy import Toy, draw_toy

PLAIN = Preset(engine="scripted", outputs=("png", "svg"))
TIMES = re.compile(rb"<script[^>]*id=.timings.*")
BARE = Preset(engine="scripted", outputs=())


def fill(folder: Path, toy: Toy, *names: str) -> Path:
    for name in names:
        toy.save(folder / name)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """Everything but the times, which pages hold in one line."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("timings.json", ".lock")]
    return {str(path.relative_to(folder)): TIMES.sub(b"", path.read_bytes()) for path in paths}


# One file


@pytest.fixture
def toy_file(toy: Toy, tmp_path: Path) -> Path:
    return toy.save(tmp_path / "in" / "toy.png")


def test_a_file_becomes_a_run(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    summary = peel_file(toy_file, tmp_path / "out" / "toy", PLAIN, engine=toy.engine, on_stage=stages.append)
    assert (summary.input, summary.name, summary.status, summary.stop_reason) == ("toy.png", "toy", "ok", "background")
    assert (summary.steps, summary.layers, summary.was_done) == (2, 5, False)
    assert summary.residual is not None and summary.residual.pixels == 0
    assert stages == ["read", "step 1", "step 2", "write"]
    assert (tmp_path / "out/toy/toy.svg").exists()
    stack = json.loads((tmp_path / "out/toy/stack/stack.json").read_text())
    assert [layer["role"] for layer in stack["layers"]] == ["background"] + ["element"] * 4


def test_a_report_is_written_when_asked_for(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    peel_file(toy_file, tmp_path / "out", Preset(engine="scripted"), engine=toy.engine)
    assert "<html" in (tmp_path / "out/report.html").read_text()


def test_a_second_call_finds_it_done(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    first = peel_file(toy_file, tmp_path / "out", PLAIN, engine=toy.engine)
    before = files_of(tmp_path / "out")
    again = peel_file(toy_file, tmp_path / "out", PLAIN, engine=Engine(Broken(), toy.remover))
    assert again.was_done and files_of(tmp_path / "out") == before
    assert again.model_copy(update={"was_done": False, "seconds": first.seconds}) == first


def test_a_lost_output_is_made_again(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    peel_file(toy_file, tmp_path / "out", PLAIN, engine=toy.engine)
    before = files_of(tmp_path / "out")
    (tmp_path / "out/out.svg").unlink()
    assert not peel_file(toy_file, tmp_path / "out", PLAIN, engine=toy.engine).was_done
    assert files_of(tmp_path / "out") == before


def test_force_peels_again(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    peel_file(toy_file, tmp_path / "out", PLAIN, engine=toy.engine)
    assert not peel_file(toy_file, tmp_path / "out", PLAIN, force=True, engine=toy.engine).was_done
    other = PLAIN.model_copy(update={"seed": 1})
    with pytest.raises(StoreError, match="with seed 42, not 1"):
        peel_file(toy_file, tmp_path / "out", other, engine=toy.engine)
    peel_file(toy_file, tmp_path / "out", other, force=True, engine=toy.engine)


@dataclass
class Broken:
    """An analyst that fails."""

    error: BaseException = ZeroDivisionError("a mistake in the engine")

    def analyse(
        self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
    ) -> Analysis:
        raise self.error


@pytest.mark.parametrize(
    "error, told",
    [(Unavailable("try later"), "try later"), (ValueError("bad\nnumber"), "unexpected ValueError: bad number")],
)
def test_a_failure_is_kept_in_the_run(toy: Toy, toy_file: Path, tmp_path: Path, error: Exception, told: str) -> None:
    with pytest.raises(type(error)):
        peel_file(toy_file, tmp_path / "out", PLAIN, engine=Engine(Broken(error), toy.remover))
    record = read_record(tmp_path / "out")
    assert (record.status, record.note) == ("failed", told)
    assert peel_file(toy_file, tmp_path / "out", PLAIN, engine=toy.engine).status == "ok"


def test_a_stopped_run_says_so(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    summary = peel_file(toy_file, tmp_path / "out", PLAIN.model_copy(update={"max_steps": 1}), engine=toy.engine)
    assert (summary.status, summary.stop_reason, summary.steps) == ("stopped", "max_steps", 1)


def test_what_had_to_be_changed_is_noted(toy: Toy, toy_file: Path, tmp_path: Path) -> None:
    toy_file.rename(toy_file.with_suffix(".jpg"))
    summary = peel_file(toy_file.with_suffix(".jpg"), tmp_path / "out", PLAIN, engine=toy.engine)
    assert "is a PNG" in summary.note and summary.note in str(summary)


def test_a_transparent_file_stays_transparent(tmp_path: Path) -> None:
    pixels = np.zeros((20, 20, 4), dtype=np.uint8)
    pixels[4:16, 4:16] = (200, 0, 0, 255)
    pixels[4:16, 16] = (200, 0, 0, 100)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    stack = peel_picture(tmp_path / "a.png", BARE, Engine(ScriptedAnalyst(), ScriptedRemover()))
    assert stack.difference(pixels).max() <= 2


def test_an_array_can_be_peeled_without_a_trace(toy: Toy) -> None:
    stack = peeler.peel_picture(toy.picture, BARE, toy.engine)
    assert len(stack.elements) == 4 and stack.difference(toy.picture).max() <= 2


def test_the_package_offers_what_it_names() -> None:
    assert all(getattr(peeler, name) for name in peeler.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        peeler.nothing  # noqa: B018


# A folder


def test_a_folder_becomes_a_batch(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, "b.png", "a.png", "ünï cöde 猫.png")
    (tmp_path / "in/readme.txt").write_text("not a picture and not named like one")
    seen: list[Progress] = []
    summary = peel_folder(tmp_path / "in", tmp_path / "out", PLAIN, 2, engine=toy.engine, on_progress=seen.append)
    assert [row.name for row in summary.rows] == ["a", "b", "ünï cöde 猫"]
    assert summary.totals == {"ok": 3, "stopped": 0, "failed": 0} and not summary.failed
    assert [now.done for now in seen if now.stage == "done"] == [1, 2, 3]
    assert {now.stage for now in seen} >= {"read", "step 1", "write"} and {now.total for now in seen} == {3}
    batch = json.loads((tmp_path / "out/batch.json").read_text())
    assert batch["status"] == "done" and [row["steps"] for row in batch["rows"]] == [2, 2, 2]
    assert peel_picture(tmp_path / "in/a.png", BARE, toy.engine).size == (64, 64)


def test_bad_pictures_become_rows_with_reasons(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, "a.png", "z.png")
    (tmp_path / "in/b.png").write_bytes(b"")
    (tmp_path / "in/c.jpg").write_text("no picture")
    (tmp_path / "in/d.png").mkdir()
    (tmp_path / "in/e.png").write_bytes((tmp_path / "in/a.png").read_bytes()[:300])
    summary = peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=toy.engine)
    reasons = {row.name: row.reason for row in summary.failed}
    assert list(reasons) == ["b", "c", "d", "e"] and summary.totals["ok"] == 2
    for name, told in zip("bcde", ("is empty", "not a picture", "is a folder", "damaged"), strict=True):
        assert told in reasons[name]
        assert not (tmp_path / "out" / name).exists()


def test_what_a_batch_keeps_names_no_place_on_the_machine(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, "a.png", "taken.png")
    (tmp_path / "in/bad.png").write_bytes(b"")
    os.link(tmp_path / "in/bad.png", os.fsencode(tmp_path) + b"/in/\xff.png")
    fill(tmp_path / "out" / "taken", toy, "mine.txt.png")
    broken = Engine(Broken(ValueError(f"cannot open {tmp_path / 'out' / 'a' / 'x'}")), toy.remover)
    summary = peel_folder(tmp_path / "in", tmp_path / "out", Preset(engine="scripted"), 1, engine=broken)
    assert [row.reason for row in summary.rows][:3] == [
        "unexpected ValueError: cannot open a/x",
        "bad.png: the file is empty",
        "taken: holds 'mine.txt.png' and is no run; choose another output folder",
    ]
    for name in ("batch.json", "timings.json", "index.html", "a/run.json"):
        assert str(tmp_path) not in (tmp_path / "out" / name).read_text(), name


def test_the_times_of_a_batch(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, "total.png", "seconds.png")
    summary = peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=toy.engine)
    times = json.loads((tmp_path / "out/timings.json").read_text())
    assert set(times) == {"started", "seconds", "runs"} and set(times["runs"]) == {"total", "seconds"}
    assert times["seconds"] == summary.seconds >= max(times["runs"].values())


def test_the_order_and_the_bytes_do_not_depend_on_the_number_of_workers(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, *(f"{letter}.png" for letter in "dcba"))
    for workers in (1, 3):
        peel_folder(tmp_path / "in", tmp_path / str(workers), PLAIN, workers, engine=toy.engine)
    assert files_of(tmp_path / "1") == files_of(tmp_path / "3")


def nap(task: int, tell: Tell) -> int:
    time.sleep(0.002)
    return task


def test_an_interrupt_at_any_moment_ends_all_work() -> None:
    """Many tasks make it likely that the parent hands them out or looks after them just then."""
    for after in (0.3, 0.6, 1.0, 1.5, 1.9):
        threading.Timer(after, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            do_all(nap, {str(task): task for task in range(20_000)}, 2, lambda *_: None, lambda _: None)


def test_limit_takes_the_first(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, "c.png", "a.png", "b.png")
    summary = peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, limit=2, engine=toy.engine)
    assert [row.name for row in summary.rows] == ["a", "b"]
    rest = peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=toy.engine)
    assert [row.name for row in rest.rows] == ["a", "b", "c"]


def test_twins_get_names_of_their_own(tmp_path: Path) -> None:
    for name in ("cat.png", "cat.jpg", "cat.gif", "cat-2.png", "batch.json.png", ".hidden.png", "...png", "dog.PNG"):
        (tmp_path / name).touch()
    named = {path.name: name for name, path in name_pictures(tmp_path)}
    assert named == {
        "batch.json.png": "batch.json-2",
        "cat-2.png": "cat-2",
        "cat.gif": "cat",
        "cat.jpg": "cat-3",
        "cat.png": "cat-4",
        "dog.PNG": "dog",
    }


def test_an_empty_or_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        peel_folder(tmp_path, tmp_path / "out", BARE)
    with pytest.raises(InputError, match="cannot be listed"):
        peel_folder(tmp_path / "none", tmp_path / "out", BARE)


def test_a_batch_with_another_preset_is_refused(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, "a.png")
    other = BARE.model_copy(update={"seed": 3})
    peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=toy.engine)
    with pytest.raises(StoreError, match="another preset; use --force"):
        peel_folder(tmp_path / "in", tmp_path / "out", other, 1, engine=toy.engine)
    assert not peel_folder(tmp_path / "in", tmp_path / "out", other, 1, force=True, engine=toy.engine).failed


def test_a_mistake_in_an_engine_is_a_row(toy: Toy, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path / "in", toy, "a.png", "b.png")
    summary = peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=Engine(Broken(), toy.remover))
    assert [row.reason for row in summary.rows] == ["unexpected ZeroDivisionError: a mistake in the engine"] * 2
    assert "Traceback" in caplog.text, "the log keeps what the row leaves out"


# Processes


class Odd(Exception):
    """It cannot be made again from what is pickled of it, like many an error of an HTTP client."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)


def work(task: str, tell: Tell) -> str:
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "fail":
        raise InputError("as told")
    if task == "fail oddly":
        raise Odd("as told", reason="odd")
    tell("working")
    return task.upper()


def test_a_process_that_dies_takes_no_other_task_with_it() -> None:
    tasks = {f"{number}": "die" if number == 3 else f"task {number}" for number in range(9)}
    stages: list[tuple[str, str]] = []
    done: list[str] = []
    results = do_all(work, tasks, 2, lambda *stage: stages.append(stage), done.append)
    assert sorted(done) == sorted(tasks)
    dead = results.pop("3")
    assert isinstance(dead, BackendError) and "died" in str(dead)
    assert results == {name: task.upper() for name, task in tasks.items() if name != "3"}
    assert ("0", "working") in stages


def test_what_cannot_be_handed_over_is_told_in_words() -> None:
    results = do_all(work, {"a": "fail oddly", "b": "x"}, 2, lambda *_: None, lambda _: None)
    assert isinstance(results["a"], BackendError) and str(results["a"]) == "unexpected Odd: as told"
    assert results["b"] == "X"


def test_a_mistake_in_what_processes_import_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "mistaken.py").write_text("undefined_name")
    code = """
        import peeler.workers

        def work(task, tell):
            return task

        if __name__ == "__main__":
            peeler.workers.do_all(work, {"a": 1, "b": 2}, 2, print, print, 0, ["mistaken"])
    """
    (tmp_path / "main.py").write_text(textwrap.dedent(code))
    environment = {**os.environ, "PYTHONPATH": str(Path(peeler.__file__).parents[1])}
    command = [sys.executable, "main.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert "'undefined_name' is not defined" in done.stderr
    assert "BackendError: no process can be started" in done.stderr.splitlines()[-1]


def test_what_a_task_raises_stands_for_its_result() -> None:
    results = do_all(work, {"a": "fail", "b": "x"}, 2, lambda *_: None, lambda _: None)
    assert isinstance(results["a"], InputError) and results["b"] == "X"


@dataclass
class Slow:
    """A remover that after three pictures waits to be interrupted."""

    toy: Toy
    out: Path

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        if len(list(self.out.glob("*/stack"))) >= 3:
            rest(60)
        return self.toy.remover.remove(canvas, removal, seed, steps)


Span = tuple[float, float]
PLACES = 3


def work_and_wait(meeting: Path, tell: Tell) -> tuple[Span, Span]:
    """When it worked, and when it stood aside, which ends only after as many have met there as there are places.

    It lasts a moment longer, in which one too many would be seen.
    """
    worked = span_of(lambda: rest(0.05))
    with aside():
        return worked, span_of(lambda: meet(meeting))


def span_of(does: Callable[[], None]) -> Span:
    start = time.monotonic()
    does()
    return start, time.monotonic()


def meet(folder: Path) -> None:
    mine = next(number for number in itertools.count() if taken(folder / str(number)))
    last = folder / str(mine // PLACES * PLACES + PLACES - 1)
    deadline = time.monotonic() + 60
    while not last.exists():
        assert time.monotonic() < deadline, "nobody else came to wait"
        rest(0.01)
    rest(0.1)


def taken(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def most_at_once(spans: list[Span]) -> int:
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


def test_who_waits_leaves_the_core_to_others(tmp_path: Path) -> None:
    (tmp_path / "meeting").mkdir()
    tasks = {str(number): tmp_path / "meeting" for number in range(3 * PLACES)}
    results = do_all(work_and_wait, tasks, 1, lambda *_: None, lambda _: None, waiting=PLACES)
    worked, waited = zip(*results.values(), strict=True)  # type: ignore[misc]
    assert most_at_once(list(worked)) == 1
    assert most_at_once(list(waited)) == PLACES, "no more wait than may, and they do so together"


def environment(task: str, tell: Tell) -> str | None:
    return os.environ.get(task)


def test_a_worker_has_the_environment_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("one", "two"):
        monkeypatch.setenv("A_SETTING", value)
        before = dict(os.environ)
        told = do_all(environment, {name: name for name in ("A_SETTING", "PYTHONSAFEPATH")}, 1, print, print)
        assert told == {"A_SETTING": value, "PYTHONSAFEPATH": before.get("PYTHONSAFEPATH")}
        assert os.environ == before


def test_what_lies_in_the_current_folder_is_not_imported(command: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("print('imported what lies about', flush=True)")
    root = str(Path(peeler.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    (tmp_path / "scripts").mkdir()
    first, script, *rest = command(tmp_path / "out")
    script = shutil.move(script, tmp_path / "scripts")
    done = subprocess.run([first, script, *rest], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr


def test_outside_a_worker_nothing_is_let_go() -> None:
    with aside():
        rest(0.01)


def test_an_interrupted_batch_goes_on(toy: Toy, tmp_path: Path) -> None:
    fill(tmp_path / "in", toy, *(f"{letter}.png" for letter in "abcdef"))
    peel_folder(tmp_path / "in", tmp_path / "whole", BARE, 1, engine=toy.engine)

    def interrupt(now: Progress) -> None:
        if now.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slow = Engine(toy.analyst, Slow(toy, tmp_path / "out"))
        peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=slow, on_progress=interrupt)
    states = [read_record(path).status for path in (tmp_path / "out").iterdir() if (path / "run.json").exists()]
    assert 2 <= states.count("ok") < 6
    peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1, engine=toy.engine)
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


SCRIPT = """
    import sys
    from pathlib import Path
    from peeler.batch import peel_folder
    from peeler.presets import Preset

    if __name__ == "__main__":
        source, out, workers = sys.argv[1:]
        print("started", flush=True)
        summary = peel_folder(Path(source), Path(out), Preset(), int(workers))
        sys.exit(1 if summary.failed else 0)
"""


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., list[str]]:
    script = tmp_path / "batch.py"
    script.write_text(textwrap.dedent(SCRIPT))
    for size in (40, 48, 56, 64):
        draw_toy(size).save(tmp_path / "in" / f"{size}.png")
    return lambda out, workers=2: [sys.executable, str(script), str(tmp_path / "in"), str(out), str(workers)]


def started(command: list[str]) -> "subprocess.Popen[bytes]":
    root = str(Path(peeler.__file__).parents[1])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": root})
    assert process.stdout and process.stdout.readline() == b"started\n"
    return process


def test_killed_at_any_moment_it_ends_the_same(command: Callable[..., list[str]], tmp_path: Path) -> None:
    began = time.monotonic()
    with started(command(tmp_path / "whole" / "out")) as process:
        assert process.wait() == 0
    whole = time.monotonic() - began
    moments = random.Random(4)
    out = tmp_path / "killed" / "out"
    for kill in range(20):
        with started(command(out, workers=1 + kill % 2)) as process:
            time.sleep(moments.uniform(0.2, 0.8) * whole)
            process.kill()
        if kill % 5 == 4:
            with started(command(out)) as process:
                assert process.wait() == 0
            assert files_of(out) == files_of(tmp_path / "whole" / "out")
            shutil.rmtree(out)


def test_a_second_batch_on_the_same_output_is_refused(
    toy: Toy, command: Callable[..., list[str]], tmp_path: Path
) -> None:
    with started(command(tmp_path / "out")) as process:
        while not (tmp_path / "out/batch.json").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(StoreError, match="another process"):
                peel_folder(tmp_path / "in", tmp_path / "out", BARE, 1)
        finally:
            process.kill()
