"""From a picture to whole shapes in painting order: the reading of a flat drawing, start to end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import boundaries
from peeler.flat.cues import Evidence
from peeler.flat.layering import Layering, Shape
from peeler.flat.matting import grown
from peeler.flat.order import log_odds, stacking
from peeler.flat.palette import Palette
from peeler.flat.pieces import Joined, Piece, join_pieces, links, links_across_strokes, with_lines
from peeler.flat.regions import Regions
from peeler.flat.strokes import without_strokes
from peeler.flat.survey import Survey, survey
from peeler.flat.text import Line, find_lines
from peeler.geometry import RGB, Box, Pixels

PRINTED = 12.0
"""Log odds that text lies on what is around it: more than any cue has."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """Shapes in painting order, bottom first, over a plain ``background``.

    ``evidence`` speaks of indices of ``shapes``, and so does ``interrupted``: pairs that may be pieces of one shape but
    are not told as one; ``text`` are those that are lines of text. Where the ``palette`` is not flat the shapes are
    only coarse tones.
    """

    shapes: tuple[Shape, ...]
    evidence: tuple[Evidence, ...]
    interrupted: tuple[tuple[int, int], ...]
    background: NDArray[np.uint8]
    palette: Palette
    text: frozenset[int] = frozenset()


def read_drawing(picture: RGB) -> Drawing:
    """Find the shapes of ``picture``, complete what is hidden and put them in order."""
    seen = survey(picture)
    lines = find_lines(seen.regions) if seen.palette.flat else []
    seen = _unstroked(seen, lines)
    regions, palette = seen.regions, seen.palette
    joined = _joined(seen, lines)
    between = _between_pieces([*seen.evidence, *_on_their_ground(regions, lines)], joined.pieces)
    layering = Layering(regions, seen.fills, seen.strokes, joined.pieces, between, palette)
    layered = list(_with_whole_lines(layering.shapes(), joined.pieces, regions))
    shapes, owners = [shape for shape, _ in layered], [owner for _, owner in layered]
    if not palette.flat:
        shapes = [replace(shape, ink=np.median(picture[shape.visible], axis=0).astype(np.uint8)) for shape in shapes]
    return Drawing(
        tuple(shapes),
        tuple(_between_shapes(shapes, owners, between)),
        tuple(_interrupted(regions, joined.doubtful, shapes)),
        palette.inks[regions.all[min(seen.background)].ink],
        palette,
        frozenset(index for index, owner in enumerate(owners) if joined.pieces[owner].is_text),
    )


def _unstroked(seen: Survey, lines: Sequence[Line]) -> Survey:
    """Letters are no outlines, not even an O around something lighter."""
    strokes = seen.strokes.difference(*(line.letters for line in lines))
    if strokes == seen.strokes:
        return seen
    return replace(seen, strokes=strokes, fills=without_strokes(seen.regions, strokes))


def _joined(seen: Survey, lines: Sequence[Line]) -> Joined:
    """Pieces of fills, which strokes do not interrupt, pieces of strokes, and lines of text."""
    aside = frozenset[int]().union(*(line.letters | line.counters for line in lines))
    count = len(seen.regions.all)
    above, odds = stacking(count, seen.evidence), log_odds(count, seen.evidence)
    strokes, filled = sorted(seen.strokes - aside), [label for label in seen.filled if label not in aside]
    between_fills = links(seen.fills, filled, above, odds)
    across_strokes = links_across_strokes(seen.regions, seen.fills, filled, above, odds)
    of_fills = join_pieces(seen.fills, filled, [*between_fills, *across_strokes])
    of_strokes = join_pieces(seen.regions, strokes, links(seen.regions, strokes, above, odds))
    joined = Joined([*of_fills.pieces, *of_strokes.pieces], [*of_fills.doubtful, *of_strokes.doubtful])
    return with_lines(joined, lines)


def _on_their_ground(regions: Regions, lines: Sequence[Line]) -> Iterator[Evidence]:
    """Letters lie in front of all that they touch."""
    letters = frozenset[int]().union(*(line.letters for line in lines))
    for border in boundaries(regions.labels) if letters else ():
        for letter, other in ((border.first, border.second), (border.second, border.first)):
            if letter in letters and other not in letters:
                yield Evidence(letter, other, PRINTED, "text lies on its ground")


def _with_whole_lines(
    layered: Iterable[tuple[Shape, int]], pieces: Sequence[Piece], regions: Regions
) -> Iterator[tuple[Shape, int]]:
    """The shapes with their pieces; the letters of a line, told apart before, as one shape that shows as a whole."""
    told = set()
    for shape, owner in layered:
        if not pieces[owner].is_text:
            yield shape, owner
        elif owner not in told:
            told.add(owner)
            letters: Pixels = np.isin(regions.labels, pieces[owner].members)
            yield Shape(shape.ink, letters, letters), owner


def _between_pieces(evidence: Sequence[Evidence], pieces: Sequence[Piece]) -> list[Evidence]:
    """The evidence about regions as evidence about the pieces that they belong to; ground seen in letters has none."""
    piece_of = {label: number for number, piece in enumerate(pieces) for label in piece.members}
    pairs = [
        (piece_of[item.above], piece_of[item.below], item)
        for item in evidence
        if item.above in piece_of and item.below in piece_of
    ]
    return [Evidence(above, below, item.weight, item.reason) for above, below, item in pairs if above != below]


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
