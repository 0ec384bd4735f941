import numpy as np
import pytest

from peeler.flat.cues import Evidence
from peeler.flat.order import bottom_to_top, stacking
from peeler.geometry import Pixels


def pairs(above: Pixels) -> set[tuple[int, int]]:
    return {(int(high), int(low)) for high, low in np.argwhere(above)}


def evidence(*items: tuple[int, int, float]) -> list[Evidence]:
    return [Evidence(above, below, weight, "") for above, below, weight in items]


def test_what_follows_from_others_holds() -> None:
    assert pairs(stacking(3, evidence((0, 1, 1), (1, 2, 1)))) == {(0, 1), (1, 2), (0, 2)}
    assert not stacking(3, []).any()


@pytest.mark.parametrize("weakest", range(3))
def test_a_cycle_is_cut_at_the_weakest(weakest: int) -> None:
    cycle = [(0, 1), (1, 2), (2, 0)]
    above = stacking(3, evidence(*((*ends, 0.5 if place == weakest else 2.0) for place, ends in enumerate(cycle))))
    assert pairs(above) >= set(cycle) - {cycle[weakest]}
    assert cycle[weakest] not in pairs(above)


def test_a_contradiction_is_settled_by_the_surer() -> None:
    assert pairs(stacking(2, evidence((0, 1, 1), (1, 0, 3), (0, 1, 2)))) == {(1, 0)}
    assert not stacking(2, evidence((1, 1, 9))).any()


@pytest.mark.parametrize("seed", range(20))
def test_any_evidence_gives_an_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 14))
    ends = random.integers(0, count, (60, 2)).tolist()
    items = evidence(*((*pair, float(random.random())) for pair in ends))
    above = stacking(count, items)
    assert not (above & above.T).any()
    assert (above | ~((above.astype(int) @ above) > 0)).all(), "not transitive"
    surest = max((item for item in items if item.above != item.below), key=lambda item: item.weight)
    assert above[surest.above, surest.below]
    shuffled = [items[place] for place in random.permutation(len(items))]
    assert (stacking(count, shuffled) == above).all()
    order = bottom_to_top(above, random.integers(1, 100, count).tolist())
    assert sorted(order) == list(range(count))
    assert all(order.index(low) < order.index(high) for high, low in pairs(above))


def test_what_carries_more_is_painted_first_where_nothing_else_says() -> None:
    assert bottom_to_top(np.zeros((3, 3), np.bool_), [5, 9, 7]) == [1, 2, 0]
    assert bottom_to_top(np.zeros((2, 2), np.bool_), [4, 4]) == [0, 1]
    assert bottom_to_top(np.zeros((0, 0), np.bool_), []) == []
    on_a_small_base = stacking(3, evidence((1, 0, 1)))
    assert bottom_to_top(on_a_small_base, [5, 9, 7]) == [0, 1, 2]
    assert bottom_to_top(on_a_small_base, [0, 0, 7]) == [2, 0, 1]
