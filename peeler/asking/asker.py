"""One question after another: cache, budget, turn, request, retry, re-ask, and a record of all of it."""

import logging
import random as chance
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from peeler.asking.budget import Budget
from peeler.asking.exchange import LONGEST_PROBLEM, LONGEST_TEXT, Exchange, Outcome
from peeler.asking.ledger import Ledger
from peeler.asking.limiter import Limiter
from peeler.asking.limits import Limits
from peeler.asking.prices import Price, Prices, load_prices, usual_tokens
from peeler.asking.reply_cache import ReplyCache, request_key
from peeler.asking.retry import Patience, asking_again
from peeler.dialogue import Message, Reply, Request, Usage, Vlm
from peeler.errors import BudgetSpent, ConfigError, Rejected, ReplyError, Unavailable
from peeler.prompting import load_prompt
from peeler.secrets import redact
from peeler.text import plural

Answer = TypeVar("Answer")

RE_ASKS = 2
"""How often a question is asked again because its reply cannot be used."""
MEND = "mend_reply"
"""The prompt that asks again."""
LONGEST_QUOTE = 4000
"""Characters of an unusable reply that go back to the model with the reason."""
SLACK = 30.0
"""Seconds past a request's timeout after which nobody waits for it any more."""

PATIENCE = Patience()
NO_LIMITS = Limits()
NOTHING = Reply("")

log = logging.getLogger(__name__)


class Asker:
    """Asks a model on behalf of one run. What was asked stays in ``exchanges`` until it is taken.

    ``price`` is None when nobody knows it. Then nothing counts as spent; a budget in dollars is a ConfigError.
    """

    def __init__(
        self,
        vlm: Vlm,
        budget: Budget,
        limiter: Limiter,
        price: Price | None = None,
        cache: ReplyCache | None = None,
        patience: Patience = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = chance.random,
        re_asks: int = RE_ASKS,
    ) -> None:
        if price is None and budget.max_cost is not None:
            raise ConfigError(
                f"no price is known for {vlm.name}, so --max-cost cannot be kept: add its price to a file and name"
                " that in the setting 'prices'"
            )
        self.vlm = vlm
        self.budget = budget
        self.limiter = limiter
        self.price = price
        self.cache = cache
        self.patience = patience
        self.re_asks = re_asks
        self.exchanges: list[Exchange] = []
        self._again = asking_again(patience, sleep, random)
        self._attempt = 0

    @property
    def note(self) -> str:
        """One line for the user about what is not known; empty when there is nothing to say."""
        return "" if self.price else f"no price is known for {self.vlm.name}: what it costs counts as 0"

    def take_exchanges(self) -> tuple[Exchange, ...]:
        """What was asked since the last time, in order."""
        taken, self.exchanges = tuple(self.exchanges), []
        return taken

    def ask(self, request: Request, usable: Callable[[Reply], Answer]) -> Answer:
        """What ``usable`` makes of the reply, which comes from the cache if it is there.

        ``usable`` raises ReplyError in words that help the model to do better; with them it is asked again, at most
        ``re_asks`` times. Only a reply that could be used is kept, under the question as it was asked first.

        Raises ReplyError when no reply can be used, BudgetSpent when the next call does not fit, Unavailable when
        patience ends, Rejected when the model or its provider refuses, StoreError when a file cannot be used.
        """
        self._attempt = 0
        if self.cache is None:
            return self._ask_until_usable(request, usable)[0]
        key = request_key(self.vlm.name, request)
        with self.cache.alone(key):
            if (kept := self.cache.get(key)) is not None:
                try:
                    return self._use_kept(request, kept, usable)
                except ReplyError as problem:
                    log.info("a kept reply cannot be used any more: %s", problem)
            answer, reply = self._ask_until_usable(request, usable)
            self.cache.put(key, reply)
            return answer

    def _use_kept(self, request: Request, kept: Reply, usable: Callable[[Reply], Answer]) -> Answer:
        answer = usable(kept)
        self.budget.count_cached()
        self._record(request, "accepted", replace(kept, usage=Usage()), cached=True)
        return answer

    def _ask_until_usable(self, request: Request, usable: Callable[[Reply], Answer]) -> tuple[Answer, Reply]:
        wording = request
        for left in reversed(range(1 + self.re_asks)):
            reply = self._send_patiently(wording)
            try:
                return usable(reply), reply
            except ReplyError as problem:
                self.exchanges[-1] = self.exchanges[-1].model_copy(
                    update={"outcome": "unusable", "problem": _bounded(str(problem), LONGEST_PROBLEM)}
                )
                if not self.re_asks:
                    raise
                if not left:
                    raise ReplyError(f"{1 + self.re_asks} replies cannot be used; the last: {problem}") from problem
                wording = reworded(request, reply, problem)
        raise AssertionError("the last reply is either used or raised about")

    def _send_patiently(self, request: Request) -> Reply:
        before = self._attempt
        try:
            return self._again(lambda: self._send(request))
        except BudgetSpent as problem:
            if self._attempt == before:
                raise
            raise BudgetSpent(f"{problem}, and {self.exchanges[-1].problem}") from problem
        except Unavailable as problem:
            times = self._attempt - before
            raise Unavailable(f"{problem} (asked {plural(times, 'time')})", problem.after, problem.free) from problem

    def _send(self, request: Request) -> Reply:
        most = self.price.most(request) if self.price else 0.0
        lease = request.timeout + SLACK
        self.budget.check(most)
        with self.limiter.turn(usual_tokens(request), lease) as took:
            call = self.budget.reserve(most, lease)
            self._attempt += 1
            reply = self._exchange(request, call, most)
            if any(reply.usage):
                took(sum(reply.usage))
        if reply.finished == "refused":
            raise Rejected(f"{self.vlm.name} refuses to answer: {redact(reply.text[:200]) or 'it gives no reason'}")
        return reply

    def _exchange(self, request: Request, call: int, most: float) -> Reply:
        """Send a request whose cost is reserved, and account for whatever comes of it."""
        try:
            reply = self.vlm.ask(request)
        except Unavailable as problem:
            if problem.free:
                self.budget.release(call)
            else:
                self.budget.leave(call)
            if problem.after is not None and problem.after <= self.patience.total:
                self.limiter.pause(problem.after)
            self._record(request, "unavailable", problem=str(problem), money=0.0 if problem.free else most)
            raise
        except Rejected as problem:
            self.budget.release(call)
            self._record(request, "rejected", problem=str(problem))
            raise
        # Who does not say what it took may have taken all that it was allowed.
        money = self.price.cost(reply.usage) if self.price and any(reply.usage) else most
        self.budget.settle(call, money, reply.usage)
        self._record(request, "refused" if reply.finished == "refused" else "accepted", reply, money=money)
        return reply

    def _record(
        self,
        request: Request,
        outcome: Outcome,
        reply: Reply = NOTHING,
        problem: str = "",
        money: float = 0.0,
        cached: bool = False,
    ) -> None:
        exchange = Exchange(
            prompt=request.prompt,
            request=request_key(self.vlm.name, request),
            asked=redact(self.vlm.name),
            model=redact(reply.model),
            request_id=redact(reply.request_id),
            seed=request.seed,
            usage=reply.usage,
            money=money if self.price else None,
            cached=cached,
            attempt=self._attempt,
            outcome=outcome,
            problem=_bounded(problem, LONGEST_PROBLEM),
            text=_bounded(reply.text, LONGEST_TEXT),
            seconds=reply.seconds,
        )
        self.exchanges.append(exchange)


def open_asker(
    vlm: Vlm,
    spending: Path,
    limits: Limits = NO_LIMITS,
    prices: Prices | None = None,
    cache: ReplyCache | None = None,
    owner: str = "",
    sleep: Callable[[float], None] = time.sleep,
    re_asks: int = RE_ASKS,
) -> Asker:
    """An asker that shares the file ``spending`` with all others that are opened on it, in whatever process.

    ``owner`` is the name of the run, by which its spending is told apart; ``sleep`` does all the waiting between
    requests; ``re_asks`` is how often a question is put again because its reply cannot be used.

    Raises ConfigError when a limit in dollars meets a model without a price.
    """
    ledger = Ledger(spending)
    return Asker(
        vlm,
        Budget(ledger, owner, limits.max_cost, limits.max_calls, sleep=sleep),
        Limiter(ledger, limits.requests_per_minute, limits.tokens_per_minute, sleep=sleep),
        (load_prices() if prices is None else prices).of(vlm.name),
        cache,
        sleep=sleep,
        re_asks=re_asks,
    )


def reworded(request: Request, reply: Reply, problem: ReplyError) -> Request:
    """The question, the beginning of the reply to it, and why that cannot be used."""
    said = Message("model", reply.text[:LONGEST_QUOTE] or "(nothing)")
    mend = load_prompt(MEND).render(problem=str(problem)[:LONGEST_PROBLEM])
    return replace(request, messages=(*request.messages, said, Message("user", mend)))


def _bounded(text: str, longest: int) -> str:
    """Redacted before it is cut, so that no half of a key is left."""
    safe = redact(text)
    return safe if len(safe) <= longest else f"{safe[:longest]} … ({len(safe)} characters)"
