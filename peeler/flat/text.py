"""Lines of text: regions of one ink that look like letters and stand side by side on one ground.

After Epshtein, Ofek and Wexler, *Detecting text in natural scenes with stroke width transform* (CVPR 2010): letters are
drawn with a pen of one width, and those of a line are alike in width, height and colour. What else stands in rows, as
windows, teeth and fence posts do, is solid or repeats itself, while letters differ; so a line must have several shapes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import filled
from peeler.flat.matting import grown
from peeler.flat.regions import Region, Regions
from peeler.geometry import Box, Pixels

FEWEST = 3
"""Letters, and shapes of letters, that a line has at least; a word of two has stricter rules."""
PAIR_HEIGHT, PAIR_PEN, PAIR_GAP, PAIR_ALIKE = 1.12, 1.3, 0.4, 0.6
"""Ratio of the heights and of the pens of the two letters of a short word, gap between them in heights of the higher
one, and overlap (IoU) of their shapes, at most."""
LEAST_HEIGHT, HIGHEST = 6, 0.5
"""Pixels, as smaller letters have no shape, and share of the canvas."""
WIDEST = 4.0
"""Heights that a letter may be wide, or several that touch."""
PEN = 1.9, 24.0
"""Pen widths that a letter is high, at least and at most."""
UNEVEN = 0.76
"""Standard deviation of the depth of a letter's pixels, in units of its mean, at most; a line has 0.58, a disc 0.71,
bold letters that touch up to 0.74."""
LIKE_HEIGHT, LIKE_PEN = 2.2, 2.0
"""Ratio of the heights and of the pen widths of two neighbours in a line, at most: "p" and "x", thin and thick."""
NEAR = 0.9
"""Gap between neighbours in a line, in heights of the higher one, at most: a space is 0.4 wide."""
LEVEL = 0.6
"""Share of the lower one's height that neighbours have in common."""
GUIDED, MISSED = 0.6, 0.1
"""Share of tops and bottoms of letters that two straight lines guide, and share of a height that those may miss."""
TILT = 0.15
"""Slope of a line, at most."""
ON_GROUND = 0.8
"""Share of a letter's rim that lies on the ground of its line, and of its box that holds nothing else than the two."""
BENT = 1.25
"""Heights that the stroke of a letter is long, at least, where it is no upright bar."""
SOLID = 0.85
"""Share of its hull that such a letter fills at most."""
LETTERED = 0.5
"""Share of a line that bent letters have at least, as opposed to bars."""
SAME, SAME_SMALL, SMALL = 0.8, 0.6, 16
"""Overlap (IoU) from which on two letters have the same shape, and so in a line that is fewer pixels high than that."""
GRID = 24
"""Cells of the square in which shapes are compared."""


@dataclass(frozen=True)
class Line:
    """Labels of the ``letters`` of a line with their dots and accents, of the ``counters``, which is ground that is
    seen in letters, and of the ``ground`` around most of them.
    """

    letters: frozenset[int]
    counters: frozenset[int]
    ground: int


@dataclass(frozen=True, eq=False)
class _Letter:
    """A region that may be a letter: its ``mask`` in its box, the width of its strokes in pixels (``pen``) and the
    label of its ``ground``.
    """

    region: Region
    mask: Pixels
    pen: float
    ground: int

    @property
    def box(self) -> Box:
        return self.region.box

    @cached_property
    def is_bent(self) -> bool:
        """Whether it is more than one stroke upwards, and nothing solid."""
        if self.region.area < BENT * self.pen * self.box.height:
            return False
        hull = cv2.convexHull(np.argwhere(self.mask)[:, ::-1].astype(np.int32))
        held = cv2.fillConvexPoly(np.zeros(self.mask.shape, np.uint8), hull, (1,))
        return bool(self.region.area <= SOLID * np.count_nonzero(held))

    @cached_property
    def framed(self) -> Pixels:
        """The mask in a square as high as the letter is, or as wide where it is wider."""
        side = max(self.mask.shape)
        square = np.zeros((side, side), np.float32)
        y, x = ((side - own) // 2 for own in self.mask.shape)
        square[y : y + self.mask.shape[0], x : x + self.mask.shape[1]] = self.mask
        return cv2.resize(square, (GRID, GRID), interpolation=cv2.INTER_AREA) > 0.5


def find_lines(regions: Regions) -> list[Line]:
    """The lines of text among ``regions``, level or nearly so, as one reads."""
    inks = np.array([region.ink for region in regions.all], np.int64)
    by_look: defaultdict[tuple[int, int], list[_Letter]] = defaultdict(list)
    for region in regions.all:
        letter = _letter(regions, inks, region)
        if letter is not None:
            by_look[region.ink, int(inks[letter.ground])].append(letter)
    rows = [row for letters in by_look.values() for row in _rows(letters) if _is_text(row)]
    rows.sort(key=lambda row: min((letter.box.y0, letter.box.x0) for letter in row))
    lines: list[Line] = []
    for row in rows:
        line = _whole_line(regions, inks, row)
        if not any(line.letters & other.letters for other in lines):
            lines.append(line)
    return lines


def _letter(regions: Regions, inks: NDArray[np.int64], region: Region) -> _Letter | None:
    """A region with strokes of one width on one ground, upright bars included."""
    box = region.box
    if not region.area or box.height < LEAST_HEIGHT or box.width > WIDEST * box.height:
        return None
    if box.height > HIGHEST * regions.labels.shape[0]:
        return None
    labels = regions.labels[box.slices]
    mask = labels == region.label
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1][mask] - 0.5
    pen = 4 * float(depth.mean())
    if not PEN[0] <= box.height / pen <= PEN[1] or depth.std() > UNEVEN * depth.mean():
        return None
    ground = _ground(regions, inks, region)
    if ground is None or np.isin(inks[labels], (region.ink, inks[ground])).mean() < ON_GROUND:
        return None
    return _Letter(region, mask, pen, ground)


def _ground(regions: Regions, inks: NDArray[np.int64], region: Region) -> int | None:
    """The label around the region, if its ink has nearly all of the outer rim; none at the rim of the canvas."""
    height, width = regions.labels.shape
    box = region.box
    if min(box.x0, box.y0) == 0 or box.x1 == width or box.y1 == height:
        return None
    labels = regions.labels[box.expand(1, (width, height)).slices]
    inside = filled(labels == region.label)
    rim = labels[grown(inside, 1) & ~inside]
    most = int(np.bincount(rim).argmax())
    return most if (inks[rim] == inks[most]).mean() >= ON_GROUND else None


def _rows(letters: Sequence[_Letter]) -> Iterator[list[_Letter]]:
    """The letters in groups of neighbours, each from left to right."""
    row_of = {letter.region.label: [letter] for letter in letters}
    for one, other in combinations(letters, 2):
        mine, others = row_of[one.region.label], row_of[other.region.label]
        if mine is not others and _are_neighbours(one, other):
            mine += others
            row_of.update((letter.region.label, mine) for letter in others)
    for row in {id(row): row for row in row_of.values()}.values():
        yield sorted(row, key=lambda letter: letter.box.x0)


def _are_neighbours(one: _Letter, other: _Letter) -> bool:
    low, high = sorted((one.box.height, other.box.height))
    thin, thick = sorted((one.pen, other.pen))
    if high > LIKE_HEIGHT * low or thick > LIKE_PEN * thin:
        return False
    gap = max(one.box.x0, other.box.x0) - min(one.box.x1, other.box.x1)
    level = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
    return -0.3 * min(one.box.width, other.box.width) <= gap <= NEAR * high and level >= LEVEL * low


def _is_text(row: Sequence[_Letter]) -> bool:
    """Whether letters in a row end on one line and differ, most of them more than bars do."""
    bent = [letter for letter in row if letter.is_bent]
    if len(row) == 2 and len(bent) == 2:
        return _is_short_word(*row)
    if len(row) < FEWEST or len(bent) < max(2, LETTERED * len(row)) or not _is_guided(row):
        return False
    return _shapes(row) >= FEWEST


def _is_short_word(one: _Letter, other: _Letter) -> bool:
    """Whether two shapes are two letters as high as each other that differ, as in OK; a mirrored pair is none."""
    low, high = sorted((one.box.height, other.box.height))
    thin, thick = sorted((one.pen, other.pen))
    if high > PAIR_HEIGHT * low or thick > PAIR_PEN * thin or other.box.x0 - one.box.x1 > PAIR_GAP * high:
        return False
    if not _is_guided([one, other]) or one.ground != other.ground:
        return False
    return all(_overlap(one.framed, each) <= PAIR_ALIKE for each in _turned(other.framed))


def _is_guided(row: Sequence[_Letter]) -> bool:
    """Whether most letters stand on one line and most are as high; the others have descenders or ascenders."""
    allowed = max(1.0, MISSED * float(np.median([letter.box.height for letter in row])))
    x = np.array([letter.box.centre[0] for letter in row])
    shares = [_on_line(x, np.array([letter.box[side] for letter in row], np.float64), allowed) for side in (1, 3)]
    return sum(shares) >= 2 * GUIDED


def _on_line(x: NDArray[np.float64], y: NDArray[np.float64], allowed: float) -> float:
    """The share of points that miss one nearly level line by at most ``allowed``: the median slope (Theil, 1950)."""
    one, other = np.triu_indices(len(x), 1)
    across = np.maximum(x[other] - x[one], np.float64(1))
    slope = float(np.median((y[other] - y[one]) / across))
    if abs(slope) > TILT:
        return 0.0
    level = y - slope * x
    return float((np.abs(level[:, None] - level) <= allowed).mean(axis=0).max())


def _shapes(row: Sequence[_Letter]) -> int:
    """How many different shapes there are; mirror images count as one."""
    kinds: list[Pixels] = []
    same = SAME if max(letter.box.height for letter in row) >= SMALL else SAME_SMALL
    for letter in row:
        seen = letter.framed
        if not any(_overlap(kind, each) >= same for kind in kinds for each in _turned(seen)):
            kinds.append(seen)
    return len(kinds)


def _turned(shape: Pixels) -> tuple[Pixels, ...]:
    return shape, shape[:, ::-1], shape[::-1], shape[::-1, ::-1]


def _overlap(one: Pixels, other: Pixels) -> float:
    return int(np.count_nonzero(one & other)) / max(1, int(np.count_nonzero(one | other)))


def _whole_line(regions: Regions, inks: NDArray[np.int64], row: Sequence[_Letter]) -> Line:
    """The line with what else of its ink stands in it, dots and accents and stops, and the ground seen in letters."""
    ink, ground = row[0].region.ink, int(np.bincount([letter.ground for letter in row]).argmax())
    height, area = max(letter.box.height for letter in row), max(letter.region.area for letter in row)
    around = [_with_room(letter.box, height) for letter in row]
    letters = {letter.region.label for letter in row} | {
        region.label
        for region in regions.all
        if region.ink == ink
        and 0 < region.area <= area
        and any(region.box.intersect(room) == region.box for room in around)
        and (ground_of := _ground(regions, inks, region)) is not None
        and inks[ground_of] == inks[ground]
    }
    counters = {label for letter in row for label in _held(regions, letter) if inks[label] == inks[ground]}
    return Line(frozenset(letters), frozenset(counters), ground)


def _held(regions: Regions, letter: _Letter) -> Iterator[int]:
    """What lies wholly inside a letter; where two pixels of it meet at a corner the ground goes on between them."""
    for label in np.unique(regions.labels[letter.box.slices][filled(letter.mask) & ~letter.mask]):
        if regions.all[label].box.intersect(letter.box) == regions.all[label].box:
            yield int(label)


def _with_room(box: Box, height: int) -> Box:
    """Where the dots, accents and stops of a letter are, in a line of this height."""
    return Box(box.x0 - height // 2, box.y0 - height // 3, box.x1 + height // 2, box.y1 + height // 4)
