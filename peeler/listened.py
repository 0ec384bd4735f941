"""What was asked of a model in a step, what it answered, and what of that was believed and why: laid out for people."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from peeler.layout import add_row, plain_table, short

LISTENED = {"believed", "dropped", "unnamed"}
"""Parts of an analyst's account that have tables of their own."""


def listened_tables(said: dict[str, Any], exchanges: Sequence[dict[str, Any]]) -> Iterator[Table]:
    """The tables of a step in which a model was asked; none of another."""
    if exchanges:
        yield exchanges_table(exchanges)
    if said.get("believed"):
        yield _believed(said["believed"])
    if said.get("dropped"):
        yield _dropped(said["dropped"])
    if said.get("unnamed"):
        table = plain_table("seen, though the model does not name it", "")
        add_row(table, ", ".join(said["unnamed"]))
        yield table


def exchanges_table(exchanges: Sequence[dict[str, Any]]) -> Table:
    """Every question to a model, with its outcome, its cost, and the beginning of the answer."""
    table = plain_table("question", "asked", "outcome", "tokens", "dollars", "answer")
    for exchange in exchanges:
        prompt, usage = exchange["prompt"], exchange["usage"]
        outcome = f"{exchange['outcome']}, from the cache" if exchange["cached"] else exchange["outcome"]
        told = ": ".join(filter(None, (exchange["problem"], exchange["text"])))
        money = "no price" if exchange["money"] is None else f"{exchange['money']:.4f}"
        tokens = f"{usage['input']} + {usage['output']}"
        asked = exchange["model"] or exchange["asked"]
        add_row(table, f"{prompt['id']} {prompt['version']}", asked, outcome, tokens, money, short(told, 200))
    return table


def _believed(believed: Sequence[dict[str, Any]]) -> Table:
    table = plain_table("the model said", "name", "believed as", "fit")
    for belief in believed:
        add_row(table, belief["claim"], belief["name"], ", ".join(belief["elements"]), f"{belief['fit']:.2f}")
    return table


def _dropped(dropped: Sequence[dict[str, Any]]) -> Table:
    table = plain_table("not believed", "because")
    for item in dropped:
        add_row(table, short(item["what"], 120), item["why"])
    return table
