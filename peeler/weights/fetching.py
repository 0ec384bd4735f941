"""Models from the hub: what a fetch would bring, and the fetch, which goes on where it was cut off, also within a file.

The library's own download begins a file anew when it was interrupted, which with files of 10 GB is no way; so the bytes
are taken here, by the library's function for one request, and held against the hub's hashes.
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, EDQUOT, EIO, ENOSPC, EROFS
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from peeler.errors import BackendError, ConfigError, Rejected, StoreError, Unavailable
from peeler.files import lock_folder, remove, storing, sync
from peeler.secrets import remember
from peeler.weights.catalogue import Model
from peeler.weights.manifest import FileRecord, Manifest, chunks, read_manifest, record, write_manifest
from peeler.weights.store import free_space, gigabytes

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

TIMEOUT = 20.0
"""Seconds until the hub has to say what it has."""
TOKEN = "HF_TOKEN"
"""Where the library looks for the key of the hub."""
OnProgress = Callable[[int, int, str], None]
"""Is told the bytes that are here, all bytes, and the file."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository; ``sha256`` is None for a small one, which then has a git object id alone."""

    path: str
    size: int
    git_id: str
    sha256: str | None


@dataclass(frozen=True)
class Plan:
    """What a fetch will bring: the files of one commit, and how many bytes are still to come."""

    model: Model
    commit: str
    files: tuple[RemoteFile, ...]
    place: Path
    to_come: int
    endpoint: str | None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def plan_fetch(model: Model, place: Path, endpoint: str | None = None) -> Plan:
    """Ask the hub what it has of a model that would go to the folder ``place``.

    ``endpoint`` is another hub, None for the library's choice. Raises ConfigError when the library is missing, the
    model is not fetched but made, or access is refused; Unavailable when the hub cannot be reached or is broken.
    """
    if model.repository is None:
        raise ConfigError(f"{model.name} is not fetched but made: {model.how}")
    with _asking(model, endpoint):
        told = _hub(endpoint).model_info(model.repository, files_metadata=True, timeout=TIMEOUT)
    files = tuple(_remote(file) for file in told.siblings or () if model.wants(file.rfilename))
    bare = [pattern for pattern in model.files if not any(Model.wants(_only(model, pattern), f.path) for f in files)]
    if bare or told.sha is None:
        raise BackendError(f"{model.repository} has no {', '.join(bare) or 'commit'} any more; it is not as expected")
    to_come = sum(file.size - _got(place, file) for file in files)
    return Plan(model, told.sha, files, place, to_come, endpoint)


def fetch(plan: Plan, on_progress: OnProgress | None = None) -> Path:
    """Bring the files of a plan and return the folder; one that was cut off goes on.

    Raises StoreError when there is too little space or a file cannot be written; Unavailable when the connection
    breaks, Rejected when what came is not what the hub says it has.
    """
    place = plan.place
    if plan.to_come > (free := free_space(place)):
        needed = gigabytes(plan.to_come)
        raise StoreError(f"{place}: {needed} are to come, but only {gigabytes(free)} are free; choose another --folder")
    with storing(place):
        place.mkdir(parents=True, exist_ok=True)
        lock = lock_folder(place)
    try:
        records = dict(_fetch_all(plan, on_progress))
        source = f"{plan.model.repository}@{plan.commit}"
        manifest = Manifest(name=plan.model.name, source=source, licence=plan.model.licence, files=records)
        write_manifest(place, manifest)
        for leftover in place.rglob(".*.part"):
            remove(leftover)
    finally:
        os.close(lock)
    return place


def _fetch_all(plan: Plan, on_progress: OnProgress | None) -> Iterator[tuple[str, FileRecord]]:
    """Each file and its record; one that is there, known by the last manifest or by its hash, is not fetched."""
    try:
        known = read_manifest(plan.place)
    except ConfigError:
        known = None
    here = 0
    for file in plan.files:
        path = plan.place / file.path

        def show(more: int, before: int = here, name: str = file.path) -> None:
            if on_progress:
                on_progress(before + more, plan.size, name)

        show(0)
        if not (known and path.is_file() and known.files.get(file.path) == _promised(file)):
            if not (path.is_file() and path.stat().st_size == file.size and _is_right(path, file)):
                _fetch_one(plan, file, show)
        here += file.size
        show(0, here)
        yield file.path, _promised(file) or record(path)


def _fetch_one(plan: Plan, file: RemoteFile, show: Callable[[int], None]) -> None:
    target, part = plan.place / file.path, _part(plan.place, file)
    with storing(plan.place):
        part.parent.mkdir(parents=True, exist_ok=True)
    with _asking(plan.model, plan.endpoint):
        _get(plan, file, part, show)
    if not _is_right(part, file):
        part.unlink(missing_ok=True)
        raise Rejected(f"{file.path} of {plan.model.repository} came damaged; the same command fetches it again")
    with storing(plan.place):
        part.replace(target)


def _get(plan: Plan, file: RemoteFile, part: Path, show: Callable[[int], None]) -> None:
    """Add to ``part`` what it lacks of the file."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    url = hf_hub_url(plan.model.repository or "", file.path, revision=plan.commit, endpoint=plan.endpoint)
    with _Counted(part, show) as stream:
        http_get(url, stream, resume_size=stream.tell(), headers=build_hf_headers(), expected_size=file.size)
    sync(part)


class _Counted(io.BufferedWriter):
    """A file that goes on at its end, and tells after each write how long it is."""

    def __init__(self, path: Path, show: Callable[[int], None]) -> None:
        super().__init__(io.FileIO(path, "ab"))
        self._show = show

    def write(self, data: bytes) -> int:  # type: ignore[override]
        written = super().write(data)
        self._show(self.tell())
        return written


def _part(place: Path, file: RemoteFile) -> Path:
    """Where a file is until it is whole; another version of it never goes on there."""
    path = place / file.path
    return path.with_name(f".{path.name}.{(file.sha256 or file.git_id)[:16]}.part")


def _got(place: Path, file: RemoteFile) -> int:
    """Bytes of a file that are here."""
    for path in (place / file.path, _part(place, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size)
    return 0


def _promised(file: RemoteFile) -> FileRecord | None:
    return FileRecord(size=file.size, sha256=file.sha256) if file.sha256 else None


def _is_right(path: Path, file: RemoteFile) -> bool:
    if file.sha256:
        return record(path).sha256 == file.sha256
    # Small files have no hash of their own at the hub, but the one that git gives them.
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    for chunk in chunks(path):
        digest.update(chunk)
    return digest.hexdigest() == file.git_id


def _remote(file: "RepoSibling") -> RemoteFile:
    parts = Path(file.rfilename).parts
    if file.size is None or not file.blob_id or Path(file.rfilename).is_absolute() or ".." in parts:
        raise BackendError(f"the hub does not say enough of {file.rfilename!r} to fetch it safely")
    return RemoteFile(file.rfilename, file.size, file.blob_id, file.lfs.sha256 if file.lfs else None)


def _only(model: Model, pattern: str) -> Model:
    return model.model_copy(update={"files": (pattern,)})


def _hub(endpoint: str | None) -> "HfApi":
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint)


@contextmanager
def _asking(model: Model, endpoint: str | None) -> Iterator[None]:
    """Tell what goes wrong with the hub in one line, with the way out; the key of the hub is never in it."""
    if find_spec("huggingface_hub") is None:
        raise ConfigError('fetching needs huggingface_hub: pip install "peeler[flux]"')
    from huggingface_hub import constants, errors

    remember(os.environ.get(TOKEN, ""))
    page = f"{endpoint or constants.ENDPOINT}/{model.repository}"
    local = "or give the path of a local folder where a model is asked for"
    try:
        yield
    except errors.GatedRepoError as problem:
        way = f"accept the licence at {page}, then set {TOKEN} to a token of that account, {local}"
        raise ConfigError(f"{model.repository} is gated: {way}") from problem
    except errors.RepositoryNotFoundError as problem:
        way = f"look at {page} and check the token in {TOKEN}, {local}"
        raise ConfigError(f"the hub knows no {model.repository}, or does not show it to you: {way}") from problem
    except errors.OfflineModeIsEnabled as problem:
        raise ConfigError(f"HF_HUB_OFFLINE is set, so nothing is fetched: unset it, {local}") from problem
    except errors.HfHubHTTPError as problem:
        if (status := problem.response.status_code) in (401, 403):
            way = f"check the token in {TOKEN} and the licence at {page}, {local}"
            raise ConfigError(f"the hub refuses {model.repository} ({status}): {way}") from problem
        raise Unavailable(f"the hub answered {status} for {model.repository}; the same command goes on") from problem
    except (vars(errors)["HTTPError"], OSError) as problem:
        if isinstance(problem, OSError) and problem.errno in (ENOSPC, EDQUOT, EACCES, EROFS, EIO):
            raise StoreError(
                f"{model.name} cannot be written ({problem.strerror}); the same command goes on"
            ) from problem
        way = f"the same command goes on when it can, {local}"
        raise Unavailable(f"the hub cannot be reached, or broke off ({type(problem).__name__}): {way}") from problem
