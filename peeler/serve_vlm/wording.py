"""What the embedded analyst sees, in the words of a reply."""

import base64
from collections import Counter

import cv2
import numpy as np

from peeler.choice import objects_of
from peeler.files import png_bytes
from peeler.geometry import GRID, RGB, Box, Pixels
from peeler.graph import Element, LayerGraph
from peeler.judge import CHANGED, MOST_LEFT, change, element_pixels, removal_mask
from peeler.replies import CheckReply, GraphReply, LocaliseReply
from peeler.replies.models import MOST_EDGES, MOST_ELEMENTS, LocatedElement, SeenEdge, SeenElement
from peeler.serve_vlm.questions import Known, is_wanted
from peeler.text import plural

MOST_DAMAGE = 0.02
"""Share of the pixels outside a removal that may change."""
LONGEST_SIDE = 256
"""Pixels of a mask."""
MOST_CORNERS = 60
COARSEST = 64
"""Pixels by which a simplified outline may miss."""

Size = tuple[int, int]


def graph_reply(graph: LayerGraph, canvas: RGB, wanted: str) -> GraphReply:
    """The graph, its topmost elements at least, if there are more than a reply may hold."""
    size = _size(canvas)
    low = [element.id for element in graph.bottom_to_top()][:-MOST_ELEMENTS]
    graph = graph.without(low)
    objects = _objects(graph)
    elements = [_seen(element, objects.get(element.id), size) for element in graph.elements]
    surest = sorted(graph.edges, key=lambda edge: -edge.weight)[:MOST_EDGES]
    return GraphReply(
        description=f"a drawing of {plural(len(elements), 'shape')}",
        background_only=not elements,
        elements=tuple(elements),
        edges=tuple(SeenEdge(source=edge.source, target=edge.target, kind=edge.kind) for edge in surest),
        topmost=tuple(element.id for element in graph.topmost()),
        wanted=tuple(item.id for item in elements if is_wanted(f"{item.name} {item.part_of or ''}", wanted)),
    )


def places_reply(graph: LayerGraph, known: list[Known], canvas: RGB, outlines: str) -> LocaliseReply:
    """Where the known elements show; one that is not seen is left out."""
    size, asked = _size(canvas), {item.id for item in known}
    seen = [element for element in graph.elements if element.id in asked or not asked]
    return LocaliseReply(items=tuple(_located(element, size, outlines) for element in seen[:MOST_ELEMENTS]))


def check_reply(graph: LayerGraph, known: list[Known], before: RGB, after: RGB) -> CheckReply:
    """Whether the known elements of the graph before are gone, and nothing else."""
    if before.shape != after.shape:
        return CheckReply(removed=False, damaged=True, comment="The pictures differ in size.")
    asked = {item.id for item in known}
    elements = tuple(element for element in graph.elements if element.id in asked)
    changed = change(before, after) > CHANGED
    left = tuple(item.id for item in elements if not _is_gone(item, changed))
    outside = ~removal_mask(before, elements) if elements else np.ones_like(changed)
    damaged = bool(changed[outside].mean() > MOST_DAMAGE) if outside.any() else False
    told = [f"Still there: {', '.join(left)}."] if left else []
    told += ["Something else has changed."] if damaged else []
    return CheckReply(removed=not left, left=left, damaged=damaged, comment=" ".join(told))


def _is_gone(element: Element, changed: Pixels) -> bool:
    shown = element_pixels(element, (changed.shape[1], changed.shape[0]))
    return not shown.any() or bool(changed[shown].mean() >= 1 - MOST_LEFT)


def _seen(element: Element, part_of: str | None, size: Size) -> SeenElement:
    box = _shown(element).on_grid(size)
    return SeenElement(id=element.id, name=element.name, colour=element.colour, box_2d=box, part_of=part_of)


def _objects(graph: LayerGraph) -> dict[str, str]:
    """For the elements that make up one thing with others its name, or that of the shape they all lie on."""
    objects = objects_of(graph)
    names = Counter(element.name for element in graph.elements)
    sizes = Counter(objects.values())
    called = {item.id: item.name if names[item.name] == 1 else f"{item.name} {item.id}" for item in graph.elements}
    return {id: called.get(object, object) for id, object in objects.items() if sizes[object] > 1}


def _located(element: Element, size: Size, outlines: str) -> LocatedElement:
    box = _shown(element)
    shown = element_pixels(element, size)
    return LocatedElement(
        id=element.id,
        box_2d=box.on_grid(size),
        mask=_mask(shown[box.slices]) if outlines == "png" else None,
        polygon=_polygon(shown) if outlines == "polygon" else None,
    )


def _mask(shown: Pixels) -> str:
    """A probability map of the box as a data URL."""
    grey = shown.astype(np.uint8) * 255
    shrink = LONGEST_SIDE / max(grey.shape)
    if shrink < 1:
        side = [max(1, round(length * shrink)) for length in grey.shape[::-1]]
        grey = np.asarray(cv2.resize(grey, side, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return "data:image/png;base64," + base64.b64encode(png_bytes(grey)).decode()


def _polygon(shown: Pixels) -> tuple[tuple[float, float], ...]:
    """The outline of the largest patch as ``y, x`` on the grid."""
    outlines, _ = cv2.findContours(shown.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return ()
    outline, slack = max(outlines, key=cv2.contourArea), 0.5
    while len(corners := cv2.approxPolyDP(outline, slack, True)) > MOST_CORNERS and slack < COARSEST:
        slack *= 1.5
    height, width = shown.shape
    # A pixel's middle stands for it, so outlines of pixels lie half a pixel inside.
    return tuple(((y + 0.5) * GRID / height, (x + 0.5) * GRID / width) for x, y in corners[:, 0].tolist())


def _shown(element: Element) -> Box:
    return element.mask.box if element.mask and element.mask.area else element.box


def _size(canvas: RGB) -> Size:
    return canvas.shape[1], canvas.shape[0]
