"""Put an adapter into the weights of a pipeline's folder, file by file, with the memory of about one tensor.

Every file that is written has the head of the file it comes from, so the same tensors of the same types lie at the same
places; those that the adapter changes are summed in float32 and rounded once. The result grows in a folder beside its
place and is renamed when it is whole. Each finished file is noted there with its hash, so that what was cut off goes on
with the next file and ends byte for byte like what was not.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from peeler.errors import ConfigError, StoreError
from peeler.files import UNFINISHED, lock_folder, remove, replacing, storing, sync
from peeler.nets.lora import with_terms
from peeler.nets.lora_files import Lora, check_fit, read_lora, tensor_of
from peeler.nets.tensor_files import REAL, Entry, TensorFile, component, weight_files, widths
from peeler.weights.manifest import FileRecord, Manifest, listed, missing, read_manifest, record, write_manifest
from peeler.weights.store import free_space, gigabytes

OnProgress = Callable[[int, int, str], None]
"""Is told the bytes that are done, all bytes, and the file."""
NOTES = ".merge.json"
LOCK = ".lock"
SPARE = 100_000_000
"""Bytes that have to stay free on the disk."""
_RUNNABLE = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".msgpack", ".h5"}
"""Forms of weights that can run code or that nothing here reads; they are left behind."""


class _Notes(BaseModel):
    """What is being made, and the files that are finished."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    identity: str
    done: dict[str, FileRecord] = {}


@dataclass(frozen=True)
class _Task:
    """One merge: the base with its files of weights and its manifest, if it has one, and what goes into them."""

    base: Path
    files: list[TensorFile]
    known: Manifest | None
    lora: Lora
    weight: float
    work: Path
    source: str
    identity: str

    def place(self, file: TensorFile) -> str:
        return file.path.relative_to(self.base).as_posix()


def merge(
    base: Path,
    lora: Path,
    output: Path,
    name: str,
    licence: str,
    weight: float = 1.0,
    on_progress: OnProgress | None = None,
) -> Manifest:
    """Write ``base`` with ``weight`` times ``lora`` in its transformer to the folder ``output``; return its manifest.

    Other files are linked where the disk allows it, else copied; what is there already is left as it is. Raises
    ConfigError when the base is not whole, the adapter does not fit it, or ``output`` is something else or inside the
    base; StoreError when there is too little space, a file cannot be written, or another process is at it.
    """
    _check_places(base, output)
    task = _task(base, lora, output, weight)
    if (there := _already(output, task.source)) is not None:
        return there
    with storing(task.work):
        task.work.mkdir(parents=True, exist_ok=True)
        lock = lock_folder(task.work)
    try:
        notes = _notes(task)
        others = _others(task)
        _check_space(task, notes, others)
        records = dict(_merge_all(task, notes, on_progress)) | dict(_take_along(task, others))
        manifest = Manifest(name=name, source=task.source, licence=licence, files=dict(sorted(records.items())))
        write_manifest(task.work, manifest)
        with storing(output.parent):
            if output.is_dir():
                output.rmdir()
            task.work.replace(output)
            _tidy(output)
    finally:
        os.close(lock)
    return manifest


def _check_places(base: Path, output: Path) -> None:
    here, there = base.resolve(), output.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ConfigError(f"{output}: must be neither the base nor inside it nor around it; choose another --output")
    if not (base / "model_index.json").is_file() or not (base / "transformer" / "config.json").is_file():
        raise ConfigError(f"{base}: not a folder of a pipeline: it lacks model_index.json or transformer/config.json")


def _task(base: Path, path: Path, output: Path, weight: float) -> _Task:
    files, lora, known = weight_files(component(base)), read_lora(path), read_manifest(base)
    check_fit(lora, widths(files))
    kinds = {entry.name.removesuffix(".weight"): entry.kind for file in files for entry in file.entries}
    if packed := [module for module in lora.modules if kinds[module] not in REAL]:
        raise ConfigError(f"{base}: {packed[0]} is {kinds[packed[0]]}, quantised; take the unquantised weights")
    heads = hashlib.sha256(b"".join(file.head for file in files)).hexdigest()
    origin = known.source if known else f"{base.resolve().name} (heads {heads[:12]})"
    source = f"{origin} + {weight:g} × {path.name} ({record(path).sha256[:12]})"
    times = [(file.path.name, file.path.stat().st_size, file.path.stat().st_mtime_ns) for file in files]
    identity = hashlib.sha256(json.dumps([source, heads, times]).encode()).hexdigest()
    return _Task(base, files, known, lora, weight, output.with_name(UNFINISHED + output.name), source, identity)


def _already(output: Path, source: str) -> Manifest | None:
    """The manifest of what is at the place of the result, if it is the result."""
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return None
    manifest = read_manifest(output)
    if manifest is None or manifest.source != source or missing(output, manifest):
        raise ConfigError(f"{output}: is there and is not what would be made; take it away or choose another --output")
    with storing(output):
        _tidy(output)
    return manifest


def _tidy(output: Path) -> None:
    for name in (NOTES, LOCK):
        remove(output / name)


def _notes(task: _Task) -> _Notes:
    """The notes of a merge that was cut off, with those files that are still as noted; else the folder is emptied."""
    try:
        notes = _Notes.model_validate_json((task.work / NOTES).read_bytes())
    except (OSError, ValidationError):
        notes = None
    if notes is not None and notes.identity == task.identity:
        kept = {name: noted for name, noted in notes.done.items() if _is_as_noted(task.work / name, noted)}
        return notes.model_copy(update={"done": kept})
    with storing(task.work):
        for path in task.work.iterdir():
            if path.name != LOCK:
                remove(path)
    return _Notes(source=task.source, identity=task.identity)


def _is_as_noted(path: Path, noted: FileRecord) -> bool:
    return path.is_file() and path.stat().st_size == noted.size and record(path) == noted


def _others(task: _Task) -> list[str]:
    """The files besides the weights of the transformer: those of the pipeline's parts, and texts beside them."""
    try:
        index = json.loads((task.base / "model_index.json").read_bytes())
        parts = {name for name in index if (task.base / name).is_dir()}
    except (OSError, ValueError, TypeError) as problem:
        raise ConfigError(f"{task.base / 'model_index.json'}: is damaged; fetch the file again") from problem
    found = []
    for name in listed(task.base):
        path = Path(name)
        of_a_part = path.parts[0] in parts and path.suffix not in _RUNNABLE
        beside = len(path.parts) == 1 and path.suffix in (".json", ".md", ".txt")
        weights = path.parts[0] == "transformer" and path.suffix == ".safetensors"
        if (of_a_part or beside) and not weights:
            found.append(name)
    return found


def _check_space(task: _Task, notes: _Notes, others: list[str]) -> None:
    needed = sum(file.path.stat().st_size for file in task.files if task.place(file) not in notes.done)
    if task.work.stat().st_dev != task.base.stat().st_dev:
        needed += sum((task.base / name).stat().st_size for name in others)
    if needed + SPARE > (free := free_space(task.work)):
        raise StoreError(
            f"{task.work.parent}: the result takes {gigabytes(needed)}, but only {gigabytes(free)} are free"
        )


def _merge_all(task: _Task, notes: _Notes, on_progress: OnProgress | None) -> Iterator[tuple[str, FileRecord]]:
    total, done = sum(file.path.stat().st_size for file in task.files), 0
    finished = dict(notes.done)
    for file in task.files:
        name, before = task.place(file), done

        def show(more: int, before: int = before, name: str = name) -> None:
            if on_progress:
                on_progress(before + more, total, name)

        if name not in finished:
            finished[name] = _merge_file(task, file, show)
            with replacing(task.work / NOTES) as unfinished:
                unfinished.write_text(notes.model_copy(update={"done": finished}).model_dump_json(), encoding="utf-8")
                sync(unfinished)
        done += file.path.stat().st_size
        show(0, done)
        yield name, finished[name]


def _merge_file(task: _Task, file: TensorFile, show: Callable[[int], None]) -> FileRecord:
    name = task.place(file)
    with storing(task.work):
        (task.work / name).parent.mkdir(parents=True, exist_ok=True)
    with replacing(task.work / name) as unfinished:
        with unfinished.open("wb") as stream:
            came, written = _write(task, file, stream, show)
        if task.known and name in task.known.files and task.known.files[name].sha256 != came:
            raise ConfigError(f"{file.path}: has other contents than when it was fetched; fetch the base again")
        sync(unfinished)
        return FileRecord(size=unfinished.stat().st_size, sha256=written)


def _write(task: _Task, file: TensorFile, stream: BinaryIO, show: Callable[[int], None]) -> tuple[str, str]:
    """Write the merged file and return the hashes of what was read and what was written."""
    came, written = hashlib.sha256(file.head), hashlib.sha256(file.head)
    stream.write(file.head)
    for entry in file.entries:
        data = file.read(entry)
        came.update(data)
        changed = _merged(task, file, entry, data)
        written.update(changed)
        stream.write(changed)
        show(entry.stop)
    return came.hexdigest(), written.hexdigest()


def _merged(task: _Task, file: TensorFile, entry: Entry, data: bytearray) -> "bytearray | memoryview":
    """The bytes of a tensor with what the adapter adds to it."""
    module = entry.name.removesuffix(".weight")
    if module == entry.name or module not in task.lora.modules:
        return data
    factors = task.lora.factors(module)
    weight = tensor_of(file, entry, data)
    total = with_terms(weight, [(factors.down, factors.up, task.weight * factors.scale)])
    if not torch.isfinite(total).all():
        raise ConfigError(f"{task.lora.path}: {module} is not finite with it; the adapter or the base is damaged")
    return total.contiguous().view(torch.uint8).numpy().data.cast("B")


def _take_along(task: _Task, others: list[str]) -> Iterator[tuple[str, FileRecord]]:
    """Link or copy the other files; a hash that the base's manifest has is taken from there."""
    for name in others:
        source, target = (task.base / name).resolve(), task.work / name
        with storing(task.work):
            target.parent.mkdir(parents=True, exist_ok=True)
            remove(target)
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        noted = task.known.files.get(name) if task.known else None
        yield name, noted if noted and noted.size == target.stat().st_size else record(target)
