"""A hub on this machine: the few addresses of a model hub that fetching uses, with faults on demand."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 1000
"""Bytes from which a file is kept with a SHA-256, as the hub does with large ones."""


@dataclass
class Hub:
    """What the server has and how it behaves; tests change it while it runs."""

    repository: str
    files: dict[str, bytes]
    url: str = ""
    refuse: tuple[int, str] | None = None
    """A status and the code of an error that every request gets."""
    cut_after: int | None = None
    """Bytes of a file after which the connection breaks, and the hub with it."""
    damage: bool = False
    commit: str = COMMIT
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def ranges(self) -> list[str]:
        """The parts of files that were asked for, in order; an empty one is the whole file."""
        return [headers.get("range", "") for path, headers in self.requests if "/resolve/" in path]

    def told(self) -> dict[str, Any]:
        return {"id": self.repository, "sha": self.commit, "siblings": [self._row(name) for name in self.files]}

    def _row(self, name: str) -> dict[str, Any]:
        data = self.files[name]
        git_id = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        row: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": git_id}
        if len(data) >= LARGE:
            row["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return row


def clear_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this machine's user told the hub's library, and take up broken connections at once."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    for setting, value in {
        "HF_HUB_OFFLINE": False,
        "HF_TOKEN_PATH": "there is none",
        "DOWNLOAD_CHUNK_SIZE": 1000,
    }.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{setting}", value)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Run a hub on a free port of this machine while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            if hub.refuse:
                self._answer(hub.refuse[0], b"{}", {"X-Error-Code": hub.refuse[1]} if hub.refuse[1] else {})
            elif self.path.startswith(f"/api/models/{hub.repository}"):
                self._answer(200, json.dumps(hub.told()).encode())
            elif self.path.startswith(prefix := f"/{hub.repository}/resolve/{hub.commit}/"):
                self._send_file(hub.files[self.path.removeprefix(prefix)])
            else:
                self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

        def _send_file(self, data: bytes) -> None:
            if hub.damage:
                data = data[:-1] + bytes([data[-1] ^ 1])
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if "Range" in self.headers else 0
            more = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
            if hub.cut_after is not None and len(data) > hub.cut_after:
                hub.refuse = (500, "")
            self._answer(206 if start else 200, data[start:], more, hub.cut_after)

        def _answer(
            self, status: int, body: bytes, headers: dict[str, str] | None = None, cut_after: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut_after])
            self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
