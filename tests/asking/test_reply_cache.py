import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from peeler.asking import Ledger, ReplyCache, reply_folder
from peeler.asking.budget import spent
from peeler.asking.reply_cache import request_key
from peeler.dialogue import Message, Prompt, Reply, Request, Usage
from tests.asking.talk import PNG, ask_the_same, question

REPLY = Reply("ja ü", {"a": [1, None]}, "complete", Usage(3, 4), "m-1", "r-1", 2.5)


def changed() -> list[Request]:
    asked = question()
    return [
        replace(asked, prompt=Prompt("first_graph", 2, "0" * 64)),
        replace(asked, prompt=Prompt("first_graph", 1, "1" * 64)),
        replace(asked, messages=(Message("user", "What else?", (PNG,)),)),
        replace(asked, messages=(Message("user", asked.messages[0].text, (PNG + b"\0",)),)),
        replace(asked, messages=(Message("user", asked.messages[0].text),)),
        replace(asked, messages=(*asked.messages, Message("user", ""))),
        replace(asked, schema=None),
        replace(asked, temperature=0.5),
        replace(asked, seed=None),
        replace(asked, most_tokens=100),
    ]


def test_the_key_covers_all_that_determines_the_answer_and_nothing_else() -> None:
    keys = [request_key("scripted", request) for request in [question(), *changed()]]
    keys.append(request_key("openai:other", question()))
    assert len(set(keys)) == len(keys)
    assert request_key("scripted", replace(question(), timeout=1.0)) == keys[0]


def test_a_reply_is_kept_but_for_how_long_it_took(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "a" / "b")
    key = request_key("scripted", question())
    assert cache.get(key) is None
    cache.put(key, REPLY)
    assert cache.get(key) == replace(REPLY, seconds=0.0)


@pytest.mark.parametrize("junk", [b"", b"{", b"\xff\xfe", b'{"format": 1, "key": "x", "reply": {"text": "forged"}}'])
def test_a_damaged_entry_is_none(tmp_path: Path, junk: bytes) -> None:
    cache = ReplyCache(tmp_path)
    key = request_key("scripted", question())
    cache.put(key, REPLY)
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(junk)
    assert cache.get(key) is None


def test_no_lock_stays_behind(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path)
    with cache.alone("abc"):
        assert list(tmp_path.rglob("*.lock"))
    assert not list(tmp_path.rglob("*.lock"))


def test_who_asks_the_same_at_the_same_time_pays_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        reached = list(pool.map(ask_the_same, [tmp_path] * 3, [12] * 3))
    assert sum(reached) == 12
    total = spent(Ledger(tmp_path / "spending.sqlite"))
    assert (total.calls, total.cached) == (12, 24)


def test_replies_are_kept_where_the_user_wants_them() -> None:
    assert reply_folder({"PEELER_CACHE": "/c", "XDG_CACHE_HOME": "/x"}) == Path("/c/replies")
    assert reply_folder({"XDG_CACHE_HOME": "/x", "LOCALAPPDATA": "/l"}) == Path("/x/peeler/replies")
    assert reply_folder({"LOCALAPPDATA": "/l"}) == Path("/l/peeler/replies")
    assert reply_folder({}) == Path.home() / ".cache" / "peeler" / "replies"
