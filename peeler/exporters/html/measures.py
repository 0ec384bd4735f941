"""What a page says of each layer in numbers: how much of it is hidden, and how many segments it was drawn with."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from peeler.exporters.html.pictures import cropped, whole_factor
from peeler.stack import LayerStack

SIDE = 512
"""Longest side, or somewhat more, at which shares are measured."""
MOST_BYTES = 30_000_000
"""Larger drawings are not read."""
_SVG = "{http://www.w3.org/2000/svg}"
_MODE = "{http://www.inkscape.org/namespaces/inkscape}groupmode"
_SHAPES = ("rect", "circle", "ellipse")
_ARGUMENTS = {"m": 2, "l": 2, "t": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "a": 7}
_COMMAND = re.compile(r"([a-zA-Z])([^a-zA-Z]*)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FLAGS = 3, 4
"""Which arguments of an arc are one digit and need no separator."""


@dataclass(frozen=True)
class Drawing:
    """The SVG of a run, by the segments of each layer, bottom first; a circle, ellipse or rectangle counts as one."""

    file: str
    size: int
    segments: tuple[int, ...]


def hidden_shares(stack: LayerStack) -> list[float]:
    """Of each layer, how much of it lies under visible ones; what a residual covers is not counted."""
    factor = whole_factor(stack.size, SIDE)
    clear = np.ones((-(-stack.size[1] // factor), -(-stack.size[0] // factor)), dtype=np.float32)
    shares = []
    for layer in reversed(stack.layers):
        pixels, left, top = cropped(layer, factor)
        alpha = pixels[..., 3].astype(np.float32) / 255
        seen = clear[top : top + alpha.shape[0], left : left + alpha.shape[1]]
        whole = float(alpha.sum())
        shares.append(1 - float((alpha * seen).sum()) / whole if whole else 0.0)
        if layer.visible and layer.role != "residual":
            seen *= 1 - alpha * np.float32(layer.opacity)
    return shares[::-1]


def read_drawing(folder: Path, stack: LayerStack) -> Drawing | None:
    """The layered SVG of ``stack`` in ``folder``; None when there is none, or none that has its layers."""
    for path in sorted(folder.glob("*.svg")):
        if path.name.startswith(".") or path.stat().st_size > MOST_BYTES:
            continue
        counts = _layers(path.read_bytes())
        if len(counts) == len(stack.layers):
            return Drawing(path.name, path.stat().st_size, tuple(counts))
    return None


def _layers(markup: bytes) -> list[int]:
    """Segments per layer in the order of the file; nothing for a file that is no drawing of ours."""
    if b"<!" in markup:
        return []
    try:
        root = ElementTree.fromstring(markup)
    except ElementTree.ParseError:
        return []
    groups = (group for group in root.iter(f"{_SVG}g") if group.get(_MODE) == "layer")
    innermost = (group for group in groups if not any(inner.get(_MODE) for inner in group.iterfind(f"{_SVG}g")))
    return [sum(_segments(group)) for group in innermost]


def _segments(group: ElementTree.Element) -> Iterator[int]:
    for element in group.iter():
        tag = str(element.tag).removeprefix(_SVG)
        if tag == "path":
            yield count_segments(element.get("d", ""))
        elif tag in _SHAPES:
            yield 1


def count_segments(data: str) -> int:
    """The lines, curves and arcs of path data; a closing line counts only where it has a length."""
    return sum(_counted(data))


def _counted(data: str) -> Iterable[int]:
    x = y = first_x = first_y = 0.0
    for letter, rest in _COMMAND.findall(data):
        kind, relative = letter.lower(), letter.islower()
        if kind == "z":
            # Written with two or three decimals, a closed outline ends where it began up to their rounding.
            yield int(max(abs(x - first_x), abs(y - first_y)) > 0.02)
            x, y = first_x, first_y
            continue
        numbers = _arc_numbers(rest) if kind == "a" else [float(number) for number in _NUMBER.findall(rest)]
        taken = _ARGUMENTS.get(kind, 0)
        sets = len(numbers) // taken if taken else 0
        for place in range(sets):
            end = numbers[place * taken : (place + 1) * taken]
            dx, dy = (end[0], 0.0) if kind == "h" else (0.0, end[0]) if kind == "v" else (end[-2], end[-1])
            x = x + dx if relative or kind == "v" else dx
            y = y + dy if relative or kind == "h" else dy
            if kind == "m" and place == 0:
                first_x, first_y = x, y
            else:
                yield 1


def _arc_numbers(text: str) -> list[float]:
    """The numbers of arcs, whose two flags may stand without anything between them and what follows."""
    numbers, at = list[float](), 0
    while found := re.compile(r"[\s,]*").match(text, at):
        at = found.end()
        flag = len(numbers) % 7 in _FLAGS
        found = re.compile("[01]").match(text, at) if flag else _NUMBER.match(text, at)
        if not found:
            break
        numbers.append(float(found[0]))
        at = found.end()
    return numbers
