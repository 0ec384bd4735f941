"""Features that many faces share."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import circle, ellipse, mirror_spline, stroke


def eyes(sheet: Sheet, x: float, y: float, across: float, down: float, on: str, fill: str = ink.NIGHT) -> None:
    """Two oval eyes, the left one at (x, y)."""
    sheet.pair("eye", ellipse(x, y, across, down), fill, on, plain=True)


def glinting_eyes(sheet: Sheet, rng: Random, x: float, y: float, radius: float, on: str, iris: str | None) -> None:
    """Round eyes with a glint, and an iris if it has a colour."""
    tall = rng.uniform(1.05, 1.25)
    if iris:
        sheet.pair("iris", ellipse(x, y, radius * 1.2, radius * tall * 1.15), iris, on, plain=True)
        sheet.pair("pupil", ellipse(x, y, radius * 0.62, radius * tall * 0.9), ink.NIGHT, on, plain=True)
    else:
        sheet.pair("eye", ellipse(x, y, radius, radius * tall), ink.NIGHT, on, plain=True)
    for side, place in (("left", x), ("right", 512 - x)):
        sheet.mark(f"{side} glint", circle(place + radius * 0.3, y - radius * 0.42, radius * 0.3), ink.WHITE, on)


def cheeks(sheet: Sheet, x: float, y: float, radius: float, fill: str, on: str) -> None:
    sheet.pair("cheek", ellipse(x, y, radius, radius * 0.72), fill, on, plain=True)


def smile(sheet: Sheet, x: float, y: float, half: float, width: float, fill: str, on: str | None = None) -> None:
    """A smiling line, ``half`` its half width."""
    line = stroke(
        [
            (x - half, y),
            (x - half * 0.5, y + half * 0.36),
            (x, y + half * 0.46),
            (x + half * 0.5, y + half * 0.36),
            (x + half, y),
        ],
        width,
    )
    sheet.mark("mouth", line, fill, on)


def nose(sheet: Sheet, x: float, y: float, width: float, fill: str, on: str) -> None:
    """A small rounded triangle, tip down."""
    w = width / 2
    sheet.mark(
        "nose",
        mirror_spline(
            [
                (x, y - w * 0.6),
                (x + w * 0.8, y - w * 0.5),
                (x + w, y - w * 0.1),
                (x + w * 0.35, y + w * 0.6),
                (x, y + w * 0.75),
            ],
            x=x,
        ),
        fill,
        on,
    )
