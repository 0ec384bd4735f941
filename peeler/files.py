"""Files written whole or not at all: bytes of what is stored, folders kept to one process."""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.errors import OutputError, StoreError
from peeler.geometry import RGB, RGBA, Pixels

PATIENCE = 1.0
"""Seconds to wait for another process to let go of a folder; one that was just killed needs a moment."""
COMPRESSION = 1
"""On flat pictures higher levels of zlib save little and cost a third more."""
UNFINISHED = ".tmp-"
"""What the names of files and folders begin with until they are whole."""
LOCK = ".lock"


def lock_folder(folder: Path, patience: float = PATIENCE) -> int:
    """A descriptor that keeps ``folder`` to this process until it is closed or the process ends, however it ends.

    Raises StoreError when another process still has it after ``patience`` seconds.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StoreError(f"{folder}: another process is working on it; choose another output") from None
            time.sleep(0.02)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write a file or folder to; it becomes ``target`` when the block ends, and goes away if that fails.

    Raises StoreError when it cannot be written.
    """
    unfinished = target.with_name(UNFINISHED + target.name)
    with storing(target.parent):
        remove(unfinished)
        try:
            yield unfinished
            if unfinished.is_dir():
                remove(target)
            unfinished.replace(target)
        except BaseException:
            remove(unfinished)
            raise


@contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Tell a failure to write as a StoreError of one line."""
    try:
        yield
    except OSError as problem:
        raise StoreError(f"{folder}: cannot be written ({problem.strerror or problem})") from problem


def remove(path: Path) -> None:
    """Take a file or folder away; a missing one is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Force a file to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def png_bytes(pixels: RGB | RGBA | Pixels) -> bytes:
    """A picture or mask as PNG; one without pixels, which PNG cannot hold, as a single clear one."""
    buffer = BytesIO()
    shown = pixels if pixels.size else np.zeros((1, 1, 4), dtype=np.uint8)
    Image.fromarray(shown).save(buffer, "PNG", compress_level=COMPRESSION)
    return buffer.getvalue()


def as_json(data: Any, indent: int | None = 1) -> bytes:
    """Plain data as JSON text. Raises OutputError when it is not plain."""
    try:
        text = json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise OutputError(f"not plain JSON data: {problem}") from problem
    return text.encode("utf-8", "replace") + b"\n"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest(canvas: RGB) -> str:
    """The SHA-256 of a canvas by its pixels, row by row."""
    return sha256(np.ascontiguousarray(canvas).tobytes())


def read_png(path: Path) -> NDArray[np.uint8]:
    """The pixels of a PNG that was stored here. Raises OSError, SyntaxError or ValueError when it is damaged."""
    with Image.open(path, formats=["PNG"]) as image:
        return np.asarray(image)
