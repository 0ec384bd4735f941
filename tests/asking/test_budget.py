import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from peeler.asking import Budget, Ledger, Limiter, Spending
from peeler.asking.budget import nearly_spent, spent
from peeler.dialogue import Usage
from peeler.errors import BudgetSpent, StoreError
from tests.asking.talk import COST, Clock, ask_in_turn, die_on_the_wire, spend_all

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "spending.sqlite")


def test_nothing_is_spent_where_nothing_was_asked(ledger: Ledger) -> None:
    assert spent(ledger) == Spending()
    assert not ledger.path.exists()


def test_a_call_is_held_at_its_most_until_it_is_settled(ledger: Ledger) -> None:
    budget = Budget(ledger, "a", max_cost=1.0)
    call = budget.reserve(0.6, 10.0)
    assert spent(ledger) == Spending(calls=1), "what is on its way is not spent yet"
    with pytest.raises(BudgetSpent):
        Budget(ledger, max_cost=1.0, clock=lambda: time.time() + 11).reserve(0.6, 10.0)
    budget.settle(call, 0.1, Usage(5, 6))
    assert spent(ledger) == Spending(calls=1, money=0.1, input=5, output=6)


def test_the_spending_of_owners_is_told_apart(ledger: Ledger) -> None:
    for owner, money in (("a", 0.1), ("b", 0.2), ("", 0.4)):
        budget = Budget(ledger, owner)
        budget.settle(budget.reserve(1.0, 10.0), money, Usage(1, 1))
    assert [spent(ledger, owner).money for owner in ("a", "b", "", "c")] == [0.1, 0.2, 0.4, 0.0]
    assert spent(ledger).money == pytest.approx(0.7)


def test_a_sum_of_cents_may_reach_the_limit(ledger: Ledger) -> None:
    budget = Budget(ledger, max_cost=0.3)
    for _ in range(3):
        budget.settle(budget.reserve(0.1, 10.0), 0.1, Usage(1, 1))
    with pytest.raises(BudgetSpent, match=r"\$0\.3000 of the \$0\.3000 that --max-cost allows are spent"):
        budget.reserve(0.1, 10.0)


def test_what_fits_but_for_calls_on_their_way_waits_for_them(ledger: Ledger) -> None:
    clock = Clock()
    other = Budget(ledger, max_cost=1.0, clock=clock)
    call = other.reserve(0.7, 10.0)

    def settle_soon(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.naps) == 3:
            other.settle(call, 0.1, Usage(1, 1))

    Budget(ledger, max_cost=1.0, clock=clock, sleep=settle_soon).reserve(0.7, 10.0)
    assert len(clock.naps) == 3


def test_calls_that_are_lost_are_not_waited_for(ledger: Ledger) -> None:
    clock = Clock()
    budget = Budget(ledger, max_cost=1.0, clock=clock, sleep=clock.sleep)
    budget.leave(budget.reserve(0.7, 10.0))
    with pytest.raises(BudgetSpent):
        budget.check(0.7)
    assert clock.naps == []


def test_who_dies_is_waited_for_until_its_lease_ends(ledger: Ledger) -> None:
    clock = Clock()
    budget = Budget(ledger, max_cost=1.0, clock=clock, sleep=clock.sleep)
    budget.reserve(0.7, 5.0)
    with pytest.raises(BudgetSpent):
        budget.reserve(0.7, 10.0)
    assert sum(clock.naps) == pytest.approx(5.0, abs=0.2)


@pytest.mark.parametrize(
    "now, told",
    [
        (Spending(calls=3, money=0.79), ""),
        (Spending(calls=3, money=0.8), "$0.8000 of the $1.0000 that --max-cost allows are spent"),
        (Spending(calls=3, money=0.5, reserved=0.3), "$0.8000 of the $1.0000 that --max-cost allows are spent"),
        (Spending(calls=8), "8 of the 10 calls that --max-calls allows are made"),
        (Spending(calls=9, money=1.0), "spent; 9 of"),
        (Spending(), ""),
    ],
)
def test_from_eighty_percent_on_the_user_is_told(now: Spending, told: str) -> None:
    assert told in nearly_spent(now, 1.0, 10) and bool(told) == bool(nearly_spent(now, 1.0, 10))
    assert nearly_spent(now, None, None) == ""


def test_little_is_told_in_the_singular() -> None:
    assert nearly_spent(Spending(calls=1), None, 1) == "1 of the 1 call that --max-calls allows are made"
    assert nearly_spent(Spending(), 0.0, 0) == ""


def test_a_raised_limit_goes_on(ledger: Ledger) -> None:
    budget = Budget(ledger, max_calls=1)
    budget.release(budget.reserve(0.0, 10.0))
    with pytest.raises(BudgetSpent, match="1 of the 1 call that"):
        budget.reserve(0.0, 10.0)
    Budget(ledger, max_calls=2).reserve(0.0, 10.0)


def test_something_else_is_not_taken_for_a_ledger(ledger: Ledger) -> None:
    ledger.path.write_text("a shopping list " * 100, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be used"):
        spent(ledger)
    with pytest.raises(StoreError, match="cannot be used"):
        Budget(Ledger(ledger.path.parent / "missing" / "spending.sqlite")).reserve(1.0, 1.0)


def test_processes_never_spend_more_together_than_allowed(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, SPAWN) as pool:
        done = list(pool.map(spend_all, [tmp_path] * 3, range(3), [0.1] * 3))
    total = spent(Ledger(tmp_path / "spending.sqlite"))
    assert all(said for _, said in done)
    assert total.calls == sum(calls for calls, _ in done)
    assert total.money == pytest.approx(total.calls * COST)
    assert 0.09 < total.money <= 0.1
    assert [spent(Ledger(tmp_path / "spending.sqlite"), f"run-{n}").calls for n in range(3)] == [n for n, _ in done]


def test_what_a_killed_process_may_have_spent_stays_counted(tmp_path: Path, ledger: Ledger) -> None:
    process = SPAWN.Process(target=die_on_the_wire, args=(tmp_path,))
    process.start()
    while not (tmp_path / "asked").exists():
        assert process.is_alive()
        time.sleep(0.01)
    process.kill()
    process.join()
    ledger.begin(time.time())
    assert spent(ledger) == Spending(calls=1, unsettled=1, reserved=0.7)
    with pytest.raises(BudgetSpent):
        Budget(ledger, max_cost=1.0).reserve(0.5, 1.0)
    with Limiter(ledger).turn(1, 1.0):
        Budget(ledger, max_cost=1.0).reserve(0.3, 1.0)


def test_what_was_killed_goes_on_without_paying_twice(tmp_path: Path, ledger: Ledger) -> None:
    log = tmp_path / "log"
    process = SPAWN.Process(target=ask_in_turn, args=(tmp_path, 1000))
    process.start()
    while not log.exists() or len(log.read_text(encoding="utf-8").split()) < 5:
        assert process.is_alive()
        time.sleep(0.01)
    process.kill()
    process.join()
    asked = log.read_text(encoding="utf-8").split()
    ledger.begin(time.time())
    ask_in_turn(tmp_path, len(asked) + 2)
    again = log.read_text(encoding="utf-8").split()[len(asked) :]
    assert again in ([asked[-1], *new(asked)], new(asked))  # the last one was on the wire, or was answered
    total = spent(ledger)
    assert total.calls - total.unsettled <= len(asked) + len(again) <= total.calls


def new(asked: list[str]) -> list[str]:
    return [str(len(asked)), str(len(asked) + 1)]
