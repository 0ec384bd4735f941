"""Both official clients against a real server on this machine: what is sent, what is read, what goes wrong."""

import base64
import gzip
import io
import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest

from peeler.dialogue import Message, Prompt, Reply, Request, Usage, Vlm
from peeler.errors import BackendError, ConfigError, Rejected, Unavailable
from peeler.secrets import guard_logs
from peeler.vlms import wire
from peeler.vlms.gemini import GeminiVlm
from peeler.vlms.openai_compatible import OpenAiCompatibleVlm
from peeler.vlms.scripted import ScriptedVlm
from tests.vlms.wires import Answer, FakeServer, said, serving

PICTURE = b"\x89PNG\r\n\x1a\nnot really"
SCHEMA = {"title": "Thing", "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
SCHEMA["additionalProperties"] = False
REQUEST = Request(
    Prompt("first_graph", 1, "0" * 64),
    (Message("user", "what is on top?", (PICTURE, PICTURE)), Message("model", "a hat"), Message("user", "as JSON")),
    SCHEMA,
    temperature=0.25,
    seed=2**40 + 5,
    timeout=5.0,
    most_tokens=777,
)
KEYS = [
    "AIza" + "SyFAKE0fake1FAKE2fake3FAKE4fake5FAK",
    "sk-fake0FAKE1fake2FAKE3fake4",
    "sk-proj-fake_FAKE-fake0FAKE1fake2FAKE3",
    "AQ.Ab8RfakeFAKEfakeFAKEfakeFAKE",
    "without-any-known-shape/+",
]


@dataclass(frozen=True)
class Wire:
    """A provider's client, and how its servers speak."""

    make: Callable[..., Vlm]
    base: str
    key_header: tuple[str, str]
    speak: Callable[..., dict[str, Any]]


def chat(text: str | None = '{"a": 1}', end: str = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": end}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 125}
    return {"id": "id-1", "object": "chat.completion", "model": "m-2", "choices": [choice], "usage": usage, **more}


ENDS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def generate(text: str | None = '{"a": 1}', end: str = "stop", **more: Any) -> dict[str, Any]:
    parts = [{"text": "hm", "thought": True}, {"text": text}] if text else []
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": ENDS[end]}
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 5, "totalTokenCount": 125}
    told = {"usageMetadata": usage, "modelVersion": "m-2", "responseId": "id-1"}
    return {"candidates": [candidate], **told, **more}


WIRES = {
    "openai": Wire(OpenAiCompatibleVlm, "/v1", ("authorization", "Bearer "), chat),
    "gemini": Wire(GeminiVlm, "", ("x-goog-api-key", ""), generate),
}


@pytest.fixture(params=WIRES)
def spoken(request: pytest.FixtureRequest) -> Wire:
    return WIRES[request.param]


def at(spoken: Wire, fake: FakeServer, key: str | None = None, model: str = "gemini-2.5-pro") -> Vlm:
    return spoken.make(model, key, fake.root + spoken.base)


def ask(spoken: Wire, *answers: Answer, request: Request = REQUEST, key: str | None = None) -> Reply:
    with serving(*answers) as fake:
        return at(spoken, fake, key).ask(request)


def test_what_openai_is_sent() -> None:
    with serving(said(chat())) as fake:
        at(WIRES["openai"], fake, "a-key-for-it", "some/model").ask(REQUEST)
    (asked,) = fake.asked
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PICTURE).decode()}}
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer a-key-for-it"
    assert asked.body == {
        "model": "some/model",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "what is on top?"}, picture, picture]},
            {"role": "assistant", "content": "a hat"},
            {"role": "user", "content": [{"type": "text", "text": "as JSON"}]},
        ],
        "temperature": 0.25,
        "seed": 5,
        "max_tokens": 777,
        "response_format": {"type": "json_schema", "json_schema": {"name": "Thing", "schema": SCHEMA, "strict": True}},
    }


def test_what_gemini_is_sent() -> None:
    with serving(said(generate())) as fake:
        at(WIRES["gemini"], fake, "a-key-for-it").ask(REQUEST)
    (asked,) = fake.asked
    data = asked.body["contents"][0]["parts"][1]["inlineData"]["data"]
    assert asked.path == "/v1beta/models/gemini-2.5-pro:generateContent"
    assert asked.headers["x-goog-api-key"] == "a-key-for-it"
    assert base64.urlsafe_b64decode(data.translate(str.maketrans("+/", "-_"))) == PICTURE
    assert [turn["role"] for turn in asked.body["contents"]] == ["user", "model", "user"]
    assert [list(part) for part in asked.body["contents"][0]["parts"]] == [["text"], ["inlineData"], ["inlineData"]]
    assert asked.body["generationConfig"] == {
        "temperature": 0.25,
        "seed": 5,
        "maxOutputTokens": 777,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    assert "tools" not in asked.body


def test_only_what_a_model_takes_is_sent() -> None:
    with serving(said(generate())) as fake:
        at(WIRES["gemini"], fake, model="gemma-3-27b-it").ask(REQUEST)
    assert set(fake.asked[0].body["generationConfig"]) == {"temperature", "seed", "maxOutputTokens"}
    with serving(said(chat())) as fake:
        at(WIRES["openai"], fake, model="gpt-5-mini").ask(replace(REQUEST, schema=None, seed=None))
    assert set(fake.asked[0].body) == {"model", "messages", "max_tokens"}


def test_what_openai_itself_is_sent() -> None:
    asked = OpenAiCompatibleVlm("gpt-4.1", "a-key-for-it")._asked(REQUEST)
    assert asked["max_completion_tokens"] == 777 and "max_tokens" not in asked


@pytest.mark.parametrize("proxy", ["nonsense://me:sk-fake-of-a-proxy@x", "socks5://me:sk-fake-of-a-proxy@x"])
def test_a_proxy_that_cannot_be_used(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError, match="proxy") as problem:
        wire.PinnedClient("https://api.example/v1")
    assert "sk-fake" not in str(problem.value)


def test_a_reply(spoken: Wire) -> None:
    reply = ask(spoken, said(spoken.speak()))
    assert replace(reply, seconds=0.0) == Reply('{"a": 1}', usage=Usage(100, 25), model="m-2", request_id="id-1")
    assert 0 < reply.seconds < 5


def test_the_request_id_of_the_headers() -> None:
    assert ask(WIRES["openai"], said(chat(), x_request_id="req-7")).request_id == "req-7"


@pytest.mark.parametrize(
    ("end", "finished"), [("stop", "complete"), ("length", "cut off"), ("content_filter", "refused")]
)
def test_how_it_ended(spoken: Wire, end: str, finished: str) -> None:
    reply = ask(spoken, said(spoken.speak("no", end)))
    assert (reply.finished, reply.text, reply.usage) == (finished, "no", Usage(100, 25))


def test_refusals() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "refusal": "I will not"}}
    refused = ask(WIRES["openai"], said(chat(choices=[choice | {"finish_reason": "stop"}])))
    assert (refused.finished, refused.text) == ("refused", "I will not")
    blocked = generate(candidates=[], promptFeedback={"blockReason": "PROHIBITED_CONTENT"})
    assert ask(WIRES["gemini"], said(blocked)).finished == "refused"


def test_nothing_said_is_an_empty_text(spoken: Wire) -> None:
    reply = ask(spoken, said(spoken.speak(None)))
    assert (reply.finished, reply.text) == ("complete", "")


def test_usage_may_be_missing(spoken: Wire) -> None:
    assert ask(spoken, said(spoken.speak(usage=None, usageMetadata=None))).usage == Usage()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>It works!</html>",
        b'{"choices": [{"message": {"content": "half a',
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b"[" * 100_000,
        b'{"choices": null, "candidates": null}',
        b'{"choices": [], "candidates": []}',
        b'{"choices": [null], "candidates": [7]}',
        b'{"choices": [{"message": 3}], "candidates": [{"content": 3}]}',
        b'{"choices": [{"message": {"content": [1]}}], "candidates": [{"content": {"parts": [{"text": 1}]}}]}',
        b'{"choices": {"0": 1}, "candidates": "x", "usage": "y", "usageMetadata": []}',
    ],
)
def test_other_formats(spoken: Wire, body: bytes) -> None:
    with pytest.raises(Unavailable) as problem:
        ask(spoken, Answer(body, headers={"Content-Type": "text/html"}))
    assert "\n" not in str(problem.value)
    assert not problem.value.free


def test_broken_off(spoken: Wire) -> None:
    whole = said(spoken.speak())
    with pytest.raises(Unavailable):
        ask(spoken, replace(whole, cut=9))


@pytest.mark.parametrize("status", [408, 429, 500, 503, 529])
def test_each_ask_is_one_request(spoken: Wire, status: int) -> None:
    with serving(said({"error": {"message": "busy"}}, status, retry_after="3")) as fake:
        with pytest.raises(Unavailable, match="busy") as problem:
            at(spoken, fake).ask(REQUEST)
    assert problem.value.after == 3.0
    assert len(fake.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_is_refused_for_good(spoken: Wire, status: int) -> None:
    with pytest.raises(Rejected, match=f"127.0.0.1 answers {status}: so it is; "):
        ask(spoken, said({"error": {"message": "so it is"}}, status))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(spoken: Wire, status: int) -> None:
    with serving(said(spoken.speak())) as other, serving(said({}, status, Location=other.root + "/v1/x")) as fake:
        with pytest.raises(Rejected, match="final address"):
            at(spoken, fake, KEYS[0]).ask(REQUEST)
    assert len(fake.asked) == 1 and not other.asked


def patience(spoken: Wire) -> float:
    """Seconds in which a question has to be given up; longer where the machine is so busy that any takes long."""
    begun = time.monotonic()
    ask(spoken, said(spoken.speak()), request=replace(REQUEST, timeout=60.0))
    return max(3.0, 30 * (time.monotonic() - begun))


def test_a_hanging_server(spoken: Wire) -> None:
    longest, begun = patience(spoken), time.monotonic()
    with pytest.raises(Unavailable, match="in time") as problem:
        ask(spoken, replace(said(spoken.speak()), wait=600.0), request=replace(REQUEST, timeout=0.3))
    assert time.monotonic() - begun < longest
    assert not problem.value.free


def test_a_server_that_drips(spoken: Wire) -> None:
    """Each byte comes in time, the whole does not."""
    longest, begun = patience(spoken), time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        ask(spoken, replace(said(spoken.speak()), drip=0.05), request=replace(REQUEST, timeout=0.4))
    assert time.monotonic() - begun < longest


def test_nobody_there(spoken: Wire) -> None:
    with serving(said({})) as fake:
        pass
    with pytest.raises(Unavailable) as problem:
        at(spoken, fake).ask(REQUEST)
    assert problem.value.free


def test_endless_answers_are_cut(spoken: Wire) -> None:
    text = spoken.speak("x" * wire.LARGEST_ANSWER)
    with pytest.raises(Unavailable, match="larger than 32 MiB"):
        ask(spoken, said(text))


def test_compressed_answers(spoken: Wire) -> None:
    plain = said(spoken.speak())
    small = replace(plain, body=gzip.compress(plain.body), headers={**plain.headers, "Content-Encoding": "gzip"})
    assert ask(spoken, small).text == '{"a": 1}'
    with pytest.raises(Unavailable):
        ask(spoken, replace(small, body=b"no gzip"))
    bomb = gzip.compress(b" " * (wire.LARGEST_ANSWER + 1))
    with pytest.raises(Unavailable, match="larger than"):
        ask(spoken, replace(small, body=bomb))


def test_many_may_ask_at_once(spoken: Wire) -> None:
    answer = replace(said(spoken.speak()), meeting=threading.Barrier(8))
    with serving(answer) as fake, ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(at(spoken, fake).ask, [replace(REQUEST, timeout=60.0)] * 8))) == 8


def test_the_environment_changes_nothing(spoken: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients read these by themselves; here nothing of them is left to read."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "ambient-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: ambient-secret\nAuthorization: ambient-secret")
    monkeypatch.setenv("OPENAI_ORG_ID", "ambient-secret")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    with serving(said(spoken.speak())) as fake:
        at(spoken, fake).ask(REQUEST)
    (asked,) = fake.asked
    assert "ambient-secret" not in json.dumps(asked.headers)
    assert set(asked.headers) <= wire.PASSED
    assert "/v9/" not in asked.path


def test_no_other_server_is_asked() -> None:
    client = wire.PinnedClient("http://127.0.0.1:9/v1")
    for url in ("http://127.0.0.1:10/v1", "https://127.0.0.1:9/v1", "http://localhost:9/v1"):
        with pytest.raises(Rejected, match="not the server"):
            client.send(httpx2.Request("POST", url, extensions={"timeout": {"read": 1.0}}))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, redacted as the package does it."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    guard_logs()
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(("key", "status"), list(zip(KEYS, [401, 500, 302, 429, 200], strict=True)))
def test_keys_stay_in_the_headers(spoken: Wire, key: str, status: int, log: io.StringIO) -> None:
    """A server that repeats the key everywhere, every log, the error, and its traceback with all variables."""
    header, before = spoken.key_header
    echo = said({"error": {"message": f"Bearer {key} ?key={key}", "code": key, "status": key}}, status, x_note=key)
    with serving(echo) as fake:
        vlm = at(spoken, fake, key)
        with pytest.raises(BackendError) as caught:
            vlm.ask(REQUEST)
    (asked,) = fake.asked
    assert asked.headers[header] == before + key
    assert key not in asked.path + json.dumps(asked.body)
    logging.getLogger("of a careless caller").error("x-goog-api-key: %s", key, exc_info=caught.value)
    whole = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(frame for frame in whole.format() if "test_keys_stay_in_the_headers" not in frame)
    assert "openai" in log.getvalue() or "http" in log.getvalue()
    for text in (str(caught.value), repr(caught.value), shown, repr(vlm), str(vars(vlm)), log.getvalue()):
        assert key not in text


def test_a_script() -> None:
    whole = Reply("all", finished="cut off")
    vlm = ScriptedVlm(["one", whole, Unavailable("later", after=2.0)])
    assert vlm.ask(REQUEST).text == "one"
    assert vlm.ask(REQUEST) is whole
    with pytest.raises(Unavailable, match="later"):
        vlm.ask(REQUEST)
    with pytest.raises(Rejected, match="nothing more"):
        vlm.ask(REQUEST)
    assert vlm.requests == [REQUEST] * 4
