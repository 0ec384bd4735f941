"""SVG from a stranger: read as hostile, and drawn anew from nothing but the numbers and colours that are understood.

Nothing of the markup is copied. What is not on the lists below refuses the whole of it: document types with their
entities, scripts, handlers, foreign objects, pictures, links, style sheets, animation, and whatever would make the
shapes look other than they are drawn here. Size, depth, counts and lengths are bounded before anything is computed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.parsers import expat

import numpy as np

from peeler.errors import ReplyError
from peeler.svg_paths import MOST_CURVES, SAME, Contour, Matrix, figure, finite, joined, numbers, read_transform
from peeler.vectorizers.bezier import Curve
from peeler.vectorizers.foreign_paths import as_curves, wound
from peeler.vectorizers.markup import path_data

LARGEST = 8 * 2**20
"""Characters of the markup."""
DEEPEST = 32
"""Elements within elements."""
MOST_ELEMENTS = 20_000
MOST_NESTED = 400
"""Contours of one shape that is filled by the rule *evenodd*."""
MOST_ATTRIBUTES = 64
LONGEST_ATTRIBUTE = 2000
"""Characters of an attribute other than path data and points."""
FAINTEST = 0.004
"""Opacity below which nothing is seen."""
STRETCHED = 0.02
"""Share by which the two scales of a drawing may differ."""
SMALLEST = 0.01
"""Pixels that a contour is wide and high at least."""
NEAR_EDGE = 1.0
"""Pixels from all edges of the frame within which a shape is the ground of the picture and not part of the layer."""

SVG = "http://www.w3.org/2000/svg"
FIGURES = {"path", "rect", "circle", "ellipse", "polygon", "polyline"}
TEXTS = {"title", "desc", "metadata"}
"""Elements that hold words, which are not read."""
GEOMETRY = {
    "svg": {"viewBox", "width", "height", "x", "y", "version", "baseProfile", "preserveAspectRatio"},
    "g": set[str](),
    "path": {"d", "pathLength"},
    "rect": {"x", "y", "width", "height", "rx", "ry"},
    "circle": {"cx", "cy", "r"},
    "ellipse": {"cx", "cy", "rx", "ry"},
    "polygon": {"points"},
    "polyline": {"points"},
}
LONG = {"d", "points"}
PAINT = {"fill", "fill-opacity", "fill-rule", "opacity", "display", "visibility", "stroke", "stroke-width"}
WITHOUT_EFFECT = {"id", "class", "color", "clip-rule", "shape-rendering", "image-rendering", "color-interpolation"}
WITHOUT_EFFECT |= {"stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-opacity"}
WITHOUT_EFFECT |= {"stroke-dashoffset", "paint-order", "isolation", "enable-background", "overflow", "vector-effect"}
"""Attributes and properties that change nothing about filled shapes, and are not read."""
ONLY_NONE = {"clip-path", "mask", "filter", "mix-blend-mode"}
"""What may be there if it says nothing."""

NAMED = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192),
    "orange": (255, 165, 0), "purple": (128, 0, 128), "navy": (0, 0, 128), "currentcolor": (0, 0, 0),
}  # fmt: skip
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_RGB = re.compile(r"rgba?\(([\d.,%\s/]{1,60})\)")
_PROPERTY = re.compile(r"\s*([a-z-]{1,40})\s*:\s*([#\w\s.,()%-]{1,200}?)\s*")


class Frame(NamedTuple):
    """The rectangle of the canvas that the drawing shows, in pixels; it may reach beyond the canvas."""

    x: float
    y: float
    width: float
    height: float


class _State(NamedTuple):
    """What an element hands down: where, in which colour (empty for none), how opaque, by which rule, whether shown.

    ``cover`` is the opacity of the colour itself, ``faded`` that which fills have, ``opacity`` that of all groups.
    """

    matrix: Matrix = SAME
    fill: str = "#000000"
    cover: float = 1.0
    faded: float = 1.0
    opacity: float = 1.0
    evenodd: bool = False
    shown: bool = True

    @property
    def seen(self) -> float:
        """How opaque a shape is, 0–1."""
        return self.cover * self.faded * self.opacity if self.fill and self.shown else 0.0


def redrawn(markup: str, frame: Frame) -> list[str]:
    """The shapes of a foreign SVG as ``path`` elements in pixels of the canvas, bottom first.

    ``frame`` is what its view box shows. A shape that reaches all four edges of it is the ground that was put behind
    the layer, and is left out. Raises ReplyError, in one line, when the markup holds anything else than filled shapes.
    """
    if not markup.strip():
        raise ReplyError("the SVG is empty")
    if len(markup) > LARGEST:
        raise ReplyError(f"the SVG has {len(markup)} characters; {LARGEST} are read")
    if "\ufffd" in markup or "\0" in markup:
        raise ReplyError("the SVG is not UTF-8 text")
    reader = _Reader(frame)
    try:
        reader.read(markup.removeprefix("\ufeff"))
    except (expat.ExpatError, ValueError, ArithmeticError) as problem:
        raise ReplyError(f"the SVG cannot be read: {problem}") from problem
    if reader.texts or reader.states:
        raise ReplyError("the SVG is cut off")
    if not reader.paths:
        raise ReplyError("the SVG draws nothing")
    return reader.paths


class _Reader:
    """Goes through the markup once and keeps what it draws; nothing is built of the document itself."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.paths: list[str] = []
        self.states: list[_State] = []
        self.texts = 0
        self._elements = self._curves = 0

    def read(self, markup: str) -> None:
        # A text is parsed as UTF-8, whatever its declaration says.
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.EntityDeclHandler = _refuse_document_type
        parser.ProcessingInstructionHandler = _refuse_instruction
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.Parse(markup, True)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise ReplyError(f"the SVG has more than {MOST_ELEMENTS} elements")
        if len(self.states) + self.texts >= DEEPEST:
            raise ReplyError(f"the SVG has elements more than {DEEPEST} deep")
        space, _, tag = name.rpartition(" ")
        if self.texts and space != SVG:
            self.texts += 1
            return
        if space != SVG or (tag not in GEOMETRY and tag not in TEXTS) or (tag == "svg") != (not self.states):
            raise ReplyError(f"the SVG holds an element {tag[:40]!r}, which is not read")
        if tag in TEXTS:
            self.texts += 1
            return
        if self.texts or (self.states and tag not in FIGURES and tag != "g"):
            raise ReplyError(f"the SVG holds {tag!r} where it does not belong")
        given = _checked(tag, attributes)
        state = _changed(self.states[-1] if self.states else _State(_onto(given, self.frame)), given)
        self.states.append(state)
        if tag in FIGURES and state.seen >= FAINTEST:
            self._draw(tag, given, state)

    def _end(self, _: str) -> None:
        if self.texts:
            self.texts -= 1
        else:
            self.states.pop()

    def _draw(self, tag: str, given: Mapping[str, str], state: _State) -> None:
        contours = [contour.moved(state.matrix) for contour in self._counted(figure(tag, given))]
        if state.evenodd and len(contours) > 1:
            if len(contours) > MOST_NESTED:
                raise ReplyError(f"a shape of the SVG has more than {MOST_NESTED} contours")
            contours = wound(contours)
        outlines = [curves for curves in map(as_curves, contours) if max(_extent(curves)) >= SMALLEST]
        if outlines and not _is_ground(outlines, self.frame):
            faded = f' fill-opacity="{state.seen:.3g}"' if state.seen < 0.9995 else ""
            self.paths.append(f'<path fill="{state.fill}"{faded} d="{path_data(outlines, (0, 0))}"/>')

    def _counted(self, contours: list[Contour]) -> Iterator[Contour]:
        for contour in contours:
            self._curves += len(contour.pieces) + 1
            if self._curves > MOST_CURVES:
                raise ReplyError(f"the SVG has more than {MOST_CURVES} curves")
            yield contour


def _refuse_document_type(*_: object) -> None:
    raise ReplyError("the SVG declares a document type or entities, which are not read")


def _refuse_instruction(*_: object) -> None:
    raise ReplyError("the SVG holds a processing instruction, which is not read")


def _checked(tag: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of an element, with the properties of its style among them. Raises ReplyError."""
    if len(attributes) > MOST_ATTRIBUTES:
        raise ReplyError(f"the SVG holds {tag} with {len(attributes)} attributes")
    given = dict[str, str]()
    for name, value in attributes.items():
        if name not in LONG and len(value) > LONGEST_ATTRIBUTE:
            raise ReplyError(f"the SVG holds {tag} {name[:40]} of {len(value)} characters")
        if name in GEOMETRY[tag] or name in PAINT or name == "transform":
            given[name] = value
        elif name in ONLY_NONE:
            _must_say_nothing(name, value)
        elif name != "style" and not _is_without_effect(name):
            raise ReplyError(f"the SVG holds {tag} {name[:60]}={value[:40]!r}, which is not read")
    return given | _properties(tag, attributes.get("style", ""))


def _is_without_effect(name: str) -> bool:
    return name in WITHOUT_EFFECT or name.startswith("data-") or name == "http://www.w3.org/XML/1998/namespace space"


def _properties(tag: str, style: str) -> dict[str, str]:
    """What a style attribute says about paint. Raises ReplyError for anything that could load or hide something."""
    found = dict[str, str]()
    for part in filter(str.strip, style.split(";")):
        fitting = _PROPERTY.fullmatch(part)
        if not fitting or "url" in part.lower():
            raise ReplyError(f"the SVG holds a style {part[:40]!r}, which is not read")
        name, value = fitting.groups()
        if name in PAINT:
            found[name] = value
        elif name in ONLY_NONE or name == "transform":
            _must_say_nothing(name, value)
        elif name not in WITHOUT_EFFECT:
            raise ReplyError(f"the SVG holds a style {name[:40]!r} of {tag}, which is not read")
    return found


def _must_say_nothing(name: str, value: str) -> None:
    if value.strip().lower() not in ("none", "normal"):
        raise ReplyError(f"the SVG holds {name}={value[:40]!r}, which is not read")


def _changed(state: _State, given: Mapping[str, str]) -> _State:
    """The state inside of an element with these attributes. Raises ReplyError and ValueError."""
    own = given.get("fill", "inherit").strip().lower()
    fill, cover = (state.fill, state.cover) if own == "inherit" else _colour(own)
    stroke = given.get("stroke", "none").strip().lower()
    if stroke not in ("none", "transparent", "inherit") and _share(given.get("stroke-width", "1")) > 0:
        # A thin line in the colour of the shape is how some close the seams between their shapes.
        if _colour(stroke)[0] != fill:
            raise ReplyError("the SVG draws lines; only filled shapes are read")
    rule = given.get("fill-rule", "inherit").strip()
    hidden = given.get("display", "").strip() == "none" or given.get("visibility", "").strip() in ("hidden", "collapse")
    return _State(
        joined(state.matrix, read_transform(given.get("transform", ""))),
        fill,
        cover,
        _bounded_share(given["fill-opacity"]) if "fill-opacity" in given else state.faded,
        state.opacity * _bounded_share(given.get("opacity", "1")),
        state.evenodd if rule == "inherit" else rule == "evenodd",
        state.shown and not hidden,
    )


def _share(text: str) -> float:
    """A number, or a percentage as one."""
    told = text.strip().removesuffix("px")
    return finite(told[:-1].strip()) / 100 if told.endswith("%") else finite(told)


def _bounded_share(text: str) -> float:
    return min(1.0, max(0.0, _share(text)))


def _colour(text: str) -> tuple[str, float]:
    """A colour as ``#rrggbb`` (empty for none) and its own opacity. Raises ReplyError for what is no plain colour."""
    if text in ("none", "transparent"):
        return "", 1.0
    if _HEX.fullmatch(text):
        return (text if len(text) == 7 else "#" + "".join(2 * digit for digit in text[1:])), 1.0
    if text in NAMED:
        return "#" + bytes(NAMED[text]).hex(), 1.0
    if found := _RGB.fullmatch(text):
        words = re.split(r"[\s,/]+", found[1].strip())
        if len(words) in (3, 4):
            levels = [_share(word) * (255 if word.endswith("%") else 1) for word in words[:3]]
            cover = _bounded_share(words[3]) if len(words) == 4 else 1.0
            return "#" + bytes(round(min(255.0, max(0.0, level))) for level in levels).hex(), cover
    raise ReplyError(f"the SVG is painted with {text[:40]!r}, which is no plain colour")


def _onto(root: Mapping[str, str], frame: Frame) -> Matrix:
    """The transform from the view box of the drawing to the frame. Raises ReplyError and ValueError."""
    if "viewBox" in root:
        view = numbers(root["viewBox"])
    else:
        view = [0, 0, *(finite(root.get(side, "0").strip().removesuffix("px")) for side in ("width", "height"))]
    if len(view) != 4 or min(view[2:]) <= 0:
        raise ReplyError("the SVG has no size")
    across, down = frame.width / view[2], frame.height / view[3]
    if abs(across / down - 1) > STRETCHED:
        raise ReplyError(f"the SVG shows {view[2]:g} × {view[3]:g}, not the form of the picture that was sent")
    return across, 0, 0, down, frame.x - view[0] * across, frame.y - view[1] * down


def _extent(curves: list[Curve]) -> tuple[float, float]:
    points = np.concatenate(curves)
    width, height = np.ptp(points, axis=0).tolist()
    return width, height


def _is_ground(outlines: list[list[Curve]], frame: Frame) -> bool:
    points = np.concatenate([curve for curves in outlines for curve in curves])
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    beyond = (left - frame.x, top - frame.y, frame.x + frame.width - right, frame.y + frame.height - bottom)
    return bool(max(beyond) <= NEAR_EDGE)
