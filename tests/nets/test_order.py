from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from peeler.errors import ConfigError
from peeler.flat.cues import SIDE
from peeler.flat.learned_order import read_order_net, write_order_net
from peeler.nets.order import OrderedPairs, OrderRecipe, read_recipe, train_order

QUICK = OrderRecipe(networks=2, width=16, rounds=12, batch=64, dropout=0.1, rate=1e-2)


def pairs(count: int, seed: int) -> OrderedPairs:
    """The one whose first figure is nearer to 0 is above: no weighted sum tells that. The rules say nothing."""
    sides = np.random.default_rng(seed).normal(size=(count, 2, len(SIDE)))
    above = np.abs(sides[:, 0, 0]) < np.abs(sides[:, 1, 0])
    return OrderedPairs(sides, np.zeros(count), np.zeros(count), above, np.ones(count))


@pytest.fixture(scope="module")
def given() -> OrderedPairs:
    return pairs(3000, 0)


def test_it_learns_what_no_weighted_sum_tells(given: OrderedPairs, tmp_path: Path) -> None:
    net = train_order(given, QUICK)
    write_order_net(net, tmp_path / "net.safetensors", {})
    new = pairs(1000, 1)
    odds = read_order_net(tmp_path / "net.safetensors").log_odds(new.sides, new.contacts, new.rules)
    assert ((odds > 0) == new.above).mean() > 0.9


def test_it_learns_how_far_to_trust_the_rules(given: OrderedPairs) -> None:
    random = np.random.default_rng(2)
    right = replace(given, sides=random.normal(size=given.sides.shape), rules=np.where(given.above, 0.5, -0.5))
    wrong = replace(right, rules=-right.rules)
    trusts = [train_order(known, QUICK).trust.mean() for known in (right, wrong)]
    assert trusts[0] > 1 > trusts[1]


def test_the_same_recipe_gives_the_same_network(given: OrderedPairs) -> None:
    few = given.where(np.arange(len(given)) < 500)
    once, again, other = (
        train_order(few, recipe).log_odds(few.sides, few.contacts, few.rules)
        for recipe in (QUICK, QUICK, QUICK.model_copy(update={"seed": 7}))
    )
    assert (once == again).all() and (once != other).any()


def test_a_recipe_takes_known_settings_only(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("rounds: 3\n")
    assert read_recipe(file) == OrderRecipe(rounds=3)
    assert read_recipe(None) == OrderRecipe()
    wrong = {"epochs: 3": "epochs", "rounds: none": "rounds", "- 3": "setting: value", "rounds: 0": "rounds"}
    for text, word in wrong.items():
        file.write_text(text)
        with pytest.raises(ConfigError, match=word):
            read_recipe(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recipe(tmp_path / "none.yaml")
