"""Fit what speaks for joining two pieces of one ink behind an occluder to pictures whose true layers are known.

    python benchmarks/fit_joins.py TRUTH [TRUTH ...]

TRUTH is as for ``fit_cues.py``. For every pair of regions that may be one shape, the overlap (IoU, matched one to one)
with the true shapes of their colour is taken of the two completed apart and of the two joined; the weights are those
of a ridge regression of the difference on the terms of ``peeler/flat/pieces.py``, where they are written by hand. The
last line is one JSON document.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from true_overlap import TrueShapes, greatest_overlap

from peeler.evaluate.truth import read_truth, truth_names
from peeler.flat.completion import complete
from peeler.flat.learned_order import order_net
from peeler.flat.order import log_odds, stacking
from peeler.flat.pieces import GAIN, Link, links
from peeler.flat.regions import Regions
from peeler.flat.survey import survey
from peeler.geometry import Pixels

RIDGE = 2.0
MOST_REGIONS = 150
LEAST_SHOWN = 16
"""Pixels of a true shape that the two regions must show for it to count."""


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows = [row for folder in sys.argv[1:] for row in _links_of_folder(Path(folder))]
    terms = np.array([term for term, _ in rows])
    gains = np.array([gain for _, gain in rows])
    weights = np.linalg.solve(terms.T @ terms + RIDGE * np.diag(np.arange(len(GAIN)) > 0), terms.T @ gains)
    chosen = float(gains[terms @ weights > 0].sum())
    for name, weight in zip(GAIN, weights, strict=True):
        print(f"{weight:8.4f}  {name}")
    print(f"{len(rows)} pairs; gain {chosen:.1f} of {gains[gains > 0].sum():.1f}, if all were joined {gains.sum():.1f}")
    named = dict(zip(GAIN, weights.tolist(), strict=True))
    print(json.dumps({"pairs": len(rows), "gain": chosen, "weights": named}))


def _links_of_folder(folder: Path) -> Iterator[tuple[NDArray[np.float64], float]]:
    for name in truth_names(folder):
        truth = read_truth(folder, name)
        seen = survey(truth.picture, order_net())
        count = len(seen.regions.all)
        if not seen.palette.flat or count > MOST_REGIONS:
            continue
        above, odds = stacking(count, seen.evidence), log_odds(count, seen.evidence)
        shapes = TrueShapes.of(truth)
        for link in links(seen.fills, seen.filled, above, odds):
            ink = seen.palette.inks[seen.regions.all[link.first].ink]
            yield link.terms, _gain(seen.fills, link, above, shapes.coloured(ink))


def _gain(regions: Regions, link: Link, above: Pixels, truth: Sequence[Pixels]) -> float:
    one, other = regions.mask(link.first), regions.mask(link.second)
    over_one, over_other = (above[:, label][regions.labels] for label in (link.first, link.second))
    shown = one | other | link.bridge
    shapes = [shape for shape in truth if np.count_nonzero(shape & (one | other)) >= LEAST_SHOWN]
    apart = greatest_overlap([complete(one, over_one), complete(other, over_other)], shapes)
    return apart and greatest_overlap([complete(shown, (over_one | over_other) & ~shown)], shapes) - apart


if __name__ == "__main__":
    main()
