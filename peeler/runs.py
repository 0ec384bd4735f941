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

import numpy as np
from pydantic import ValidationError

from peeler import __version__
from peeler.errors import StoreError
from peeler.files import (
    LOCK,
    UNFINISHED,
    as_json,
    digest,
    lock_folder,
    png_bytes,
    read_png,
    remove,
    replacing,
    sha256,
    storing,
    sync,
)
from peeler.geometry import RGB, Pixels
from peeler.graph import Edge, LayerGraph
from peeler.graph_drawing import draw_graph
from peeler.inputs import Picture
from peeler.presets import Preset
from peeler.records import (
    AttemptRecord,
    EngineRecord,
    LayerRecord,
    PictureRecord,
    ResidualRecord,
    RunRecord,
    StepRecord,
    StopReason,
    Timings,
    read_record,
)
from peeler.registry import EngineChoice
from peeler.stack import Layer
from peeler.text import slug

RESERVED_IDS = ("background", "residual")

Write = Callable[[Path, bytes], object]


@dataclass(frozen=True, eq=False)
class Step:
    """One accepted removal with all its evidence.

    ``graph`` is of the canvas before, without its cycles; ``after`` the canvas without the ``removed`` elements,
    ``mask`` where they were, ``layers`` what was lifted, bottom to top; ``rejected`` the canvases of rejected attempts
    by number.
    """

    graph: LayerGraph
    cut: tuple[Edge, ...]
    removed: tuple[str, ...]
    after: RGB
    mask: Pixels
    layers: tuple[Layer, ...]
    attempts: tuple[AttemptRecord, ...]
    rejected: Mapping[int, RGB] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)


class Run:
    """One picture's run, open for this process alone until it is closed.

    ``canvas`` is what is left of the picture, ``graph`` the graph of the canvas before without what was removed (None
    before the first step), ``steps`` the records and ``layers`` the layers of each step so far.
    """

    def __init__(self, folder: Path, record: RunRecord, picture: Picture, lock: int, write: Write) -> None:
        self.folder = folder
        self.record = record
        self.canvas = picture.rgb
        self.graph: LayerGraph | None = None
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

    def stop(self, reason: StopReason, note: str = "") -> None:
        """Save why no further step will be made; what is left to do are the outputs."""
        notes = dict.fromkeys([self._picture.note, *(step.note for step in self.steps), note])
        self._update(stop_reason=reason, note="; ".join(filter(None, notes)), steps=len(self.steps))

    def finish(self, residual: ResidualRecord, layers: int) -> None:
        """Save that the run is finished, with what its stack of ``layers`` layers is like."""
        early = self.record.stop_reason in (StopReason.MAX_STEPS, StopReason.STUCK)
        self._update(status="stopped" if early else "ok", residual=residual, layers=layers)

    def fail(self, reason: str) -> None:
        """Save that the run failed and why; the same command may try it again."""
        self._update(status="failed", note=reason, steps=len(self.steps))

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
        self.timings = _read_timings(self.folder) or self.timings
        if self.is_done:
            return
        self._take_up_steps()
        self._take_up_canvas()
        kept = {f"{step.index:02d}" for step in self.steps}
        self._drop([path for path in sorted((self.folder / "steps").iterdir()) if path.name not in kept])
        self.timings.steps = self.timings.steps[: len(self.steps)]
        if self.record.status == "failed" or self.record.steps not in (0, len(self.steps)):
            self.record = fresh
            self._update()

    def _take_up_steps(self) -> None:
        """Read the steps up to the first one that is missing, damaged or does not follow from the one before."""
        wanted = digest(self.canvas)
        for index in count():
            folder = self._step_folder(index)
            record = _intact(folder, index)
            if record is None or record.canvas_sha256 != wanted:
                return
            self._append(record, tuple(_read_layer(folder, layer) for layer in record.layers))
            wanted = record.after_sha256

    def _take_up_canvas(self) -> None:
        """Go on from the canvas after the last step. If that is lost, make the step once more from its own canvas."""
        canvas = self.canvas
        if self.steps:
            last = self.steps[-1]
            after = _read_canvas(self.folder / "background.png", last.after_sha256)
            if after is None:
                self.steps.pop()
                self.layers.pop()
                self.graph = self._graph_after(self.steps[-1]) if self.steps else None
                after = _read_canvas(self._step_folder(last.index) / "canvas.png", last.canvas_sha256)
            canvas = self.canvas if after is None else after
        self.canvas, self._canvas_png = canvas, png_bytes(canvas)
        self._put("background.png", self._canvas_png)

    def _append(self, record: StepRecord, layers: tuple[Layer, ...]) -> None:
        self.steps.append(record)
        self.layers.append(layers)
        self.graph = self._graph_after(record)

    def _graph_after(self, record: StepRecord) -> LayerGraph:
        """Always from disk, so that a resumed run hands the analyst the same as one that was not interrupted."""
        stored = (self._step_folder(record.index) / "graph.json").read_bytes()
        return LayerGraph.model_validate_json(stored).without(record.removed)

    def _step_folder(self, index: int) -> Path:
        return self.folder / "steps" / f"{index:02d}"

    def _write_step(self, folder: Path, step: Step) -> StepRecord:
        layers = [_layer_file(index, layer) for index, layer in enumerate(step.layers)]
        files = {
            "canvas.png": self._canvas_png,
            "mask.png": png_bytes(step.mask),
            "graph.json": as_json(step.graph.model_dump(mode="json"), indent=None),
            "graph.svg": draw_graph(step.graph, self._picture.size).encode(),
            **_account_files(step.account),
            **{f"attempts/{number:02d}.png": png_bytes(canvas) for number, canvas in step.rejected.items()},
            **{record.file: data for record, data in layers},
        }
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            self._write(folder / name, data)
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
            note=step.note,
            files={name: sha256(data) for name, data in sorted(files.items())},
        )
        self._write(folder / "step.json", as_json(record.model_dump(mode="json")))
        return record

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
    names = {"png": "stack/stack.json", "svg": f"{folder.resolve().name}.svg", "html": "report.html"}
    return {kind: names[kind] for kind in preset.outputs}


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
    old, new = stored.preset.model_dump(), wanted.preset.model_dump()
    differences += [f"with {key} {old[key]}, not {new[key]}" for key in new if old[key] != new[key]]
    if stored.versions != wanted.versions:
        differences.append(f"by peeler {stored.versions.get('peeler')}, not {__version__}")
    if differences:
        raise StoreError(f"{folder}: the run there is {', '.join(differences)}; use --force or another output folder")


def _intact(folder: Path, index: int) -> StepRecord | None:
    """The record of a step all of whose files are as they were written, or None."""
    try:
        record = StepRecord.model_validate_json((folder / "step.json").read_bytes())
        whole = all(sha256((folder / name).read_bytes()) == known for name, known in record.files.items())
    except (OSError, ValidationError):
        return None
    return record if whole and record.index == index else None


def _read_canvas(path: Path, wanted: str) -> RGB | None:
    """The canvas in a file, if it is the one with this digest."""
    try:
        canvas = read_png(path)
    except (OSError, SyntaxError, ValueError):
        return None
    return canvas if digest(canvas) == wanted else None


def _read_layer(folder: Path, record: LayerRecord) -> Layer:
    known = record.model_dump(exclude={"file", "sha256", "box"})
    shape = (record.box.height, record.box.width, 4)
    pixels = read_png(folder / record.file) if record.box.area else np.zeros(shape, dtype=np.uint8)
    return Layer(**known, box=record.box, pixels=pixels)


def _read_timings(folder: Path) -> Timings | None:
    try:
        return Timings.model_validate_json((folder / "timings.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _layer_file(index: int, layer: Layer) -> tuple[LayerRecord, bytes]:
    data = png_bytes(layer.pixels)
    record = LayerRecord(
        id=layer.id,
        name=layer.name,
        file=f"layers/{index:02d}-{slug(layer.name)}.png",
        sha256=sha256(data),
        box=layer.box,
        role=layer.role,
        opacity=layer.opacity,
        part_of=layer.part_of,
        ink=layer.ink,
        origin=layer.origin,
    )
    return record, data


def _account_files(account: Mapping[str, Any]) -> dict[str, bytes]:
    """A request and a response each get a file of their own; any other account is one file."""
    if not account:
        return {}
    if {"request", "response"} & account.keys():
        return {f"vlm/{key}.json": as_json(value) for key, value in account.items()}
    return {"analysis.json": as_json(dict(account))}
