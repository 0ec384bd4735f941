"""From a picture to whole shapes in painting order: the reading of a flat drawing, start to end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from peeler.flat.cues import Evidence
from peeler.flat.layering import Layering, Shape
from peeler.flat.matting import grown
from peeler.flat.order import log_odds, stacking
from peeler.flat.palette import Palette
from peeler.flat.pieces import Joined, Piece, join_pieces, links, links_across_strokes
from peeler.flat.regions import Regions
from peeler.flat.survey import Survey, survey
from peeler.geometry import RGB, Box, Pixels


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
    seen = survey(picture)
    regions, palette, evidence = seen.regions, seen.palette, seen.evidence
    joined = _joined(seen)
    between = _between_pieces(evidence, joined.pieces)
    layered = list(Layering(regions, seen.fills, seen.strokes, joined.pieces, between, palette).shapes())
    shapes, owners = [shape for shape, _ in layered], [owner for _, owner in layered]
    if not palette.flat:
        shapes = [replace(shape, ink=np.median(picture[shape.visible], axis=0).astype(np.uint8)) for shape in shapes]
    return Drawing(
        tuple(shapes),
        tuple(_between_shapes(shapes, owners, between)),
        tuple(_interrupted(regions, joined.doubtful, shapes)),
        palette.inks[regions.all[min(seen.background)].ink],
        palette,
    )


def _joined(seen: Survey) -> Joined:
    """Pieces of fills, which strokes do not interrupt, and pieces of strokes."""
    count = len(seen.regions.all)
    above, odds = stacking(count, seen.evidence), log_odds(count, seen.evidence)
    strokes = sorted(seen.strokes)
    between_fills = links(seen.fills, seen.filled, above, odds)
    across_strokes = links_across_strokes(seen.regions, seen.fills, seen.filled, above, odds)
    of_fills = join_pieces(seen.fills, seen.filled, [*between_fills, *across_strokes])
    of_strokes = join_pieces(seen.regions, strokes, links(seen.regions, strokes, above, odds))
    return Joined([*of_fills.pieces, *of_strokes.pieces], [*of_fills.doubtful, *of_strokes.doubtful])


def _between_pieces(evidence: Sequence[Evidence], pieces: Sequence[Piece]) -> list[Evidence]:
    """The evidence about regions as evidence about the pieces that they belong to."""
    piece_of = {label: number for number, piece in enumerate(pieces) for label in piece.members}
    pairs = [(piece_of[item.above], piece_of[item.below], item) for item in evidence]
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
