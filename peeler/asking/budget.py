"""What may be spent, shared by all processes that open the same ledger."""

import sqlite3
import time
from collections.abc import Callable
from typing import NamedTuple

from peeler.asking.ledger import Ledger
from peeler.dialogue import Usage
from peeler.errors import BudgetSpent
from peeler.text import plural

WARN_AT = 0.8
"""Share of what is allowed after which the user is told."""
LOOK_AGAIN = 0.1
"""Seconds between looks whether calls on their way have cost less than they might have."""
DUST = 1e-9
"""Dollars that a sum of many prices may be off."""
NO_TOKENS = Usage()
NEVER = float("inf")
"""The time at which no call is on its way any more."""


class Spending(NamedTuple):
    """What was spent: requests sent, questions answered from the cache, US dollars, tokens in and out.

    ``unsettled`` calls ended without anybody knowing what they cost; ``reserved`` dollars are the most that they did,
    and are not in ``money``.
    """

    calls: int = 0
    cached: int = 0
    money: float = 0.0
    input: int = 0
    output: int = 0
    unsettled: int = 0
    reserved: float = 0.0


class Budget:
    """What may be spent. A call is reserved at the most it can cost before it is made, so the sum never exceeds it,
    unless a provider writes, and charges, more than it was allowed to.

    ``owner`` is whose spending is told apart, such as the name of a run. A limit is that of this object; what was spent
    is in the ledger.
    """

    def __init__(
        self,
        ledger: Ledger,
        owner: str = "",
        max_cost: float | None = None,
        max_calls: int | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.ledger = ledger
        self.owner = owner
        self.max_cost = max_cost
        self.max_calls = max_calls
        self._clock = clock
        self._sleep = sleep

    def check(self, most: float) -> None:
        """Raises BudgetSpent when a call of at most ``most`` US dollars cannot fit any more."""
        with self.ledger.transaction() as connection:
            self._refuse(connection, most)

    def reserve(self, most: float, lease: float) -> int:
        """A number for a call that costs at most ``most`` US dollars and is over in ``lease`` seconds.

        Waits while it would fit but for the calls that are on their way. Raises BudgetSpent when it does not fit.
        """
        while (call := self._try_reserve(most, lease)) is None:
            self._sleep(LOOK_AGAIN)
        return call

    def settle(self, call: int, money: float, usage: Usage) -> None:
        """The reserved call has cost ``money`` US dollars."""
        with self.ledger.transaction(durable=money > 0) as connection:
            connection.execute("DELETE FROM reserved WHERE id = ?", (call,))
            self._add(connection, money=money, usage=usage)

    def release(self, call: int) -> None:
        """The reserved call was made, but surely cost nothing."""
        with self.ledger.transaction() as connection:
            connection.execute("DELETE FROM reserved WHERE id = ?", (call,))

    def leave(self, call: int) -> None:
        """The call is over and nobody knows what it cost; it goes on counting as the most that it can."""
        with self.ledger.transaction() as connection:
            connection.execute("UPDATE reserved SET until = 0 WHERE id = ?", (call,))

    def count_cached(self) -> None:
        """A question was answered from the cache."""
        with self.ledger.transaction() as connection:
            self._add(connection, cached=1)

    def spent(self) -> Spending:
        """What the owner has spent."""
        return spent(self.ledger, self.owner, self._clock())

    def _try_reserve(self, most: float, lease: float) -> int | None:
        with self.ledger.transaction() as connection:
            self._refuse(connection, most)
            held = _spent(connection, NEVER)
            if self.max_cost is not None and held.money + held.reserved + most > self.max_cost + DUST:
                return None
            row = (self.owner, most, self._clock() + lease)
            call = connection.execute("INSERT INTO reserved (owner, money, until) VALUES (?, ?, ?)", row).lastrowid
            self._add(connection, calls=1)
            return call

    def _refuse(self, connection: sqlite3.Connection, most: float) -> None:
        now = _spent(connection, self._clock())
        if self.max_calls is not None and now.calls >= self.max_calls:
            raise BudgetSpent(
                f"{self.max_calls} of the {plural(self.max_calls, 'call')} that --max-calls allows are made"
            )
        gone = now.money + now.reserved
        if self.max_cost is not None and gone + most > self.max_cost + DUST:
            raise BudgetSpent(
                f"the next call may cost ${most:.4f}, and ${gone:.4f} of the ${self.max_cost:.4f}"
                " that --max-cost allows are spent"
            )

    def _add(
        self,
        connection: sqlite3.Connection,
        calls: int = 0,
        cached: int = 0,
        money: float = 0.0,
        usage: Usage = NO_TOKENS,
    ) -> None:
        amounts = (calls, cached, money, *usage)
        connection.executemany(
            "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + excluded.calls,"
            " cached = cached + excluded.cached, money = money + excluded.money, input = input + excluded.input,"
            " output = output + excluded.output",
            [("all", "", *amounts), ("owner", self.owner, *amounts)],
        )


def nearly_spent(now: Spending, max_cost: float | None, max_calls: int | None) -> str:
    """A word for the user that most of what is allowed is spent; empty as long as it is not."""
    gone, told = now.money + now.reserved, []
    if max_cost is not None and now.calls and gone >= WARN_AT * max_cost:
        told.append(f"${gone:.4f} of the ${max_cost:.4f} that --max-cost allows are spent")
    if max_calls is not None and now.calls >= max(1, WARN_AT * max_calls):
        told.append(f"{now.calls} of the {plural(max_calls, 'call')} that --max-calls allows are made")
    return "; ".join(told)


def spent(ledger: Ledger, owner: str | None = None, now: float | None = None) -> Spending:
    """What ``owner`` has spent, or all together; nothing when there is no ledger yet. Raises StoreError."""
    if not ledger.path.exists():
        return Spending()
    with ledger.transaction() as connection:
        return _spent(connection, time.time() if now is None else now, owner)


def _spent(connection: sqlite3.Connection, now: float, owner: str | None = None) -> Spending:
    """``now`` is when it is asked: calls that may still be on their way are not ``unsettled``."""
    scope = ("all", "") if owner is None else ("owner", owner)
    columns = "calls, cached, money, input, output"
    totals = connection.execute(f"SELECT {columns} FROM spent WHERE scope = ? AND owner = ?", scope).fetchone()
    lost = "SELECT count(*), total(money) FROM reserved WHERE until <= ? AND (? IS NULL OR owner = ?)"
    return Spending(*(totals or (0, 0, 0.0, 0, 0)), *connection.execute(lost, (now, owner, owner)).fetchone())
