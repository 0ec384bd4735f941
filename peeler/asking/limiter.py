"""Whose turn it is to ask: one queue for all processes that open the same ledger."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from peeler.asking.ledger import Ledger

MINUTE = 60.0


class Turn(NamedTuple):
    """When a request was or will be sent, in seconds, and how many tokens it takes."""

    at: float
    tokens: int


class Limiter:
    """Requests and tokens per minute, of all processes together; None sets no limit.

    Turns are given in the order in which they are asked for. No window of a minute ever holds more requests than
    allowed, nor more tokens as far as they are known: those of answers are counted when they have come.
    """

    def __init__(
        self,
        ledger: Ledger,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.ledger = ledger
        self.requests_per_minute = requests_per_minute
        self.tokens_per_minute = tokens_per_minute
        self._clock = clock
        self._sleep = sleep

    @contextmanager
    def turn(self, tokens: int, lease: float) -> Iterator[Callable[[int], None]]:
        """Wait for a turn, and have it until the block ends, or for ``lease`` seconds if this process dies.

        ``tokens`` is what the request will take, as far as is known; what is yielded can be told what it took.
        """
        mine = self._queue(tokens, lease)
        taken = [tokens]
        try:
            while (wait := self._look(mine, tokens, lease)) > 0:
                self._sleep(wait)
            yield taken.append
        finally:
            with self.ledger.transaction() as connection:
                connection.execute("UPDATE turns SET ended = 1, tokens = ? WHERE id = ?", (taken[-1], mine))

    def pause(self, seconds: float) -> None:
        """Give no turn to anybody for so long."""
        with self.ledger.transaction() as connection:
            until = max(self._clock() + seconds, _paused(connection))
            connection.execute("INSERT OR REPLACE INTO marks VALUES ('pause', ?)", (until,))

    def _queue(self, tokens: int, lease: float) -> int:
        now = self._clock()
        with self.ledger.transaction() as connection:
            connection.execute("DELETE FROM turns WHERE at <= ? AND (ended OR until < ?)", (now - MINUTE, now))
            row = (now, now + lease, tokens)
            return int(connection.execute("INSERT INTO turns (at, until, tokens) VALUES (?, ?, ?)", row).lastrowid or 0)

    def _look(self, mine: int, tokens: int, lease: float) -> float:
        """Seconds until it is worth looking again; 0 when it is this one's turn."""
        now = self._clock()
        with self.ledger.transaction() as connection:
            ahead = [Turn(*row) for row in connection.execute(_AHEAD, (mine,))]
            free = earliest(now, ahead, tokens, self.requests_per_minute, self.tokens_per_minute)
            start = max(free, _paused(connection))
            wait = start - now
            row = (start, now + wait + lease, wait <= 0, mine)
            connection.execute("UPDATE turns SET at = ?, until = ?, begun = ? WHERE id = ?", row)
        return wait


# Who comes late to a turn meets some that came after it.
_AHEAD = "SELECT at, tokens FROM turns WHERE id < ? OR begun ORDER BY at"


def earliest(
    now: float, ahead: Sequence[Turn], tokens: int, requests_per_minute: int | None, tokens_per_minute: int | None
) -> float:
    """When a request may be sent: not before those ``ahead`` (in order of time), nor too many in any minute."""
    start = max([now, *(turn.at for turn in ahead[-1:])])
    if requests_per_minute is not None and len(ahead) >= requests_per_minute:
        start = max(start, ahead[-requests_per_minute].at + MINUTE)
    if tokens_per_minute is not None:
        for turn in reversed(ahead):
            tokens += turn.tokens
            if tokens > tokens_per_minute:
                return max(start, turn.at + MINUTE)
    return start


def _paused(connection: sqlite3.Connection) -> float:
    row = connection.execute("SELECT value FROM marks WHERE name = 'pause'").fetchone()
    return float(row[0]) if row else 0.0
