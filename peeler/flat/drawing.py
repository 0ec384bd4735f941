"""From a picture to whole shapes in painting order: the reading of a flat drawing, start to end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from peeler.channels import picked
from peeler.flat.arc_text import with_arcs
from peeler.flat.completion import complete
from peeler.flat.contacts import boundaries
from peeler.flat.cues import Evidence
from peeler.flat.dashes import find_dashes
from peeler.flat.enlarging import enlarged, scale_of
from peeler.flat.fades import find_fades
from peeler.flat.layering import Layering, Shape
from peeler.flat.learned_order import order_net
from peeler.flat.matting import grown
from peeler.flat.order import log_odds, stacking
from peeler.flat.overlays import Overlay
from peeler.flat.palette import Palette
from peeler.flat.passing import joins
from peeler.flat.pieces import Joined, Piece, join_pieces, links, links_across_strokes, with_likes, with_lines
from peeler.flat.regions import Regions
from peeler.flat.strokes import without_strokes
from peeler.flat.survey import Survey, survey
from peeler.flat.text import Line, find_lines
from peeler.geometry import RGB, Mask, meeting

PRINTED = 12.0
"""Log odds that text and dashes lie on what is around it, and a sheet on what it tints: more than any cue has."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """Shapes in painting order, bottom first, over a plain ``background``, on a canvas of ``size`` (width, height).

    ``evidence`` speaks of indices of ``shapes``, and so does ``interrupted``: pairs that may be pieces of one shape but
    are not told as one; ``drawn_as`` says which are lines of text or of dashes. Where the ``palette`` is not flat the
    shapes are only coarse tones.
    """

    shapes: tuple[Shape, ...]
    evidence: tuple[Evidence, ...]
    interrupted: tuple[tuple[int, int], ...]
    background: NDArray[np.uint8]
    palette: Palette
    size: tuple[int, int]
    drawn_as: Mapping[int, str] = field(default_factory=dict)

    def places(self, word: str) -> list[int]:
        """The indices of the shapes that are drawn as this."""
        return sorted(place for place, own in self.drawn_as.items() if own == word)


def read_drawing(picture: RGB, learned: bool = True) -> Drawing:
    """Find the shapes of ``picture``, complete what is hidden and put them in order.

    Who is in front is judged by rules and, if ``learned``, also by the network that comes with the package. What was
    enlarged is read as it was before.
    """
    scale = scale_of(picture)
    if scale.times > 1:
        drawing = _read(scale.reduced(picture), learned)
        if drawing.palette.flat:  # else it may be pixel art, where the repeated pixels are the drawing
            size = picture.shape[1], picture.shape[0]
            return replace(drawing, shapes=enlarged(drawing.shapes, scale, size), size=size)
    return _read(picture, learned)


def _read(picture: RGB, learned: bool) -> Drawing:
    seen = survey(picture, order_net() if learned else None)
    if seen.palette.flat:
        fades = find_fades(picture, seen.regions, seen.evidence, seen.background, seen.overlays)
        seen = replace(seen, overlays=(*fades, *seen.overlays))
    lines = with_arcs(seen.regions, find_lines(seen.regions)) if seen.palette.flat else []
    seen = _unstroked(seen, lines)
    regions, palette = seen.regions, seen.palette
    joined = _joined(seen, lines)
    between = _between_pieces([*seen.evidence, *_on_their_ground(regions, joined.pieces)], joined.pieces)
    layering = Layering(regions, seen.fills, seen.strokes, joined.pieces, between, palette, seen.edges, seen.passages)
    layered = list(_with_whole_lines(layering.shapes(), joined.pieces, regions))
    if not palette.flat:
        layered = [(replace(shape, ink=_median(picture, shape.visible)), owner) for shape, owner in layered]
    interrupted = list(_interrupted(regions, joined.doubtful, [shape for shape, _ in layered]))
    count = len(joined.pieces)
    for owner, overlay in enumerate(seen.overlays, count):
        layered, tinted = _with_overlay(layered, overlay, owner)
        between += tinted
    shapes, owners = [shape for shape, _ in layered], [owner for _, owner in layered]
    opaque = [place for place, owner in enumerate(owners) if owner < count]
    return Drawing(
        tuple(shapes),
        tuple(_between_shapes(shapes, owners, between)),
        tuple((opaque[one], opaque[other]) for one, other in interrupted),
        palette.inks[regions.all[min(seen.background)].ink],
        palette,
        (picture.shape[1], picture.shape[0]),
        {place: word for place in opaque if (word := joined.pieces[owners[place]].drawn_as)},
    )


def _unstroked(seen: Survey, lines: Sequence[Line]) -> Survey:
    """Letters are no outlines, not even an O around something lighter."""
    strokes = seen.strokes.difference(*(line.letters for line in lines))
    if strokes == seen.strokes:
        return seen
    return replace(seen, strokes=strokes, fills=without_strokes(seen.regions, strokes))


def _joined(seen: Survey, lines: Sequence[Line]) -> Joined:
    """Pieces of fills, which strokes do not interrupt, pieces of strokes, and lines of text and of dashes."""
    aside = frozenset[int]().union(*(line.letters | line.counters for line in lines))
    dashed = _dashed(seen, aside)
    aside = aside.union(*dashed)
    count = len(seen.regions.all)
    above, odds = stacking(count, seen.evidence), log_odds(count, seen.evidence)
    strokes, filled = sorted(seen.strokes - aside), [label for label in seen.filled if label not in aside]
    between_fills = links(seen.fills, filled, above, odds)
    across_strokes = links_across_strokes(seen.regions, seen.fills, filled, above, odds)
    between_strokes = links(seen.regions, strokes, above, odds)
    lined, passing = seen.edges.lined, list(joins(seen.passages))
    of_fills = join_pieces(seen.fills, filled, with_likes([*between_fills, *across_strokes]), above, lined, passing)
    of_strokes = join_pieces(seen.regions, strokes, with_likes(between_strokes), above, lined, passing)
    joined = Joined([*of_fills.pieces, *of_strokes.pieces], [*of_fills.doubtful, *of_strokes.doubtful])
    return with_lines(joined, lines, dashed)


def _dashed(seen: Survey, aside: frozenset[int]) -> list[frozenset[int]]:
    """The dashed lines; what passes behind something is no dash."""
    passing = frozenset[int]().union(*(passage.pieces for passage in seen.passages))
    return find_dashes(seen.regions, aside | seen.background | passing) if seen.palette.flat else []


def _on_their_ground(regions: Regions, pieces: Sequence[Piece]) -> Iterator[Evidence]:
    """Letters and dashes lie in front of all that they touch."""
    printed = frozenset(label for piece in pieces if piece.drawn_as for label in piece.members)
    for border in boundaries(regions.labels) if printed else ():
        for mark, other in ((border.first, border.second), (border.second, border.first)):
            if mark in printed and other not in printed:
                yield Evidence(mark, other, PRINTED, "it is printed on its ground")


def _with_whole_lines(
    layered: Iterable[tuple[Shape, int]], pieces: Sequence[Piece], regions: Regions
) -> Iterator[tuple[Shape, int]]:
    """The shapes with their pieces; the letters or dashes of a line, told apart before, as one that shows whole."""
    told = set()
    for shape, owner in layered:
        if not pieces[owner].drawn_as:
            yield shape, owner
        elif owner not in told:
            told.add(owner)
            letters = Mask.of(np.isin(regions.labels, pieces[owner].members))
            yield Shape(shape.ink, letters, letters), owner


def _with_overlay(
    layered: Sequence[tuple[Shape, int]], overlay: Overlay, owner: int
) -> tuple[list[tuple[Shape, int]], list[Evidence]]:
    """The shapes with an overlay right above the last one that it tints, and the evidence that it lies there.

    What it tints no longer shows as it is; the overlay may go on under what lies above it.
    """
    shown = Mask.of(overlay.visible)
    tinted = [place for place, (shape, _) in enumerate(layered) if shape.visible.overlap(shown)]
    place = max(tinted, default=-1) + 1
    below = [(replace(shape, visible=_without(shape.visible, overlay)), piece) for shape, piece in layered[:place]]
    above = list(layered[place:])
    cover = np.zeros_like(overlay.visible)
    for shape, _ in above:
        cover[shape.visible.box.slices] |= shape.visible.pixels
    if overlay.levels is None:
        whole = complete(overlay.visible, cover)
    else:
        whole = overlay.visible | (cover & (overlay.levels > 0))
    sheet = Shape(overlay.ink, shown, Mask.of(whole), overlay.opacity, overlay.levels), owner
    pieces = {layered[place][1] for place in tinted}
    return [*below, sheet, *above], [Evidence(owner, piece, PRINTED, "it tints what it lies on") for piece in pieces]


def _without(mask: Mask, overlay: Overlay) -> Mask:
    """What shows of a mask beside an overlay, which tints the rest."""
    return Mask.of(mask.pixels & ~overlay.visible[mask.box.slices], mask.box[:2])


def _median(picture: RGB, mask: Mask) -> NDArray[np.uint8]:
    return np.asarray(np.median(picked(picture[mask.box.slices], mask.pixels), axis=0), np.uint8)


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
    found = []
    for low, high in meeting([shape.whole.box for shape in shapes], 1):
        item = known.get((owners[high], owners[low]))
        hides = shapes[low].whole.overlap(shapes[high].visible) > 0
        if hides or (item and _touch(shapes[low].visible, shapes[high].visible)):
            weight, reason = (item.weight, item.reason) if item else (0.0, "it covers where the other goes on")
            found.append(Evidence(high, low, weight, reason))
    return found


def _interrupted(
    regions: Regions, doubtful: Sequence[tuple[int, int]], shapes: Sequence[Shape]
) -> Iterator[tuple[int, int]]:
    """The pairs of regions as pairs of the shapes that show most of them."""
    for pair in doubtful if shapes else ():
        masks = [Mask.of(regions.mask(label)) for label in pair]
        one, other = (int(np.argmax([shape.visible.overlap(mask) for shape in shapes])) for mask in masks)
        if one != other:
            yield one, other


def _touch(one: Mask, other: Mask) -> bool:
    canvas = max(one.box.x1, other.box.x1), max(one.box.y1, other.box.y1)
    near = one.box.expand(1, canvas).intersect(other.box.expand(1, canvas))
    return bool(near.area and (grown(one.within(near), 1) & other.within(near)).any())
