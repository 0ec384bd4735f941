import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from peeler.asking import Ledger, Limiter
from peeler.asking.limiter import Turn, earliest
from tests.asking.talk import Clock, take_turns

FAST = 400.0
"""Seconds of the limiter in one of the test."""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "spending.sqlite")


@pytest.mark.parametrize(
    ("ahead", "tokens", "start"),
    [
        ([], 10, 100.0),
        ([Turn(50.0, 10), Turn(60.0, 10)], 10, 100.0),
        ([Turn(50.0, 10), Turn(60.0, 10), Turn(70.0, 10)], 10, 110.0),
        ([Turn(120.0, 10)], 10, 120.0),
        ([Turn(50.0, 60), Turn(60.0, 30)], 10, 100.0),
        ([Turn(50.0, 60), Turn(60.0, 30)], 11, 110.0),
        ([Turn(50.0, 60), Turn(60.0, 30)], 71, 120.0),
        ([Turn(50.0, 60), Turn(60.0, 30)], 1000, 120.0),
    ],
)
def test_the_earliest_time_that_fits(ahead: list[Turn], tokens: int, start: float) -> None:
    assert earliest(100.0, ahead, tokens, 3, 100) == start


def test_without_limits_nobody_waits(ledger: Ledger) -> None:
    clock = Clock()
    limiter = Limiter(ledger, clock=clock, sleep=clock.sleep)
    for _ in range(50):
        with limiter.turn(10**6, 1.0):
            pass
    assert clock.naps == []


def test_no_minute_holds_more_requests_than_allowed(ledger: Ledger) -> None:
    clock = Clock(0.0)
    limiter = Limiter(ledger, requests_per_minute=3, clock=clock, sleep=clock.sleep)
    starts = []
    for _ in range(10):
        with limiter.turn(1, 1.0):
            starts.append(clock.now)
        clock.now += 1.0
    assert all(later - earlier >= 60.0 for earlier, later in zip(starts, starts[3:], strict=False))
    assert starts[9] == pytest.approx(180.0, abs=3.0)
    assert len(clock.naps) == 3


def test_tokens_count_as_they_become_known(ledger: Ledger) -> None:
    clock = Clock(0.0)
    limiter = Limiter(ledger, tokens_per_minute=100, clock=clock, sleep=clock.sleep)
    with limiter.turn(10, 1.0) as took:
        took(95)
    with limiter.turn(5, 1.0):
        assert clock.now == 0.0
    with limiter.turn(1, 1.0):
        assert clock.now == 60.0


def test_a_pause_is_for_all_and_the_longest_counts(ledger: Ledger) -> None:
    clock = Clock(0.0)
    Limiter(ledger, clock=clock).pause(20.0)
    Limiter(ledger, clock=clock).pause(10.0)
    with Limiter(ledger, clock=clock, sleep=clock.sleep).turn(1, 1.0):
        assert clock.now == 20.0


def test_a_restart_does_not_queue_behind_ghosts(ledger: Ledger) -> None:
    clock = Clock(0.0)
    limiter = Limiter(ledger, requests_per_minute=2, clock=clock, sleep=clock.sleep)
    ghosts = [limiter.turn(1, 1000.0) for _ in range(2)]
    for ghost in ghosts:
        ghost.__enter__()
    limiter.pause(500.0)
    ledger.begin(clock.now)
    with limiter.turn(1, 1.0):
        assert clock.now == 60.0  # but what was asked in this minute was asked


def test_a_clock_that_was_wrong_is_forgiven_at_a_restart(ledger: Ledger) -> None:
    clock = Clock(1e9)
    limiter = Limiter(ledger, requests_per_minute=1, clock=clock, sleep=clock.sleep)
    with limiter.turn(1, 1.0):
        clock.now = 10.0
    ledger.begin(clock.now)
    with limiter.turn(1, 1.0):
        assert clock.now == 10.0


def test_who_oversleeps_its_turn_minds_those_that_went_meanwhile(ledger: Ledger) -> None:
    clock = Clock(0.0)
    limiter = Limiter(ledger, requests_per_minute=1, clock=clock, sleep=clock.sleep)

    def oversleep(seconds: float) -> None:
        clock.now += seconds
        if clock.now < 200.0:
            clock.now = 200.0
            with limiter.turn(1, 1.0):
                assert clock.now == 200.0

    with limiter.turn(1, 1.0):
        pass
    with Limiter(ledger, requests_per_minute=1, clock=clock, sleep=oversleep).turn(1, 1.0):
        assert clock.now == 260.0


def test_a_crowd_keeps_to_the_rate(ledger: Ledger) -> None:
    keep_starts(ledger)
    crowd = [threading.Thread(target=take_turns, args=(ledger.path.parent, 1, 4, FAST)) for _ in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    keeps_to(4, ledger)


def test_processes_share_the_rate(ledger: Ledger) -> None:
    keep_starts(ledger)
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(take_turns, [ledger.path.parent] * 4, [3] * 4, [4] * 4, [FAST] * 4))
    keeps_to(4, ledger)


def keep_starts(ledger: Ledger) -> None:
    """The limiter itself forgets turns older than a minute."""
    with ledger.transaction() as connection:
        connection.execute("CREATE TABLE starts (at REAL)")
        connection.execute(
            "CREATE TRIGGER keep AFTER UPDATE OF begun ON turns WHEN NEW.begun"
            " BEGIN INSERT INTO starts VALUES (NEW.at); END"
        )


def keeps_to(per_minute: int, ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        starts = [at for (at,) in connection.execute("SELECT at FROM starts ORDER BY at")]
    assert len(starts) == 12
    assert all(later - earlier >= 60.0 for earlier, later in zip(starts, starts[per_minute:], strict=False))
