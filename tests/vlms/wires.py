"""A real HTTP server on this machine that answers as it is told, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server says once: ``cut`` bytes are missing at the end, ``drip`` seconds go by between its bytes.

    It says so after ``wait`` seconds, and not before as many have asked as ``meeting`` takes.
    """

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0
    cut: int = 0
    meeting: threading.Barrier | None = None


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: Any


class FakeServer:
    """Gives ``answers`` in turn, the last one again and again."""

    def __init__(self, port: int, answers: list[Answer]) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.answers = answers
        self.asked: list[Asked] = []

    def next(self) -> Answer:
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(body).encode(), status, {"Content-Type": "application/json", **named})


@contextmanager
def serving(*answers: Answer) -> Iterator[FakeServer]:
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_json = "json" in headers["content-type"]
            fake.asked.append(Asked(self.path, headers, json.loads(body) if is_json else body))
            answer = fake.next()
            closing.wait(answer.wait)
            if answer.meeting:
                answer.meeting.wait(60)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self._write(answer)

        def _write(self, answer: Answer) -> None:
            whole = answer.body[: len(answer.body) - answer.cut]
            self.close_connection = bool(answer.cut)
            if not answer.drip:
                self.wfile.write(whole)
                return
            for byte in whole:
                if closing.wait(answer.drip):
                    return
                self.wfile.write(bytes([byte]))

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Clients that hang up early are part of the tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        fake = FakeServer(server.server_port, list(answers))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield fake
        finally:
            closing.set()
            server.shutdown()
