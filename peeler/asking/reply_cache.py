"""Replies kept by all that determines them, so that nothing is paid for twice."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from peeler.dialogue import Reply, Request
from peeler.files import replacing, sha256, storing
from peeler.secrets import redact

FORMAT = 1


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    key: str
    reply: Reply


class ReplyCache:
    """A folder of replies; processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Reply | None:
        """The reply that was kept under a key; None if there is none, or it is damaged."""
        try:
            entry = _Entry.model_validate_json(self._path(key).read_bytes())
        except (OSError, ValidationError):
            return None
        return entry.reply if (entry.format, entry.key) == (FORMAT, key) else None

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply, without secrets and without how long it took. Raises StoreError."""
        kept = _Entry(key=key, reply=replace(reply, seconds=0.0)).model_dump_json()
        path = self._path(key)
        with storing(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as unfinished:
            unfinished.write_text(redact(kept), encoding="utf-8")

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let nobody else ask the same meanwhile: who comes second waits, and finds the reply of the first."""
        path = self._path(key).with_suffix(".lock")
        with storing(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _lock(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(lock)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def request_key(name: str, request: Request) -> str:
    """The SHA-256 of all that determines the answer: who is asked, the prompt, words, pictures, and how to answer."""
    messages = [(turn.role, turn.text, [sha256(picture) for picture in turn.images]) for turn in request.messages]
    how = (request.schema, request.temperature, request.seed, request.most_tokens)
    return sha256(json.dumps([FORMAT, name, request.prompt, messages, how]).encode())


def reply_folder(environment: Mapping[str, str]) -> Path:
    """Where replies are kept unless told otherwise: ``PEELER_CACHE``, or the user's folder for caches."""
    if chosen := environment.get("PEELER_CACHE"):
        return Path(chosen) / "replies"
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if base := environment.get(variable):
            return Path(base) / "peeler" / "replies"
    return Path.home() / ".cache" / "peeler" / "replies"


def _lock(path: Path) -> int:
    """A descriptor that holds the lock file which is there now, and not one that its holder has just taken away."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if path.stat().st_ino == os.fstat(lock).st_ino:
                return lock
        except FileNotFoundError:
            pass
        os.close(lock)
