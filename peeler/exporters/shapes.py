"""SVG shapes as contours with plain paint, for formats that know nothing else."""

import math
import re
from typing import NamedTuple
from xml.etree import ElementTree

from peeler.svg_paths import Contour, Matrix, figure, finite, read_transform

KNOWN = {"transform", "d", "fill-rule", "x", "y", "width", "height", "rx", "ry", "cx", "cy", "r", "fill", "stroke"}
KNOWN |= {"fill-opacity", "stroke-opacity", "stroke-width", "stroke-linecap", "stroke-linejoin"}
"""Attributes of shapes that are understood."""


class Paint(NamedTuple):
    """``#rrggbb`` and how opaque it is, 0–1."""

    colour: str
    opacity: float


class Stroke(NamedTuple):
    """A line of even width in pixels, its ends and corners round or not."""

    paint: Paint
    width: float
    round_ends: bool
    round_corners: bool


class Shape(NamedTuple):
    """Contours, and what they are filled and drawn with."""

    contours: tuple[Contour, ...]
    fill: Paint | None
    stroke: Stroke | None = None


class NotPlain(ValueError):
    """A shape has something that only SVG has, such as a gradient."""


def read_shape(markup: str) -> Shape:
    """The shape of one SVG element as vectorizers give it. Raises NotPlain."""
    element = ElementTree.fromstring(markup)
    if odd := set(element.attrib) - KNOWN:
        raise NotPlain(f"a {element.tag} with {', '.join(odd)}")
    try:
        contours = figure(element.tag.rpartition("}")[2], element.attrib)
        stroke = _stroke(element)
        matrix = read_transform(element.get("transform", ""))
        if stroke and not _keeps_lengths(matrix):
            raise NotPlain("a line that is stretched")
        return Shape(tuple(one.moved(matrix) for one in contours), _paint(element, "fill", "#000000"), stroke)
    except (ValueError, ArithmeticError) as problem:
        raise NotPlain(str(problem)) from problem


def _paint(element: ElementTree.Element, what: str, usual: str) -> Paint | None:
    colour = element.get(what, usual)
    if colour == "none":
        return None
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise NotPlain(f"the colour {colour}")
    return Paint(colour.lower(), finite(element.get(f"{what}-opacity", "1")))


def _stroke(element: ElementTree.Element) -> Stroke | None:
    paint = _paint(element, "stroke", "none")
    ends, corners = element.get("stroke-linecap", "butt"), element.get("stroke-linejoin", "miter")
    if ends not in ("butt", "round") or corners not in ("miter", "round"):
        raise NotPlain(f"a line with {ends} ends and {corners} corners")
    return paint and Stroke(paint, finite(element.get("stroke-width", "1")), ends == "round", corners == "round")


def _keeps_lengths(matrix: Matrix) -> bool:
    a, b, c, d, _, _ = matrix
    return math.isclose(math.hypot(a, b), 1) and math.isclose(a, d, abs_tol=1e-9) and math.isclose(b, -c, abs_tol=1e-9)
