"""Changes to a stack in words, as the command line takes them: ``move hat 10 -5``."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from peeler import editing
from peeler.errors import ConfigError
from peeler.inputs import read_picture
from peeler.opening import rgba
from peeler.stack import LayerStack

Words = list[str]


class Operation(NamedTuple):
    """How it is written, what it does, and how many words follow its name, at least and at most.

    What it does takes words and whether to leave the parts of a layer where they are.
    """

    form: str
    does: Callable[[LayerStack, Words, bool], LayerStack]
    least: int
    most: int


def apply(stack: LayerStack, text: str, alone: bool = False) -> LayerStack:
    """The stack after one operation; with ``alone`` no parts go along.

    Raises ConfigError that says how it is written, and InputError.
    """
    try:
        name, *words = shlex.split(text) or [""]
    except ValueError as problem:
        raise ConfigError(f"{text!r}: {str(problem).lower()}") from problem
    known = OPERATIONS.get(name)
    if known is None:
        forms = "; ".join(operation.form for operation in OPERATIONS.values())
        raise ConfigError(f"no operation is called {name!r}; known are {forms}")
    if not known.least <= len(words) <= known.most:
        raise ConfigError(f"{text!r}: write {known.form}")
    try:
        return known.does(stack, words, alone)
    except ValueError as problem:
        raise ConfigError(f"{text!r}: {problem}; write {known.form}") from problem


def _move(stack: LayerStack, words: Words, alone: bool) -> LayerStack:
    return editing.move(stack, words[0], int(words[1]), int(words[2]), alone=alone)


def _scale(stack: LayerStack, words: Words, alone: bool) -> LayerStack:
    return editing.scale(stack, words[0], *(float(word) for word in words[1:]), alone=alone)


class _Change(Protocol):
    def __call__(self, stack: LayerStack, named: str, *, alone: bool) -> LayerStack: ...


def _each(change: _Change) -> Callable[[LayerStack, Words, bool], LayerStack]:
    def of_all(stack: LayerStack, words: Words, alone: bool) -> LayerStack:
        for wanted in [editing.find(stack, word).id for word in words]:
            # It may be part of one that was deleted before.
            if any(layer.id == wanted for layer in stack.layers):
                stack = change(stack, wanted, alone=alone)
        return stack

    return of_all


def _only(change: Callable[[LayerStack, Words], LayerStack]) -> Callable[[LayerStack, Words, bool], LayerStack]:
    """What never takes parts along."""
    return lambda stack, words, _: change(stack, words)


def _reorder(stack: LayerStack, words: Words) -> LayerStack:
    layer, way, *rest = words
    if way == "to" and rest:
        return editing.reorder(stack, layer, int(rest[0]))
    if way in ("above", "below") and rest:
        return (editing.put_above if way == "above" else editing.put_below)(stack, layer, rest[0])
    return editing.reorder(stack, layer, {"top": -1, "bottom": 0}[way] if way in ("top", "bottom") else int(way))


def _merge(stack: LayerStack, words: Words) -> LayerStack:
    if len(words) > 3 and words[-2] == "as":
        return editing.merge(stack, words[:-2], words[-1])
    return editing.merge(stack, words)


def _replace(stack: LayerStack, words: Words) -> LayerStack:
    return editing.replace_pixels(stack, words[0], rgba(read_picture(Path(words[1])).pixels))


MANY = 10_000
OPERATIONS = {
    "recolour": Operation("recolour LAYER #RRGGBB", _only(lambda stack, words: editing.recolour(stack, *words)), 2, 2),
    "move": Operation("move LAYER RIGHT DOWN", _move, 3, 3),
    "scale": Operation("scale LAYER FACTOR [FACTOR_DOWN]", _scale, 2, 3),
    "hide": Operation("hide LAYER...", _each(editing.hide), 1, MANY),
    "show": Operation("show LAYER...", _each(editing.show), 1, MANY),
    "fade": Operation(
        "fade LAYER OPACITY", _only(lambda stack, words: editing.fade(stack, words[0], float(words[1]))), 2, 2
    ),
    "delete": Operation("delete LAYER...", _each(editing.delete), 1, MANY),
    "reorder": Operation("reorder LAYER to INDEX|top|bottom|above OTHER|below OTHER", _only(_reorder), 2, 3),
    "rename": Operation("rename LAYER NAME", _only(lambda stack, words: editing.rename(stack, *words)), 2, 2),
    "merge": Operation("merge LAYER LAYER... [as NAME]", _only(_merge), 2, MANY),
    "replace": Operation("replace LAYER PICTURE", _only(_replace), 2, 2),
}
