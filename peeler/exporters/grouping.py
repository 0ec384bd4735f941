"""Which layers of a stack belong together: neighbours that are parts of one thing."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from peeler.stack import Layer, LayerStack
from peeler.text import label


class Group(NamedTuple):
    """Neighbouring layers, bottom first, of the thing with the id ``whole``; a group in a file if there are several."""

    whole: str
    name: str
    layers: tuple[Layer, ...]

    @property
    def is_one(self) -> bool:
        return len(self.layers) == 1

    @property
    def shown(self) -> str:
        """What the group is called in a file; empty when there is none."""
        return "" if self.is_one else label(self.name) or label(self.whole) or "group"


def grouped(stack: LayerStack) -> Iterator[Group]:
    """The layers bottom to top; those that are parts of one thing are together unless another lies between them."""
    wholes = _wholes(stack)
    names = {layer.id: layer.name for layer in stack.layers}
    for whole, members in groupby(stack.layers, key=lambda layer: wholes[layer.id]):
        yield Group(whole, names.get(whole, whole), tuple(members))


def covers(stack: LayerStack, layer: Layer) -> tuple[Layer, ...]:
    """The layers above one that can hide what is below them: those that are shown and not faded."""
    above = stack.layers[stack.layers.index(layer) + 1 :]
    return tuple(other for other in above if other.visible and other.opacity == 1)


def _wholes(stack: LayerStack) -> dict[str, str]:
    """Layer id → id of the outermost thing it is part of (itself if of nothing)."""
    above = {layer.id: layer.part_of for layer in stack.layers}
    wholes = {}
    for layer in stack.layers:
        whole, seen = layer.id, {layer.id}
        while (next_up := above.get(whole)) and next_up not in seen:
            seen.add(whole := next_up)
        wholes[layer.id] = whole
    return wholes
