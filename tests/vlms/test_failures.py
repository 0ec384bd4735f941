"""What an error of a server means."""

import json
from email.utils import formatdate
from typing import Any

import pytest

from peeler.errors import Rejected, Unavailable
from peeler.vlms.failures import failure

NOW = 1_700_000_000.0


def fail(status: int, body: Any = None, **headers: str) -> Unavailable | Rejected:
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure(status, named, raw, "api.example", NOW)


def google(code: int, status: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Said by Google.", "status": status, "details": list(details)}}


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_passes(status: int) -> None:
    assert isinstance(fail(status), Unavailable)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 402, 403, 404, 405, 413, 418, 422])
def test_what_does_not_pass(status: int) -> None:
    assert isinstance(fail(status), Rejected)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (429, "insufficient_quota", "billing"),
        (400, "billing_hard_limit_reached", "billing"),
        (400, "content_filter", "content filter"),
        (401, "invalid_api_key", "key is not accepted"),
        (404, "model_not_found", "no such model"),
        (403, "unsupported_country_region_territory", "region"),
        (307, "", "final address"),
    ],
)
def test_the_way_out_is_told(status: int, code: str, told: str) -> None:
    problem = fail(status, {"error": {"message": "So it is.", "code": code, "type": None}})
    assert isinstance(problem, Rejected)
    assert str(problem).startswith(f"api.example answers {status}: So it is; ") and told in str(problem)


def test_google_says_it_in_the_details() -> None:
    bad_key = fail(400, google(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}))
    assert isinstance(bad_key, Rejected) and "key is not accepted" in str(bad_key)
    daily = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    spent = fail(429, google(429, "RESOURCE_EXHAUSTED", daily, {"retryDelay": "34s"}))
    assert isinstance(spent, Rejected) and "billing" in str(spent)
    busy = {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}]}
    wait = fail(429, google(429, "RESOURCE_EXHAUSTED", busy, {"retryDelay": "34.5s"}))
    assert isinstance(wait, Unavailable) and wait.after == 34.5


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after": "7", "retry_after_ms": "250"}, 0.25),
        ({"retry_after": formatdate(NOW + 90, usegmt=True)}, 90.0),
        ({"retry_after": formatdate(NOW + 90)}, 90.0),
        ({"retry_after": formatdate(NOW - 90, usegmt=True)}, 0.0),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Mon, 99 Foo 99999 00:00:00 GMT"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], after: float | None) -> None:
    problem = fail(429, None, **headers)
    assert isinstance(problem, Unavailable)
    assert problem.after == after


def test_what_surely_costs_nothing() -> None:
    free = {status: fail(status).free for status in (429, 500, 502, 503, 504)}  # type: ignore[union-attr]
    assert free == {429: True, 500: True, 502: False, 503: True, 504: False}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": {"message": "one"}}, "one"),
        ([{"error": {"message": "two"}}], "two"),
        ({"error": "three"}, "three"),
        ({"message": "four"}, "four"),
        ({"detail": "five"}, "five"),
        (b"<html><body><h1>six</h1></body></html>", "six"),
        (b"\xff\x00\x1b[31mseven", "[31mseven"),
        (b"", "answers 500"),
        (b"null", "answers 500"),
        (b"[" * 100_000, "answers 500"),
        ({"error": {"message": {"a": 1}, "details": 3, "code": ["x"]}}, "{'a': 1}"),
        ({"error": {"details": [3, {"violations": 3}, {"violations": [None]}]}}, "answers 500"),
        ({"error": {"message": "long " * 10_000}}, "long long"),
    ],
)
def test_one_line_of_what_it_says(body: Any, told: str) -> None:
    said = str(fail(500, body))
    assert told in said
    assert len(said) < 500 and said.isprintable()


def test_a_key_that_the_server_repeats_is_hidden() -> None:
    body = {"error": {"message": "Incorrect API key provided: sk-proj-fake0fake1fake2. Find yours", "code": "x"}}
    assert "fake0" not in str(fail(401, body))
