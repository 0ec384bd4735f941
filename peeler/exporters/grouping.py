"""Which layers of a stack belong together: neighbours that are parts of one thing, and of a thing in it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, Union

from peeler.geometry import touched
from peeler.particulars import inside
from peeler.stack import Layer, LayerStack
from peeler.text import label

DEEPEST = 8
"""Groups in each other at most; Photoshop has ten."""
BESIDE = 8
"""Pixels around a layer in which another one may have an edge in common with it."""


class Group(NamedTuple):
    """Two or more neighbouring layers of the thing with the id ``whole``, bottom first, or smaller groups of them."""

    whole: str
    name: str
    members: tuple[Union["Group", Layer], ...]

    @property
    def shown(self) -> str:
        """What the group is called in a file."""
        return label(self.name) or label(self.whole) or "group"

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All in it, bottom first."""
        return tuple(layer for _, layer in with_groups(self.members))


def grouped(stack: LayerStack) -> tuple[Group | Layer, ...]:
    """The layers bottom to top; those that are parts of one thing are together unless another lies between them."""
    above = {layer.id: layer.part_of for layer in stack.layers}
    wholes = {layer.id: _wholes(layer.id, above) for layer in stack.layers}
    return tuple(_together(stack.layers, wholes, {layer.id: layer.name for layer in stack.layers}, 0))


def with_groups(members: Sequence[Group | Layer], around: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer bottom first after the names of the groups around it, the outermost first."""
    for member in members:
        if isinstance(member, Layer):
            yield around, member
        else:
            yield from with_groups(member.members, inside(around, member.shown))


def covers(stack: LayerStack, layer: Layer) -> tuple[Layer, ...]:
    """The layers above one that can hide some of it or lie beside its edge: those that are shown and not faded."""
    place = stack.layers.index(layer) + 1
    near = touched(stack.boxes[place:], layer.box.padded(BESIDE))
    above = (stack.layers[place + other] for other in near)
    return tuple(other for other in above if other.visible and other.opacity == 1)


def _together(
    layers: Sequence[Layer], wholes: Mapping[str, Sequence[str]], names: Mapping[str, str], depth: int
) -> Iterator[Group | Layer]:
    """The ``layers`` with those together that are in one thing ``depth`` things further in."""

    def thing(layer: Layer) -> str:
        chain = wholes[layer.id]
        return chain[min(depth, len(chain) - 1)]

    for whole, run in groupby(layers, key=thing):
        inside_it = tuple(run)
        if len(inside_it) == 1:
            yield inside_it[0]
            continue
        deeper = depth + 1 < DEEPEST
        inner = tuple(_together(inside_it, wholes, names, depth + 1)) if deeper else inside_it
        if len(inner) == 1 and isinstance(inner[0], Group):
            inner = inner[0].members
        yield Group(whole, names.get(whole, whole), inner)


def _wholes(id: str, above: Mapping[str, str | None]) -> list[str]:
    """The things that a layer is part of, the outermost first, and itself last."""
    chain = {id: None}
    whole = above.get(id)
    while whole and whole not in chain:
        chain[whole] = None
        whole = above.get(whole)
    return list(chain)[::-1]
