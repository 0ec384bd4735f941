"""Lines of text: letters of one ink that stand side by side on one ground.

Those of a line are alike in width, height and colour (Epshtein, Ofek and Wexler, CVPR 2010). What else stands in rows,
as windows, teeth and fence posts do, is solid or repeats itself, while letters differ; so a line must have several
shapes. What stands in line with text, and is as high and as thin, is text, too.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median, median_low

import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import filled
from peeler.flat.letters import Letter, ground_of, letter_of
from peeler.flat.regions import Regions
from peeler.geometry import Box

FEWEST = 3
"""Letters, and shapes of letters, that a line has at least; a word of two has stricter rules."""
PAIR_HEIGHT, PAIR_PEN, PAIR_GAP, PAIR_ALIKE = 1.6, 1.3, 0.4, 0.6
"""Ratio of the heights and of the pens of the two letters of a short word, gap between them in heights of the higher
one, and overlap (IoU) of their shapes, at most."""
LIKE_HEIGHT, LIKE_PEN = 2.2, 2.0
"""Ratio of the heights and of the pen widths of two neighbours in a line, at most: "p" and "x", thin and thick."""
NEAR, SPACE = 0.9, 1.5
"""Gap between neighbours in a word, and between words of one line, in heights of the higher one, at most: a space is
0.4 wide, or 1.4 where letters are set far apart."""
LEVEL = 0.6
"""Share of the lower one's height that neighbours have in common."""
GUIDED, MISSED = 0.6, 0.1
"""Share of tops and bottoms of letters that two straight lines guide, and share of a height that those may miss."""
LARGER = 1.6
"""Times as large as the largest letter of a line that an M or a dash in it is, at most."""
TILT = 0.15
"""Slope of a line, at most."""
LETTERED = 0.34
"""Share of a line that bent letters have at least, as opposed to bars."""
ENDS = 4
"""Letters at the end of a line that tell where it goes on."""

Row = list[Letter]
"""Letters from left to right."""


@dataclass(frozen=True)
class Line:
    """Labels of the ``letters`` of a line with their dots and accents, of the ``counters``, which is ground that is
    seen in letters, and of the ``ground`` around most of them.
    """

    letters: frozenset[int]
    counters: frozenset[int]
    ground: int


def find_lines(regions: Regions) -> list[Line]:
    """The lines of text among ``regions``, level or nearly so, as one reads."""
    inks = np.array(regions.inks, np.int64)
    rows = [row for letters in letters_by_look(regions).values() for row in _texts(_rows(letters))]
    rows.sort(key=lambda row: min((letter.box.y0, letter.box.x0) for letter in row))
    lines: list[Line] = []
    for row in rows:
        line = _whole_line(regions, inks, row)
        if not any(line.letters & other.letters for other in lines):
            lines.append(line)
    return lines


def letters_by_look(regions: Regions) -> dict[tuple[int, int], Row]:
    """What may be letters, by their ink and that of their ground."""
    inks = np.array(regions.inks, np.int64)
    by_look: defaultdict[tuple[int, int], Row] = defaultdict(list)
    for region in regions.all:
        letter = letter_of(regions, inks, region)
        if letter is not None:
            by_look[region.ink, int(inks[letter.ground])].append(letter)
    return by_look


def _rows(letters: Sequence[Letter]) -> list[Row]:
    """The letters in groups of neighbours."""
    row_of = {letter.region.label: [letter] for letter in letters}
    for one, other in combinations(letters, 2):
        mine, others = row_of[one.region.label], row_of[other.region.label]
        if mine is not others and _are_neighbours(one, other):
            mine += others
            row_of.update((letter.region.label, mine) for letter in others)
    return [_as_read(row) for row in {id(row): row for row in row_of.values()}.values()]


def _as_read(letters: Sequence[Letter]) -> Row:
    return sorted(letters, key=lambda letter: letter.box.x0)


def _are_neighbours(one: Letter, other: Letter) -> bool:
    low, high = sorted((one.box.height, other.box.height))
    if high > LIKE_HEIGHT * low or not _alike(one.pen, other.pen, LIKE_PEN):
        return False
    gap = max(one.box.x0, other.box.x0) - min(one.box.x1, other.box.x1)
    level = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
    return -0.3 * min(one.box.width, other.box.width) <= gap <= NEAR * high and level >= LEVEL * low


def _alike(one: float, other: float, ratio: float) -> bool:
    return max(one, other) <= ratio * min(one, other)


def _texts(rows: Sequence[Row]) -> list[Row]:
    """The rows that are text, each as one with all that stands in line with it."""
    sure = [row for row in rows if _is_text(row) or _is_text(_on_one_base(row, rows))]
    rest = [row for row in rows if not any(row is other for other in sure)]
    told = [*sure, *(row for row in rest if _is_like_text(row, sure))]
    rest = [row for row in rest if not any(row is other for other in told)]
    lines = []
    while told:
        line = max(told, key=len)
        told = [row for row in told if row is not line]
        while (word := next((row for row in [*told, *rest] if _goes_on(line, row)), None)) is not None:
            line = _as_read([*line, *word])
            told, rest = ([row for row in group if row is not word] for group in (told, rest))
        lines.append(line)
    return lines


def _is_like_text(row: Row, lines: Sequence[Row]) -> bool:
    """Whether letters that are too few to tell are each as high and thin as one of some line: "no" below "yes"."""
    if len(row) < 2 or not any(letter.is_bent for letter in row):
        return False
    return any(all(_is_set_like(letter, line) for letter in row) for line in lines)


def _is_set_like(letter: Letter, line: Row) -> bool:
    """Whether a letter is as high as one of a line and drawn with the same pen."""
    off = min(abs(letter.box.height - other.box.height) for other in line)
    return off <= max(1.0, MISSED * letter.box.height) and _alike(letter.pen, _pen(line), PAIR_PEN)


def _on_one_base(word: Row, rows: Sequence[Row]) -> Row:
    """A word and all others, however far away, that stand on the same level and are as high and thin: "Q1" and "Q2"."""
    words = [row for row in rows if row is not word and len(row) > 1 and _are_level(word, row)]
    return _as_read([letter for row in (word, *words) for letter in row]) if words and len(word) > 1 else []


def _are_level(one: Row, other: Row) -> bool:
    high = max(_height(one), _height(other))
    if abs(_base(one) - _base(other)) > max(1.0, MISSED * high):
        return False
    return _alike(_height(one), _height(other), PAIR_HEIGHT) and _alike(_pen(one), _pen(other), PAIR_PEN)


def _goes_on(line: Row, word: Row) -> bool:
    """Whether ``word`` stands beside a ``line`` of text, on its base and as high."""
    high = _height(line)
    before, after = sorted((line, word), key=lambda row: row[0].box.x0)
    gap = after[0].box.x0 - max(letter.box.x1 for letter in before)
    if not 0 <= gap <= SPACE * high or not _alike(_pen(line), _pen(word), LIKE_PEN):
        return False
    end, start = before[-ENDS:], after[:ENDS]
    if abs(_base(end) - _base(start)) > max(1.0, 3 * MISSED * high):
        return False
    nearest = end if before is line else start
    room = MISSED * high + high / 3
    top, bottom = min(letter.box.y0 for letter in nearest), max(letter.box.y1 for letter in nearest)
    return all(top - room <= letter.box.y0 and letter.box.y1 <= bottom + room for letter in word)


def _height(row: Row) -> int:
    return max(letter.box.height for letter in row)


def _pen(row: Row) -> float:
    return median(letter.pen for letter in row)


def _base(row: Row) -> int:
    """Where most letters end; a few go below it."""
    return median_low(letter.box.y1 for letter in row)


def _is_text(row: Row) -> bool:
    """Whether letters in a row end on one line and differ, most of them more than bars do."""
    bent = [letter for letter in row if letter.is_bent]
    if len(row) == 2 and len(bent) == 2:
        return _is_short_word(*row)
    if len(row) < FEWEST or len(bent) < max(2, LETTERED * len(row)) or not _is_guided(row):
        return False
    return _shapes(row) >= FEWEST


def _is_short_word(one: Letter, other: Letter) -> bool:
    """Whether two shapes are two letters on one line that differ, as in "OK" and "On"; a mirrored pair is none."""
    high = max(one.box.height, other.box.height)
    if not _alike(one.box.height, other.box.height, PAIR_HEIGHT) or not _alike(one.pen, other.pen, PAIR_PEN):
        return False
    if other.box.x0 - one.box.x1 > PAIR_GAP * high or one.ground != other.ground:
        return False
    return abs(one.box.y1 - other.box.y1) <= max(1.0, MISSED * high) and one.likeness(other) <= PAIR_ALIKE


def _is_guided(row: Row) -> bool:
    """Whether most letters stand on one line and most are as high; the others have descenders or ascenders."""
    allowed = max(1.0, MISSED * median(letter.box.height for letter in row))
    x = np.array([letter.box.centre[0] for letter in row])
    shares = [_on_line(x, np.array([letter.box[side] for letter in row], np.float64), allowed) for side in (1, 3)]
    return sum(shares) >= 2 * GUIDED


def _on_line(x: NDArray[np.float64], y: NDArray[np.float64], allowed: float) -> float:
    """The share of points that miss one line by at most ``allowed``, a level one or one of the median slope (Theil,
    1950): of the ends of a few letters that says little.
    """
    one, other = np.triu_indices(len(x), 1)
    across = np.maximum(x[other] - x[one], np.float64(1))
    slope = float(np.median((y[other] - y[one]) / across))
    levels = [y, y - slope * x] if abs(slope) <= TILT else [y]
    return max(float((np.abs(level[:, None] - level) <= allowed).mean(axis=0).max()) for level in levels)


def _shapes(row: Row) -> int:
    """How many different shapes there are."""
    kinds: list[Letter] = []
    for letter in row:
        if not any(letter.is_like(kind) for kind in kinds):
            kinds.append(letter)
    return len(kinds)


def _whole_line(regions: Regions, inks: NDArray[np.int64], row: Row) -> Line:
    """The line with what else of its ink stands in it, dots and accents and stops, and the ground seen in letters."""
    ink, ground = row[0].region.ink, int(np.bincount([letter.ground for letter in row]).argmax())
    area = max(letter.region.area for letter in row)
    rooms = [_with_room(letter, row) for letter in row]
    letters = {letter.region.label for letter in row} | {
        region.label
        for region in regions.all
        if region.ink == ink
        and 0 < region.area <= LARGER * area
        and any(region.box.intersect(room) == region.box for room in rooms)
        and (around := ground_of(regions, inks, region)) is not None
        and inks[around] == inks[ground]
    }
    counters = {held for label in letters for held in _held(regions, label) if inks[held] == inks[ground]}
    return Line(frozenset(letters), frozenset(counters), ground)


def _held(regions: Regions, label: int) -> Iterator[int]:
    """What lies wholly inside a region; where two pixels of it meet at a corner the ground goes on between them."""
    box = regions.all[label].box
    labels = regions.labels[box.slices]
    mask = labels == label
    for held in np.unique(labels[filled(mask) & ~mask]).tolist():
        if regions.all[held].box.intersect(box) == regions.all[held].box:
            yield held


def _with_room(letter: Letter, row: Row) -> Box:
    """Where the dots, accents, stops and bars around a letter are, as high as the letters near it."""
    high, middle = _height(row), letter.box.centre[0]
    near = [other.box for other in row if abs(other.box.centre[0] - middle) <= 3 * high]
    top, bottom = min(box.y0 for box in near), max(box.y1 for box in near)
    return Box(letter.box.x0 - high, top - high // 3, letter.box.x1 + high, bottom + high // 3)
