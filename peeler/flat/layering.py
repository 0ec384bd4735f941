"""From pieces in order to whole shapes: what shows of each, how it goes on, and outlines told apart."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from peeler.flat.completion import complete, joined_to, reach_of
from peeler.flat.contours import filled
from peeler.flat.cues import Evidence
from peeler.flat.leaks import Coincidences
from peeler.flat.matting import grown
from peeler.flat.order import bottom_to_top, stacking
from peeler.flat.palette import Palette
from peeler.flat.parts import split
from peeler.flat.passing import Passage, passed_by
from peeler.flat.pieces import Piece
from peeler.flat.regions import Regions
from peeler.flat.repeats import repeated
from peeler.flat.strokes import depths, own_outline
from peeler.geometry import Box, Mask, Pixels

SMALLEST_TO_SPLIT = 100
"""Pixels."""
FEWEST_VISIBLE = 8
"""Pixels that a part must show."""
EDGE_MARGIN = 3
"""Pixels around a cover in which an outline may be the cover's."""
SMALLEST_OUTLINE = 40
"""Pixels of an outline that must show for it to be told from the others."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A whole shape: its ``ink``, the pixels that show it and all the pixels it is believed to have.

    One whose ``opacity`` is less than 1 tints what lies below it, and so does one that fades: its ``levels`` (height ×
    width, 0–255) say how much of it each pixel has.
    """

    ink: NDArray[np.uint8]
    visible: Mask
    whole: Mask
    opacity: float = 1.0
    levels: NDArray[np.uint8] | None = None

    @property
    def is_translucent(self) -> bool:
        return self.opacity < 1 or self.levels is not None


class Layering:
    """The pieces of a drawing in painting order.

    ``fills`` are the ``regions`` as they would be without the ``strokes``: fills are completed there, so that they
    reach to the middle of their outlines. ``evidence`` speaks of indices of ``pieces``.
    """

    def __init__(
        self,
        regions: Regions,
        fills: Regions,
        strokes: frozenset[int],
        pieces: Sequence[Piece],
        evidence: Sequence[Evidence],
        palette: Palette,
        edges: Coincidences,
        passages: Sequence[Passage] = (),
    ) -> None:
        self._pieces = pieces
        self._above = stacking(len(pieces), evidence)
        self._areas = np.array([sum(regions.all[label].area for label in piece.members) for piece in pieces], np.int64)
        self._drawn = np.array([bool(strokes.intersection(piece.members)) for piece in pieces], np.bool_)
        self._ink_of = [regions.all[piece.members[0]].ink for piece in pieces]
        self._inks = [palette.inks[ink] for ink in self._ink_of]
        self._flat = palette.flat
        piece_of = np.full(len(regions.all), -1, np.int32)
        for number, piece in enumerate(pieces):
            piece_of[list(piece.members)] = number
        flush, lined = (piece_of[np.array(sorted(pairs), np.intp).reshape(-1, 2)] for pairs in edges)
        self._hides = self._above.copy()
        self._hides[flush[:, 0], flush[:, 1]] = self._hides[flush[:, 1], flush[:, 0]] = False
        self._lined = [lined[lined[:, 1] == number, 0] for number in range(len(pieces))]
        """Of each piece those under which it goes on up to their outlines."""
        self._passes = [piece_of[passed_by(passages, piece.members)] for piece in pieces]
        """Of each thin line those behind which it passes: it goes on as its passages say, and no other way."""
        self._piece_map, self._fill_map = piece_of[regions.labels], piece_of[fills.labels]
        depth = depths(np.append(self._drawn, False)[self._piece_map])
        labels = self._piece_map[depth > 0]
        self._depths = np.bincount(labels, depth[depth > 0], len(pieces)), np.bincount(labels, minlength=len(pieces))
        """Of each piece of a stroke the sum of the depths of its pixels, and how many these are."""
        self._windows = [_window(piece, (regions, fills)) for piece in pieces]
        self._models = self._seen_whole() if palette.flat else []
        self._taken = np.zeros(self._piece_map.shape, np.bool_)
        """Pixels of strokes that have become outlines of their own."""

    def shapes(self) -> Iterator[tuple[Shape, int]]:
        """Whole shapes in painting order, each with the index of the piece that it is a part of."""
        later = np.append(self._areas >= FEWEST_VISIBLE, False)
        for number in bottom_to_top(self._above, self._areas.tolist()):
            later[number] = False
            parts = self._parts(number, later)
            for shown, whole in parts:
                yield self._shape(number, self._windows[number], shown, whole), number
            if len(parts) == 1 and not self._drawn[number]:
                yield from self._outline(number, parts[0][1])

    def _shape(self, number: int, window: Box, shown: Pixels, whole: Pixels) -> Shape:
        """A shape with the ink of a piece, of which ``shown`` and ``whole`` are what is seen through a window."""
        return Shape(self._inks[number], Mask.of(shown, window[:2]), Mask.of(whole, window[:2]))

    def _parts(self, number: int, later: NDArray[np.bool_]) -> list[tuple[Pixels, Pixels]]:
        """What shows of each part of a piece and the whole part, inside the painter's interval and the window.

        ``later`` tells the pieces that are painted after it; those in a hole of it lie on it.
        """
        window = self._windows[number].slices
        piece_map, taken = self._piece_map[window], self._taken[window]
        visible = (piece_map == number) & ~taken
        if not self._flat:
            # The coarse tones of a photograph have no outlines to go by.
            return _shown([(visible, visible)], visible)
        over, drawn_in = self._over(number), self._drawn_in(number)
        seen = (drawn_in == number) & ~taken
        possible = visible | over[piece_map]
        models = [model for other, model in self._models[self._ink_of[number]].items() if other != number]
        known = seen | (self._known_hidden(number) & over[drawn_in])
        over[self._passes[number]] = False
        parts = _shown(_completed(seen, known, over[drawn_in] & ~known, models), visible)
        after = later[piece_map]
        return [(shown, _without_holes(shown | (whole & possible), after)) for shown, whole in parts]

    def _known_hidden(self, number: int) -> Pixels:
        """Where a piece goes on although it does not show, in its window."""
        bridge = self._pieces[number].bridge
        lined = np.isin(self._drawn_in(number), self._lined[number])
        return lined if bridge is None else lined | bridge[self._windows[number].slices]

    def _seen_whole(self) -> list[dict[int, Pixels]]:
        """By ink the pieces that nothing covers, cut to their boxes, of those whose ink others have."""
        often = {ink for ink, count in Counter(self._ink_of).items() if count > 1}
        pieces = [
            number for number, ink in enumerate(self._ink_of) if ink in often and self._areas[number] >= FEWEST_VISIBLE
        ]
        found: list[dict[int, Pixels]] = [{} for _ in range(max(self._ink_of, default=-1) + 1)]
        for number in pieces:
            drawn_in = self._drawn_in(number)
            mask = drawn_in == number
            if mask.any() and not self._over(number)[drawn_in[grown(mask, 1) & ~mask]].any():
                found[self._ink_of[number]][number] = mask[Box.around(mask).slices]
        return found

    def _drawn_in(self, number: int) -> NDArray[np.int32]:
        """The pieces in the window of one, in the drawing in which it is completed."""
        return (self._piece_map if self._drawn[number] else self._fill_map)[self._windows[number].slices]

    def _outline(self, number: int, whole: Pixels) -> Iterator[tuple[Shape, int]]:
        """The outline of a fill that goes on behind others, cut out of the strokes that it is a part of."""
        over = self._over(number)
        drawn = over[:-1] & self._drawn
        if not drawn.any():
            return
        window = self._windows[number]
        piece_map, fill_map = self._piece_map[window.slices], self._fill_map[window.slices]
        strokes = np.append(drawn, False)[piece_map] & ~self._taken[window.slices]
        if not strokes.any():
            return
        cell = fill_map == number
        half = 2 * float(np.divide(*(figures[drawn].sum() for figures in self._depths)))
        outline = own_outline(cell, cell | whole, strokes, over[fill_map], half)
        if outline is None or np.count_nonzero(outline[0]) < SMALLEST_OUTLINE:
            return
        shown, whole_outline = outline
        self._taken[window.slices] |= shown
        owner = int(np.bincount(piece_map[shown]).argmax())
        yield self._shape(owner, window, shown, shown | (whole_outline & over[piece_map])), owner

    def _over(self, number: int) -> NDArray[np.bool_]:
        """Per piece whether it may hide this one, and False for what is no piece; what is no shape hides nothing."""
        return np.append(self._hides[:, number] & (self._areas >= FEWEST_VISIBLE), False)


def _window(piece: Piece, drawings: tuple[Regions, Regions]) -> Box:
    """Where all of a piece is found that shows in either drawing or lies hidden."""
    regions = [drawing.all[label] for drawing in drawings for label in piece.members]
    boxes = [region.box for region in regions if region.area]
    if piece.bridge is not None:
        boxes.append(Box.around(piece.bridge))
    height, width = drawings[0].labels.shape
    return reach_of(reduce(Box.union, boxes), (width, height))


def _shown(parts: Sequence[tuple[Pixels, Pixels]], visible: Pixels) -> list[tuple[Pixels, Pixels]]:
    """The parts with what shows of them; what shows of parts of which hardly anything does goes to the largest one."""
    shown = [(part & visible, whole) for part, whole in parts]
    (first, whole), *others = [(part, whole) for part, whole in shown if part.sum() >= FEWEST_VISIBLE] or shown[:1]
    rest = visible & ~np.logical_or.reduce([first, *(part for part, _ in others)])
    kept = [(first | rest, whole), *others]
    return kept if kept[0][0].sum() >= FEWEST_VISIBLE else []


def _without_holes(whole: Pixels, after: Pixels) -> Pixels:
    """The shape with those of its holes closed in which nothing shows but what is painted ``after`` it."""
    holes = filled(whole) & ~whole
    closed: Pixels = whole | (holes & ~joined_to(holes & ~after, holes))
    return closed


def _completed(
    visible: Pixels, known: Pixels, unknown: Pixels, models: Sequence[Pixels]
) -> list[tuple[Pixels, Pixels]]:
    """What shows of each part of a piece and the whole part, the largest first, if all of it is ``known`` but what may
    lie in the ``unknown``.

    A part may go on under the others: they have its ink, so it cannot show.
    """
    twin = repeated(known, unknown, models)
    whole = complete(known, unknown) if twin is None else known | (twin & unknown)
    if visible.sum() < SMALLEST_TO_SPLIT:
        return [(visible, whole)]
    parts = split(whole, visible, visible & ~grown(unknown | (known & ~visible), EDGE_MARGIN))
    parts.sort(key=lambda part: np.count_nonzero(part[1]), reverse=True)
    return [(shown & visible, complete(part, whole & ~part)) for shown, part in parts]
