"""From pairs of regions whose order is known to the network that says who of two is in front."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from peeler.errors import InputError
from peeler.flat.cues import by_rule
from peeler.flat.learned_order import OrderNet
from peeler.nets.order import OrderedPairs, OrderRecipe, train_order
from peeler.train.pairs import Told


class Source(BaseModel):
    """What was learned from one set."""

    pictures: int
    pairs: int


class Card(BaseModel):
    """Where weights come from: how they were trained and on what, and the share of those pairs that they get right."""

    recipe: OrderRecipe
    sets: dict[str, Source]
    right: float


class LeftOut(NamedTuple):
    """How a set is judged by what was learned from all others: shares of its ``pairs`` that are right."""

    source: str
    pairs: int
    rules: float
    network: float


def trained(told: Sequence[Told], recipe: OrderRecipe) -> OrderNet:
    """A network that has learned from ``told``. Raises InputError when that is too little."""
    if len(told) < recipe.batch:
        raise InputError(f"only {len(told)} pairs of regions with a known order; at least {recipe.batch} are needed")
    return train_order(ordered(told), recipe)


def ordered(told: Sequence[Told]) -> OrderedPairs:
    """The pairs as arrays; one counts less where its picture, or its set, has many."""
    pairs = [item.pair for item in told]
    worth = _rarity([f"{item.source}/{item.picture}" for item in told]) * _rarity([item.source for item in told])
    return OrderedPairs(
        np.stack([pair.sides for pair in pairs]),
        np.array([pair.contact for pair in pairs]),
        np.array([by_rule(pair) for pair in pairs]),
        np.array([item.above for item in told]),
        worth / worth.mean(),
    )


def _rarity(names: Sequence[str]) -> NDArray[np.float64]:
    counts: Mapping[str, int] = Counter(names)
    return np.array([counts[name] for name in names]) ** -0.5


def card_of(net: OrderNet, told: Sequence[Told], recipe: OrderRecipe) -> Card:
    """What to know of a network that learned from ``told``."""
    pairs = Counter(item.source for item in told)
    pictures = Counter(source for source, _ in {(item.source, item.picture) for item in told})
    sets = {source: Source(pictures=pictures[source], pairs=pairs[source]) for source in pairs}
    return Card(recipe=recipe, sets=sets, right=_right(net, ordered(told)))


def _right(net: OrderNet, pairs: OrderedPairs) -> float:
    odds = net.log_odds(pairs.sides, pairs.contacts, pairs.rules)
    return float(((odds > 0) == pairs.above).mean())


def left_out(told: Sequence[Told], recipe: OrderRecipe) -> Iterator[LeftOut]:
    """Each set judged by a network that learned from the others."""
    sources = np.array([item.source for item in told])
    every = ordered(told)
    for source in dict.fromkeys(sources.tolist()):
        mine = every.where(sources == source)
        net = train_order(every.where(sources != source), recipe)
        yield LeftOut(source, len(mine), float(((mine.rules > 0) == mine.above).mean()), _right(net, mine))
