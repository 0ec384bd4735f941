"""Drawings of what is peeled already: finished runs drawn again, and published frames as stacks with a drawing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from peeler import registry
from peeler.asking import SPENDING
from peeler.engines import Purse, limits_of, vectorizer_of
from peeler.errors import InputError
from peeler.files import lock_folder, storing
from peeler.importers.sequence import FRAMES, frames_folder
from peeler.opening import keep, place_of, places_in, read
from peeler.presets import Preset

RUN, REPORT = "run.json", "report.html"
OUTPUTS = Path("outputs")


class Job(NamedTuple):
    """A stack to be drawn: what it is called, where it lies, whether as frames, and the folder for ``NAME.svg``."""

    name: str
    path: Path
    is_frames: bool
    home: Path


class Work(NamedTuple):
    """What is to be drawn, whether that is a batch, and the folder in which its spending is kept."""

    jobs: tuple[Job, ...]
    is_batch: bool
    home: Path


class Drawn(NamedTuple):
    """The drawing that was written, how many layers it has, and what could not be kept of what was read."""

    path: Path
    layers: int
    notes: tuple[str, ...] = ()


def work_in(source: Path, output: Path | None = None) -> Work:
    """What ``source`` holds: a run, stack or batch of them, drawn in place, or frames, drawn in ``outputs/NAME``.

    ``output`` is another place for it. Raises InputError.
    """
    if frames_folder(source):
        name = _name(source)
        home = output or OUTPUTS / name
        return Work((Job(name, source, True, home),), False, home)
    try:
        inner = sorted(path for path in source.iterdir() if frames_folder(path)) if source.is_dir() else []
    except OSError as problem:
        raise InputError(f"{source}: cannot be listed ({problem.strerror})") from problem
    if inner:
        home = output or OUTPUTS / _name(source)
        return Work(tuple(Job(path.name, path, True, home / path.name) for path in inner), True, home)
    if batch := places_in(source):
        places = tuple(Job(place.name, place.path, False, output or place.home) for place in batch)
        return Work(places, True, output or source)
    place = place_of(source)
    home = output or place.home
    return Work((Job(place.name, place.path, False, home),), False, home)


@contextmanager
def purse_of(work: Work, preset: Preset) -> Iterator[Purse]:
    """What drawing may cost and has cost, kept to this process where it costs anything. Raises StoreError."""
    purse = Purse(work.home / SPENDING, None, limits_of(preset))
    if preset.vectorizer not in registry.PAID:
        yield purse
        return
    with storing(work.home):
        work.home.mkdir(parents=True, exist_ok=True)
    with _alone(work.home):
        purse.open()
        yield purse


def redraw(job: Job, preset: Preset, purse: Purse, tolerance: float | None = None, force: bool = False) -> Drawn:
    """Write the drawing of one stack, and the report of its run again, if it has one.

    A run is kept from other processes meanwhile. Frames become a stack in the folder of the job, which has to be empty
    unless ``force`` is given. Raises PeelerError.
    """
    target = job.home / f"{job.name}.svg"
    if target.resolve() == job.path.resolve():
        raise InputError(f"{target}: is what is read; choose another --output")
    exporter = registry.exporter("svg", vectorizer_of(preset, purse.file, job.name, tolerance))
    found = registry.importer("sequence").read(job.path) if job.is_frames else read(job.path)
    if job.is_frames:
        keep(found.stack, job.home, force, job.path)
    with storing(job.home):
        job.home.mkdir(parents=True, exist_ok=True)
    is_run = (job.home / RUN).exists()
    # What is paid for has its folder locked already.
    is_mine = preset.vectorizer in registry.PAID and purse.file.parent == job.home
    with _alone(job.home) if is_run and not is_mine else nullcontext():
        exporter.export(found.stack, target)
        if is_run and (job.home / REPORT).exists():
            registry.exporter("html").export(found.stack, job.home / REPORT)
    return Drawn(target, len(found.stack.layers), found.notes)


def _name(folder: Path) -> str:
    whole = folder.resolve()
    return whole.parent.name if whole.name == FRAMES else whole.name


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = lock_folder(folder)
    try:
        yield
    finally:
        os.close(lock)
