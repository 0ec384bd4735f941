"""Opens whatever holds a stack: runs, stack folders, batches of them, and the files that can be read back."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from peeler import registry
from peeler.errors import InputError, StoreError
from peeler.files import replacing, storing
from peeler.geometry import RGB, RGBA, Box
from peeler.importers.sequence import FRAMES, frames_folder
from peeler.inputs import read_picture
from peeler.protocols import Imported
from peeler.stack import Layer, LayerStack
from peeler.stack_files import STACK_FILE

STACK = "stack"
"""The folder of the stack in a run."""
OUTPUTS = Path("outputs")
"""Where to, unless it is said."""
READABLE = "a run, a folder with stack.json, frames as layer_png/layer_0.png, PSD, ORA or SVG"


class Place(NamedTuple):
    """Where a stack lies: the run, folder or file ``path``, what its files are called, and the folder for these.

    Frames of a peeling are never written to; their files go to ``outputs``.
    """

    path: Path
    name: str
    home: Path
    is_frames: bool = False


def open_stack(path: Path | str) -> LayerStack:
    """The stack of a run, a stack folder, frames of a peeling, or a PSD, ORA or SVG file. Raises InputError."""
    return read(Path(path)).stack


def read(path: Path, flat: bool = False) -> Imported:
    """The stack that ``path`` holds, and what could not be kept; with ``flat`` a picture is a stack of one layer.

    Files are told by what is in them and not by their names. Raises InputError, and ConfigError for a missing package.
    """
    kind = _kind(path)
    if kind:
        return registry.importer(kind).read(path.parent if path.name == STACK_FILE else path)
    if not flat:
        raise InputError(f"{path}: has no layers that could be read; it should be {READABLE}")
    picture = read_picture(path)
    pixels = rgba(picture.pixels)
    return Imported(LayerStack(picture.size, (Layer("background", path.stem, Box.whole(picture.size), pixels),)))


def rgba(pixels: RGB | RGBA) -> RGBA:
    """Pixels with an alpha channel, opaque if they had none."""
    if pixels.shape[2] == 4:
        return pixels
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, dtype=np.uint8)])


def place_of(path: Path, outputs: Path = OUTPUTS) -> Place:
    """Where a stack lies, and what belongs to it; ``outputs`` is where the files of frames go."""
    whole = path.resolve()
    if _is_frames(path):
        name = whole.parent.name if whole.name == FRAMES else whole.name
        return Place(path, name, outputs / name, is_frames=True)
    if whole.is_dir():
        home = _folder_of(path)
        return Place(path, home.name, path.parent if home != whole else path)
    if whole.name == STACK_FILE:
        return place_of(path.parent)
    return Place(path, path.stem, path.parent)


def places_in(folder: Path) -> list[Place]:
    """The stacks of a batch, by name: every folder in it that is a run, or holds a stack or frames of a peeling.

    Empty if it is no batch. The files of frames go to a folder of the batch's name in ``outputs``.
    """
    if not folder.is_dir() or _is_stack(folder) or _is_frames(folder):
        return []
    outputs = OUTPUTS / folder.resolve().name
    try:
        found = [path for path in sorted(folder.iterdir()) if path.is_dir()]
        return [place_of(path, outputs) for path in found if _is_stack(path) or _is_run(path) or _is_frames(path)]
    except OSError as problem:
        raise InputError(f"{folder}: cannot be listed ({problem.strerror})") from problem


def keep(stack: LayerStack, folder: Path, force: bool = False, source: Path | None = None) -> Path:
    """Write ``stack`` into ``folder``/stack and give that path back.

    Raises StoreError when the folder holds a run, or anything at all without ``force``, or is where ``source`` lies.
    """
    target = folder / STACK
    if source is not None and source.is_dir() and folder.resolve() in (source.resolve(), _folder_of(source)):
        raise StoreError(f"{folder}: is what is read; choose another output folder")
    if folder.is_file() or (folder / "run.json").exists():
        raise StoreError(f"{folder}: is a {'file' if folder.is_file() else 'run'}; choose another output folder")
    if not force and folder.exists() and any(_visible(folder)):
        raise StoreError(f"{folder}: is not empty; use --force or another output folder")
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with replacing(target) as unfinished:
        registry.exporter("png").export(stack, unfinished)
    return target


def _visible(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith("."))


def _folder_of(path: Path) -> Path:
    """The folder of a run or of frames that ``path`` lies in or is."""
    whole = path.resolve()
    return whole.parent if whole.name in (STACK, FRAMES) and not (whole / whole.name).exists() else whole


def _is_run(path: Path) -> bool:
    return (path / "run.json").exists()


def _is_stack(path: Path) -> bool:
    return any((path / name).exists() for name in (STACK_FILE, f"{STACK}/{STACK_FILE}"))


def _is_frames(path: Path) -> bool:
    return frames_folder(path) is not None and not _is_stack(path)


def _kind(path: Path) -> str | None:
    """Which importer reads a path; None for a file without layers. Raises InputError when it cannot be read."""
    if path.is_dir() or path.name == STACK_FILE:
        return "sequence" if _is_frames(path) else "folder"
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file or folder") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({getattr(problem, 'strerror', '') or problem})") from problem
    if head.startswith(b"8BPS"):
        return "psd"
    if head.startswith(b"PK\x03\x04"):
        return "ora"
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "svg" if begins.startswith(b"<") or head.startswith((b"\xff\xfe<", b"\xfe\xff\0<")) else None
