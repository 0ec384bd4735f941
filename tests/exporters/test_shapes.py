"""SVG shapes as lines and cubic curves: drawn again they are the same picture."""

import numpy as np
import pytest

from peeler.exporters.shapes import NotPlain, Paint, Shape, Stroke, read_shape
from peeler.scenes.render import rendered
from peeler.svg_paths import Contour

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90">{}</svg>'


def written(contours: tuple[Contour, ...]) -> str:
    """Path data in absolute lines and cubics alone."""
    words = []
    for contour in contours:
        words.append("M{} {}".format(*contour.start))
        for piece in contour.pieces:
            words.append(("L" if len(piece) == 1 else "C") + " ".join(f"{x!r} {y!r}" for x, y in piece))
        words.append("Z")
    return "".join(words)


@pytest.mark.parametrize(
    "shape",
    [
        'path d="M10 10L100 15L60 80Z"',
        'path d="m10 10 90 5-40 65z"',
        'path d="M10 10H100V80H10z M30 30v20h20V30z"',
        'path d="M10 10h90v70H10Zm20 20v20h20v-20z"',
        'path d="M10 40C10 10 60 10 60 40S110 70 110 40V80H10Z"',
        'path d="m10 40c0-30 50-30 50 0s50 30 50 0v40H10z"',
        'path d="M10 40Q35 0 60 40T110 40V80H10Z"',
        'path d="m10 40q25-40 50 0t50 0v40H10z"',
        'path d="M20 45a30 20 0 0 1 60 0z"',
        'path d="M20 45a30 20 30 1 1 40 10z"',
        'path d="M20 45A30 20 30 0 0 60 55L20 80Z"',
        'path d="M20 45a30 20-15 0060 10z"',
        'path d="M20 45a30 20-15 1160 10 9 9 0 01-9 9z"',
        'path d="M20 45A1 1 0 0 0 80 45Z"',
        'path d="M20 45A0 9 0 0 0 80 60V70Z"',
        'path d="M20 45 30 60 50 40.5.5.5Z"',
        'path d="M2e1-4.5e0 6e1 60-.5.5z"',
        'rect x="10" y="20" width="70" height="40"',
        'rect x="10" y="20" width="70" height="40" rx="9"',
        'rect x="10" y="20" width="70" height="40" rx="50" ry="8"',
        'circle cx="50" cy="45" r="30"',
        'ellipse cx="50" cy="45" rx="40" ry="15" transform="rotate(30 50 45)"',
        'rect width="40" height="20" transform="translate(20,10) scale(1.5) rotate(15)"',
        'path transform="matrix(1 .2 -.3 1 20 5)" d="M10 10L80 15L40 60Z"',
    ],
)
def test_the_same_picture(shape: str) -> None:
    markup = f'<{shape} fill="#336699"/>'
    mine = f'<path fill="#336699" d="{written(read_shape(markup).contours)}"/>'
    off = np.abs(rendered(HEAD.format(markup)).astype(int) - rendered(HEAD.format(mine)))
    assert rendered(HEAD.format(markup))[..., 3].any()
    # The renderer counts samples: an edge that is a hundredth of a pixel elsewhere may lose one.
    assert off[..., 3].max() <= 48 and off[..., 3].mean() < 0.1


def test_colour_and_opacity() -> None:
    shape = read_shape('<circle fill="#AABBCC" fill-opacity=".25" cx="1" cy="1" r="1"/>')
    assert (shape.fill, shape.stroke) == (Paint("#aabbcc", 0.25), None)


def test_a_line_may_be_turned_and_not_stretched() -> None:
    look = 'fill="none" stroke="#102030" stroke-width="3"'
    turned = read_shape(f'<ellipse {look} cx="9" cy="9" rx="5" ry="3" transform="rotate(30 9 9)"/>')
    assert turned.stroke is not None and turned.stroke.width == 3
    with pytest.raises(NotPlain, match="stretched"):
        read_shape(f'<circle {look} cx="9" cy="9" r="5" transform="scale(2)"/>')


def test_lines() -> None:
    look = 'fill="none" stroke="#102030" stroke-opacity=".5" stroke-width="3" stroke-linecap="round"'
    shape = read_shape(f'<path {look} d="M1 1L9 9"/>')
    assert shape == Shape((Contour((1, 1), (((9, 9),),), False),), None, Stroke(Paint("#102030", 0.5), 3, True, False))


@pytest.mark.parametrize(
    "markup",
    [
        '<path style="a" d="M0 0L1 1Z"/>',
        '<path fill="red" d="M0 0L1 1Z"/>',
        '<g fill="#000000"/>',
        '<path d="M0 0L1"/>',
        '<path d="M0 0L1 1e9"/>',
        '<path d="M0 0A1e-300 1e-300 0 0 1 1 0"/>',
        '<path fill="none" stroke="#000000" stroke-width="nan" d="M0 0L1 1"/>',
    ],
)
def test_shapes_that_are_not_plain(markup: str) -> None:
    with pytest.raises(NotPlain):
        read_shape(markup)
