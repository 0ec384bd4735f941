"""One order for all: pairwise evidence put together without contradiction."""

from collections.abc import Iterable, Sequence

import numpy as np

from peeler.flat.cues import Evidence
from peeler.geometry import Pixels


def stacking(count: int, evidence: Iterable[Evidence]) -> Pixels:
    """``above[i, j]`` (count × count): i lies above j, directly or through others.

    The surest evidence is taken first and what contradicts it is dropped, so every cycle is cut at its weakest edge
    (ranked pairs: Tideman, *Independence of clones as a criterion for voting rules*, 1987).
    """
    above = np.zeros((count, count), np.bool_)
    for item in sorted(evidence, key=lambda item: (-item.weight, item.above, item.below)):
        if item.above == item.below or above[item.below, item.above]:
            continue
        higher, lower = above[:, item.above].copy(), above[item.below].copy()
        higher[item.above] = lower[item.below] = True
        above |= np.outer(higher, lower)
    return above


def bottom_to_top(above: Pixels, areas: Sequence[int]) -> list[int]:
    """Indices in painting order; among those that nothing orders, the larger is painted first."""
    waiting = set(range(len(areas)))
    order: list[int] = []
    below_left = above.sum(axis=1)
    while waiting:
        ready = [index for index in waiting if below_left[index] == 0]
        chosen = max(ready, key=lambda index: (areas[index], -index))
        waiting.remove(chosen)
        order.append(chosen)
        below_left = below_left - above[:, chosen]
    return order
