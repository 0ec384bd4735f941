"""Pairs of regions of which is known who is in front, from pictures with known layers."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.errors import InputError
from peeler.evaluate.truth import Truth, read_truth, truth_names
from peeler.flat.cues import Measured
from peeler.flat.survey import Survey, survey
from peeler.geometry import Pixels
from peeler.scenes.testset import draw_testset
from peeler.workers import Tell, cores_here, do_all

MOST_REGIONS = 150
"""Of a picture that is learned from: one with more teaches one pattern many times."""
FEWEST_SHARED = 16
"""Pixels that two true layers must share to have an order."""
CLEAR = 0.6
"""Share of a region that must show one true layer."""
FIRST_SCENE = 1_000_000
"""Seed of the first drawn scene that is learned from: none of the test set's."""
SCENES = "drawn scenes"


class Told(NamedTuple):
    """A pair of regions whose order is known: the picture and the set that it is from."""

    pair: Measured
    above: bool
    picture: str
    source: str


def told_pairs(truth: Truth) -> Iterator[tuple[Measured, bool]]:
    """The pairs of touching regions of a flat picture, and whether the first of each is in fact above.

    A pair, or one of fills that only a stroke keeps apart, counts if each shows one true layer and the two overlap.
    """
    seen = survey(truth.picture)
    if seen.palette.flat and len(seen.regions.all) <= MOST_REGIONS:
        yield from _told(seen, [layer.on(truth.size)[..., 3] > 127 for layer in truth.layers])


def _told(seen: Survey, masks: Sequence[Pixels]) -> Iterator[tuple[Measured, bool]]:
    top = np.full(seen.regions.labels.shape, -1)
    for index, mask in enumerate(masks):
        top[mask] = index
    shown = [_shown(top[seen.regions.mask(region.label)]) for region in seen.regions.all]
    for pair in seen.pairs:
        one, other = shown[pair.first], shown[pair.second]
        if min(one, other) >= 0 and one != other and (masks[one] & masks[other]).sum() >= FEWEST_SHARED:
            yield pair, one > other


def _shown(tops: NDArray[np.int64]) -> int:
    """The layer that most of a region shows, −1 if none is clear."""
    counts = np.bincount(tops + 1, minlength=1)
    return int(counts.argmax()) - 1 if counts.max() > CLEAR * len(tops) else -1


def gather(sets: Sequence[Path], scenes: int, on_picture: Callable[[int, int], None] | None = None) -> list[Told]:
    """The told pairs of all pictures of ``sets``, folders as ``peeler score`` takes them, and of drawn scenes.

    ``on_picture`` hears (done, count). Raises InputError for a folder without pictures and for one that cannot be read.
    """
    with TemporaryDirectory() as drawn:
        folders = {folder.name: folder for folder in sets}
        if scenes:
            draw_testset(Path(drawn), scenes, FIRST_SCENE)
            folders[SCENES] = Path(drawn)
        tasks = {
            f"{source}/{name}": (source, folder, name) for source, folder in folders.items() for name in _names(folder)
        }
        done: list[str] = []

        def finish(name: str) -> None:
            done.append(name)
            if on_picture:
                on_picture(len(done), len(tasks))

        found = do_all(_of_picture, tasks, cores_here(), lambda name, stage: None, finish)
    pairs: list[Told] = []
    for name in tasks:
        rows = found[name]
        if isinstance(rows, BaseException):
            raise rows
        pairs += rows
    return pairs


def _names(folder: Path) -> list[str]:
    names = truth_names(folder)
    if not names:
        raise InputError(f"{folder}: no pictures in {folder / 'png'}")
    return names


def _of_picture(task: tuple[str, Path, str], tell: Tell) -> list[Told]:
    source, folder, name = task
    return [Told(pair, above, name, source) for pair, above in told_pairs(read_truth(folder, name))]
