"""A model to talk to, a clock that only goes when somebody sleeps, and what crowds of processes do."""

import time
from collections.abc import Callable
from pathlib import Path

from peeler.asking import Asker, Budget, Ledger, Limiter, Limits, Price, Prices, ReplyCache, open_asker
from peeler.dialogue import Abilities, Message, Prompt, Reply, Request, Usage
from peeler.errors import BudgetSpent, ReplyError

PROMPT = Prompt("first_graph", 1, "0" * 64)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (600).to_bytes(4, "big") + (512).to_bytes(4, "big") + b"\x08\x02\0\0\0"
DOLLARS = Price(match="*", input=1.0, output=10.0)
USAGE = Usage(1000, 100)
COST = 0.002
"""What a reply of ``USAGE`` costs at ``DOLLARS``."""


def question(text: str = "What is on top?", seed: int = 0, most_tokens: int = 200) -> Request:
    return Request(PROMPT, (Message("user", text, (PNG,)),), {"type": "object"}, seed=seed, most_tokens=most_tokens)


class Clock:
    """Seconds that pass while somebody sleeps; ``naps`` are how long each did."""

    def __init__(self, now: float = 1e9) -> None:
        self.now = now
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


class Model:
    """Says what it is told to say, in turn and the last for ever; a function is called, an error raised."""

    abilities = Abilities()

    def __init__(self, *said: Reply | BaseException | Callable[[], Reply], name: str = "scripted") -> None:
        self.name = name
        self.said = list(said or [Reply("yes", usage=USAGE, model="m-1", request_id="r-1")])
        self.requests: list[Request] = []

    def ask(self, request: Request) -> Reply:
        said = self.said[min(len(self.requests), len(self.said) - 1)]
        self.requests.append(request)
        if isinstance(said, BaseException):
            raise said
        return said if isinstance(said, Reply) else said()


def asker(
    folder: Path,
    model: Model,
    *,
    limits: Limits = Limits(),  # noqa: B008
    price: Price | None = DOLLARS,
    cache: bool = False,
    clock: Clock | None = None,
) -> Asker:
    clock = clock or Clock()
    ledger = Ledger(folder / "spending.sqlite")
    budget = Budget(ledger, "a run", limits.max_cost, limits.max_calls, clock, clock.sleep)
    limiter = Limiter(ledger, limits.requests_per_minute, limits.tokens_per_minute, clock, clock.sleep)
    kept = ReplyCache(folder / "replies") if cache else None
    return Asker(model, budget, limiter, price, kept, sleep=clock.sleep, random=lambda: 0.5)


def said_yes(reply: Reply) -> str:
    if reply.text != "yes":
        raise ReplyError(f"say yes, not {reply.text!r}")
    return reply.text


def spend_all(folder: Path, number: int, max_cost: float) -> tuple[int, bool]:
    """Ask new questions until the money is gone: how many were answered, and whether it was said clearly."""
    model = Model(lambda: (time.sleep(0.005), Reply("yes", usage=USAGE))[1])
    limits = Limits(max_cost=max_cost)
    prices = Prices.model_validate({"date": "2026-01-01", "prices": [DOLLARS]})
    asking = open_asker(model, folder / "spending.sqlite", limits, prices, owner=f"run-{number}")
    for answered in range(1000):
        try:
            asking.ask(question(f"{number} {answered}"), said_yes)
        except BudgetSpent:
            return len(model.requests), True
    return len(model.requests), False


def ask_the_same(folder: Path, questions: int) -> int:
    """Ask what others ask at the same time: how often the model was reached."""
    model = Model(lambda: (time.sleep(0.01), Reply("yes", usage=USAGE))[1])
    asking = open_asker(model, folder / "spending.sqlite", cache=ReplyCache(folder / "replies"))
    for number in range(questions):
        asking.ask(question(f"{number}"), said_yes)
    return len(model.requests)


def ask_in_turn(folder: Path, questions: int) -> None:
    """Ask one question after the other, and note each one that reaches the model."""

    def answer() -> Reply:
        with (folder / "log").open("a", encoding="utf-8") as log:
            log.write(f"{model.requests[-1].messages[0].text}\n")
        time.sleep(0.01)
        return Reply("yes", usage=USAGE)

    model = Model(answer)
    asking = open_asker(model, folder / "spending.sqlite", cache=ReplyCache(folder / "replies"))
    for number in range(questions):
        asking.ask(question(f"{number}"), said_yes)


def take_turns(folder: Path, turns: int, per_minute: int, fast: float) -> None:
    """Take turns while the seconds go by ``fast`` times as fast."""
    limiter = Limiter(
        Ledger(folder / "spending.sqlite"),
        per_minute,
        clock=lambda: time.time() * fast,
        sleep=lambda seconds: time.sleep(seconds / fast),
    )
    for _ in range(turns):
        with limiter.turn(1, 1000.0):
            time.sleep(0.001)


def die_on_the_wire(folder: Path) -> None:
    """Reserve what a call may cost, and never come back."""
    limiter = Limiter(Ledger(folder / "spending.sqlite"))
    with limiter.turn(1, 30.0):
        Budget(Ledger(folder / "spending.sqlite"), max_cost=1.0).reserve(0.7, 30.0)
        (folder / "asked").touch()
        time.sleep(60)
