"""The loopback model over HTTP."""

import hashlib
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from peeler.dialogue import Reply, Usage
from peeler.errors import ConfigError
from peeler.serve_vlm.answers import MODEL, BadQuestion, EmbeddedVlm
from peeler.serve_vlm.faults import SAID_WRONG, Fault, Faults, spoilt
from peeler.serve_vlm.wires import BadRequest, Wire, wire_at

ADDRESS = "127.0.0.1"
LARGEST_BODY = 64 * 2**20
"""Bytes of a request."""
IDLE = 60.0
"""Seconds until a connection on which nothing comes is closed."""


class Loopback(ThreadingHTTPServer):
    """Answers on 127.0.0.1 at ``port``, or at a free one for 0; ``faults`` may be changed while it runs."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int = 0, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.vlm = EmbeddedVlm()
        self.closing = threading.Event()
        self.tally = Tally()
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as problem:
            raise ConfigError(f"port {port} cannot be used ({problem.strerror}); --port 0 takes a free one") from None

    @property
    def url(self) -> str:
        """Where it listens, without a path; OpenAI's clients want ``/v1`` after it."""
        return f"http://{ADDRESS}:{self.server_address[1]}"

    def server_close(self) -> None:
        self.closing.set()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is nothing to tell."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Tally:
    """What came and what was answered, by digests; ``repeated`` questions had got a sound answer before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: Counter[str] = Counter()
        self._answered: set[str] = set()
        self._faults: Counter[str] = Counter()
        self._now = self._most = self._repeated = 0
        self._used = Usage()

    def came(self, question: str) -> int:
        """How often the same came before."""
        with self._lock:
            self._now += 1
            self._most = max(self._most, self._now)
            self._repeated += question in self._answered
            self._times[question] += 1
            return self._times[question] - 1

    def went(self) -> None:
        with self._lock:
            self._now -= 1

    def failed(self, fault: Fault) -> None:
        with self._lock:
            self._faults[fault.value] += 1

    def paid(self, question: str, usage: Usage, sound: bool) -> None:
        with self._lock:
            self._used = Usage(self._used.input + usage.input, self._used.output + usage.output)
            if sound:
                self._answered.add(question)

    def told(self) -> dict[str, Any]:
        with self._lock:
            return {
                "requests": sum(self._times.values()),
                "answered": len(self._answered),
                "repeated": self._repeated,
                "faults": dict(self._faults),
                "most_at_once": self._most,
                "tokens": self._used._asdict(),
            }


class Asked(NamedTuple):
    """The digest of a question, and how often it came before."""

    question: str
    before: int


class Answer(NamedTuple):
    """What is sent; of the body only the first ``share``."""

    status: int
    data: dict[str, Any]
    headers: dict[str, str] = {}
    share: float = 1


@contextmanager
def serving(faults: Faults | None = None, port: int = 0) -> Iterator[Loopback]:
    """A server that answers in its own thread until the block ends."""
    with Loopback(port, faults) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection; several requests may come on it."""

    server: Loopback
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        if self.path == "/stats":
            self._send(200, self.server.tally.told())
        elif self.path.endswith("/models"):
            self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "peeler"}]})
        else:
            self._send(404, {"error": {"message": "there are /v1/models and /stats"}})

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        wire = wire_at(self.path.partition("?")[0])
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(413, {"error": {"message": f"a body of at most {LARGEST_BODY} bytes is taken"}})
            return
        body = self.rfile.read(int(length))
        if wire is None:
            self._send(404, {"error": {"message": "there are chat/completions and models/MODEL:generateContent"}})
            return
        question = hashlib.sha256(body).hexdigest()
        before = self.server.tally.came(question)
        try:
            answer = self._answer(wire, body, Asked(question, before))
        finally:
            # Before it is sent, as the next question may come as soon as it is there.
            self.server.tally.went()
        if answer is None:
            self.close_connection = True
        else:
            self._send(*answer)

    def _answer(self, wire: Wire, body: bytes, asked: Asked) -> Answer | None:
        """What to send when its time has come; nothing when the server closes before."""
        server, faults, started = self.server, self.server.faults, time.monotonic()
        fault = faults.drawn(*asked)
        if fault:
            server.tally.failed(fault)
        if fault is Fault.RATE_LIMIT:
            later = {"Retry-After": f"{faults.retry_after:g}"}
            return Answer(429, wire.error(429, "too many requests, come back later"), later)
        if fault is Fault.SERVER_ERROR:
            return Answer(500, wire.error(500, "something went wrong on our side"))
        if fault is Fault.HANG:
            server.closing.wait()
            return None
        try:
            reply = server.vlm.ask(wire.read(_object(body)))
        except (BadRequest, BadQuestion) as problem:
            return Answer(400, wire.error(400, str(problem)))
        slow = faults.reply_time + (faults.delay if fault is Fault.DELAY else 0)
        server.closing.wait(max(0.0, started + slow - time.monotonic()))
        return self._said(wire, reply, asked, fault)

    def _said(self, wire: Wire, reply: Reply, asked: Asked, fault: Fault | None) -> Answer:
        if fault in SAID_WRONG:
            reply = spoilt(reply, Fault(fault), self.server.faults.dice(*asked))
        reply = replace(reply, request_id=f"loopback-{asked.question[:16]}-{asked.before}")
        # Before it is sent, so that who has the answer finds it in the statistics.
        self.server.tally.paid(asked.question, reply.usage, sound=fault not in {*SAID_WRONG, Fault.CUT})
        return Answer(200, wire.reply(reply), share=0.5 if fault is Fault.CUT else 1)

    def _send(self, status: int, data: dict[str, Any], headers: dict[str, str] | None = None, share: float = 1) -> None:
        """Send an answer, or only its first ``share``. Raises OSError when the client is gone."""
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.close_connection = self.close_connection or share < 1
        self.wfile.write(body[: int(len(body) * share)])

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: a line could hold what the client sent."""


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        raise BadRequest("the body is no JSON") from None
    if not isinstance(data, dict):
        raise BadRequest("the body is no object")
    return data
