"""One order for all: pairwise evidence put together without contradiction."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

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
        higher = np.append(np.flatnonzero(above[:, item.above]), item.above)
        lower = np.append(np.flatnonzero(above[item.below]), item.below)
        above[np.ix_(higher, lower)] = True
    return above


def log_odds(count: int, evidence: Iterable[Evidence]) -> NDArray[np.float64]:
    """``odds[i, j]`` (count × count): the log odds that i lies above j; 0 without evidence."""
    odds = np.zeros((count, count))
    for item in evidence:
        odds[item.above, item.below], odds[item.below, item.above] = item.weight, -item.weight
    return odds


def bottom_to_top(above: Pixels, areas: Sequence[int]) -> list[int]:
    """Indices in painting order: first those with the largest area in themselves and all that lies above them.

    ``above`` is that of ``stacking``, so that one below another always has more.
    """
    carried = (1 + np.array(areas, np.int64)) @ (above | np.eye(len(areas), dtype=np.bool_))
    return sorted(range(len(areas)), key=lambda index: (-carried[index], index))
