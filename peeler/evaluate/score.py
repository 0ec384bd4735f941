"""How close a layer stack comes to the true layers.

True and found pieces are matched one to one for the greatest total IoU of their whole (amodal) masks, a pair counting
only if the colours are near. Over many pictures the shares are taken over all elements together, not per picture.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from peeler.errors import InputError, PeelerError
from peeler.evaluate.pieces import Piece, coverage, pieces_of
from peeler.evaluate.truth import Truth, read_truth, truth_names
from peeler.exporters.png import read_stack
from peeler.stack import Layer, LayerStack

LEAST_TRUE, LEAST_FOUND = 64, 16
"""Pieces below these areas (pixels) are left out."""
NEAR_COLOUR = 48
"""Grey levels by which the median colours of a matched pair may differ in any channel."""
LEAST_SHARE = 0.2
"""A pair whose smaller area is below this share of the larger is never matched."""
MATCHED = 0.3
"""From beyond this IoU on, a matched pair takes part in the order and hidden measures."""
OCCLUDED = 0.01
"""An element is occluded when later layers cover more than this share of it."""
LEAST_OVERLAP = 16
"""Pixels two true pieces must share for their order to count."""
EXACT = 2.5
"""Grey levels: a composite is exact when no channel differs by more (two levels and the rounding)."""
BEST_PSNR = 60.0
"""Decibels at which the PSNR is capped."""


class PictureScore(BaseModel):
    """The measures of one picture, before they are put together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    iou: tuple[float, ...] = Field(description="per true element; 0 where nothing matched")
    occluded: tuple[bool, ...] = Field(description="per true element")
    hidden: tuple[float, ...] = Field(description="IoU in the covered part, per matched occluded element")
    found: int = Field(description="found elements")
    pairs: int = Field(description="overlapping true pairs of which both are matched")
    ordered: int = Field(description="those of them that are in the right order")
    psnr: float
    exact: bool
    problem: str = Field(default="", description="why there is no stack; all measures are then 0")

    @property
    def amodal_miou(self) -> float:
        return _mean(self.iou)


class Score(BaseModel):
    """The measures of a set of pictures; all but ``psnr`` (dB) and the counts lie in 0–1 or are a ratio around 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: int
    amodal_miou: float
    occluded_miou: float
    hidden_iou: float
    order: float
    element_ratio: float
    exact: float
    psnr: float
    psnr_min: float
    missing: int


def score_runs(runs: Path, truth: Path, on_picture: Callable[[int, int], None] | None = None) -> list[PictureScore]:
    """Score ``runs/NAME/stack`` of every picture that ``truth`` holds; a missing stack scores 0 and says why.

    ``on_picture`` is told (scored, all) after each. Raises InputError when there is no truth to compare with.
    """
    names = truth_names(truth)
    if not names:
        raise InputError(f"{truth} holds no truth: expected png/NAME.png with layers/NAME/NN.png or svg/NAME.svg")
    rows = []
    for name in names:
        rows.append(_score_run(runs / name, read_truth(truth, name)))
        if on_picture:
            on_picture(len(rows), len(names))
    return rows


def score_stack(stack: LayerStack, truth: Truth) -> PictureScore:
    """Compare ``stack`` with the truth of the same picture."""
    true = true_pieces(truth)
    found = found_pieces(stack)
    matches = match(true, found)
    firm = [(true[i], found[j]) for i, j, iou in matches if iou > MATCHED]
    pairs, ordered = _count_ordered(firm)
    best = np.zeros(len(true))
    for i, _, iou in matches:
        best[i] = iou
    return PictureScore(
        name=truth.name,
        iou=tuple(best.tolist()),
        occluded=tuple(_is_occluded(piece) for piece in true),
        hidden=tuple(_hidden_iou(piece, match) for piece, match in firm if _is_occluded(piece)),
        found=len(found),
        pairs=pairs,
        ordered=ordered,
        psnr=_psnr(stack, truth),
        exact=bool(np.abs(_over_white(stack.size, stack.layers) - truth.picture).max() <= EXACT),
    )


def true_pieces(truth: Truth) -> list[Piece]:
    return pieces_of(truth.layers, truth.size, LEAST_TRUE)


def found_pieces(stack: LayerStack) -> list[Piece]:
    """The pieces of its elements; the ``place`` of each is that of its layer in the stack."""
    places = [layer if layer.role == "element" else _nothing(layer) for layer in stack.layers]
    return pieces_of(places, stack.size, LEAST_FOUND)


def match(true: Sequence[Piece], found: Sequence[Piece]) -> list[tuple[int, int, float]]:
    """Index of a true piece, index of the found one it is matched to, and their IoU, for every matched pair."""
    iou = _iou_table(true, found)
    return [(i, j, float(iou[i, j])) for i, j in _best_matching(iou)]


def summarise(rows: Iterable[PictureScore]) -> Score:
    """Put the measures of at least one picture together."""
    rows = list(rows)
    iou = [value for row in rows for value in row.iou]
    occluded = [value for row in rows for value, hit in zip(row.iou, row.occluded, strict=True) if hit]
    return Score(
        images=len(rows),
        amodal_miou=_mean(iou),
        occluded_miou=_mean(occluded),
        hidden_iou=_mean([value for row in rows for value in row.hidden]),
        order=sum(row.ordered for row in rows) / max(1, sum(row.pairs for row in rows)),
        element_ratio=sum(row.found for row in rows) / max(1, len(iou)),
        exact=_mean([row.exact for row in rows]),
        psnr=_mean([row.psnr for row in rows]),
        psnr_min=min(row.psnr for row in rows),
        missing=sum(bool(row.problem) for row in rows),
    )


def _score_run(run: Path, truth: Truth) -> PictureScore:
    try:
        stack = read_stack(run / "stack")
        if stack.size != truth.size:
            raise InputError(f"{run} has a stack of {stack.size}, the true picture is {truth.size}")
    except PeelerError as problem:
        nothing = score_stack(LayerStack(truth.size, ()), truth)
        return nothing.model_copy(update={"problem": str(problem)})
    return score_stack(stack, truth)


def _nothing(layer: Layer) -> Layer:
    """The layer made transparent: it keeps its place in the order and has no pieces."""
    return Layer(layer.id, layer.name, layer.box, np.zeros_like(layer.pixels), role=layer.role)


def _iou_table(true: Sequence[Piece], found: Sequence[Piece]) -> NDArray[np.float64]:
    """True × found; 0 where the pair may not be matched."""
    table = np.zeros((len(true), len(found)))
    for i, one in enumerate(true):
        for j, other in enumerate(found):
            small, large = sorted((one.area, other.area))
            if small >= LEAST_SHARE * large and np.abs(one.colour - other.colour).max() <= NEAR_COLOUR:
                table[i, j] = one.mask.iou(other.mask)
    return table


def _best_matching(table: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Rows and columns matched one to one for the greatest sum; of equal sums, lower rows with lower columns."""
    rows, columns = table.shape
    graph = nx.Graph()
    for i, j in zip(*np.nonzero(table), strict=True):
        # Whole numbers, on which alone the algorithm is exact; the last 32 bits only decide between equal sums.
        weight = (round(table[i, j] * 2**40) << 32) + (rows - int(i)) * (columns - int(j))
        graph.add_edge(("true", int(i)), ("found", int(j)), weight=weight)
    matched = (sorted(pair, reverse=True) for pair in nx.max_weight_matching(graph))
    return sorted((one[1], other[1]) for one, other in matched)


def _is_occluded(piece: Piece) -> bool:
    return piece.hidden.area > OCCLUDED * piece.area


def _hidden_iou(true: Piece, found: Piece) -> float:
    """IoU in the covered part, where what ``found`` adds outside the true shape counts as wrong too."""
    beyond = found.area - found.mask.overlap(true.mask)
    return true.hidden.overlap(found.mask) / max(1, true.hidden.area + beyond)


def _count_ordered(matches: Sequence[tuple[Piece, Piece]]) -> tuple[int, int]:
    """How many overlapping true pairs are matched, and how many of them are found in the true order."""
    pairs = ordered = 0
    for (one, as_one), (other, as_other) in combinations(matches, 2):
        if one.place == other.place or one.mask.overlap(other.mask) < LEAST_OVERLAP:
            continue
        pairs += 1
        ordered += as_one.place != as_other.place and (as_one.place > as_other.place) == (one.place > other.place)
    return pairs, ordered


def _psnr(stack: LayerStack, truth: Truth) -> float:
    """Of the composite without residual, over white."""
    painted = [layer for layer in stack.layers if layer.role != "residual"]
    error = float(((_over_white(stack.size, painted) - truth.picture) ** 2).mean())
    return min(BEST_PSNR, 10 * float(np.log10(255**2 / max(error, 1e-9))))


def _over_white(size: tuple[int, int], layers: Sequence[Layer]) -> NDArray[np.float64]:
    """The layers painted on white paper, not rounded: height × width × 3, 0–255."""
    paper = np.full((size[1], size[0], 3), 255.0)
    for layer in layers:
        alpha = coverage(layer) / 255
        patch = layer.box.slices
        paper[patch] = paper[patch] * (1 - alpha) + layer.pixels[..., :3] * alpha
    return paper


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
