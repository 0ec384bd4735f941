"""Drawings of what is peeled already: finished runs drawn again, and published frames as stacks with a drawing."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from peeler import registry
from peeler.asking import SPENDING
from peeler.batch import read_batch
from peeler.engines import Purse, limits_of, vectorizer_of
from peeler.errors import InputError, StoreError
from peeler.files import lock_folder, storing
from peeler.opening import OUTPUTS, Place, keep, place_of, places_in, read
from peeler.presets import Preset
from peeler.records import RunRecord, read_record, write_record

RUN, REPORT, BATCH, INDEX = "run.json", "report.html", "batch.json", "index.html"


class Work(NamedTuple):
    """What is to be drawn, whether that is a batch, and the folder in which its spending is kept."""

    places: tuple[Place, ...]
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
    batch = places_in(source)
    places = batch or [place_of(source)]
    if output is not None:
        # Frames become stacks, each of which takes a folder of its own.
        homes = [output / place.name if batch and place.is_frames else output for place in places]
        places = [place._replace(home=home) for place, home in zip(places, homes, strict=True)]
    if not batch:
        return Work(tuple(places), False, places[0].home)
    inside = OUTPUTS / source.resolve().name if any(place.is_frames for place in places) else source
    return Work(tuple(places), True, output or inside)


@contextmanager
def purse_of(work: Work, preset: Preset) -> Iterator[Purse]:
    """What drawing may cost and has cost, kept to this process where it costs anything; a batch tells it at the end.

    Raises StoreError.
    """
    purse = Purse(work.home / SPENDING, None, limits_of(preset))
    if preset.vectorizer not in registry.PAID:
        yield purse
        return
    with storing(work.home):
        work.home.mkdir(parents=True, exist_ok=True)
    with _alone(work.home):
        purse.open()
        try:
            yield purse
        finally:
            _tell_batch(work.home, purse)


@contextmanager
def held(home: Path, purse: Purse, is_paid: bool) -> Iterator[bool]:
    """Keep the run in a folder, if there is one, to this process; its record then tells what was spent on it."""
    if not (home / RUN).exists():
        yield False
        return
    with _locked(home, purse, is_paid):
        record = read_record(home) if is_paid else None
        try:
            yield True
        finally:
            if record:
                _tell_spent(home, record)


def redraw(place: Place, preset: Preset, purse: Purse, tolerance: float | None = None, force: bool = False) -> Drawn:
    """Write the drawing of one stack, and the report of its run again, if it has one.

    A run is kept from other processes meanwhile. Frames become a stack in the home of the place, which has to be empty
    unless ``force`` is given. Raises PeelerError.
    """
    target = place.home / f"{place.name}.svg"
    if target.resolve() == place.path.resolve():
        raise InputError(f"{target}: is what is read; choose another --output")
    exporter = registry.exporter("svg", vectorizer_of(preset, purse.file, place.name, tolerance))
    found = read(place.path)
    if place.is_frames:
        keep(found.stack, place.home, force, place.path)
    with storing(place.home):
        place.home.mkdir(parents=True, exist_ok=True)
    is_paid = preset.vectorizer in registry.PAID
    with held(place.home, purse, is_paid) as is_run:
        exporter.export(found.stack, target)
    if is_run and (place.home / REPORT).exists():
        with _locked(place.home, purse, is_paid):
            registry.exporter("html").export(found.stack, place.home / REPORT)
    return Drawn(target, len(found.stack.layers), found.notes)


def _tell_spent(run: Path, record: RunRecord) -> None:
    """Keep in the record what the run has cost, by itself and as one of a batch."""
    own, shared = Purse(run / SPENDING).spent(), Purse(run.resolve().parent / SPENDING, run.resolve().name).spent()
    spent = own + shared if own and shared else own or shared
    write_record(run / RUN, record.model_copy(update={"spent": spent}))


def _tell_batch(folder: Path, purse: Purse) -> None:
    """Keep in the record of a batch, if the folder is one, what it has cost, and each of its runs."""
    if (stored := read_batch(folder / BATCH)) is None:
        return
    rows = []
    for row in stored.rows:
        try:
            rows.append(row.model_copy(update={"spent": read_record(folder / row.name).spent}))
        except StoreError:
            rows.append(row)
    write_record(folder / BATCH, stored.model_copy(update={"spent": purse.spent(), "rows": tuple(rows)}))
    if (folder / INDEX).exists():
        registry.write_index(folder)


def _locked(home: Path, purse: Purse, is_paid: bool) -> AbstractContextManager[None]:
    """What is paid for may have its folder locked already."""
    return nullcontext() if is_paid and purse.file.parent == home else _alone(home)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = lock_folder(folder)
    try:
        yield
    finally:
        os.close(lock)
