"""Where models are: one folder for each, named like the model, below the user's folder for caches."""

import json
import os
import shutil
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from peeler.errors import ConfigError, StoreError
from peeler.files import replacing, storing
from peeler.weights.catalogue import Model, model, models
from peeler.weights.manifest import missing, read_manifest

LICENCES = "licences.json"


class State(StrEnum):
    """How much of a model is on this machine."""

    HERE = "here"
    PARTLY = "partly"
    ABSENT = "not here"


class Row(NamedTuple):
    """A model, its state and its place, and its size in bytes if it is here."""

    model: Model
    state: State
    path: Path
    size: int | None


def models_folder(environment: Mapping[str, str]) -> Path:
    """Where models are kept unless told otherwise: in the user's folder for caches."""
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if base := environment.get(variable):
            return Path(base) / "peeler" / "models"
    return Path.home() / ".cache" / "peeler" / "models"


def listing(folder: Path) -> list[Row]:
    """Every known model with its state in ``folder``."""
    return [_row(known, folder) for known in models().values()]


def _row(known: Model, folder: Path) -> Row:
    place = folder / known.name
    try:
        manifest = read_manifest(place)
    except ConfigError:
        # Fetching or preparing the model again mends it, as with any other file that is not whole.
        manifest = None
    if manifest is not None and not missing(place, manifest):
        return Row(known, State.HERE, place, manifest.size)
    # What is being made lies beside its place until it is whole.
    begun = place.is_dir() or any(folder.glob(f".*-{known.name}"))
    return Row(known, State.PARTLY if begun else State.ABSENT, place, None)


def locate(name_or_path: str | Path, folder: Path | None = None) -> Path:
    """The folder or file of a model: one of this machine as it is, or one that was fetched, by its name.

    ``folder`` is where fetched ones are looked for. Raises ConfigError with the command that brings what is missing.
    """
    if (given := Path(name_or_path).expanduser()).exists():
        return given
    if (name := str(name_or_path)) not in models():
        known = ", ".join(models())
        raise ConfigError(f"there is neither a file or folder nor a model called {name!r}; known are {known}")
    known_model = model(name)
    row = _row(known_model, folder or models_folder(os.environ))
    if row.state is not State.HERE:
        partly = "only partly here" if row.state is State.PARTLY else "not here"
        raise ConfigError(f"the model {name} is {partly}: {known_model.how}, or give the path of a folder or file")
    return row.path / known_model.single if known_model.single else row.path


def first_time(known: Model, folder: Path) -> bool:
    """Whether the licence of a model has not been shown yet; it then counts as shown. Raises StoreError."""
    path = folder / LICENCES
    try:
        shown = json.loads(path.read_bytes())
    except (OSError, ValueError):
        shown = []
    if not isinstance(shown, list):
        shown = []
    if known.name in shown:
        return False
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(sorted({*map(str, shown), known.name})) + "\n", encoding="utf-8")
    return True


def free_space(folder: Path) -> int:
    """Bytes that are free where ``folder`` is or will be. Raises StoreError."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), Path())
    try:
        return shutil.disk_usage(there).free
    except OSError as problem:
        raise StoreError(f"{there}: cannot be read ({problem.strerror or problem})") from problem


def gigabytes(size: float) -> str:
    """Bytes for people, such as ``33.7 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
