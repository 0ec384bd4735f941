"""Names that a person would use: colour, form and place or what it lies on, such as "dark red curve on the upper left".

``names_of`` names all shapes of a drawing so that they are told apart, ``describe`` one shape by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.groups import Part, eye_pairs, goes_around, mirrored_pairs
from peeler.flat.matting import grown
from peeler.flat.shape_classes import UNKNOWN, shape_class
from peeler.geometry import Box, Pixels

HUES = (
    (15, "red"), (40, "orange"), (68, "yellow"), (82, "lime"), (160, "green"), (185, "teal"),
    (205, "sky blue"), (255, "blue"), (290, "purple"), (335, "pink"), (361, "red"),
)  # fmt: skip
"""Upper bound of each hue in degrees (HSV), and its word."""
PURE = 0.7
"""Saturation from which on a dark red is no brown."""
GREYISH = 0.13
"""Chroma (saturation × value) below which a muted colour that is not light is grey to the eye."""
SAME_HUE = 25
"""Degrees."""
COLOURED = 0.12
"""Saturation from which on a colour has a hue."""
APART = 10
"""Grey levels by which a highlight is lighter and a shadow darker than what it lies on."""
SMALL = 0.12
"""Share of what it lies on that a highlight has at most."""
GLEAMS = {
    "line", "curve", "crescent", "dot", "circle", "ellipse", "oval", "half ellipse", "drop", "bar", "rounded bar",
    "strip", "curved bar", "blob", "parallelogram", "angle", UNKNOWN,
}  # fmt: skip
"""What highlights look like."""
NO_GROUND = {UNKNOWN, "ring", "frame", "outline", "line", "curve", "wavy line", "strip", "blob"}
"""What a name does not say that something lies on: it would not help to find it."""
DARK, LIGHT = 100, 225
"""Grey levels that all channels of a translucent shadow have at most, and of a highlight at least."""
MIDDLE = 128
"""Brightness above which what fades is a glow and no shadow."""
TINGED = 60
"""Grey levels between its channels from which on the name of what fades says its colour."""
ALONG = 0.5
"""Share of a shadow's rim that runs along the rim of what it lies on."""
LONGEST = 8
"""Words of a name that also tells what the shape lies on."""


def names_of(
    parts: Sequence[Part], wholes: Sequence[int | None], drawn_as: Mapping[int, str] = MappingProxyType({})
) -> list[str]:
    """A short name for each part, bottom first, of which ``wholes`` says what it is part of; no two are equal.

    ``drawn_as`` has the words of lines of text and of dashes, by their places.
    """
    return _Naming(parts, wholes, drawn_as).names()


class _Naming:
    """What the shapes of a drawing are called: each by what it is, then by where, then told apart from its likes."""

    def __init__(self, parts: Sequence[Part], wholes: Sequence[int | None], drawn_as: Mapping[int, str]) -> None:
        self._parts, self._wholes, self._drawn_as = parts, wholes, drawn_as
        self._colours = [colour_word(part.shape.ink) for part in parts]
        self._classes = [
            drawn_as.get(place) or shape_class(part.pixels, max(part.canvas)) for place, part in enumerate(parts)
        ]
        self._sides = _sides(mirrored_pairs(parts, wholes))
        self._eyes = _sides(eye_pairs(parts, wholes))
        self._roles = [self._role(place) for place in range(len(parts))]
        self._heads = [self._head(place) for place in range(len(parts))]
        self._shorts = {whole: self._short(whole) for whole in set(wholes) if whole is not None}

    def names(self) -> list[str]:
        alike: defaultdict[str, list[int]] = defaultdict(list)
        for place in range(len(self._parts)):
            alike[self._located(place)].append(place)
        names, taken = [""] * len(self._parts), set(alike)
        for name, members in alike.items():
            apart = [name] if len(members) == 1 else self._told_apart(name, members, taken)
            taken.update(apart)
            for place, own in zip(members, apart, strict=True):
                names[place] = own
        return names

    def _head(self, place: int) -> str:
        """What a shape is: what is known of it by its place in the drawing goes before what it looks like."""
        if place in self._eyes:
            return f"{self._eyes[place]} eye"
        role, colour, whole = self._roles[place], self._colours[place], self._wholes[place]
        shape = self._parts[place].shape
        if shape.levels is not None and np.ptp(shape.ink) > TINGED:
            return f"{colour} {role}"
        if shape.is_translucent:
            return role or f"translucent {colour} {self._classes[place]}"
        if role in ("highlight", "shadow") and whole is not None and colour == self._colours[whole]:
            return role
        return f"{colour} {role or self._classes[place]}"

    def _role(self, place: int) -> str:
        """What a shape is to its whole, where that is plain to see."""
        whole, part = self._wholes[place], self._parts[place]
        if part.shape.is_translucent:
            return _tint_word(part)
        if whole is None or place in self._drawn_as:
            return ""
        ground = self._parts[whole]
        if goes_around(part, ground):
            return "outline"
        if whole in self._eyes and part.brightness < ground.brightness:
            return "pupil"
        if place in self._sides or self._has_likes(place):
            return ""
        if self._classes[place] in GLEAMS and _is_highlight(part, ground):
            return "highlight"
        return "shadow" if _is_shadow(part, ground) else ""

    def _has_likes(self, place: int) -> bool:
        """Whether there is more than one other of its colour on the same: then it is a pattern."""
        mine = self._wholes[place], self._colours[place]
        return sum(each == mine for each in zip(self._wholes, self._colours, strict=True)) > 2

    def _short(self, place: int) -> str:
        """A whole in a few words, in more where another one has the same."""
        if place in self._eyes:
            return self._heads[place]
        mine, *others = (
            f"{self._colours[each].split()[-1]} {self._classes[each].removeprefix('rounded ')}"
            for each in (place, *(whole for whole in set(self._wholes) if whole not in (None, place)))
        )
        return self._heads[place] if mine in others else mine

    def _located(self, place: int) -> str:
        """The head with the side of a pair, else with what it lies on if that has a word, else with where it is."""
        head, whole = self._heads[place], self._wholes[place]
        if place in self._eyes:
            return head
        if place in self._sides:
            return f"{self._sides[place]} {head}"
        if whole is not None and (self._roles[place] or self._classes[whole] not in NO_GROUND):
            related = f"{head} {'of' if self._roles[place] == 'outline' else 'on'} the {self._shorts[whole]}"
            if len(related.split()) <= LONGEST:
                return related
        return self._placed(place)

    def _placed(self, place: int) -> str:
        part = self._parts[place]
        return f"{self._heads[place]} {place_words(part.box, part.canvas)}".strip()

    def _told_apart(self, name: str, members: Sequence[int], taken: set[str]) -> list[str]:
        """Names for shapes that have the same one: by their places if these differ, else by numbers as one reads."""
        placed = [self._placed(place) for place in members]
        if len(set(placed)) == len(placed) and not taken.intersection(placed):
            return placed
        reading = as_one_reads([self._parts[place].box for place in members])
        head = self._heads[members[0]]
        return [name.replace(head, f"{head} {reading.index(index) + 1}", 1) for index in range(len(members))]


def as_one_reads(boxes: Sequence[Box]) -> list[int]:
    """The indices of boxes row by row, from left to right."""
    height = max(box.height for box in boxes)
    return sorted(range(len(boxes)), key=lambda index: (boxes[index].y0 // height, boxes[index].x0, index))


def _sides(pairs: Iterable[tuple[int, int]]) -> dict[int, str]:
    return {place: side for pair in pairs for place, side in zip(pair, ("left", "right"), strict=True)}


def _tint_word(part: Part) -> str:
    """What a translucent shape does to what it lies on, if it is nearly black or white or fades."""
    ink = part.shape.ink
    if part.shape.levels is not None:
        return "glow" if part.brightness > MIDDLE else "shadow"
    return "shadow" if ink.max() <= DARK else "highlight" if ink.min() >= LIGHT else ""


def _is_highlight(part: Part, ground: Part) -> bool:
    """Whether something small and lighter in the upper half has the hue of what it lies on."""
    small = part.area <= SMALL * ground.area and part.box.centre[1] < ground.box.centre[1]
    return small and part.brightness > ground.brightness + APART and _shares_hue(part, ground)


def _is_shadow(part: Part, ground: Part) -> bool:
    """Whether something darker has the hue of what it lies on and runs along its rim."""
    if part.brightness > ground.brightness - APART or not _shares_hue(part, ground):
        return False
    mask, whole = part.mask.within(ground.box), ground.pixels
    rim = mask & grown(~np.pad(mask, 1), 1)[1:-1, 1:-1]
    edge = whole & grown(~np.pad(whole, 1), 2)[1:-1, 1:-1]
    return bool(rim.any() and edge[rim].mean() >= ALONG)


def _shares_hue(part: Part, ground: Part) -> bool:
    (hue, saturation, _), (other, strength, _) = _hsv(part.shape.ink), _hsv(ground.shape.ink)
    if min(saturation, strength) < COLOURED:
        return max(saturation, strength) < 2 * COLOURED
    return abs((hue - other + 180) % 360 - 180) <= SAME_HUE


def describe(ink: NDArray[np.uint8], mask: Pixels) -> str:
    """The name of an element of colour ``ink`` (3,) that covers ``mask`` (height × width of the canvas)."""
    height, width = mask.shape
    return f"{colour_word(ink)} {shape_class(mask)} {place_words(Box.around(mask), (width, height))}".strip()


def colour_word(ink: NDArray[np.uint8]) -> str:
    """A plain colour word with at most one modifier."""
    hue, saturation, value = _hsv(ink)
    if value < 0.16:
        return "black"
    if saturation < 0.10 or (value < 0.8 and saturation < 0.35 and saturation * value < GREYISH):
        return _grey_word(value)
    word = next(name for limit, name in HUES if hue < limit)
    if word in ("red", "orange", "yellow") and value < (0.8 if word == "orange" else 0.72) and saturation > 0.25:
        if word == "red" and saturation > PURE:
            return "dark red" if value < 0.6 else "red"
        return "dark brown" if value < 0.4 else "brown"
    if word in ("orange", "red") and saturation < 0.45:
        return "beige" if word == "orange" else "pale pink"
    if value < 0.5:
        return f"dark {word.split()[-1]}"
    return f"light {word.split()[-1]}" if saturation < 0.45 and value > 0.7 else word


def _hsv(ink: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Hue in degrees, saturation and value from 0 to 1."""
    hue, saturation, value = cv2.cvtColor((ink.reshape(1, 1, 3) / 255).astype(np.float32), cv2.COLOR_RGB2HSV)[0, 0]
    return float(hue), float(saturation), float(value)


def _grey_word(value: float) -> str:
    if value > 0.96:
        return "white"
    return "light grey" if value > 0.75 else "grey" if value > 0.42 else "dark grey"


def place_words(box: Box, size: tuple[int, int]) -> str:
    """Where something lies on a canvas of ``size`` (width, height), in thirds; nothing if it covers most of it."""
    if box.width > 0.6 * size[0] and box.height > 0.6 * size[1]:
        return ""
    x, y = box.centre
    across = ("left", "", "right")[min(2, int(3 * x / size[0]))]
    down = ("upper", "", "lower")[min(2, int(3 * y / size[1]))]
    if down and across:
        return f"on the {down} {across}"
    if across:
        return f"on the {across}"
    return {"upper": "at the top", "lower": "at the bottom"}.get(down, "in the middle")
