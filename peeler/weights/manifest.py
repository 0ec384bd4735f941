"""``peeler-model.json`` beside a model's files: what they are and their hashes, so that damage can be found."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from peeler.errors import ConfigError, StoreError
from peeler.files import replacing, sync

MANIFEST = "peeler-model.json"
CHUNK = 1 << 22
"""Bytes that are read and hashed at once."""

OnBytes = Callable[[int], None]


class FileRecord(BaseModel):
    """The size in bytes and the SHA-256 of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a folder of a model holds. ``source`` says where it comes from, such as OWNER/NAME@COMMIT."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str
    source: str
    licence: str
    files: dict[str, FileRecord]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(record.size for record in self.files.values())


class Wrong(NamedTuple):
    """A file that is not what the manifest says, and why."""

    file: str
    why: str


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a model's folder; None when there is none. Raises ConfigError when it is damaged."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read ({problem.strerror or problem})") from problem
    except ValidationError as problem:
        raise ConfigError(f"{path}: the manifest is damaged; fetch or prepare the model again") from problem
    if outside := [name for name in manifest.files if Path(name).is_absolute() or ".." in Path(name).parts]:
        raise ConfigError(f"{path}: {outside[0]} is outside the folder")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all. Raises StoreError."""
    with replacing(folder / MANIFEST) as unfinished:
        unfinished.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        sync(unfinished)


def missing(folder: Path, manifest: Manifest) -> list[Wrong]:
    """Files that are not there or have another size; quick, since nothing is read."""
    return [Wrong(name, why) for name, record in manifest.files.items() if (why := _lacks(folder / name, record))]


def verify(folder: Path, manifest: Manifest, on_bytes: OnBytes | None = None) -> list[Wrong]:
    """Read every file and hold it against its hash; ``on_bytes`` is told how many bytes were read each time."""
    return [
        Wrong(name, why)
        for name, record in manifest.files.items()
        if (why := _lacks(folder / name, record) or _differs(folder / name, record, on_bytes))
    ]


def record(path: Path, on_bytes: OnBytes | None = None) -> FileRecord:
    """Size and hash of a file. Raises StoreError when it cannot be read."""
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks(path):
        digest.update(chunk)
        size += len(chunk)
        if on_bytes:
            on_bytes(len(chunk))
    return FileRecord(size=size, sha256=digest.hexdigest())


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a few at a time. Raises StoreError when it cannot be read."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as problem:
        raise StoreError(f"{path}: cannot be read ({problem.strerror or problem})") from problem


def listed(folder: Path) -> list[str]:
    """The files of a model's folder, sorted, as the manifest names them; hidden and unfinished ones are left out."""
    found = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    names = (path.relative_to(folder) for path in found)
    kept = (name for name in names if not any(part.startswith(".") for part in name.parts))
    return sorted(name.as_posix() for name in kept if name.name != MANIFEST)


def _lacks(path: Path, wanted: FileRecord) -> str:
    try:
        size = path.stat().st_size
    except OSError:
        return "is missing"
    return "" if size == wanted.size else f"has {size} bytes, not {wanted.size}"


def _differs(path: Path, wanted: FileRecord, on_bytes: OnBytes | None) -> str:
    return "" if record(path, on_bytes).sha256 == wanted.sha256 else "has other contents than it had"
