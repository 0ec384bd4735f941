"""Fit the weights of the order cues to pictures whose true layers are known.

    python benchmarks/fit_cues.py TRUTH [TRUTH ...]

TRUTH holds png/ID.png and layers/ID/NN.png (bottom first) or svg/ID.svg, as for ``peeler score``. A pair of touching
regions, or of fills that only a stroke keeps apart, counts if each shows one true layer and the two layers overlap.
The weights are those of a logistic regression without intercept (a pair and its swap say the same), with a light
ridge, found by Newton's method. They are written into ``peeler/flat/cues.py`` by hand. The last line is one JSON
document.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peeler.evaluate.truth import read_truth, truth_names
from peeler.flat.cues import WEIGHTS
from peeler.flat.survey import Survey, survey
from peeler.geometry import Pixels

RIDGE = 1.0
MOST_REGIONS = 150
FEWEST_SHARED = 16
"""Pixels that two true layers must share to have an order."""
CLEAR = 0.6
"""Share of a region that must show one true layer."""


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows = [row for folder in sys.argv[1:] for row in _pairs_of_folder(Path(folder))]
    cues = np.array([cue for cue, _ in rows])
    above = np.array([first_above for _, first_above in rows])
    weights = fit(cues, above)
    right = float(((cues @ weights > 0) == above).mean())
    for name, weight, spread in zip(WEIGHTS, weights, cues.std(axis=0), strict=True):
        print(f"{weight:8.3f}  (spread {spread:.2f})  {name}")
    print(f"{len(rows)} pairs, {right:.1%} in order")
    named = dict(zip(WEIGHTS, weights.tolist(), strict=True))
    print(json.dumps({"pairs": len(rows), "right": right, "weights": named}))


def fit(cues: NDArray[np.float64], above: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights that maximise the likelihood of ``above`` (n,) given ``cues`` (n × k); spreads are evened out first."""
    spread = cues.std(axis=0) + 1e-9
    scaled, weights = cues / spread, np.zeros(cues.shape[1])
    for _ in range(30):
        odds = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (above - odds) - RIDGE * weights
        curve = (scaled * (odds * (1 - odds))[:, None]).T @ scaled + RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return weights / spread


def _pairs_of_folder(folder: Path) -> Iterator[tuple[NDArray[np.float64], bool]]:
    for name in truth_names(folder):
        truth = read_truth(folder, name)
        seen = survey(truth.picture)
        if seen.palette.flat and len(seen.regions.all) <= MOST_REGIONS:
            yield from _pairs(seen, [layer.on(truth.size)[..., 3] > 127 for layer in truth.layers])


def _pairs(seen: Survey, masks: Sequence[Pixels]) -> Iterator[tuple[NDArray[np.float64], bool]]:
    top = np.full(seen.regions.labels.shape, -1)
    for index, mask in enumerate(masks):
        top[mask] = index
    shown = [_shown(top[seen.regions.mask(region.label)]) for region in seen.regions.all]
    for pair in seen.pairs:
        one, other = shown[pair.first], shown[pair.second]
        if min(one, other) >= 0 and one != other and (masks[one] & masks[other]).sum() >= FEWEST_SHARED:
            yield pair.cues, one > other


def _shown(tops: NDArray[np.int64]) -> int:
    """The layer that most of a region shows, −1 if none is clear."""
    counts = np.bincount(tops + 1)
    return int(counts.argmax()) - 1 if counts.max() > CLEAR * len(tops) else -1


if __name__ == "__main__":
    main()
