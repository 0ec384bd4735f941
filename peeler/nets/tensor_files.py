"""Files of weights, read piece by piece: what is in a safetensors file, where, and the files of a model's folder.

Only safetensors is read: other formats of weights can run code when they are opened. Nothing here imports torch.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from peeler.errors import ConfigError

BITS = {
    **{"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8},
    **{"I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8},
}
"""Element types and how many bits each takes."""
REAL = ("F64", "F32", "F16", "BF16")
"""Types of weights that something can be added to."""
WEIGHTS = "diffusion_pytorch_model.safetensors"
INDEX = f"{WEIGHTS}.index.json"
_LARGEST_HEADER = 100_000_000


class Entry(NamedTuple):
    """One tensor of a file: its element type, its shape, and its first byte and the one after its last."""

    name: str
    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class TensorFile:
    """What a safetensors file says it holds. ``head`` are its bytes before the first tensor."""

    path: Path
    head: bytes
    entries: tuple[Entry, ...]
    metadata: dict[str, str]

    def entry(self, name: str) -> Entry:
        """The tensor of that name. Raises KeyError."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise KeyError(name)

    def read(self, entry: Entry) -> bytearray:
        """The bytes of one tensor. Raises ConfigError when the file cannot be read or has become shorter."""
        data = bytearray(entry.stop - entry.start)
        try:
            with self.path.open("rb") as file:
                file.seek(entry.start)
                got = file.readinto(data)
        except OSError as problem:
            raise ConfigError(f"{self.path}: cannot be read ({problem.strerror or problem})") from problem
        if got != len(data):
            raise ConfigError(f"{self.path}: ends within {entry.name}; fetch the file again")
        return data


def open_tensors(path: Path) -> TensorFile:
    """Read the head of a safetensors file, and hold it against the file's length.

    Raises ConfigError when it is missing, something else such as a pickle, damaged or cut off.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            head = file.read(length) if 2 <= length <= min(_LARGEST_HEADER, size - 8) else b""
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read ({problem.strerror or problem})") from problem
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise ConfigError(f"{path}: a pickle, which can run code when it is opened; only safetensors files are read")
    if not head.startswith(b"{"):
        raise ConfigError(f"{path}: not a safetensors file, or one that was cut off")
    try:
        described = json.loads(head)
        metadata = {str(key): str(value) for key, value in (described.pop("__metadata__", None) or {}).items()}
        entries = sorted((_entry(name, row, 8 + length) for name, row in described.items()), key=lambda row: row.start)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(f"{path}: the head of the file is damaged; fetch the file again") from problem
    _check_places(path, entries, 8 + length, size)
    return TensorFile(path, start + head, tuple(entries), metadata)


def _entry(name: str, row: dict[str, Any], offset: int) -> Entry:
    start, stop = (int(place) for place in row["data_offsets"])
    shape = tuple(int(length) for length in row["shape"])
    if min(shape, default=1) < 0 or (stop - start) * 8 != math.prod(shape) * BITS[row["dtype"]]:
        raise ValueError(name)
    return Entry(name, row["dtype"], shape, start + offset, stop + offset)


def _check_places(path: Path, entries: list[Entry], first: int, size: int) -> None:
    """The tensors fill the file from the head to its end, without holes or overlaps."""
    last = entries[-1].stop if entries else first
    if (entries and entries[0].start != first) or any(one.stop != two.start for one, two in pairwise(entries)):
        raise ConfigError(f"{path}: the head of the file is damaged; fetch the file again")
    if last != size:
        raise ConfigError(f"{path}: {size} bytes long, but its head tells of {last}; fetch the file again")


def component(folder: Path) -> Path:
    """The transformer's folder of a pipeline's folder, or the one that is given if it is that already."""
    inner = folder / "transformer"
    return inner if inner.is_dir() else folder


def weight_files(folder: Path) -> list[TensorFile]:
    """The files that hold the weights in a transformer's folder, in order: one, or those that its index names.

    Raises ConfigError when one is missing or damaged, or does not hold what the index says.
    """
    index = folder / INDEX
    if not index.is_file():
        if not (folder / WEIGHTS).is_file():
            raise ConfigError(f"{folder}: there is neither {WEIGHTS} nor {INDEX}")
        return [open_tensors(folder / WEIGHTS)]
    try:
        places = dict(json.loads(index.read_bytes())["weight_map"])
        names = sorted({str(name) for name in places.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(f"{index}: the list of weights is damaged; fetch the file again") from problem
    if outside := [name for name in names if Path(name).name != name]:
        raise ConfigError(f"{index}: {outside[0]} is not a file of this folder")
    files = [open_tensors(folder / name) for name in names]
    held = {entry.name: file.path.name for file in files for entry in file.entries}
    if wrong := sorted(name for name, place in places.items() if held.get(name) != place):
        raise ConfigError(f"{folder / places[wrong[0]]}: lacks {wrong[0]}, which {INDEX} says is in it")
    return files


def widths(files: list[TensorFile]) -> dict[str, tuple[int, int]]:
    """Module → (out, in) of every matrix of weights."""
    return {
        entry.name.removesuffix(".weight"): (entry.shape[0], entry.shape[1])
        for entry in _entries(files)
        if entry.name.endswith(".weight") and len(entry.shape) == 2
    }


def _entries(files: list[TensorFile]) -> Iterator[Entry]:
    return (entry for file in files for entry in file.entries)
