"""The embedded analyst: reads flat-colour drawings with no model and no randomness."""

import numpy as np

from peeler.channels import apart
from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.groups import parts_of, structure
from peeler.flat.layering import Shape
from peeler.flat.matting import Ink
from peeler.flat.names import names_of
from peeler.flat.objects import objects
from peeler.flat.painting import EVEN, colours_of, ink_of, paint_of, visible_parts
from peeler.geometry import RGB, Mask, Veil
from peeler.graph import Edge, Element, LayerGraph
from peeler.protocols import Analysis

CONTRADICTED = 0.05
"""Share of what should show that may show something else: thin shapes have hardly a pixel of their own colour."""
SAME_COLOUR = 48
"""Grey levels by which an element's pixels may differ from its colour, in the median, for the graph before to hold."""
KEPT_UP = {"read": "the graph before, without what was removed"}
NOT_FLAT = (
    "this is not flat art: its layers are coarse tones with their own texture, and what was hidden is a plain guess"
)


class FlatAnalyst:
    """Finds the shapes of a drawing by its inks, junctions and outlines (``peeler.flat``).

    The first canvas is read whole; after that the graph is kept up as long as the canvas agrees with it. Rules say who
    is in front, and if ``learned`` also a small network.
    """

    def __init__(self, learned: bool = True) -> None:
        self._learned = learned

    def analyse(
        self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
    ) -> Analysis:
        if previous is not None:
            kept = _kept_up(previous, canvas)
            if kept is not None:
                return Analysis(kept, KEPT_UP)
        drawing = read_drawing(canvas, self._learned)
        graph = _graph(drawing)
        if previous is not None:
            graph = graph.carrying_ids_from(previous)
        return Analysis(graph, _account(drawing), "" if drawing.palette.flat else NOT_FLAT)


def _graph(drawing: Drawing) -> LayerGraph:
    ids = [f"e{number:02d}" for number in range(1, len(drawing.shapes) + 1)]
    parts = parts_of(drawing.shapes, drawing.size)
    known = structure(parts)
    belongs = {place: ids[whole] for place, whole in enumerate(known.wholes) if whole is not None}
    if drawing.palette.flat:
        belongs |= objects(drawing, parts, known)
    names = names_of(parts, known.wholes, drawing.drawn_as)
    elements = tuple(
        _element(id, name, shape, belongs.get(place))
        for place, (id, name, shape) in enumerate(zip(ids, names, drawing.shapes, strict=True))
    )
    edges = tuple(
        Edge(
            kind="occludes",
            source=ids[item.above],
            target=ids[item.below],
            weight=round(item.weight, 3),
            reason=item.reason,
        )
        for item in drawing.evidence
    )
    interrupted = tuple(
        Edge(kind="interrupted_shape", source=ids[one], target=ids[other], reason="one may go on in the other")
        for one, other in drawing.interrupted
    )
    return LayerGraph(elements=elements, edges=edges + interrupted)


def _element(id: str, name: str, shape: Shape, part_of: str | None) -> Element:
    return Element(
        id=id,
        name=name,
        colour="#" + bytes(shape.ink).hex(),
        box=shape.whole.box,
        mask=shape.visible,
        shape=shape.whole,
        part_of=part_of,
        opacity=shape.opacity,
        veil=None if shape.levels is None else Veil.of(shape.levels),
    )


def _kept_up(graph: LayerGraph, canvas: RGB) -> LayerGraph | None:
    """``graph`` with each element's mask as it shows now, or None where the canvas shows something else."""
    order = graph.bottom_to_top()
    if any(element.shape is None for element in order):
        return None
    size = canvas.shape[1], canvas.shape[0]
    masks = dict(zip((item.id for item in order), visible_parts([_shape(item) for item in order], size), strict=True))
    shown = sum(mask.area for mask in masks.values())
    opaque = [item for item in order if not item.is_translucent]
    wrong = sum(masks[item.id].area for item in opaque if not _shows(canvas, masks[item.id], ink_of(item)))
    if wrong > CONTRADICTED * shown:
        return None
    return graph.model_copy(
        update={"elements": tuple(item.model_copy(update={"mask": masks[item.id]}) for item in graph.elements)}
    )


def _shape(element: Element) -> Mask:
    assert element.shape is not None, "asked only of elements with shapes"
    return element.shape


def _shows(canvas: RGB, mask: Mask, ink: Ink) -> bool:
    """Whether the pixels of ``mask`` have the colour of an element, or a gradient around it."""
    pixels = canvas[mask.box.slices][mask.pixels]
    if not len(pixels) or np.abs(np.median(pixels, axis=0) - ink).max() <= SAME_COLOUR:
        return True
    paint = paint_of(canvas, mask, ink)
    if isinstance(paint, tuple) or (apart(pixels, np.array(ink, np.int16)) > SAME_COLOUR).all():
        return False
    missed = apart(canvas[mask.box.slices], colours_of(paint, mask.box))[mask.pixels]
    return bool(np.median(missed) <= EVEN)


def _account(drawing: Drawing) -> dict[str, object]:
    return {
        "read": "the canvas",
        "flat": drawing.palette.flat,
        "inks": ["#" + bytes(ink).hex() for ink in drawing.palette.inks],
        "tolerance": drawing.palette.tolerance,
        "background": "#" + bytes(drawing.background).hex(),
        "evidence": [
            f"e{item.above + 1:02d} over e{item.below + 1:02d}: {item.reason} ({item.weight:.2f})"
            for item in drawing.evidence
        ],
    }
