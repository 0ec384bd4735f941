import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peeler.errors import InputError, OutputError, StoreError
from peeler.files import as_json, lock_folder, replacing
from peeler.inputs import Picture
from peeler.peel import Engine, next_step, peel
from peeler.presets import Preset
from peeler.protocols import Analysis
from peeler.records import GOES_ON, ResidualRecord, Spent, StepRecord, StopReason, read_record, spent_in
from peeler.registry import EngineChoice, choose_engine
from peeler.runs import Run, Step
from tests.toy import Toy, draw_toy

Files = dict[str, bytes]
QUIET = ("timings.json", ".lock")
"""What need not be the same in two runs of the same picture."""


def chosen(**settings: object) -> EngineChoice:
    return choose_engine(Preset.model_validate({"engine": "scripted", "outputs": [], **settings}))


def files_of(folder: Path) -> Files:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in QUIET]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def run_all(folder: Path, toy: Toy, engine: Engine | None = None, **more: object) -> None:
    picture = Picture.of(toy.picture)
    with Run.begin(folder, picture, chosen(), **more) as run:  # type: ignore[arg-type]
        peel(picture, engine or toy.engine, run.record.preset, run)
        run.finish(ResidualRecord(max=0, pixels=0), 5)


def begun(folder: Path, toy: Toy, **settings: object) -> Run:
    return Run.begin(folder, Picture.of(toy.picture), chosen(**settings))


@pytest.fixture
def finished(toy: Toy, tmp_path: Path) -> Path:
    run_all(tmp_path / "run", toy)
    return tmp_path / "run"


def test_a_run_holds_what_the_design_says(finished: Path) -> None:
    names = set(files_of(finished))
    assert {"run.json", "input.png", "background.png"} <= names
    for step in ("00", "01"):
        expected = {"step.json", "canvas.png", "mask.png", "graph.json", "graph.svg", "analysis.json"}
        assert {f"steps/{step}/{name}" for name in expected} <= names
    assert "steps/00/layers/02-the-hat.png" in names
    assert (finished / "timings.json").exists()
    assert not [name for name in names if ".tmp-" in name]


def test_run_json(finished: Path, toy: Toy) -> None:
    run = json.loads((finished / "run.json").read_text())
    assert run["status"] == "ok" and run["stop_reason"] == "background" and run["steps"] == 2
    assert run["picture"]["size"] == [64, 64] and run["picture"]["alpha"] is False
    assert run["preset"]["seed"] == 42 and run["engine"]["analyst"] == "scripted"
    assert run["format"] == 1 and run["residual"] == {"max": 0, "pixels": 0}


def test_step_json_and_the_canvases(finished: Path, toy: Toy) -> None:
    step = StepRecord.model_validate_json((finished / "steps/00/step.json").read_bytes())
    assert step.removed == ("left-eye", "right-eye", "hat")
    assert step.attempts[0].verdict.accepted
    for index, canvas in enumerate(toy.canvases[:2]):
        assert np.array_equal(np.asarray(Image.open(finished / f"steps/{index:02d}/canvas.png")), canvas)
    assert np.array_equal(np.asarray(Image.open(finished / "background.png")), toy.canvases[2])


def test_no_clock_outside_the_timings(toy: Toy, tmp_path: Path, finished: Path) -> None:
    run_all(tmp_path / "other", toy)
    assert files_of(tmp_path / "other") == files_of(finished)
    times = json.loads((finished / "timings.json").read_text())
    assert [set(step) for step in times["steps"]] == [{"analyse", "remove", "judge", "lift", "store"}] * 2


EXCHANGE = {"cached": False, "money": 0.25, "usage": {"input": 10, "output": 20}, "text": "!"}


def test_what_was_said_to_a_model_gets_a_file_of_its_own(toy: Toy, tmp_path: Path) -> None:
    with begun(tmp_path / "run", toy) as run:
        analysis = Analysis(toy.graph, exchanges=(EXCHANGE, EXCHANGE | {"cached": True}))
        run.keep(replace(a_step(toy, run), analysis=analysis))
        run.stop(StopReason.UNREADABLE, "why", analysis)
    for folder in ("steps/00", "last"):
        stored = json.loads((tmp_path / "run" / folder / "vlm/exchanges.json").read_text())
        assert stored == [EXCHANGE, EXCHANGE | {"cached": True}]
    assert not (tmp_path / "run/steps/00/analysis.json").exists()
    assert run.steps[0].spent == Spent(calls=1, cached=1, money=0.25, input=10, output=20)


@pytest.mark.parametrize("reason", sorted(GOES_ON))
def test_a_run_that_wanted_money_or_answers_goes_on(toy: Toy, tmp_path: Path, reason: StopReason) -> None:
    with begun(tmp_path / "run", toy, max_calls=1) as run:
        run.keep(a_step(toy, run))
        run.stop(reason, "why")
        run.finish(ResidualRecord(max=0, pixels=0), 1)
    assert read_record(tmp_path / "run").status == "stopped"
    with begun(tmp_path / "run", toy, max_calls=2) as run:
        assert (run.record.status, run.record.stop_reason, len(run.steps)) == ("running", None, 1)
        assert run.record.preset.max_calls == 2


def test_what_was_removed_is_known_to_the_next_look(toy: Toy, tmp_path: Path) -> None:
    with begun(tmp_path / "run", toy) as run:
        assert run.removed == ()
        step = a_step(toy, run)
        run.keep(step)
        assert run.removed == tuple(step.graph[name] for name in step.removed)
    with begun(tmp_path / "run", toy) as again:
        assert again.removed == run.removed


def a_step(toy: Toy, run: Run) -> Step:
    step = next_step(run, toy.engine, run.record.preset)
    assert isinstance(step, Step)
    return step


# Resuming


class Interrupted(Exception):
    pass


@dataclass
class FailsAt:
    """Writes until the ``moment``-th file, then fails in the middle of it."""

    moment: int
    error: Callable[[], BaseException]
    count: int = 0

    def __call__(self, path: Path, data: bytes) -> None:
        self.count += 1
        if self.count == self.moment:
            path.write_bytes(data[: len(data) // 2])
            raise self.error()
        path.write_bytes(data)


def writes_of_a_run(toy: Toy, folder: Path) -> int:
    counting = FailsAt(-1, Interrupted)
    run_all(folder, toy, write=counting)
    return counting.count


def test_interrupted_at_any_write_it_ends_the_same(toy: Toy, tmp_path: Path, finished: Path) -> None:
    expected = files_of(finished)
    total = writes_of_a_run(toy, tmp_path / "counted")
    assert total > 25
    for moment in range(1, total + 1):
        folder = tmp_path / f"at-{moment}"
        with pytest.raises(Interrupted):
            run_all(folder, toy, write=FailsAt(moment, Interrupted))
        run_all(folder, toy)
        assert files_of(folder) == expected, f"after an interruption at write {moment}"


@pytest.mark.parametrize("victim", ["step.json", "canvas.png", "graph.json", "mask.png", "layers/00-the-left-eye.png"])
@pytest.mark.parametrize("harm", ["flip", "cut", "drop"])
def test_a_damaged_step_is_made_again(toy: Toy, finished: Path, victim: str, harm: str) -> None:
    expected = files_of(finished)
    path = finished / "steps/00" / victim
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.unlink()
    if harm != "drop":
        path.write_bytes(data if harm == "flip" else data[:9])
    unfinish(finished)
    run_all(finished, toy)
    assert files_of(finished) == expected


def unfinish(folder: Path) -> None:
    """As if the process had been killed right before it said that the run is finished."""
    path = folder / "run.json"
    path.write_bytes(as_json(json.loads(path.read_text()) | {"status": "running", "stop_reason": None, "steps": 0}))


@pytest.mark.parametrize("after", [b"", b"torn", None])
def test_a_lost_background_costs_one_step(toy: Toy, finished: Path, after: bytes | None) -> None:
    expected = files_of(finished)
    path = finished / "background.png"
    path.write_bytes(after) if after is not None else path.unlink()
    unfinish(finished)
    with begun(finished, toy) as run:
        assert len(run.steps) == 1
        assert np.array_equal(run.canvas, toy.canvases[1])
    run_all(finished, toy)
    assert files_of(finished) == expected


def test_whole_steps_are_not_made_again(toy: Toy, finished: Path) -> None:
    unfinish(finished)

    class Idle:
        remove = None

    run_all(finished, toy, Engine(toy.analyst, Idle()))  # type: ignore[arg-type]


def test_what_follows_a_damaged_step_is_dropped(toy: Toy, finished: Path) -> None:
    (finished / "steps/00/mask.png").write_bytes(b"x")
    (finished / "steps/.tmp-02").mkdir()
    unfinish(finished)
    with begun(finished, toy) as run:
        assert run.steps == [] and np.array_equal(run.canvas, toy.picture)
    assert not list((finished / "steps").iterdir())


def test_a_finished_run_is_done(toy: Toy, finished: Path) -> None:
    with begun(finished, toy) as run:
        assert run.is_done and run.record.steps == 2


def test_a_finished_run_without_an_output_is_not_done(toy: Toy, tmp_path: Path) -> None:
    picture, preset = Picture.of(toy.picture), chosen(outputs=["png", "svg"])
    for outputs in ((), ("stack/stack.json",), ("stack/stack.json", "run.svg")):
        with Run.begin(tmp_path / "run", picture, preset) as run:
            assert not run.is_done
            peel(picture, toy.engine, preset.preset, run)
            for name in outputs:
                (run.folder / name).parent.mkdir(exist_ok=True)
                (run.folder / name).touch()
            run.finish(ResidualRecord(max=0, pixels=0), 5)
    with Run.begin(tmp_path / "run", picture, preset) as run:
        assert run.is_done


def test_a_failed_run_can_be_tried_again(toy: Toy, tmp_path: Path) -> None:
    with begun(tmp_path / "run", toy) as run:
        run.keep(a_step(toy, run))
        run.fail("no answer")
    assert read_record(tmp_path / "run").status == "failed"
    run_all(tmp_path / "run", toy)
    assert (read_record(tmp_path / "run").status, read_record(tmp_path / "run").note) == ("ok", "")


@pytest.mark.parametrize(
    "reason, status",
    [(reason, "ok") for reason in ("background", "nothing_more")]
    + [("targets", "ok")]
    + [(reason, "stopped") for reason in ("max_steps", "stuck", "budget", "unreadable")],
)
def test_an_early_end_is_told(toy: Toy, tmp_path: Path, reason: str, status: str) -> None:
    with begun(tmp_path / "run", toy) as run:
        run.stop(StopReason(reason), "why")
        run.finish(ResidualRecord(max=0, pixels=0), 1)
    record = read_record(tmp_path / "run")
    assert (record.status, record.stop_reason, record.note) == (status, reason, "why")


# One run, one owner


def test_another_picture_is_refused(toy: Toy, finished: Path) -> None:
    with pytest.raises(StoreError, match="of another picture .*--force"):
        begun(finished, draw_toy(48))


def test_another_preset_is_refused_by_name(toy: Toy, finished: Path) -> None:
    with pytest.raises(StoreError, match="with seed 42, not 7; use --force"):
        begun(finished, toy, seed=7)


def test_another_version_is_refused(toy: Toy, finished: Path) -> None:
    path = finished / "run.json"
    path.write_bytes(as_json(json.loads(path.read_text()) | {"versions": {"peeler": "0.0.1"}}))
    with pytest.raises(StoreError, match=r"by peeler 0\.0\.1"):
        begun(finished, toy)


def test_force_starts_anew(finished: Path) -> None:
    other = draw_toy(48)
    (finished / "left over.txt").write_text("")
    run_all(finished, other, force=True)
    assert not (finished / "left over.txt").exists()
    assert np.array_equal(np.asarray(Image.open(finished / "input.png")), other.picture)


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_other_things_is_left_alone(toy: Toy, tmp_path: Path, force: bool) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(StoreError, match="holds 'thesis.doc' and is no run"):
        run_all(tmp_path, toy, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_in_the_place_of_the_folder(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        begun(tmp_path / "run", toy)


@pytest.mark.parametrize("text", ["", "{", "{}", '{"format": 9}'])
def test_a_damaged_record_is_told(toy: Toy, finished: Path, text: str) -> None:
    (finished / "run.json").write_text(text)
    with pytest.raises(StoreError, match="damaged.*--force"):
        begun(finished, toy)
    run_all(finished, toy, force=True)


def test_a_second_process_is_refused(toy: Toy, tmp_path: Path) -> None:
    code = f"""
        import sys
        from pathlib import Path
        from peeler.files import lock_folder
        lock_folder(Path({str(tmp_path)!r}))
        print("locked", flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"locked\n"
        with pytest.raises(StoreError, match="another process is working on it"):
            lock_folder(tmp_path, patience=0)
        other.send_signal(signal.SIGKILL)
        other.wait()
        os.close(lock_folder(tmp_path))


def test_a_run_is_let_go_when_it_is_closed_or_refused(toy: Toy, tmp_path: Path) -> None:
    with begun(tmp_path / "run", toy), pytest.raises(StoreError):
        lock_folder(tmp_path / "run", patience=0)
    with pytest.raises(StoreError):
        begun(tmp_path / "run", toy, seed=9)
    os.close(lock_folder(tmp_path / "run", patience=0))


# Faults


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_no_half_step(toy: Toy, tmp_path: Path, finished: Path) -> None:
    for moment in range(1, writes_of_a_run(toy, tmp_path / "counted") + 1):
        folder = tmp_path / f"at-{moment}"
        with pytest.raises(StoreError) as caught:
            run_all(folder, toy, write=FailsAt(moment, full))
        assert re.fullmatch(rf"{folder}(/steps)?: cannot be written \(No space left on device\)", str(caught.value))
        assert not [name for name in files_of(folder) if ".tmp-" in name]
        for step in (folder / "steps").glob("*"):
            assert (step / "step.json").exists()


def test_a_limit_of_the_system_is_one_line(toy: Toy, tmp_path: Path) -> None:
    """A real refusal of the kernel in the middle of a file, not a pretended one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
        with pytest.raises(StoreError, match="cannot be written"):
            run_all(tmp_path / "run", toy)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    run_all(tmp_path / "run", toy)
    assert read_record(tmp_path / "run").status == "ok"


def test_a_place_where_nothing_can_be_written(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        begun(tmp_path / "file" / "run", toy)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(toy: Toy, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written .*denied"):
        begun(tmp_path / "run", toy)
    tmp_path.chmod(0o700)


def test_an_account_that_is_no_data_breaks_the_contract(toy: Toy, tmp_path: Path) -> None:
    with begun(tmp_path / "run", toy) as run:
        with pytest.raises(OutputError, match="not plain JSON"):
            run.keep(replace(a_step(toy, run), analysis=Analysis(toy.graph, {"array": np.zeros(3)})))
        assert not list((tmp_path / "run/steps").iterdir())


def test_replacing_keeps_the_old_file_when_the_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(InputError), replacing(tmp_path / "a") as path:
        path.write_text("new")
        raise InputError("no")
    assert [item.name for item in tmp_path.iterdir()] == ["a"] and (tmp_path / "a").read_text() == "old"


def test_replacing_a_folder_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/old").touch()
    with replacing(tmp_path / "a") as path:
        path.mkdir()
        (path / "new").touch()
    assert [item.name for item in (tmp_path / "a").iterdir()] == ["new"]


def test_what_is_spent_in_words() -> None:
    assert str(Spent(calls=1, money=0.25, input=10, output=20)) == "1 call, 10 + 20 tokens, $0.2500"
    lost = Spent(calls=2, cached=1, unsettled=1, reserved=0.5)
    assert str(lost).endswith("$0.0000, up to $0.5000 more for 1 call of unknown cost, 1 answer from the cache")


def test_a_call_that_broke_off_is_not_counted_as_paid() -> None:
    usage = {"input": 0, "output": 0}
    broken = {"cached": False, "outcome": "unavailable", "money": 0.5, "usage": usage}
    paid = {"cached": False, "outcome": "accepted", "money": 0.1, "usage": usage}
    assert spent_in([broken, paid]) == Spent(calls=2, money=0.1, unsettled=1, reserved=0.5)
