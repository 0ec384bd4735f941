from pathlib import Path

import pytest

from peeler.asking import Limits
from peeler.asking.asker import LONGEST_QUOTE
from peeler.asking.budget import spent
from peeler.asking.exchange import LONGEST_TEXT, Exchange
from peeler.dialogue import Reply, Usage
from peeler.errors import BudgetSpent, ConfigError, Rejected, ReplyError, Unavailable
from peeler.secrets import HIDDEN
from tests.asking.talk import COST, USAGE, Clock, Model, asker, question, said_yes

KEY = "AIza" + "FakeFakeFakeFakeFakeFakeFakeFakeFak"
YES = Reply("yes", usage=USAGE, model="m-1", request_id="r-1", seconds=1.5)
NO = Reply("no", usage=USAGE)


def outcomes(exchanges: tuple[Exchange, ...]) -> list[tuple[int, str]]:
    return [(exchange.attempt, exchange.outcome) for exchange in exchanges]


def test_an_answer_is_paid_and_recorded(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(YES))
    assert asking.ask(question(seed=7), said_yes) == "yes"
    (exchange,) = asking.take_exchanges()
    assert asking.take_exchanges() == ()
    assert (exchange.prompt.id, exchange.model, exchange.request_id, exchange.seed) == ("first_graph", "m-1", "r-1", 7)
    assert (exchange.usage, exchange.outcome, exchange.text, exchange.seconds) == (USAGE, "accepted", "yes", 1.5)
    assert exchange.money == pytest.approx(COST)
    spending = asking.budget.spent()
    assert (spending.calls, spending.input, spending.output, spending.unsettled) == (1, 1000, 100, 0)
    assert spending.money == pytest.approx(COST)


def test_what_depends_on_the_clock_is_not_dumped(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(YES))
    asking.ask(question(), said_yes)
    dumped = asking.take_exchanges()[0].model_dump(mode="json")
    assert "seconds" not in dumped
    assert dumped["prompt"] == {"id": "first_graph", "version": 1, "sha256": "0" * 64}
    assert dumped["usage"] == {"input": 1000, "output": 100}
    assert Exchange.model_validate(dumped).prompt.version == 1


def test_what_is_unavailable_is_asked_again_later_and_later(tmp_path: Path) -> None:
    clock = Clock()
    asking = asker(tmp_path, Model(*[Unavailable("HTTP 500", free=True)] * 3, YES), clock=clock)
    assert asking.ask(question(), said_yes) == "yes"
    assert clock.naps == [0.75, 1.5, 3.0]
    assert outcomes(asking.take_exchanges()) == [
        (1, "unavailable"),
        (2, "unavailable"),
        (3, "unavailable"),
        (4, "accepted"),
    ]
    spending = asking.budget.spent()
    assert (spending.calls, spending.money, spending.reserved) == (4, pytest.approx(COST), 0.0)


def test_who_is_told_when_to_come_back_comes_then(tmp_path: Path) -> None:
    clock = Clock()
    start = clock.now
    asking = asker(tmp_path, Model(Unavailable("HTTP 429", after=17.0, free=True), YES), clock=clock)
    asking.ask(question(), said_yes)
    assert 17.0 <= clock.now - start <= 18.0


def test_everybody_else_waits_too_when_one_is_told_to(tmp_path: Path) -> None:
    clock = Clock()
    start = clock.now
    first = asker(tmp_path, Model(Unavailable("HTTP 429", after=17.0, free=True), Rejected("no more")), clock=clock)
    with pytest.raises(Rejected):
        first.ask(question(), said_yes)
    first.limiter.pause(5.0)
    asker(tmp_path, Model(YES), clock=clock).ask(question(), said_yes)
    assert clock.now - start >= 22.0


def test_patience_ends(tmp_path: Path) -> None:
    model = Model(Unavailable("HTTP 503", free=True))
    with pytest.raises(Unavailable, match=r"HTTP 503 \(asked 6 times\)"):
        asker(tmp_path, model).ask(question(), said_yes)
    assert len(model.requests) == 6


def test_nobody_waits_for_an_hour(tmp_path: Path) -> None:
    clock = Clock()
    model = Model(Unavailable("HTTP 429", after=3600.0, free=True))
    with pytest.raises(Unavailable, match=r"asked 1 time\)"):
        asker(tmp_path, model, clock=clock).ask(question(), said_yes)
    assert clock.naps == []


def test_who_says_no_is_not_asked_again(tmp_path: Path) -> None:
    model = Model(Rejected("HTTP 401"))
    asking = asker(tmp_path, model, cache=True)
    with pytest.raises(Rejected, match="HTTP 401"):
        asking.ask(question(), said_yes)
    assert len(model.requests) == 1
    assert outcomes(asking.take_exchanges()) == [(1, "rejected")]
    assert asking.budget.spent().money == 0


def test_a_refusal_is_paid_but_neither_repeated_nor_kept(tmp_path: Path) -> None:
    model = Model(Reply("I will not look at this", finished="refused", usage=USAGE), YES)
    asking = asker(tmp_path, model, cache=True)
    with pytest.raises(Rejected, match="I will not look at this"):
        asking.ask(question(), said_yes)
    assert outcomes(asking.take_exchanges()) == [(1, "refused")]
    assert asking.budget.spent().money == pytest.approx(COST)
    assert asking.ask(question(), said_yes) == "yes"


def test_an_unusable_reply_is_asked_for_once_more_with_the_reason(tmp_path: Path) -> None:
    model = Model(NO, YES)
    asking = asker(tmp_path, model)
    assert asking.ask(question(), said_yes) == "yes"
    said = model.requests[1].messages
    assert [turn.role for turn in said] == ["user", "model", "user"]
    assert said[:1] == question().messages
    assert said[1].text == "no"
    assert "say yes, not 'no'" in said[2].text and "[prompt mend_reply 1]" in said[2].text
    first, second = asking.take_exchanges()
    assert (first.outcome, first.text, first.problem) == ("unusable", "no", "say yes, not 'no'")
    assert (second.outcome, second.attempt) == ("accepted", 2)
    assert asking.budget.spent().money == pytest.approx(2 * COST)


def test_after_two_more_tries_it_is_said_to_be_unusable(tmp_path: Path) -> None:
    model = Model(NO)
    asking = asker(tmp_path, model, cache=True)
    with pytest.raises(ReplyError, match="3 replies cannot be used; the last: say yes"):
        asking.ask(question(), said_yes)
    assert len(model.requests) == 3
    assert [len(request.messages) for request in model.requests] == [1, 3, 3]
    assert outcomes(asking.take_exchanges()) == [(1, "unusable"), (2, "unusable"), (3, "unusable")]
    assert not list((tmp_path / "replies").rglob("*.json"))


def test_endless_junk_goes_back_in_part_only(tmp_path: Path) -> None:
    model = Model(Reply("ab" * 100_000, usage=USAGE), YES)
    asking = asker(tmp_path, model)
    asking.ask(question(), said_yes)
    assert len(model.requests[1].messages[1].text) == LONGEST_QUOTE
    assert len(asking.take_exchanges()[0].text) < LONGEST_TEXT + 50


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    model = Model(YES)
    asker(tmp_path, model, cache=True).ask(question(), said_yes)
    again = asker(tmp_path, model, cache=True)
    assert again.ask(question(), said_yes) == "yes"
    (exchange,) = again.take_exchanges()
    assert (exchange.cached, exchange.usage, exchange.money, exchange.text) == (True, Usage(), 0.0, "yes")
    assert len(model.requests) == 1
    assert (again.budget.spent().calls, again.budget.spent().cached) == (1, 1)
    again.ask(question(seed=1), said_yes)
    assert len(model.requests) == 2


def test_a_mended_answer_is_kept_for_the_question_as_it_was_asked_first(tmp_path: Path) -> None:
    model = Model(NO, YES, NO)
    for _ in range(2):
        assert asker(tmp_path, model, cache=True).ask(question(), said_yes) == "yes"
    assert len(model.requests) == 2


def test_a_kept_reply_that_cannot_be_used_any_more_is_asked_for_anew(tmp_path: Path) -> None:
    asker(tmp_path, Model(NO), cache=True).ask(question(), lambda reply: reply.text)
    model = Model(YES)
    assert asker(tmp_path, model, cache=True).ask(question(), said_yes) == "yes"
    assert len(model.requests) == 1
    assert asker(tmp_path, Model(NO), cache=True).ask(question(), said_yes) == "yes"


def test_what_nobody_knows_the_cost_of_counts_as_the_most(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(Unavailable("timeout"), YES), limits=Limits(max_cost=1.0))
    asking.ask(question(), said_yes)
    spending = asking.budget.spent()
    assert (spending.calls, spending.unsettled) == (2, 1)
    lost, _ = asking.take_exchanges()
    assert lost.money == spending.reserved == pytest.approx(asking.price.most(question()))  # type: ignore[union-attr]


def test_who_does_not_say_what_it_took_took_the_most(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(Reply("yes")))
    asking.ask(question(), said_yes)
    assert asking.budget.spent().money == pytest.approx(asking.price.most(question()))  # type: ignore[union-attr]


def test_what_does_not_fit_is_not_asked(tmp_path: Path) -> None:
    model = Model(YES)
    asking = asker(tmp_path, model, limits=Limits(max_cost=0.001))
    with pytest.raises(BudgetSpent, match="--max-cost"):
        asking.ask(question(), said_yes)
    asking = asker(tmp_path, model, limits=Limits(max_calls=0))
    with pytest.raises(BudgetSpent, match="--max-calls"):
        asking.ask(question(), said_yes)
    assert model.requests == []


def test_retries_are_calls_too(tmp_path: Path) -> None:
    model = Model(Unavailable("HTTP 500", free=True))
    with pytest.raises(BudgetSpent, match="2 of the 2 calls .* are made, and HTTP 500"):
        asker(tmp_path, model, limits=Limits(max_calls=2)).ask(question(), said_yes)
    assert len(model.requests) == 2


def test_a_model_without_a_price_counts_as_nothing_and_says_so(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(YES, name="openai:new"), price=None)
    asking.ask(question(), said_yes)
    assert asking.budget.spent().money == 0
    assert asking.take_exchanges()[0].money is None
    assert "no price is known for openai:new" in asking.note
    with pytest.raises(ConfigError, match="no price is known for openai:new"):
        asker(tmp_path, Model(name="openai:new"), price=None, limits=Limits(max_cost=1.0))


def test_keys_are_kept_nowhere(tmp_path: Path) -> None:
    leaky = Reply(f"yes {KEY}", usage=USAGE, model=KEY, request_id=f"Bearer {KEY}")
    asking = asker(tmp_path, Model(Unavailable(f"no {KEY}", free=True), leaky), cache=True)
    asking.ask(question(), lambda reply: reply.text)
    told = "".join(exchange.model_dump_json() for exchange in asking.take_exchanges())
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY not in told
    assert HIDDEN in told
    assert KEY.encode() not in stored


def test_a_key_is_not_cut_in_half(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(Reply("x" * (LONGEST_TEXT - 10) + " " + KEY, usage=USAGE)))
    asking.ask(question(), lambda reply: reply.text)
    assert "AIza" not in asking.take_exchanges()[0].text


def test_an_error_in_between_leaves_the_most_reserved(tmp_path: Path) -> None:
    asking = asker(tmp_path, Model(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        asking.ask(question(), said_yes)
    assert spent(asking.budget.ledger).unsettled == 1
