"""Outlines as SVG: path data as short as it can be at a stated precision, and elements for shapes with a name."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.arcs import arc_through
from peeler.vectorizers.bezier import Curve
from peeler.vectorizers.gradients import Linear, Radial
from peeler.vectorizers.primitives import SKEWED, Ellipse, Rectangle
from peeler.vectorizers.strokes import Stroke

DIGITS = 2
"""Decimals of a coordinate: a hundredth of a pixel is less than any outline is known by."""

Steps = NDArray[np.int64]
Corner = tuple[int, int]
"""Where a layer lies on the canvas, (x, y)."""


def path_data(outlines: Sequence[Sequence[Curve] | Ellipse], origin: Corner) -> str:
    """Path data of closed outlines, each of curves that begin where the one before ends, moved by ``origin``.

    An ellipse stands for its own outline, clockwise if its axes are positive.
    """
    return "".join(
        _ellipse_data(outline, origin) if isinstance(outline, Ellipse) else _data(outline, origin)
        for outline in outlines
    )


Drawing = Ellipse | Rectangle | Stroke | list[list[Curve] | Ellipse]
"""A shape: one with a name, a line of one width, or what its outlines enclose."""


def element(drawing: Drawing, paint: str, origin: Corner) -> str:
    """The element that draws a shape moved by ``origin``; ``paint`` are the attributes for its colour."""
    if isinstance(drawing, Stroke):
        return stroke_element(drawing, paint, origin)
    if isinstance(drawing, Ellipse | Rectangle):
        return shape_element(drawing, paint, origin)
    return f'<path {paint} d="{path_data(drawing, origin)}"/>'


def shape_element(shape: Ellipse | Rectangle, paint: str, origin: Corner) -> str:
    """The element of a shape with a name; ``paint`` are its attributes for colour."""
    if isinstance(shape, Rectangle):
        return _rectangle_element(shape, paint, origin)
    x, y = number(shape.x + origin[0]), number(shape.y + origin[1])
    if number(shape.across) == number(shape.down):
        return f'<circle {paint} cx="{x}" cy="{y}" r="{number(shape.across)}"/>'
    turned = ""
    if SKEWED < shape.turn < np.pi - SKEWED:
        turned = f' transform="rotate({number(np.rad2deg(shape.turn))} {x} {y})"'
    return f'<ellipse {paint} cx="{x}" cy="{y}" rx="{number(shape.across)}" ry="{number(shape.down)}"{turned}/>'


def stroke_element(stroke: Stroke, paint: str, origin: Corner) -> str:
    """The element of a line of one width; ``paint`` are the attributes for the colour of a filled shape."""
    line = paint.replace("fill", "stroke")
    looks = f'fill="none" {line} stroke-width="{number(stroke.width)}"'
    if stroke.round_corners and not isinstance(stroke.middle, Ellipse):
        looks += ' stroke-linejoin="round"'
    if not isinstance(stroke.middle, list):
        return shape_element(stroke.middle, looks, origin)
    if stroke.is_closed:
        return f'<path {looks} d="{path_data([stroke.middle], origin)}"/>'
    ends = ' stroke-linecap="round"' if stroke.round_ends else ""
    return f'<path {looks}{ends} d="{_data(stroke.middle, origin, is_closed=False)}"/>'


def gradient_element(gradient: Linear | Radial, name: str, origin: Corner) -> str:
    """The element that a shape's fill ``url(#name)`` refers to."""
    stops = "".join(
        f'<stop offset="{number(stop.share)}" stop-color="#{bytes(stop.colour).hex()}"/>' for stop in gradient.stops
    )
    places: dict[str, float]
    if isinstance(gradient, Linear):
        kind = "linearGradient"
        (x1, y1), (x2, y2) = gradient.start, gradient.end
        places = {"x1": x1 + origin[0], "y1": y1 + origin[1], "x2": x2 + origin[0], "y2": y2 + origin[1]}
    else:
        kind = "radialGradient"
        x, y = gradient.middle
        places = {"cx": x + origin[0], "cy": y + origin[1], "r": gradient.radius}
    told = " ".join(f'{key}="{number(value)}"' for key, value in places.items())
    return f'<{kind} id="{name}" gradientUnits="userSpaceOnUse" {told}>{stops}</{kind}>'


def number(value: float) -> str:
    """A number in the shortest form at ``DIGITS`` decimals: ``-0.50`` is ``-.5``."""
    return _short(round(value * 10**DIGITS))


def _rectangle_element(shape: Rectangle, paint: str, origin: Corner) -> str:
    left, top = (round((edge + shift) * 10**DIGITS) for edge, shift in zip(shape[:2], origin, strict=True))
    right, bottom = (round((edge + shift) * 10**DIGITS) for edge, shift in zip(shape[2:4], origin, strict=True))
    place = f'x="{_short(left)}" y="{_short(top)}" width="{_short(right - left)}" height="{_short(bottom - top)}"'
    rounded = f' rx="{number(shape.radius)}"' if shape.radius else ""
    return f"<rect {paint} {place}{rounded}/>"


def _data(curves: Sequence[Curve], origin: Corner, is_closed: bool = True) -> str:
    """One line. Places are rounded before they are subtracted, so that errors do not add up along it."""
    if is_closed and len(curves) > 1 and len(curves[-1]) == 2:
        curves = curves[:-1]  # closing draws it
    placed = [np.rint((curve + origin) * 10**DIGITS).astype(int) for curve in curves]
    commands = [_command(steps, curve) for steps, curve in zip(placed, curves, strict=True)]
    letters = ["M", *(letter for letter, _ in commands)]
    words = [letters[0] + _joined(placed[0][0].tolist())]
    for (before, letter), (_, numbers) in zip(pairwise(letters), commands, strict=True):
        repeated = before == letter and letter in "lca"
        words.append(_apart("", numbers) if repeated else letter + numbers)
    return "".join(words) + ("z" if is_closed else "")


def _command(placed: Steps, curve: Curve) -> tuple[str, str]:
    """Letter and numbers of a curve, relative to where it begins."""
    steps = (placed[1:] - placed[0]).ravel().tolist()
    if len(placed) == 4:
        return "c", _joined(steps)
    if len(placed) == 3:
        return "a", _arc_data(curve, steps[2:])
    if steps[1] == 0:
        return "h", _joined(steps[:1])
    return ("v", _joined(steps[1:])) if steps[0] == 0 else ("l", _joined(steps))


def _arc_data(curve: Curve, way: list[int]) -> str:
    arc = arc_through(curve)
    # Of a half circle less than the radius is told, as SVG makes it as large as it has to be but never smaller.
    radius = _short(round(arc.radius * 10**DIGITS) - 2 * arc.is_half)
    return _apart(
        f"{radius} {radius} 0 {int(abs(arc.turn) > np.pi and not arc.is_half)} {int(arc.turn > 0)}", _joined(way)
    )


def _ellipse_data(shape: Ellipse, origin: Corner) -> str:
    """Two arcs from one end of the first axis to the other and back; against the clock if an axis is negative."""
    across, down = round(abs(shape.across) * 10**DIGITS), round(abs(shape.down) * 10**DIGITS)
    turn = 0.0 if across == down else shape.turn
    end = np.array([np.cos(turn), np.sin(turn)]) * across
    start = np.rint((np.array([shape.x, shape.y]) + origin) * 10**DIGITS - end).astype(int).tolist()
    over = np.rint(2 * end).astype(int)
    if turn:
        # Two ends that are nearer than the axis is long would put the middle elsewhere; such as are farther do not.
        across, down = across - 1, down - 1
    sweep = int(shape.across * shape.down > 0)
    radii = f"{_short(across)} {_short(down)} {number(np.rad2deg(turn))} 1 {sweep}"
    arcs = "".join(f"a{_apart(radii, _joined(way.tolist()))}" for way in (over, -over))
    return f"M{_joined(start)}{arcs}z"


def _apart(text: str, told: str) -> str:
    """A text and what follows, with a space between them unless a sign keeps them apart."""
    return text + (told if told[0] == "-" else " " + told)


def _joined(numbers: Sequence[int]) -> str:
    """Numbers with no more between them than keeps them apart."""
    words = [_short(value) for value in numbers]
    text = words[0]
    for before, word in pairwise(words):
        apart = word[0] == "-" or (word[0] == "." and "." in before)
        text += word if apart else " " + word
    return text


def _short(hundredths: int) -> str:
    """A whole number of the smallest steps, with its point and nothing that can be left out."""
    sign = "-" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 10**DIGITS)
    tail = f"{part:0{DIGITS}d}".rstrip("0")
    text = (str(whole) if whole or not tail else "") + (f".{tail}" if tail else "")
    return sign + text
