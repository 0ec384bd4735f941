"""Repetition: what is said of one pair of regions speaks for all pairs of the same two inks.

Windows on a wall, spots on a cat, letters on a sign: who draws a thing again draws it in the same order.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peeler.flat.cues import Measured

UNHEARD = 2
"""Likes that say nothing, added to those that there are: few say less than many."""


def of_likes(pairs: Sequence[Measured], inks: Sequence[int], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean log odds of the other pairs of the same two inks, seen from the first of each pair (as ``odds``).

    ``inks`` are those of the regions; two of one ink have no likes.
    """
    said: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    ways = [(inks[pair.first], inks[pair.second]) for pair in pairs]
    for (first, second), one in zip(ways, odds.tolist(), strict=True):
        if first != second:
            said[first, second].append(one)
            said[second, first].append(-one)
    others = [
        (sum(said[way]) - one, len(said[way]) - 1) if said[way] else (0.0, 0)
        for way, one in zip(ways, odds, strict=True)
    ]
    return np.array([total / (count + UNHEARD) for total, count in others])
