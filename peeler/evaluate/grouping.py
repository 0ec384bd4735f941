"""How well a stack says what is part of what, where the truth knows."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peeler.evaluate.score import MATCHED, found_pieces, match, true_pieces
from peeler.evaluate.truth import Truth
from peeler.stack import Layer, LayerStack


class Links(NamedTuple):
    """Links from a part to its whole, between layers that are matched: true ones, found ones, and those in both."""

    true: int
    found: int
    right: int


class Grouping(NamedTuple):
    """Precision, recall and their harmonic mean over the links of many pictures."""

    precision: float
    recall: float
    f1: float


def count_links(stack: LayerStack, truth: Truth) -> Links:
    """Compare what ``stack`` calls part of what with the truth of the same picture."""
    true_of = _matched_layers(stack, truth)
    true = _links(truth.layers, {layer.id: layer.id for layer in truth.layers if layer.id in true_of.values()})
    found = _links(stack.layers, true_of)
    return Links(len(true), len(found), len(true & found))


def grouping(rows: Iterable[Links]) -> Grouping | None:
    """All links of the pictures together; None where the truth knows of no group."""
    true, found, right = (sum(column) for column in zip(*rows, strict=True))
    if not true:
        return None
    return Grouping(right / max(1, found), right / true, 2 * right / (true + found))


def _matched_layers(stack: LayerStack, truth: Truth) -> dict[str, str]:
    """For each found layer the true one that the largest of its matched pieces belongs to, by their ids."""
    true, found = true_pieces(truth), found_pieces(stack)
    firm = [(true[i], found[j]) for i, j, iou in match(true, found) if iou > MATCHED]
    by_size = sorted(firm, key=lambda pair: pair[1].area)
    return {stack.layers[theirs.place].id: truth.layers[mine.place].id for mine, theirs in by_size}


def _links(layers: Sequence[Layer], known_as: dict[str, str]) -> set[tuple[str, str]]:
    """Part and whole under the names of ``known_as``; wholes without one are passed over for what they are part of."""
    above = {layer.id: layer.part_of for layer in layers}
    links = set()
    for part, name in known_as.items():
        passed, whole = {part}, above[part]
        while whole in above and whole not in known_as and whole not in passed:
            passed.add(whole)
            whole = above[whole]
        if whole in known_as and known_as[whole] != name:
            links.add((name, known_as[whole]))
    return links
