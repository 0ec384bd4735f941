"""Repetition: what is said of one pair of regions speaks for all pairs of the same two inks.

Windows on a wall, spots on a cat, letters on a sign: who draws a thing again draws it in the same order.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from peeler.flat.cues import Measured

UNHEARD = 2
"""Likes that say nothing, added to those that there are: few say less than many."""


def of_likes(kinds: Sequence[Hashable], said: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each of n the mean of what is ``said`` of the others of its kind."""
    totals, counts = defaultdict[Hashable, float](float), Counter(kinds)
    for kind, one in zip(kinds, said.tolist(), strict=True):
        totals[kind] += one
    total, count = np.array([totals[kind] for kind in kinds]), np.array([counts[kind] for kind in kinds])
    mean: NDArray[np.float64] = (total - said) / (count - 1 + UNHEARD)
    return mean


def odds_of_likes(pairs: Sequence[Measured], inks: Sequence[int], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the other pairs of the same two inks say, as log odds for the first of each pair (as ``odds``).

    ``inks`` are those of the regions; two of one ink have no likes.
    """
    ways = [(inks[pair.first], inks[pair.second]) for pair in pairs]
    sign = np.array([np.sign(second - first) for first, second in ways])
    mean: NDArray[np.float64] = sign * of_likes([tuple(sorted(way)) for way in ways], sign * odds)
    return mean
