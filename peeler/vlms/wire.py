"""The HTTP client under every provider's own client: one host, one deadline, bounded answers, errors as ours."""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from typing import Any

import httpx2

from peeler.errors import ConfigError, Rejected, Unavailable
from peeler.secrets import redact
from peeler.vlms.failures import WAYS_OUT, failure
from peeler.vlms.specs import is_loopback

LARGEST_ANSWER = 32 * 2**20
"""Bytes."""
SLOWEST_CONNECTION = 10.0
"""Seconds."""
ONE_CALL_EACH = httpx2.Limits(max_keepalive_connections=0)
"""A new connection costs nothing beside an answer, and no old one can break in the middle of a call."""
PASSED = {
    *("authorization", "x-goog-api-key", "host", "content-type", "content-length", "accept", "accept-encoding"),
    *("connection", "user-agent", "x-goog-api-client", "x-server-timeout"),
}
"""Headers that are sent; the clients add others, some of them from the environment."""
NEVER_CHARGED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
"""The request did not get there."""


class PinnedClient(httpx2.Client):
    """Talks to one origin only and follows no redirect, so that keys stay where they belong.

    Whatever goes wrong is raised as Unavailable or Rejected; a response that comes back is a success and holds a JSON
    object. Proxies of the environment are used, but not on the way to this machine.
    """

    def __init__(
        self,
        address: str,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        ways_out: Mapping[int, str] = WAYS_OUT,
    ) -> None:
        try:
            super().__init__(
                verify=_trusted(), trust_env=not is_loopback(address), follow_redirects=False, limits=ONE_CALL_EACH
            )
        except (ImportError, ValueError) as problem:
            raise ConfigError(redact(f"the proxy that the environment names cannot be used: {problem}")) from None
        self._home = _origin(httpx2.URL(address))
        self._clock, self._now, self._ways_out = clock, now, ways_out

    def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """One exchange. The read timeout of the request is the time for the whole of it."""
        host = request.url.host
        if _origin(request.url) != self._home:
            raise Rejected(f"{host} is not the server that was named")
        seconds = float(request.extensions["timeout"]["read"])
        try:
            answer, body = self._exchange(_bare(request, seconds), self._clock() + seconds)
        except httpx2.TimeoutException as problem:
            raise Unavailable(f"{host} does not answer in time", free=isinstance(problem, NEVER_CHARGED)) from None
        except httpx2.RequestError as problem:
            free = isinstance(problem, NEVER_CHARGED)
            raise Unavailable(f"{host}: {redact(str(problem))}", free=free) from None
        if not answer.is_success:
            raise failure(answer.status_code, answer.headers, body, host, self._now(), self._ways_out)
        return _success(answer, body, request)

    def _exchange(self, request: httpx2.Request, deadline: float) -> tuple[httpx2.Response, bytes]:
        body = bytearray()
        with closing(super().send(request, stream=True, follow_redirects=False)) as answer:
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise httpx2.ReadError(f"the answer is larger than {LARGEST_ANSWER // 2**20} MiB")
                if self._clock() > deadline:
                    raise httpx2.ReadTimeout("the answer takes too long")
        return answer, bytes(body)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of this machine; to read them takes longer than all else before a request."""
    return httpx2.create_ssl_context()


def _bare(request: httpx2.Request, seconds: float) -> httpx2.Request:
    """The request with nothing but the headers that are passed on."""
    headers = {name: value for name, value in request.headers.items() if name in PASSED}
    timeout = request.extensions["timeout"] | {"connect": min(seconds, SLOWEST_CONNECTION)}
    return httpx2.Request(
        request.method, request.url, headers=headers, stream=request.stream, extensions={"timeout": timeout}
    )


def _success(answer: httpx2.Response, body: bytes, request: httpx2.Request) -> httpx2.Response:
    try:
        usable = isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        usable = False
    if not usable:
        raise Unavailable(f"{request.url.host} answers with something that is no JSON object: is it the right address?")
    headers = {"content-type": "application/json", "x-request-id": answer.headers.get("x-request-id", "")}
    return httpx2.Response(200, headers=headers, content=body, request=request)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
