"""From files to finished runs: one picture, or a folder of them on all cores."""

import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import ValidationError

from peeler import __version__, registry
from peeler.asking import SPENDING
from peeler.engines import Purse, engine_of, limits_of, vectorizer_of
from peeler.errors import InputError, PeelerError, StoreError
from peeler.files import lock_folder, replacing, storing
from peeler.geometry import RGB, RGBA
from peeler.inputs import SUFFIXES, Picture, read_picture
from peeler.laps import Laps
from peeler.lift import TOLERANCE
from peeler.peel import Engine, peel
from peeler.presets import Preset, load_preset
from peeler.records import EngineRecord, ResidualRecord, RunRecord, Spent, Stored, write_record
from peeler.registry import EngineChoice, choose_engine
from peeler.runs import Run, output_names
from peeler.stack import LayerStack
from peeler.text import plural, unique
from peeler.workers import Host, Tell, cores_here, do_all

TAKEN_NAMES = {"batch.json", "timings.json", "index.html", SPENDING, f"{SPENDING}-journal"}
"""What a batch itself writes next to its runs."""
IN_FLIGHT = 8
"""Pictures of a batch that wait for a model at once, besides those that are worked on."""

log = logging.getLogger(__name__)


class Row(Stored):
    """One picture of ``batch.json``: ``input`` is its file, ``name`` its folder, ``reason`` why it failed."""

    input: str
    name: str
    status: Literal["ok", "stopped", "failed"]
    stop_reason: str | None = None
    reason: str = ""
    note: str = ""
    steps: int = 0
    layers: int = 0
    residual: ResidualRecord | None = None
    spent: Spent | None = None


class RunSummary(Row):
    """What came out of one picture; ``was_done`` when an earlier call had done it all.

    ``warning`` says when most of what is allowed is spent.
    """

    folder: str
    seconds: float
    was_done: bool = False
    warning: str = ""

    def __str__(self) -> str:
        state = "was done before" if self.was_done else f"{self.seconds:.2f} s"
        made = f"{plural(self.layers, 'layer')} in {plural(self.steps, 'step')}"
        told = f"{self.input}: {made} ({self.stop_reason}), {state} → {self.folder}"
        return "\n  ".join(
            filter(None, (told, str(self.spent or ""), "" if self.warning in self.note else self.warning, self.note))
        )


class BatchRecord(Stored):
    """``batch.json``; ``totals`` counts rows by status, and rows are in the order of the sorted file names."""

    format: Literal[1] = 1
    status: Literal["running", "done"] = "running"
    preset: Preset
    engine: EngineRecord
    versions: dict[str, str]
    totals: dict[str, int] = {}
    spent: Spent | None = None
    rows: tuple[Row, ...] = ()


class BatchTimings(Stored):
    """``timings.json`` of a batch: ``seconds`` of the whole, and of each run by its name."""

    started: str
    seconds: float
    runs: dict[str, float]


class BatchSummary(Stored):
    """What came out of a folder; ``warning`` says when most of what is allowed is spent."""

    folder: str
    totals: dict[str, int]
    spent: Spent | None = None
    warning: str = ""
    rows: tuple[Row, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.status == "failed")

    @property
    def counts(self) -> str:
        """How many pictures ended how; of those that stopped early also why."""
        early = Counter(str(row.stop_reason) for row in self.rows if row.status == "stopped")
        why = f" ({', '.join(f'{count} {reason}' for reason, count in sorted(early.items()))})" if early else ""
        told = [f"{count} {status}{why if status == 'stopped' else ''}" for status, count in self.totals.items()]
        return f"{plural(len(self.rows), 'picture')}: {', '.join(told)}"


class Progress(NamedTuple):
    """Where a batch is: ``stage`` of the picture ``name``, how many pictures of all are done, what is spent by now.

    ``warning`` says when that is most of what is allowed.
    """

    stage: str
    name: str
    done: int
    total: int
    spent: Spent | None = None
    warning: str = ""


def peel_picture(
    picture: Picture | Path | str | RGB | RGBA, preset: Preset | None = None, engine: Engine | None = None
) -> LayerStack:
    """The stack of a picture, a file or an array (height × width × 3 or 4), without leaving anything on disk."""
    if isinstance(picture, np.ndarray):
        picture = Picture.of(picture)
    elif not isinstance(picture, Picture):
        picture = read_picture(Path(picture))
    choice = choose_engine(preset or load_preset())
    with tempfile.TemporaryDirectory() as folder, Run.begin(Path(folder), picture, choice) as run:
        return peel(picture, engine or engine_of(choice.preset, Path(folder) / SPENDING), choice.preset, run)


def peel_file(
    path: Path,
    out: Path,
    preset: Preset,
    force: bool = False,
    engine: Engine | None = None,
    on_stage: Callable[[str], None] | None = None,
    spending: Path | None = None,
    host: Host | None = None,
) -> RunSummary:
    """Peel one picture into the run folder ``out``, going on with what is there unless ``force`` drops it.

    ``spending`` is the file of a batch by which its runs share what may be spent, ``host`` the process that holds what
    they share.
    Raises PeelerError: the picture, the preset, the store or a backend cannot be used.
    """
    laps = Laps()
    tell = on_stage or (lambda stage: None)
    tell("read")
    picture = read_picture(path)
    choice = choose_engine(preset)
    purse = Purse(spending or out / SPENDING, None if spending is None else out.name, limits_of(choice.preset))
    with Run.begin(out, picture, choice, force) as run:
        if not (was_done := run.is_done):
            laps.mark("read")
            if spending is None:
                purse.open()
            worker = engine or engine_of(choice.preset, purse.file, purse.owner or "", host)
            _complete(run, picture, worker, purse, tell, laps)
        return _summary(run.record, out, laps.total, was_done, "" if was_done else purse.warning())


def peel_folder(
    folder: Path,
    out: Path,
    preset: Preset,
    workers: int | None = None,
    limit: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    force: bool = False,
    engine: Engine | None = None,
) -> BatchSummary:
    """Peel every picture of ``folder`` into ``out/<stem>``, on all cores unless ``workers`` says otherwise.

    A picture that fails becomes a row with its reason, and the others go on. Interrupted by Ctrl-C or killed, the same
    call goes on where it was. ``limit`` takes the first pictures only. Pictures are peeled in other processes, so a
    script that calls this needs the usual ``if __name__ == "__main__"``, and ``engine``, if given, is copied to them.
    Raises InputError when there is no picture,
    ConfigError, and StoreError when ``out`` cannot be used.
    """
    started = time.perf_counter()
    choice = choose_engine(preset)
    named = name_pictures(folder)[:limit]
    if not named:
        raise InputError(f"{folder}: holds no picture ({', '.join(SUFFIXES)})")
    with storing(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = lock_folder(out)
    try:
        record = _open_batch(out, choice, force)
        purse = Purse(out / SPENDING, None, limits_of(choice.preset))
        purse.open(force)
        modules = [__name__, *registry.modules_of(choice.preset)]
        with registry.hosted(choice.preset, modules) as host:
            tasks = {
                name: _Task(path, out / name, choice.preset, force, engine, purse.file, host) for name, path in named
            }
            outcomes = _peel_all(
                tasks, choice.preset, workers or cores_here(), purse, on_progress or (lambda progress: None)
            )
        rows = [_row(name, task, outcomes[name]) for name, task in tasks.items()]
        totals = {status: sum(row.status == status for row in rows) for status in ("ok", "stopped", "failed")}
        spent = purse.spent()
        done = {"status": "done", "totals": totals, "spent": spent, "rows": tuple(rows)}
        write_record(out / "batch.json", record.model_copy(update=done))
        runs = {name: done.seconds for name, done in outcomes.items() if isinstance(done, RunSummary)}
        seconds = time.perf_counter() - started
        write_record(out / "timings.json", BatchTimings(started=_now(), seconds=seconds, runs=runs))
        _write_index(out, choice.preset)
    finally:
        os.close(lock)
    return BatchSummary(
        folder=str(out), totals=totals, spent=spent, warning=purse.warning(), rows=tuple(rows), seconds=seconds
    )


def name_pictures(folder: Path) -> list[tuple[str, Path]]:
    """The pictures of a folder by their names, each with the name of its run: the stem, or ``stem-2`` for its twin."""
    try:
        paths = sorted(path for path in folder.iterdir() if _is_picture(path))
    except OSError as problem:
        raise InputError(f"{folder}: cannot be listed ({problem.strerror})") from problem
    # Every stem is taken at once, so that the twin of "cat" does not get the name of a real "cat-2".
    stems, taken = [path.stem for path in paths], {path.stem for path in paths} | TAKEN_NAMES
    firsts = {stem: stems.index(stem) for stem in set(stems) - TAKEN_NAMES}
    names = [stem if firsts.get(stem) == place else unique(stem, taken) for place, stem in enumerate(stems)]
    return list(zip(names, paths, strict=True))


class _Task(NamedTuple):
    path: Path
    out: Path
    preset: Preset
    force: bool
    engine: Engine | None
    spending: Path
    host: Host | None


def _peel_all(
    tasks: dict[str, _Task], preset: Preset, cores: int, purse: Purse, report: Callable[[Progress], None]
) -> dict[str, RunSummary | BaseException]:
    done: list[str] = []

    def on_done(name: str) -> None:
        done.append(name)
        on_stage(name, "done")

    def on_stage(name: str, stage: str) -> None:
        report(Progress(stage, name, len(done), len(tasks), purse.spent(), purse.warning()))

    waiting = (preset.in_flight or IN_FLIGHT) if registry.asks(preset) else 0
    if registry.paints(preset):
        waiting = max(waiting, preset.flux.at_once)
    return do_all(_peel_task, tasks, cores, on_stage, on_done, waiting, registry.modules_of(preset))


def _peel_task(task: _Task, tell: Tell) -> RunSummary:
    return peel_file(task.path, task.out, task.preset, task.force, task.engine, tell, task.spending, task.host)


def _complete(run: Run, picture: Picture, engine: Engine, purse: Purse, tell: Tell, laps: Laps) -> None:
    """Peel what is left to peel and write the outputs; the run says so itself when that fails."""
    try:
        stack = peel(picture, engine, run.record.preset, run, lambda made: tell(_told(made, purse)))
        laps.mark("peel")
        tell("write")
        _write_outputs(run, stack, picture, purse, laps)
    except StoreError:
        raise
    except Exception as problem:
        run.fail(_reason(problem, run.folder), purse.spent())
        raise


def _told(made: int, purse: Purse) -> str:
    """The stage after so many steps; a batch tells what is spent itself."""
    told = [f"step {made}"]
    if purse.owner is None and (spent := purse.spent()):
        told += filter(None, (str(spent), purse.warning()))
    return ", ".join(told)


def _write_outputs(run: Run, stack: LayerStack, picture: Picture, purse: Purse, laps: Laps) -> None:
    preset = run.record.preset
    names = output_names(run.folder, preset)
    if "png" in names:
        with replacing(run.folder / "stack") as folder:
            registry.exporter("png").export(stack, folder)
        laps.mark("png")
    for kind in (kind for kind in names if kind not in ("png", "html")):
        by = vectorizer_of(preset, purse.file, purse.owner or "") if kind in registry.DRAWING else ""
        registry.exporter(kind, by).export(stack, run.folder / names[kind])
        laps.mark(kind)
    missed = stack.difference(picture.pixels, residual=False)
    residual = ResidualRecord(max=int(missed.max()), pixels=int(np.count_nonzero(missed > TOLERANCE)))
    run.finish(residual, len(stack.layers), purse.spent())
    run.write_timings(**laps.seconds, total=laps.total)
    # The report tells what is on disk, so it comes last; a run without it is not done.
    if "html" in names:
        registry.exporter("html").export(stack, run.folder / names["html"])


def _summary(record: RunRecord, out: Path, seconds: float, was_done: bool, warning: str) -> RunSummary:
    return RunSummary(
        input=record.picture.name,
        name=out.resolve().name,
        status="ok" if record.status == "ok" else "stopped",
        stop_reason=record.stop_reason,
        note=record.note,
        steps=record.steps,
        layers=record.layers,
        residual=record.residual,
        spent=record.spent,
        folder=str(out),
        seconds=round(seconds, 4),
        was_done=was_done,
        warning=warning,
    )


def _row(name: str, task: _Task, outcome: RunSummary | BaseException) -> Row:
    if isinstance(outcome, RunSummary):
        return Row(**{key: getattr(outcome, key) for key in Row.model_fields})
    if not isinstance(outcome, PeelerError):
        log.error("%s failed", task.path, exc_info=outcome)
    return Row(input=task.path.name, name=name, status="failed", reason=_reason(outcome, task.path, task.out))


def _reason(problem: BaseException, *paths: Path) -> str:
    """Why something failed, in one line; ``paths`` go by their last names, as a record may leave the machine."""
    told = str(problem) if isinstance(problem, PeelerError) else f"unexpected {type(problem).__name__}: {problem}"
    for path in paths:
        told = told.replace(str(path), path.name)
    return " ".join(told.split())


def _open_batch(out: Path, choice: EngineChoice, force: bool) -> BatchRecord:
    """The record of a batch that begins or goes on. Raises StoreError when one with another preset is there."""
    preset = choice.preset
    engine = EngineRecord(
        analyst=preset.analyst or "", remover=preset.remover or "", fallback=preset.fallback, why=choice.why
    )
    record = BatchRecord(preset=preset, engine=engine, versions={"peeler": __version__})
    if not force and (stored := read_batch(out / "batch.json")) and stored.preset.what_counts() != preset.what_counts():
        raise StoreError(f"{out}: the batch there has another preset; use --force or another output folder")
    write_record(out / "batch.json", record)
    return record


def read_batch(path: Path) -> BatchRecord | None:
    """The record of an earlier batch; None if it cannot be read, and is made anew, since each run guards itself."""
    try:
        return BatchRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write_index(out: Path, preset: Preset) -> None:
    if "html" in preset.outputs:
        registry.write_index(out)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
