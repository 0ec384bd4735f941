"""The run store: one folder per picture, written so that a run killed at any moment can go on.

A step is written into a hidden folder that gets its name at the end, and ``step.json`` holds the hash of every other
file in it, so a step is there whole or not at all. ``run.json`` says at the end that the run is finished. Nothing that
depends on the clock is kept anywhere but in ``timings.json``.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Self

from peeler import __version__
from peeler.errors import StoreError
from peeler.files import (
    LOCK,
    UNFINISHED,
    as_json,
    digest,
    lock_folder,
    png_bytes,
    remove,
    replacing,
    sha256,
    storing,
    sync,
)
from peeler.geometry import RGB, Pixels
from peeler.graph import Edge, Element, LayerGraph
from peeler.graph_drawing import draw_graph
from peeler.inputs import Picture
from peeler.presets import Preset
from peeler.protocols import Analysis
from peeler.records import (
    EARLY,
    GOES_ON,
    AttemptRecord,
    EngineRecord,
    PictureRecord,
    ResidualRecord,
    RunRecord,
    Spent,
    StepRecord,
    StopReason,
    Timings,
    read_record,
    spent_in,
)
from peeler.registry import EngineChoice
from peeler.stack import Layer
from peeler.step_files import analysis_files, intact_step, layer_file, read_canvas, read_layer, read_timings

RESERVED_IDS = ("background", "residual")

Write = Callable[[Path, bytes], object]


@dataclass(frozen=True, eq=False)
class Step:
    """One accepted removal with all its evidence.

    ``graph`` is of the canvas before, without its cycles, and ``analysis`` how the analyst came to it; ``after`` is the
    canvas without the ``removed`` elements, ``mask`` where they were, ``layers`` what was lifted, bottom to top;
    ``rejected`` the canvases of rejected attempts by number.
    """

    graph: LayerGraph
    cut: tuple[Edge, ...]
    removed: tuple[str, ...]
    after: RGB
    mask: Pixels
    layers: tuple[Layer, ...]
    attempts: tuple[AttemptRecord, ...]
    analysis: Analysis
    rejected: Mapping[int, RGB] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


class Run:
    """One picture's run, open for this process alone until it is closed.

    ``canvas`` is what is left of the picture, ``graph`` the graph of the canvas before without what was removed (None
    before the first step), ``removed`` what the last step took away, ``steps`` the records and ``layers`` the layers of
    each step so far.
    """

    def __init__(self, folder: Path, record: RunRecord, picture: Picture, lock: int, write: Write) -> None:
        self.folder = folder
        self.record = record
        self.canvas = picture.rgb
        self.graph: LayerGraph | None = None
        self.removed: tuple[Element, ...] = ()
        self.steps: list[StepRecord] = []
        self.layers: list[tuple[Layer, ...]] = []
        self.timings = Timings(started=datetime.now(UTC).isoformat(timespec="seconds"))
        self._picture = picture
        self._canvas_png = b""
        self._lock = lock
        self._write = write

    @classmethod
    def begin(
        cls, folder: Path, picture: Picture, choice: EngineChoice, force: bool = False, write: Write = Path.write_bytes
    ) -> Self:
        """Start a run in ``folder``, or go on with the one that is there; ``force`` drops that one first.

        Raises StoreError when another process has the run, when the folder holds something else, when the run there is
        of another picture, preset or version, or when nothing can be written. ``write`` puts bytes into a new file.
        """
        _refuse_foreign(folder)
        with storing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock = lock_folder(folder)
        run = cls(folder, _fresh(picture, choice), picture, lock, write)
        try:
            with storing(folder):
                if force:
                    run._drop(sorted(folder.iterdir()))
                run._go_on() if (folder / "run.json").exists() else run._create()
        except BaseException:
            run.close()
            raise
        return run

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes have the run."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    @property
    def is_done(self) -> bool:
        """Whether the run is finished and all its outputs are there."""
        return self.record.status in ("ok", "stopped") and all(
            (self.folder / name).exists() for name in output_names(self.folder, self.record.preset).values()
        )

    @property
    def used_ids(self) -> set[str]:
        """Ids that no new element or layer may have."""
        lifted = {layer.id for layers in self.layers for layer in layers}
        return lifted.union(RESERVED_IDS, *(step.removed for step in self.steps))

    def keep(self, step: Step) -> None:
        """Store an accepted removal and go on from its canvas. Raises StoreError; then no trace of the step is left."""
        started = time.perf_counter()
        after_png = png_bytes(step.after)
        with replacing(self._step_folder(len(self.steps))) as folder:
            record = self._write_step(folder, step)
        self._put("background.png", after_png)
        self.canvas, self._canvas_png = step.after, after_png
        self._append(record, step.layers)
        self.timings.steps.append({**step.seconds, "store": time.perf_counter() - started})
        self.write_timings()

    def stop(self, reason: StopReason, note: str = "", analysis: Analysis | None = None) -> None:
        """Save why no further step will be made; what is left to do are the outputs.

        What was asked of a model in the last look at the canvas is kept in ``last/``.
        """
        if analysis is not None and analysis.exchanges:
            with replacing(self.folder / "last") as folder:
                self._write_files(folder, analysis_files(analysis))
        notes = dict.fromkeys([self._picture.note, *(step.note for step in self.steps), note])
        self._update(stop_reason=reason, note="; ".join(filter(None, notes)), steps=len(self.steps))

    def finish(self, residual: ResidualRecord, layers: int, spent: Spent | None = None) -> None:
        """Save that the run is finished, with what its stack of ``layers`` layers is like and what was spent on it."""
        status = "stopped" if self.record.stop_reason in EARLY else "ok"
        self._update(status=status, residual=residual, layers=layers, spent=spent)

    def fail(self, reason: str, spent: Spent | None = None) -> None:
        """Save that the run failed and why; the same command may try it again."""
        self._update(status="failed", note=reason, steps=len(self.steps), spent=spent)

    def write_timings(self, **seconds: float) -> None:
        """Save the timings, with the durations of more stages in seconds."""
        self.timings.seconds.update(seconds)
        self._put("timings.json", as_json(self.timings.model_dump(mode="json")))

    def _create(self) -> None:
        self._canvas_png = png_bytes(self.canvas)
        pixels = self._picture.pixels
        (self.folder / "steps").mkdir(exist_ok=True)
        self._put("input.png", self._canvas_png if pixels is self.canvas else png_bytes(pixels))
        self._put("background.png", self._canvas_png)
        self.write_timings()
        self._update()

    def _go_on(self) -> None:
        fresh, self.record = self.record, read_record(self.folder)
        _refuse_other(self.record, fresh, self.folder)
        self.timings = read_timings(self.folder) or self.timings
        if self.is_done and self.record.stop_reason not in GOES_ON:
            return
        self._take_up_steps()
        self._take_up_canvas()
        kept = {f"{step.index:02d}" for step in self.steps}
        self._drop([path for path in sorted((self.folder / "steps").iterdir()) if path.name not in kept])
        self.timings.steps = self.timings.steps[: len(self.steps)]
        unfinished = self.record.status == "failed" or self.record.stop_reason in GOES_ON
        if unfinished or self.record.steps not in (0, len(self.steps)):
            self.record = fresh
            self._update()

    def _take_up_steps(self) -> None:
        """Read the steps up to the first one that is missing, damaged or does not follow from the one before."""
        wanted = digest(self.canvas)
        for index in count():
            folder = self._step_folder(index)
            record = intact_step(folder, index)
            if record is None or record.canvas_sha256 != wanted:
                return
            self._append(record, tuple(read_layer(folder, layer) for layer in record.layers))
            wanted = record.after_sha256

    def _take_up_canvas(self) -> None:
        """Go on from the canvas after the last step. If that is lost, make the step once more from its own canvas."""
        canvas = self.canvas
        if self.steps:
            last = self.steps[-1]
            after = read_canvas(self.folder / "background.png", last.after_sha256)
            if after is None:
                self.steps.pop()
                self.layers.pop()
                self._take_up_graph()
                after = read_canvas(self._step_folder(last.index) / "canvas.png", last.canvas_sha256)
            canvas = self.canvas if after is None else after
        self.canvas, self._canvas_png = canvas, png_bytes(canvas)
        self._put("background.png", self._canvas_png)

    def _append(self, record: StepRecord, layers: tuple[Layer, ...]) -> None:
        self.steps.append(record)
        self.layers.append(layers)
        self._take_up_graph()

    def _take_up_graph(self) -> None:
        """Always from disk, so that a resumed run hands the analyst the same as one that was not interrupted."""
        self.graph, self.removed = None, ()
        if self.steps:
            last = self.steps[-1]
            stored = self.graph_at(last.index)
            self.graph, self.removed = stored.without(last.removed), tuple(stored[name] for name in last.removed)

    def graph_at(self, index: int) -> LayerGraph:
        """The graph of the canvas before a kept step."""
        return LayerGraph.model_validate_json((self._step_folder(index) / "graph.json").read_bytes())

    def _step_folder(self, index: int) -> Path:
        return self.folder / "steps" / f"{index:02d}"

    def _write_step(self, folder: Path, step: Step) -> StepRecord:
        layers = [layer_file(index, layer) for index, layer in enumerate(step.layers)]
        files = {
            "canvas.png": self._canvas_png,
            "mask.png": png_bytes(step.mask),
            "graph.json": as_json(step.graph.model_dump(mode="json"), indent=None),
            "graph.svg": draw_graph(step.graph, self._picture.size).encode(),
            **analysis_files(step.analysis),
            **{f"attempts/{number:02d}.png": png_bytes(canvas) for number, canvas in step.rejected.items()},
            **{record.file: data for record, data in layers},
        }
        self._write_files(folder, files)
        record = StepRecord(
            index=len(self.steps),
            canvas_sha256=digest(self.canvas),
            after_sha256=digest(step.after),
            graph_sha256=sha256(files["graph.json"]),
            seed=step.attempts[-1].seed,
            removed=step.removed,
            layers=tuple(record for record, _ in layers),
            attempts=step.attempts,
            cut_edges=step.cut,
            note=step.analysis.note,
            spent=spent_in(step.analysis.exchanges),
            files={name: sha256(data) for name, data in sorted(files.items())},
        )
        self._write(folder / "step.json", as_json(record.model_dump(mode="json")))
        return record

    def _write_files(self, folder: Path, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            self._write(folder / name, data)

    def _update(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)
        # The one file that is forced to the disk: what it says must not be ahead of a power cut.
        self._put("run.json", as_json(self.record.model_dump(mode="json")), durable=True)

    def _put(self, name: str, data: bytes, durable: bool = False) -> None:
        with replacing(self.folder / name) as path:
            self._write(path, data)
            if durable:
                sync(path)

    def _drop(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if path.name != LOCK:
                remove(path)


def output_names(folder: Path, preset: Preset) -> dict[str, str]:
    """What a preset's outputs are called in the folder of a run, in the order in which they are written."""
    names = {"png": "stack/stack.json", "html": "report.html"}
    return {kind: names.get(kind, f"{folder.resolve().name}.{kind}") for kind in preset.outputs}


def _fresh(picture: Picture, choice: EngineChoice) -> RunRecord:
    preset = choice.preset
    if preset.analyst is None or preset.remover is None:
        raise ValueError("a run needs a preset whose engine is chosen")
    return RunRecord(
        picture=PictureRecord(
            name=picture.name, sha256=picture.sha256, size=picture.size, alpha=picture.alpha is not None
        ),
        preset=preset,
        engine=EngineRecord(analyst=preset.analyst, remover=preset.remover, fallback=preset.fallback, why=choice.why),
        versions={"peeler": __version__},
    )


def _refuse_foreign(folder: Path) -> None:
    """A folder with files that no run wrote is somebody's own; nothing in it may be replaced or dropped."""
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder}: is a file; a run needs a folder")
    if not folder.exists() or (folder / "run.json").exists():
        return
    own = {LOCK, "input.png", "background.png", "timings.json", "steps"}
    if foreign := [path.name for path in folder.iterdir() if path.name not in own and UNFINISHED not in path.name]:
        raise StoreError(f"{folder}: holds {min(foreign)!r} and is no run; choose another output folder")


def _refuse_other(stored: RunRecord, wanted: RunRecord, folder: Path) -> None:
    differences = []
    if stored.picture.sha256 != wanted.picture.sha256:
        differences.append(f"of another picture ({stored.picture.name})")
    old, new = stored.preset.what_counts(), wanted.preset.what_counts()
    differences += [f"with {key} {old[key]}, not {new[key]}" for key in new if old[key] != new[key]]
    if stored.versions != wanted.versions:
        differences.append(f"by peeler {stored.versions.get('peeler')}, not {__version__}")
    if differences:
        raise StoreError(f"{folder}: the run there is {', '.join(differences)}; use --force or another output folder")
