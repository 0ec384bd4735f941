"""Enlargement by a smooth filter undone: the drawing which that filter makes the picture of.

By back-projection (Irani and Peleg, *Improving resolution by image registration*, CVGIP 53(3), 1991, §3): what the
enlarged guess lacks is added to the guess, over and over.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from peeler.geometry import RGB

Values = NDArray[np.float32]
Filter = Callable[[Values, tuple[int, int]], Values]
"""Makes a picture of one or three channels as large as (width, height)."""
LARGEST = 4
"""Times that a picture may have been enlarged."""
ROUNDS, BOLDNESS = 6, 4 / 3
"""How often a guess is mended at most, and by how many times what it lacks: the finest details, of which enlarging
leaves a half, come as near in each round as the coarse ones, which it leaves whole.
"""
WINDOW, STEP = 144, 24
"""Pixels of a side of the part that is looked at, and between two such parts: multiples of all the times."""
EXPLAINED = 0.06
"""Share of the steps between neighbours by which an enlarged drawing misses its picture at most, each by the root of
the mean square. Twenty pictures enlarged in four ways all miss 0.06 or less, in the median 0.01; taken for ones
enlarged more often 0.07 or more; drawn at their size 0.14, or 0.13 after JPEG of quality 50.
"""
MOST_ROUNDED, ROUNDING = 90, 0.75
"""And of 100 pixels so many are missed by so many grey levels at most: what is rounded and nothing else. After loss it
is a grey level; and what loss left becomes stronger when a filter is undone.
"""
SETTLED = 0.5
"""Grey levels; a guess that lacks less anywhere is as good as any."""
AS_WELL = 2
"""Filters that miss a picture by no more than so many times as much as the best explain it as well. Of these the one
with the most even drawing is taken: a filter that sharpens what was not softened leaves waves along edges."""


def _by_opencv(drawn: Values, size: tuple[int, int], way: int) -> Values:
    return np.asarray(cv2.resize(drawn, size, interpolation=way), np.float32)


def _by_pillow(drawn: Values, size: tuple[int, int], way: Resampling) -> Values:
    channels = drawn.reshape(*drawn.shape[:2], -1).transpose(2, 0, 1)
    large = [np.asarray(Image.fromarray(np.ascontiguousarray(channel)).resize(size, way)) for channel in channels]
    return np.stack(large, axis=-1).reshape(size[1], size[0], *drawn.shape[2:])


FILTERS: tuple[Filter, ...] = (
    partial(_by_opencv, way=cv2.INTER_LINEAR),
    partial(_by_opencv, way=cv2.INTER_CUBIC),
    partial(_by_opencv, way=cv2.INTER_LANCZOS4),
    partial(_by_pillow, way=Resampling.BICUBIC),
    partial(_by_pillow, way=Resampling.LANCZOS),
)
"""Those in use. The two cubic ones differ in how steep they are: a = −0.75 and −0.5 (Keys 1981); those of Lanczos in
how wide: four pixels and three.
"""


def find_filter(picture: RGB, most: int = LARGEST) -> tuple[int, Filter] | None:
    """The most times that a drawing may have been enlarged to ``picture`` (height × width × 3), and how; None if no
    filter explains it as one enlarged ``most`` times or less.
    """
    part = _busiest(picture)
    for times in range(min(most, LARGEST), 1, -1):
        if picture.shape[0] % times or picture.shape[1] % times:
            continue
        whole = part[: part.shape[0] // times * times, : part.shape[1] // times * times]
        guesses = [_guess(whole, times, filter) for filter in FILTERS]
        best = min(guesses, key=lambda guess: guess.missed)
        if best.missed <= EXPLAINED:
            alike = (guess for guess in guesses if guess.missed <= AS_WELL * best.missed)
            return (times, max(alike, key=lambda guess: guess.evenness).filter) if best.is_clean else None
    return None


def undone(picture: Values, times: int, filter: Filter) -> Values:
    """The drawing, so many ``times`` smaller, that ``filter`` enlarged to ``picture``, in grey levels (0–255)."""
    seen = middles(picture, times)
    guess = seen
    for _ in range(ROUNDS):
        large = filter(guess, (picture.shape[1], picture.shape[0]))
        lacks = seen - np.mean([np.clip(pixels, 0, 255) for pixels in middle_pixels(large, times)], axis=0)
        guess = np.asarray(np.clip(guess + BOLDNESS * lacks, 0, 255), np.float32)
        if np.abs(lacks).max() < SETTLED:
            break
    return guess


def middles(values: NDArray[Any], times: int) -> Values:
    """The mean of the four pixels in the middle of each square of ``times`` × ``times``, or the one if that is odd.

    Filters that enlarge leave there what was drawn, or nearly.
    """
    return np.asarray(np.mean(middle_pixels(values, times), axis=0, dtype=np.float32), np.float32)


def middle_pixels(values: NDArray[Any], times: int) -> list[NDArray[Any]]:
    """These one or four pixels of all squares, each a ``times``-th of the height and width."""
    middle = sorted({(times - 1) // 2, times // 2})
    return [values[y::times, x::times] for y in middle for x in middle]


def _enlarged(drawn: Values, picture: Values, filter: Filter) -> Values:
    return np.clip(filter(drawn, (picture.shape[1], picture.shape[0])), 0, 255)


class Guess(NamedTuple):
    """A filter by which a picture may have been enlarged, and how far the enlarged drawing then ``missed`` it, as a
    share of the steps between neighbours; whether that is rounding; and the share of alike neighbours in the drawing.
    """

    filter: Filter
    missed: float
    is_clean: bool
    evenness: float


def _guess(picture: Values, times: int, filter: Filter) -> Guess:
    drawn = undone(picture, times, filter)
    aside = slice(4 * times, -4 * times)  # filters go on as they like at the sides
    steps = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))[aside, aside]
    missed = np.abs(picture - _enlarged(drawn, picture, filter))[aside, aside]
    if not steps.any():
        return Guess(filter, np.inf, False, 0.0)
    share = float(np.sqrt(np.square(missed).sum() / np.square(steps).sum()))
    alike = [(np.abs(np.diff(drawn, axis=axis)) < 1).mean() for axis in (0, 1)]
    return Guess(filter, share, bool(np.percentile(missed, MOST_ROUNDED) <= ROUNDING), float(np.mean(alike)))


def _busiest(picture: RGB) -> Values:
    """The brightness of the part of ``picture`` with the most contrast, at a multiple of all times from its corner."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    height, width = (min(side, WINDOW) for side in grey.shape)
    steps = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    sums = cv2.integral(steps)
    rows, columns = np.arange(0, len(grey) - height + 1, STEP), np.arange(0, grey.shape[1] - width + 1, STEP)
    here = np.ix_(rows, columns)
    inside = sums[height:, width:][here] - sums[height:, :-width][here] - sums[:-height, width:][here] + sums[here]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    top, left = rows[row], columns[column]
    return grey[top : top + height, left : left + width].astype(np.float32)
