"""Taking a translucent shape off the canvas: clear what lies below of its tint, keep the tint.

A pixel under a sheet of ink ``k`` and opacity ``α`` is ``P = (1 − α) B + α k``, so that the ground is
``B = (P − α k) / (1 − α)``. What is drawn there need not be known, but where the shapes below tell it as well, theirs
is free of rounding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, dot
from peeler.flat.matting import EXACT, REACH, Ink, coverage, grown, least_coverage
from peeler.geometry import RGB, RGBA, Pixels

NEARLY = 3.0
"""Grey levels by which a pixel of a soft edge may miss the mixture of ink and ground."""

Levels = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Tinted:
    """What is seen under a sheet of one ``ink``: the ``picture`` (height × width × 3) and the ``mask`` of the sheet.

    ``alpha`` (0–1) is what the sheet is believed to have, at most its ``opacity``, less on its ``rim``, a soft edge.
    """

    picture: RGB
    mask: Pixels
    rim: Pixels
    ink: Ink
    alpha: Levels
    opacity: float

    @cached_property
    def seen(self) -> Levels:
        return self.picture.astype(np.float32)

    @cached_property
    def colour(self) -> Levels:
        return np.broadcast_to(np.array(self.ink, np.float32), self.picture.shape)

    def missed(self, ground: Levels, alpha: Levels) -> Levels:
        """Grey levels by which the picture differs from the sheet over ``ground``, the worst channel."""
        mixed = ground + (self.colour - ground) * alpha[..., None]
        return np.asarray(apart(mixed, self.seen), np.float32)

    def share(self, ground: Levels) -> Levels:
        """The alpha that best explains the picture over ``ground``."""
        return coverage(self.seen, ground, self.colour).clip(0, self.opacity)

    def whole(self, alpha: Levels) -> Levels:
        """``alpha`` as a whole number of 255ths of the opacity."""
        return np.asarray(np.rint(alpha / self.opacity * 255) / 255 * self.opacity, np.float32)

    def densest(self) -> Levels:
        """The largest alpha for which some ground of 0–255 gives the picture, in 255ths of the opacity."""
        room = np.where(self.colour > self.seen, self.colour, 255 - self.colour)
        kept = np.where(self.colour > self.seen, self.seen, 255 - self.seen)
        most = np.divide(kept, room, out=np.ones_like(self.seen), where=room > 0).clip(0, 1).min(axis=2)
        return np.asarray(np.floor(most / self.opacity * 255) / 255 * self.opacity, np.float32)

    def closest(self, ground: Levels) -> Levels:
        """The alpha whose ground (P − α k) / (1 − α) is the closest to ``ground``."""
        away = self.seen - self.colour
        length = dot(away, away)
        along = dot(ground - self.colour, away)
        times = np.divide(along, length, out=np.ones_like(length), where=length > 0)
        return np.asarray((1 - 1 / np.maximum(times, 1)).clip(0, self.opacity), np.float32)


def clear(tinted: Tinted, ground: RGB, inks: Iterable[Ink]) -> tuple[RGB, RGBA]:
    """The picture without the sheet, and the sheet; painted with its opacity over the first it gives the picture.

    ``ground`` (height × width × 3) is what the shapes below tell, in their ``inks``. The sheet has 255 where its alpha
    is its opacity.
    """
    told = _told(tinted, ground.astype(np.float32), inks)
    share = tinted.whole(tinted.share(told))
    alpha = np.where(tinted.missed(told, tinted.alpha) <= EXACT, tinted.whole(tinted.alpha), share)
    near = grown(tinted.mask, REACH)
    is_told = near & (tinted.missed(told, alpha) <= EXACT)
    guess = np.where(tinted.rim, tinted.closest(told), tinted.alpha)
    alpha = np.where(is_told, alpha, np.minimum(tinted.whole(guess), tinted.densest()))
    cover = alpha[..., None]
    free = np.divide(tinted.seen - cover * tinted.colour, 1 - cover, out=tinted.seen.copy(), where=cover < 1)
    # Rounding, times 1 / (1 − α) under each sheet, is kept in the ink where that is thin, not in the ground.
    thin = near & (tinted.alpha < tinted.opacity) & ~is_told & (share > 0)
    stained = thin & (tinted.missed(told, share) <= NEARLY)
    share = np.maximum(share, np.ceil(least_coverage(tinted.seen, told) / tinted.opacity * 255) / 255 * tinted.opacity)
    stained &= share <= tinted.opacity
    exact = told + np.divide(tinted.seen - told, share[..., None], out=np.zeros_like(told), where=share[..., None] > 0)
    after = np.where((is_told | stained)[..., None], told, np.rint(free).clip(0, 255)).astype(np.uint8)
    sheet = np.empty((*alpha.shape, 4), np.uint8)
    sheet[..., :3] = np.where(stained[..., None], np.rint(exact).clip(0, 255), tinted.colour)
    sheet[..., 3] = np.rint(np.where(stained, share, alpha) / tinted.opacity * 255)
    sheet[sheet[..., 3] == 0] = 0
    return after, sheet


def _told(tinted: Tinted, ground: Levels, inks: Iterable[Ink]) -> Levels:
    """``ground``, or where that misses the picture the ink that with the alpha nearest to the sheet's does not."""
    told = ground.copy()
    unsure = tinted.missed(ground, tinted.alpha) > EXACT
    nearest = np.full(unsure.shape, np.inf, np.float32)
    for ink in inks:
        plain = np.broadcast_to(np.array(ink, np.float32), told.shape)
        share = tinted.share(plain)
        off = np.where(tinted.missed(plain, share) <= EXACT, np.abs(share - tinted.alpha), np.inf)
        better = unsure & (off < nearest)
        told[better], nearest[better] = ink, off[better]
    return told
