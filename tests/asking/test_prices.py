from pathlib import Path

import pytest

from peeler.asking import Price, load_prices
from peeler.asking.prices import tiles, usual_tokens
from peeler.dialogue import Usage
from peeler.errors import ConfigError
from tests.asking.talk import DOLLARS, PNG, question

OWN = """
date: 2030-01-02
prices:
  - {match: "openai:mine", input: 1, output: 2}
  - {match: "gemini:gemini-2.5-pro", at: "", input: 100, output: 100}
  - {match: "openai:local", at: "http://127.0.0.1:*", input: 3, output: 4}
"""


def test_tokens_cost_money() -> None:
    assert DOLLARS.cost(Usage(1_000_000, 100_000)) == 2.0


@pytest.mark.parametrize(
    ("name", "price"),
    [
        ("gemini:gemini-2.5-pro", (1.25, 10.0)),
        ("gemini:gemini-2.5-flash-lite", (0.1, 0.4)),
        ("openai:gpt-5-mini", (0.25, 2.0)),
        ("scripted", (0.0, 0.0)),
        ("openai:anything@http://127.0.0.1:8000/v1", (0.0, 0.0)),
        ("gemini:gemini-2.5-pro@http://[::1]:8000", (0.0, 0.0)),
        ("openai:odd@2@http://localhost:1/v1", (0.0, 0.0)),
        ("gemini:gemini-2.5-pro@https://proxy.example.org", None),
        ("gemini:gemini-2.5-pro-next", None),
        ("openai:gpt-5-pro", None),
        ("openai:anything@http://127.0.0.1.example.org/v1", None),
    ],
)
def test_the_built_in_table(name: str, price: tuple[float, float] | None) -> None:
    found = load_prices().of(name)
    assert (found and (found.input, found.output)) == price


def test_a_users_table_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(OWN, encoding="utf-8")
    prices = load_prices(path)
    assert str(prices.date) == "2030-01-02"
    names = ["openai:mine@https://a.example/v1", "gemini:gemini-2.5-pro", "openai:local@http://127.0.0.1:9/v1"]
    assert [price.input for name in names if (price := prices.of(name))] == [1, 100, 3]
    assert prices.of("gemini:gemini-2.5-flash")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("date: 2030-01-02\nprices:\n  - {match: a, input: -1, output: 2}", "prices.0.input: .*greater"),
        ("date: 2030-01-02\nprices:\n  - {match: a, input: .nan, output: 2}", "prices.0.input"),
        ("prices: []", "date: Field required"),
        ("date: 2030-01-02\nprice: []", "price"),
        ("[", "not valid YAML"),
        ("", "prices: "),
    ],
)
def test_a_bad_table_is_said_to_be_one(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=complaint):
        load_prices(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_prices(tmp_path / "missing.yaml")


def test_no_request_costs_more_than_its_most() -> None:
    price = Price(match="*", input=1.0, output=1.0, tile=1000)
    words = "ü" * 500
    asked = question(words, most_tokens=300)
    assert price.most(asked) * 1e6 >= 1000 + 2 * 1000 + 300
    assert price.most(asked) * 1e6 < 1000 + 2 * 1000 + 300 + 500
    assert usual_tokens(asked) < 1000


def test_pictures_are_measured_by_their_header() -> None:
    assert tiles(PNG) == 2
    assert tiles(b"") == 1
