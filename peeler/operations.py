"""Changes to a stack in words, as the command line takes them: ``move hat 10 -5``."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from peeler import editing
from peeler.errors import ConfigError
from peeler.inputs import read_picture
from peeler.opening import rgba
from peeler.stack import LayerStack

Words = list[str]


class Operation(NamedTuple):
    """How it is written, what it does, and how many words follow its name, at least and at most."""

    form: str
    does: Callable[[LayerStack, Words], LayerStack]
    least: int
    most: int


def apply(stack: LayerStack, text: str) -> LayerStack:
    """The stack after one operation. Raises ConfigError that says how it is written, and InputError."""
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
        return known.does(stack, words)
    except ValueError as problem:
        raise ConfigError(f"{text!r}: {problem}; write {known.form}") from problem


def _move(stack: LayerStack, words: Words) -> LayerStack:
    return editing.move(stack, words[0], int(words[1]), int(words[2]))


def _scale(stack: LayerStack, words: Words) -> LayerStack:
    return editing.scale(stack, words[0], *(float(word) for word in words[1:]))


def _each(change: Callable[[LayerStack, str], LayerStack]) -> Callable[[LayerStack, Words], LayerStack]:
    def of_all(stack: LayerStack, words: Words) -> LayerStack:
        for word in words:
            stack = change(stack, word)
        return stack

    return of_all


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
    "recolour": Operation("recolour LAYER #RRGGBB", lambda stack, words: editing.recolour(stack, *words), 2, 2),
    "move": Operation("move LAYER RIGHT DOWN", _move, 3, 3),
    "scale": Operation("scale LAYER FACTOR [FACTOR_DOWN]", _scale, 2, 3),
    "hide": Operation("hide LAYER...", _each(editing.hide), 1, MANY),
    "show": Operation("show LAYER...", _each(editing.show), 1, MANY),
    "fade": Operation("fade LAYER OPACITY", lambda stack, words: editing.fade(stack, words[0], float(words[1])), 2, 2),
    "delete": Operation("delete LAYER...", _each(editing.delete), 1, MANY),
    "reorder": Operation("reorder LAYER to INDEX|top|bottom|above OTHER|below OTHER", _reorder, 2, 3),
    "rename": Operation("rename LAYER NAME", lambda stack, words: editing.rename(stack, *words), 2, 2),
    "merge": Operation("merge LAYER LAYER... [as NAME]", _merge, 2, MANY),
    "replace": Operation("replace LAYER PICTURE", _replace, 2, 2),
}
