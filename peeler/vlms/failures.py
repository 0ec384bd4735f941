"""What a server's error means: wait and ask again, or see to something first."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from peeler.dialogue import Reply
from peeler.errors import Rejected, Unavailable
from peeler.secrets import redact
from peeler.text import label

LONGEST_MESSAGE = 400

_CREDIT = "the account has nothing left for this: see its plan and billing, or name another model"
_KEY = "the key is not accepted: check the variable that holds it"
_FILTER = "the provider's content filter refuses this picture: peel it with the embedded analyst"
WAYS_OUT: dict[int, str] = {
    400: "the request does not suit this model: does it take pictures and JSON schemas?",
    401: _KEY,
    402: _CREDIT,
    403: "the key may not do this: check its permissions, the model and the region",
    404: "no such model, or no such address: check MODEL@ADDRESS",
    413: "the request is too large for this server",
    422: "the request does not suit this model: does it take pictures and JSON schemas?",
}
"""Status → what the user can do about it."""
REDIRECTED = "it sends its callers elsewhere, where no key is sent: give the final address"

MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"insufficient_quota|billing_\w+|insufficient_balance|PerDay"), _CREDIT),
    (re.compile(r"API_KEY_INVALID|invalid_api_key"), _KEY),
    (re.compile(r"content_filter|content_policy|moderation_blocked"), _FILTER),
)
"""Codes in the body that say more than the status."""
PASSING = {408, 409, 425, 429}
"""Statuses that pass by themselves, as all from 500 on do."""
CHARGED_PERHAPS = {408, 502, 504, 524}
"""Somebody on the way gave up; the model may have answered all the same."""


def answered(exchange: Callable[[], Reply], name: str, format: str) -> Reply:
    """The reply of ``exchange`` with ``name``. Raises Unavailable when it is in another ``format``, and what it raises.

    What the client had in hand, the key among it, stays out of the traceback.
    """
    try:
        return exchange()
    except ValidationError:
        failed: Unavailable | Rejected = Unavailable(f"{name} answers in another format than {format}")
    except (Unavailable, Rejected) as problem:
        failed = problem
    raise failed.with_traceback(None)


class Told(NamedTuple):
    """What the body of an error says: a sentence, codes, and seconds to wait."""

    message: str
    codes: str
    after: float | None


def failure(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    host: str,
    now: float,
    ways_out: Mapping[int, str] = WAYS_OUT,
) -> Unavailable | Rejected:
    """The error for an HTTP status that is no success; ``now`` is seconds of Unix time."""
    told = _told(body)
    said = redact(label(f"{host} answers {status}: {told.message}", LONGEST_MESSAGE).rstrip(": ."))
    marked = next((way_out for pattern, way_out in MARKS if pattern.search(told.codes)), None)
    if marked is None and (status in PASSING or status >= 500):
        wait = _wait(headers, now)
        return Unavailable(said, told.after if wait is None else wait, free=status not in CHARGED_PERHAPS)
    way_out = marked or (REDIRECTED if status < 400 else ways_out.get(status))
    return Rejected(f"{said}; {way_out}" if way_out else said)


def _told(body: bytes) -> Told:
    """Reads ``{"error": {…}}`` of OpenAI and Google, a list of it, ``{"error": "…"}`` and ``{"detail": "…"}``."""
    text = body[: 2**16].decode("utf-8", "replace")
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return Told(re.sub(r"<[^>]*>", " ", text), "", None)
    whole = whole[0] if isinstance(whole, list) and whole else whole
    error = whole.get("error", whole) if isinstance(whole, dict) else whole
    if not isinstance(error, dict):
        return Told(str(error), "", None)
    message = error.get("message") or error.get("detail") or ""
    details = [item for item in _items(error, "details") if isinstance(item, dict)]
    quotas = [item for detail in details for item in _items(detail, "violations") if isinstance(item, dict)]
    codes = [error.get(name) for name in ("code", "type", "status")]
    codes += [detail.get("reason") for detail in details] + [quota.get("quotaId") for quota in quotas]
    waits = (_seconds(str(detail.get("retryDelay", "")).removesuffix("s")) for detail in details)
    return Told(str(message), " ".join(map(str, codes)), next((wait for wait in waits if wait is not None), None))


def _items(holder: dict[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the headers ask to wait (RFC 9110 §10.2.3, and OpenAI's milliseconds)."""
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after", "")
    wait = _seconds(said)
    return _until(said, now) if wait is None else wait


def _seconds(said: str) -> float | None:
    try:
        seconds = float(said)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(date: str, now: float) -> float | None:
    try:
        when = parsedate_to_datetime(date)
        return max((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None
