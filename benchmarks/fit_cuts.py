"""Fit what speaks for cutting a shape in two to pictures whose true layers are known.

    python benchmarks/fit_cuts.py TRUTH [TRUTH ...]

TRUTH is as for ``fit_cues.py``; give each set of pictures as a folder of its own, so that no set outweighs the others.
For every single cut that parts a shape, the overlap (IoU, matched one to one) with the true shapes of its colour is
taken of the whole and of its two largest parts. The weights are those of ``GAIN`` in ``peeler/flat/cut_gain.py``, where
they are written by hand: they make the mean gain largest when a cut is made with the odds that they give. With more
than one folder each is also left out once and the others' weights tried on it. The last line is one JSON document.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from true_overlap import TrueShapes, greatest_overlap

from peeler.evaluate.truth import Truth, read_truth, truth_names
from peeler.flat.completion import complete
from peeler.flat.cut_gain import GAIN, PRICE, gains, terms
from peeler.flat.layering import EDGE_MARGIN, SMALLEST_TO_SPLIT
from peeler.flat.learned_order import order_net
from peeler.flat.matting import grown
from peeler.flat.order import stacking
from peeler.flat.parts import bars_apart, parted, ways_to_part
from peeler.flat.regions import Regions
from peeler.flat.survey import survey
from peeler.geometry import Pixels

MOST_REGIONS = 150
WORTH_IT = 0.02
"""Gain in overlap from which on parts are looked at, too."""
DEEPEST = 6
STEPS, RATE, RIDGE = 400, 0.03, 1e-3
"""Of the ascent (Adam: Kingma and Ba, arXiv 1412.6980)."""

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]
"""The cuts of one shape: their terms (cuts × terms) and by how much each gains."""


class Known(NamedTuple):
    """A shape as it is known before it is cut: the whole of it, what shows, and where the outline is its own."""

    whole: Pixels
    visible: Pixels
    own_edge: Pixels


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folders = [Path(folder) for folder in sys.argv[1:]]
    sets = [[row for name in truth_names(folder) for row in _rows(read_truth(folder, name))] for folder in folders]
    for folder, held in zip(folders, sets, strict=True):
        others = [rows for rows in sets if rows is not held]
        if others:
            now, fitted = (chosen(held, weights) for weights in (np.array(list(GAIN.values())), fit(others)))
            print(f"{folder.name}: gain {now:.1f}, with weights fitted to the others {fitted:.1f}")
    weights = fit(sets)
    for name, weight in zip(GAIN, weights, strict=True):
        print(f'    "{name}": {weight:.3g},')
    count = sum(len(gain) for rows in sets for _, gain in rows)
    gain = sum(chosen(rows, weights) for rows in sets)
    print(json.dumps({"cuts": count, "gain": gain, "weights": dict(zip(GAIN, weights.tolist(), strict=True))}))


def fit(sets: Sequence[Sequence[Rows]]) -> NDArray[np.float64]:
    """The weights for which the expected gain is largest; a set counts by the root of its cuts."""
    known = [rows for rows in sets if rows]
    term = np.concatenate([term for rows in known for term, _ in rows])
    gain = np.concatenate([gain / np.sqrt(sum(len(all) for _, all in rows)) for rows in known for _, gain in rows])
    middle, spread = term.mean(axis=0), term.std(axis=0) + 1e-9
    # The first term is 1 for every cut.
    middle[0], spread[0] = 0, 1
    even, worth = (term - middle) / spread, gain / np.abs(gain).mean()
    weights, slope, curve = np.zeros((3, term.shape[1]))
    for step in range(1, STEPS + 1):
        odds = 1 / (1 + np.exp(-even @ weights))
        up = even.T @ (worth * odds * (1 - odds)) / len(gain) - RIDGE * np.append(0, weights[1:])
        slope, curve = 0.9 * slope + 0.1 * up, 0.99 * curve + 0.01 * up**2
        weights += RATE * (slope / (1 - 0.9**step)) / (np.sqrt(curve / (1 - 0.99**step)) + 1e-9)
    weights = weights / spread
    weights[0] -= middle @ weights
    return np.asarray(weights)


def chosen(rows: Sequence[Rows], weights: NDArray[np.float64]) -> float:
    """What is gained when of each shape the best cut is made, if it is worth one."""
    best = ((term @ weights, gain) for term, gain in rows)
    return float(sum(gain[odds.argmax()] for odds, gain in best if odds.max() > PRICE))


def _rows(truth: Truth) -> Iterator[Rows]:
    seen = survey(truth.picture, order_net())
    if not seen.palette.flat or len(seen.regions.all) > MOST_REGIONS:
        return
    above, true = stacking(len(seen.regions.all), seen.evidence), TrueShapes.of(truth)
    for regions, labels in ((seen.fills, seen.filled), (seen.regions, sorted(seen.strokes))):
        for label in labels:
            yield from _of_region(
                true.coloured(seen.palette.inks[regions.all[label].ink]), regions, label, above[:, label]
            )


def _of_region(true: Sequence[Pixels], regions: Regions, label: int, hides: Pixels) -> Iterator[Rows]:
    if regions.all[label].area < SMALLEST_TO_SPLIT:
        return
    visible, cover = regions.mask(label), hides[regions.labels]
    shape = Known(complete(visible, cover), visible, visible & ~grown(cover, EDGE_MARGIN))
    shown = [mask for mask in true if (mask & visible).any()]
    if shown:
        for form in bars_apart(*shape):
            yield from _of_form(shape._replace(whole=form), shown, DEEPEST)


def _of_form(shape: Known, true: Sequence[Pixels], deeper: int) -> Iterator[Rows]:
    """The cuts of a shape and of the parts of those that are truly best or taken for it."""
    # Two cuts at once are found in few pictures, where weights of their own do not hold on others.
    ways = [way for way in ways_to_part(*shape) if len(way.cuts) == 1]
    if not ways or not deeper:
        return
    parts = [parted(shape.whole, way) for way in ways]
    whole = greatest_overlap([shape.whole], true)
    gain = np.array([greatest_overlap(two[:2], true) - whole for two in parts])
    yield terms(ways, shape.whole, shape.visible), gain
    odds = gains(ways, shape.whole, shape.visible)
    followed = {int(gain.argmax())} if gain.max() > WORTH_IT else set()
    followed |= {int(odds.argmax())} if odds.max() > 0 else set()
    for place in sorted(followed):
        for part in parts[place]:
            yield from _of_form(shape._replace(whole=part), true, deeper - 1)


if __name__ == "__main__":
    main()
