"""From a picture to whole shapes in painting order: the reading of a flat drawing, start to end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from peeler.flat.completion import complete
from peeler.flat.contacts import Boundary, boundaries, junctions
from peeler.flat.contours import filled
from peeler.flat.cues import SHORTEST_CONTACT, Evidence, forms_of, weigh
from peeler.flat.matting import grown
from peeler.flat.order import bottom_to_top, log_odds, stacking
from peeler.flat.palette import Palette, find_palette
from peeler.flat.parts import split
from peeler.flat.pieces import Joined, Piece, join_pieces
from peeler.flat.regions import Regions, find_regions
from peeler.flat.strokes import find_strokes, without_strokes
from peeler.geometry import RGB, Box, Pixels

ENCLOSED = 0.9
"""A patch of background ink with this share of its outline on one neighbour is a shape on it rather than a hole."""
SMALLEST_TO_SPLIT = 100
"""Pixels."""
FEWEST_VISIBLE = 8
"""Pixels that a part must show."""
EDGE_MARGIN = 3
"""Pixels around a cover in which an outline may be the cover's."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A whole shape: its ``ink``, the pixels that show it and all the pixels it is believed to have."""

    ink: NDArray[np.uint8]
    visible: Pixels
    whole: Pixels


@dataclass(frozen=True, eq=False)
class Drawing:
    """Shapes in painting order, bottom first, over a plain ``background``.

    ``evidence`` speaks of indices of ``shapes``, and so does ``interrupted``: pairs that may be pieces of one shape but
    are not told as one. Where the ``palette`` is not flat the shapes are only coarse tones.
    """

    shapes: tuple[Shape, ...]
    evidence: tuple[Evidence, ...]
    interrupted: tuple[tuple[int, int], ...]
    background: NDArray[np.uint8]
    palette: Palette


def read_drawing(picture: RGB) -> Drawing:
    """Find the shapes of ``picture``, complete what is hidden and put them in order."""
    palette = find_palette(picture)
    regions = find_regions(picture, palette)
    background = find_background(regions)
    borders = boundaries(regions.labels)
    forms = forms_of(regions, palette.inks, background)
    evidence = weigh(regions, forms, borders, junctions(regions.labels), background)
    strokes = find_strokes(regions, forms) if palette.flat else frozenset[int]()
    fills = without_strokes(regions, strokes)
    evidence += _across_strokes(fills, palette, background | strokes, borders)
    joined = _joined(regions, fills, background, strokes, evidence)
    between = _between_pieces(evidence, joined.pieces)
    shapes, owners = _shapes(regions, fills, strokes, joined.pieces, between, palette)
    if not palette.flat:
        shapes = [replace(shape, ink=np.median(picture[shape.visible], axis=0).astype(np.uint8)) for shape in shapes]
    return Drawing(
        tuple(shapes),
        tuple(_between_shapes(shapes, owners, between)),
        tuple(_interrupted(regions, joined.doubtful, shapes)),
        palette.inks[regions.all[min(background)].ink],
        palette,
    )


def find_background(regions: Regions) -> frozenset[int]:
    """The region that has most of the picture's border, and all others of its ink through which it is seen."""
    labels = regions.labels
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    ground = regions.all[int(np.bincount(rim).argmax())]
    at_rim = set(np.unique(rim).tolist())
    return frozenset(
        region.label
        for region in regions.all
        if region.ink == ground.ink and (region.label in at_rim or not _is_enclosed(regions, region.label))
    )


def _is_enclosed(regions: Regions, label: int) -> bool:
    """Whether nearly all of the region's outer outline lies on one neighbour."""
    height, width = regions.labels.shape
    box = regions.all[label].box.expand(2, (width, height))
    labels = regions.labels[box.slices]
    inside = filled(labels == label)
    around = np.bincount(labels[grown(inside, 1) & ~inside])
    return bool(around.max(initial=0) >= ENCLOSED * around.sum())


def _across_strokes(
    fills: Regions, palette: Palette, aside: frozenset[int], borders: Sequence[Boundary]
) -> list[Evidence]:
    """Evidence about the fills that only strokes keep apart; ``borders`` are those of the drawing with its strokes."""
    touching = {(border.first, border.second) for border in borders if border.length >= SHORTEST_CONTACT}
    apart = [border for border in boundaries(fills.labels) if (border.first, border.second) not in touching]
    if not apart:
        return []
    return weigh(fills, forms_of(fills, palette.inks, aside), apart, junctions(fills.labels), aside)


def _joined(
    regions: Regions,
    fills: Regions,
    background: frozenset[int],
    strokes: frozenset[int],
    evidence: Sequence[Evidence],
) -> Joined:
    """Pieces of fills, which strokes do not interrupt, and pieces of strokes."""
    above, odds = stacking(len(regions.all), evidence), log_odds(len(regions.all), evidence)
    filled = [region.label for region in regions.all if region.label not in background | strokes]
    of_fills = join_pieces(fills, filled, above, odds)
    of_strokes = join_pieces(regions, sorted(strokes), above, odds)
    return Joined([*of_fills.pieces, *of_strokes.pieces], [*of_fills.doubtful, *of_strokes.doubtful])


def _between_pieces(evidence: Sequence[Evidence], pieces: Sequence[Piece]) -> list[Evidence]:
    """The evidence about regions as evidence about the pieces that they belong to."""
    piece_of = {label: number for number, piece in enumerate(pieces) for label in piece.members}
    pairs = [(piece_of[item.above], piece_of[item.below], item) for item in evidence]
    return [Evidence(above, below, item.weight, item.reason) for above, below, item in pairs if above != below]


def _shapes(
    regions: Regions,
    fills: Regions,
    strokes: frozenset[int],
    pieces: Sequence[Piece],
    evidence: Sequence[Evidence],
    palette: Palette,
) -> tuple[list[Shape], list[int]]:
    """Whole shapes in painting order, and for each the index of the piece that it is a part of.

    Fills are completed as they would be without the strokes, so that they reach to the middle of their outlines.
    """
    above = stacking(len(pieces), evidence)
    areas = [sum(regions.all[label].area for label in piece.members) for piece in pieces]
    piece_of = np.full(len(regions.all), -1, np.int32)
    for number, piece in enumerate(pieces):
        piece_of[list(piece.members)] = number
    piece_map, fill_map = piece_of[regions.labels], piece_of[fills.labels]
    shapes: list[Shape] = []
    owners: list[int] = []
    for number in bottom_to_top(above, areas):
        visible = piece_map == number
        # What is too small to be a shape hides nothing.
        over = np.append(above[:, number] & (np.array(areas) >= FEWEST_VISIBLE), False)
        cover = over[piece_map]
        ink = palette.inks[regions.all[pieces[number].members[0]].ink]
        drawn_in = piece_map if strokes.intersection(pieces[number].members) else fill_map
        # The coarse tones of a photograph have no outlines to go by.
        parts = [(visible, visible)]
        if palette.flat:
            parts = _parts(drawn_in == number, over[drawn_in], pieces[number].bridge)
        for shown, whole in _shown(parts, visible):
            shapes.append(Shape(ink, shown, shown | (whole & (visible | cover))))
            owners.append(number)
    return shapes, owners


def _shown(parts: Sequence[tuple[Pixels, Pixels]], visible: Pixels) -> list[tuple[Pixels, Pixels]]:
    """The parts with what shows of them; what shows of parts of which hardly anything does goes to the largest one."""
    shown = [(part & visible, whole) for part, whole in parts]
    (first, whole), *others = [(part, whole) for part, whole in shown if part.sum() >= FEWEST_VISIBLE] or shown[:1]
    rest = visible & ~np.logical_or.reduce([first, *(part for part, _ in others)])
    kept = [(first | rest, whole), *others]
    return kept if kept[0][0].sum() >= FEWEST_VISIBLE else []


def _parts(visible: Pixels, cover: Pixels, bridge: Pixels | None) -> list[tuple[Pixels, Pixels]]:
    """What shows of each part of a piece and the whole part, the largest first.

    A part may go on under the others: they have its ink, so it cannot show.
    """
    seen = visible if bridge is None else visible | (bridge & cover)
    whole = complete(seen, cover & ~seen)
    if visible.sum() < SMALLEST_TO_SPLIT:
        return [(visible, whole)]
    parts = sorted(split(whole, visible, visible & ~grown(cover, EDGE_MARGIN)), key=np.count_nonzero, reverse=True)
    return [(part & visible, complete(part, whole & ~part)) for part in parts]


def _between_shapes(shapes: Sequence[Shape], owners: Sequence[int], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Who occludes whom: what lies hidden under another shape, and what touches it with evidence for an order."""
    known = {(item.above, item.below): item for item in evidence}
    boxes = [Box.around(shape.whole) for shape in shapes]
    size = (shapes[0].whole.shape[1], shapes[0].whole.shape[0]) if shapes else (0, 0)
    found = []
    for low, high in combinations(range(len(shapes)), 2):
        shared = boxes[low].expand(1, size).intersect(boxes[high].expand(1, size))
        if not shared.area:
            continue
        item = known.get((owners[high], owners[low]))
        hides = bool((shapes[low].whole[shared.slices] & shapes[high].visible[shared.slices]).any())
        if hides or (item and _touch(shapes[low].visible, shapes[high].visible, shared)):
            weight, reason = (item.weight, item.reason) if item else (0.0, "it covers where the other goes on")
            found.append(Evidence(high, low, weight, reason))
    return found


def _interrupted(
    regions: Regions, doubtful: Sequence[tuple[int, int]], shapes: Sequence[Shape]
) -> Iterator[tuple[int, int]]:
    """The pairs of regions as pairs of the shapes that show most of them."""
    for pair in doubtful if shapes else ():
        masks = [regions.mask(label) for label in pair]
        one, other = (int(np.argmax([np.count_nonzero(shape.visible & mask) for shape in shapes])) for mask in masks)
        if one != other:
            yield one, other


def _touch(one: Pixels, other: Pixels, where: Box) -> bool:
    return bool((grown(one[where.slices], 1) & other[where.slices]).any())
