"""Names in an order that respects what must come first."""

from itertools import product

import networkx as nx
import numpy as np
import pytest

from peeler.ordering import in_order, in_order_together, knots


def test_names_stay_as_near_to_their_order_as_can_be() -> None:
    assert in_order(["c", "b", "a"], {"b": ["a"]}) == ["c", "a", "b"]
    with pytest.raises(ValueError, match="cycle: "):
        in_order(["a", "b"], {"a": ["b"], "b": ["a"]})


def test_what_has_one_whole_is_kept_together() -> None:
    whole = {"a1": "a", "a2": "a", "b1": "b", "b2": "b"}
    assert in_order_together(["a1", "b1", "a2", "b2", "c"], {}, whole) == ["a1", "a2", "b1", "b2", "c"]
    assert in_order_together(["a1", "b1", "a2", "c", "b2"], {"a2": ["c"]}, whole) == ["b1", "b2", "c", "a1", "a2"]
    assert in_order_together(["a1", "b1", "a2", "b2"], {"a2": ["b1"]}, whole) == ["b1", "b2", "a1", "a2"]


def test_wholes_that_lie_in_each_other_are_not_kept_apart() -> None:
    whole = {"a1": "a", "a2": "a", "b1": "b", "b2": "b", "c1": "c", "c2": "c"}
    rings = {"a2": ["b1"], "b2": ["a1"]}
    assert in_order_together(["a1", "b1", "c1", "a2", "b2", "c2"], rings, whole) == ["a1", "b1", "a2", "b2", "c1", "c2"]


@pytest.mark.parametrize("seed", range(30))
def test_all_is_kept_and_in_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"n{place}" for place in random.permutation(12)]
    below = {f"n{high}": [f"n{low}" for low in range(high) if random.random() < 0.2] for high in range(12)}
    whole = {f"n{place}": str(place % 4) for place in range(9)}
    order = in_order_together(names, below, whole)
    assert sorted(order) == sorted(names)
    assert all(order.index(low) < order.index(high) for high in names for low in below[high])


@pytest.mark.parametrize("seed", range(30))
def test_knots_are_what_leads_back_to_itself(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = 14
    ways = {a: [b for b in range(count) if a != b and random.random() < seed / 200] for a in range(count)}
    graph = nx.DiGraph(ways)
    assert sorted(map(sorted, knots(ways))) == sorted(map(sorted, nx.strongly_connected_components(graph)))
    both = {a: [b for b in range(count) if a in ways[b] or b in ways[a]] for a in range(count)}
    together = {frozenset(knot) for knot in knots(both)}
    assert together == {frozenset(part) for part in nx.connected_components(nx.Graph(ways))}
    assert all(any({a, b} <= part for part in together) for a, b in product(range(count), repeat=2) if b in ways[a])


def test_a_long_chain_is_no_deep_recursion() -> None:
    assert len(knots({place: [place + 1] if place < 4999 else [0] for place in range(5000)})) == 1
