"""Small fine shapes, such as letters: outlines from their coverage enlarged.

Strokes of one to three pixels bend within a pixel or two. Between the middles of pixels a straight line misses such
bends, and where a stroke lies between two pixels neither is half covered. A cubic curve through the coverage of several
pixels (Keys, *Cubic convolution interpolation for digital image processing*, 1981) follows both.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.vectorizers.bezier import Curve
from peeler.vectorizers.markup import Drawing
from peeler.vectorizers.outlines import SPECK, Outline, trace_outlines
from peeler.vectorizers.pen import drawn
from peeler.vectorizers.primitives import Ellipse, recognised
from peeler.vectorizers.twins import moved

LARGEST = 48
"""Pixels of the longer side of a glyph, at most."""
FULL, BROADEST = 191, 9
"""Alpha (0–255) of a stroke, and pixels that it is broad, less than which strokes are fine."""
SEEN = 5
"""Alpha from which something is seen."""
MARGIN = 2
"""Clear pixels around it."""
FEWEST = 6.0
"""Pixels that a glyph covers, together, at least."""
ENLARGED, FINER = 3, 0.6
"""Times that coverage is enlarged, and share of the tolerance of larger shapes by which an outline may be missed."""

Alpha = NDArray[np.uint8]


def take_glyphs(alpha: Alpha, tolerance: float) -> tuple[list[Drawing], Alpha]:
    """The glyphs in ``alpha`` (height × width, 0–255), within ``tolerance`` pixels, and what is left of it."""
    kernel = np.ones((BROADEST, BROADEST), np.uint8)
    broad = cv2.morphologyEx((alpha >= FULL).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha >= SEEN).astype(np.uint8), connectivity=8)
    small = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) <= LARGEST
    small[np.unique(labels[broad > 0])] = False
    curves: list[list[Curve] | Ellipse] = []
    others: list[Drawing] = []
    rest = alpha.copy()
    for label in np.flatnonzero(small[1:]) + 1:
        left, top, width, height = stats[label, :4].tolist()
        place = np.s_[top : top + height, left : left + width]
        own = labels[place] == label
        outlines = _enlarged(np.where(own, alpha[place], 0).astype(np.uint8))
        if outlines:
            corner = np.array([left - MARGIN, top - MARGIN], np.float64)
            glyph = moved(drawn(outlines, FINER * ENLARGED * tolerance), corner, 1 / ENLARGED)
            if isinstance(glyph, list):
                curves += glyph
            else:
                others.append(glyph)
            rest[place][own] = 0
    return [*([curves] if curves else []), *others], rest


def _enlarged(coverage: Alpha) -> list[Outline]:
    """The outlines of a glyph, ``ENLARGED``, with a margin; none of what has a name, which is known better."""
    covered = float(coverage.sum()) / 255
    if covered < FEWEST or any(recognised(outline) for outline in trace_outlines(coverage)):
        return []
    large = cv2.resize(np.pad(coverage, MARGIN), None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    # As much lies inside as is covered, however thin a stroke is.
    levels = np.sort(large.ravel())[::-1]
    level = max(float(levels[min(round(covered * ENLARGED**2), levels.size - 1)]), 1.0)
    found = trace_outlines(np.asarray(np.clip(large * (127.5 / level), 0, 255), np.uint8))
    return [outline for outline in found if abs(outline.area) >= SPECK * ENLARGED**2]
