"""Fit the weights of the order cues to pictures whose true layers are known.

    python benchmarks/fit_cues.py TRUTH [TRUTH ...]

TRUTH holds png/ID.png and layers/ID/NN.png (bottom first) or svg/ID.svg, as for ``peeler score``. The weights are
those of a logistic regression without intercept (a pair and its swap say the same), with a light ridge, found by
Newton's method. They are written into ``peeler/flat/cues.py`` by hand. The last line is one JSON document.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peeler.evaluate.truth import read_truth, truth_names
from peeler.flat.cues import WEIGHTS
from peeler.train.pairs import told_pairs

RIDGE = 1.0


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
        for pair, first_above in told_pairs(read_truth(folder, name)):
            yield pair.cues, first_above


if __name__ == "__main__":
    main()
