from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from peeler.flat.drawing import read_drawing
from peeler.flat.leaks import Leak
from peeler.flat.meetings import find_meetings, leaks_at, painted_last
from peeler.geometry import RGB, Pixels
from tests.flat.figures import as_jpeg, iou, regions_of

SIDE, FINE = 96, 16
MIDDLE = (47.3, 48.8)
"""Of the canvas, off the grid of pixels (x, y)."""
X, Y = ((np.mgrid[: SIDE * FINE, : SIDE * FINE] + 0.5) / FINE - 0.5 - np.array(MIDDLE)[::-1, None, None])[::-1]
INKS = (210, 60, 50), (40, 90, 190), (240, 200, 90)
Shape = NDArray[np.bool_]


def painted(*layers: tuple[Shape, tuple[int, int, int]]) -> RGB:
    """Shapes (given at ``FINE`` times the size) painted one over the other, each by its area of a pixel."""
    canvas = np.full((SIDE, SIDE, 3), 255.0)
    for shape, ink in layers:
        cover = shape.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))[..., None]
        canvas += cover * (np.array(ink) - canvas)
    return np.rint(canvas).astype(np.uint8)


def half(degrees: float) -> Shape:
    """What lies to the right (by down) of a line through the middle that leaves in a direction."""
    angle = np.radians(degrees)
    return np.asarray(Y * np.cos(angle) - X * np.sin(angle) > 0)


EVERYWHERE = np.ones_like(X, np.bool_)


def last_of(
    canvas: RGB, inks: tuple[tuple[int, ...], ...] = INKS
) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """The log odds for pairs of ``inks`` that the first was painted after the second."""
    regions, palette = regions_of(canvas)
    away = np.abs(palette.inks[:, None].astype(int) - np.array(inks)).sum(axis=2)  # loss changes them a little
    ink = [inks[away[region.ink].argmin()] for region in regions.all]
    said = painted_last(find_meetings(canvas, palette, regions, ()))
    return {(ink[one], ink[other]): odds for (one, other), odds in said.items()}


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("turn", [8, 25, 77])
def test_three_sectors_tell_which_was_painted_last(order: tuple[int, ...], turn: int) -> None:
    # No edge runs straight on, so that outlines tell little: the last one is cut out of the plane, the one before it
    # goes on under it.
    below, before, last = (INKS[place] for place in order)
    wedge = half(turn) & ~half(turn + 80)
    said = last_of(painted((EVERYWHERE, below), (half(turn + 220), before), (wedge, last)))
    assert said[last, before] > 0.3 and said[last, below] > 0.3
    assert said[before, last] == -said[last, before]


@pytest.mark.parametrize("turn", [8, 33, 62])
def test_a_corner_on_a_straight_edge_may_lie_above(turn: int) -> None:
    # The sector ends where the edge of the half below it runs, so that this seems to run on in front of it.
    below, before, last = INKS
    beyond = np.hypot(X, Y) < 30
    said = last_of(painted((EVERYWHERE, below), (half(turn), before), (half(turn) & ~half(turn + 70) & beyond, last)))
    assert said[last, before] > 0


@pytest.mark.parametrize("turn", [12, 0, 90])
def test_edges_that_coincide_at_a_meeting(turn: int) -> None:
    # Both end at one line, also along the grid of pixels, where all its pixels show the same.
    below, bar, other = INKS
    canvas = painted((EVERYWHERE, below), (half(turn), bar), (~half(turn) & half(turn + 250), other))
    regions, palette = regions_of(canvas)
    ink = [tuple(palette.inks[region.ink].tolist()) for region in regions.all]
    leaks = leaks_at(find_meetings(canvas, palette, regions, ()))
    assert {tuple(ink[label] for label in leak) for leak in leaks} == {(other, bar, below)}


def test_what_shows_at_a_meeting_completes_what_lies_below() -> None:
    # A disc whose edge is nearly straight beside a band: outlines alone leave open which one goes on.
    disc = np.hypot(X, Y) < 34
    band = (np.abs(Y * np.cos(0.3) - X * np.sin(0.3)) < 9) & (np.abs(X) < 40)
    below, above = read_drawing(painted((disc, INKS[0]), (band, INKS[1]))).shapes
    assert iou(below.whole, disc[FINE // 2 :: FINE, FINE // 2 :: FINE]) > 0.97
    assert above.whole == above.visible


def test_the_ground_is_never_painted_last() -> None:
    canvas = painted((half(20), INKS[0]), (half(20) & half(80), INKS[1]))
    regions, palette = regions_of(canvas)
    ground = regions.labels[0, -1]
    said = painted_last(find_meetings(canvas, palette, regions, {int(ground)}))
    assert said and all(odds < 0 for (one, _), odds in said.items() if one == ground)


def told_after_loss(quality: int) -> list[float]:
    """The log odds for what is true, of what was drawn last at meetings in all directions and orders."""
    told = []
    for turn in (8, 25, 50, 77, 120, 200, 300):
        for below, before, last in permutations(((250, 210, 120), (200, 60, 70), (30, 40, 90))):
            layers = (EVERYWHERE, below), (half(turn + 290), before), (half(turn), last)
            told.append(last_of(as_jpeg(painted(*layers), quality), (below, before, last)).get((last, before), 0.0))
    return told


def test_little_loss_leaves_something_to_tell() -> None:
    told = told_after_loss(95)
    assert min(told) > -0.3 and sum(odds > 0.3 for odds in told) >= 14


@pytest.mark.parametrize("quality", [30, 60])
def test_what_much_loss_leaves_tells_next_to_nothing(quality: int) -> None:
    assert max(map(abs, told_after_loss(quality))) < 0.5


def test_meetings_at_the_rim_or_beside_others_are_left_alone() -> None:
    tiles: Pixels = (np.floor((X + 60) / 4) + np.floor((Y + 60) / 4)) % 3 == 0
    canvas = painted((EVERYWHERE, INKS[0]), (tiles, INKS[1]))
    regions, palette = regions_of(canvas)
    found = find_meetings(canvas, palette, regions, ())
    assert painted_last(found) == {} and leaks_at(found) == []
    assert leaks_at(found._replace(labels=found.labels[:0], missed=found.missed[:0])) == list[Leak]()
