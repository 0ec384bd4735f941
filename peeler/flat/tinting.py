"""Taking a translucent shape off the canvas: clear what lies below of its tint, keep the tint.

A pixel under a sheet of ink ``k`` and opacity ``α`` is ``P = (1 − α) B + α k``, so that the ground is
``B = (P − α k) / (1 − α)``. What is drawn there need not be known, but where the shapes below tell it as well, theirs
is free of rounding.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from peeler.flat.matting import EXACT, REACH, Ink, coverage, grown
from peeler.geometry import RGB, RGBA, Pixels

ON_THE_RIM = 0.005
"""Alpha below the opacity of a sheet from which on a pixel is on its soft edge."""
NEARLY = 3.0
"""Grey levels by which a pixel there may miss the mixture of ink and ground."""

Levels = NDArray[np.float32]


def clear(
    before: RGB, ground: RGB, inks: Iterable[Ink], mask: Pixels, ink: Ink, alpha: Levels, opacity: float
) -> tuple[RGB, RGBA]:
    """The picture without a sheet, and the sheet; painted with ``opacity`` over the first it gives ``before``.

    ``ground`` (height × width × 3) is what the shapes below tell, in their ``inks``, ``mask`` where the sheet is seen
    and ``alpha`` (0–1) what it is believed to have, ``opacity`` times its soft edge. The sheet has 255 where its alpha
    is ``opacity``.
    """
    picture, colour = before.astype(np.float32), np.array(ink, np.float32)
    told = _told(picture, ground.astype(np.float32), inks, colour, alpha)
    seen = coverage(picture, told, np.broadcast_to(colour, picture.shape)).clip(0, opacity)
    seen = _whole_levels(seen, opacity)
    as_believed = _missed(told, colour, alpha, picture) <= EXACT
    levels = np.where(as_believed, _whole_levels(alpha, opacity), seen)
    is_told = grown(mask, REACH) & (_missed(told, colour, levels, picture) <= EXACT)
    rim = grown(mask, REACH) & (alpha < opacity - ON_THE_RIM)
    guess = np.where(rim, _closest(picture, told, colour).clip(0, opacity), alpha)
    guess = np.minimum(guess, _densest(picture, colour))
    levels = np.where(is_told, levels, np.floor(guess / opacity * 255 + 1e-3) / 255 * opacity).astype(np.float32)
    share = levels[..., None]
    cleared = np.divide(picture - share * colour, 1 - share, out=picture.copy(), where=share < 1)
    after = np.where(is_told[..., None], told, np.rint(cleared).clip(0, 255)).astype(np.uint8)
    # Rounding, times 1 / (1 − α) under each sheet, is kept in the ink of the rim, not in the ground.
    exact = told + np.divide(picture - told, seen[..., None], out=np.zeros_like(told), where=seen[..., None] > 0)
    stained = rim & ~is_told & (_missed(told, colour, seen, picture) <= NEARLY) & (seen > 0)
    stained &= ((exact >= 0) & (exact <= 255)).all(axis=2)
    after[stained] = told[stained].astype(np.uint8)
    sheet = np.empty((*levels.shape, 4), np.uint8)
    sheet[..., :3] = np.where(stained[..., None], np.rint(exact).clip(0, 255), colour)
    sheet[..., 3] = np.rint(np.where(stained, seen, levels) / opacity * 255)
    sheet[sheet[..., 3] == 0] = 0
    return after, sheet


def _told(picture: Levels, ground: Levels, inks: Iterable[Ink], colour: Levels, alpha: Levels) -> Levels:
    """``ground``, or where that with ``alpha`` misses the picture the ink that with the nearest alpha does not."""
    told = ground.copy()
    unsure = _missed(ground, colour, alpha, picture) > EXACT
    nearest = np.full(alpha.shape, np.inf, np.float32)
    for ink in inks:
        plain = np.broadcast_to(np.array(ink, np.float32), told.shape)
        seen = coverage(picture, plain, np.broadcast_to(colour, told.shape))
        off = np.where(_missed(plain, colour, seen, picture) <= EXACT, np.abs(seen - alpha), np.inf)
        better = unsure & (off < nearest)
        told[better], nearest[better] = ink, off[better]
    return told


def _whole_levels(alpha: Levels, opacity: float) -> Levels:
    """``alpha`` that is a whole number of 255ths of ``opacity``."""
    return np.asarray(np.rint(alpha / opacity * 255) / 255 * opacity, np.float32)


def _missed(ground: Levels, colour: Levels, alpha: Levels, picture: Levels) -> Levels:
    return np.asarray(np.abs(ground + (colour - ground) * alpha[..., None] - picture).max(axis=2), np.float32)


def _closest(picture: Levels, ground: Levels, colour: Levels) -> Levels:
    """The alpha whose ground (P − α k) / (1 − α) is the closest to ``ground``."""
    away = picture - colour
    length = (away * away).sum(axis=2)
    times = np.divide(((ground - colour) * away).sum(axis=2), length, out=np.ones_like(length), where=length > 0)
    return np.asarray(1 - 1 / np.maximum(times, 1), np.float32)


def _densest(picture: Levels, colour: Levels) -> Levels:
    """The largest alpha for which some ground of 0–255 gives ``picture``."""
    room = np.where(colour > picture, colour, 255 - colour)
    kept = np.where(colour > picture, picture, 255 - picture)
    return np.asarray(np.divide(kept, room, out=np.ones_like(picture), where=room > 0).clip(0, 1).min(axis=2))
