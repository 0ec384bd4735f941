"""The embedded remover: repaints what lies behind from the shapes of the graph, exactly and without a model."""

from collections.abc import Sequence

import numpy as np

from peeler.flat.matting import Ink
from peeler.flat.painting import ink_of, take_off, within
from peeler.flat.palette import packed, unpacked
from peeler.geometry import RGB, RGBA, Box, Mask
from peeler.graph import Element
from peeler.protocols import Removal, Removed
from peeler.stack import Layer

PLAIN = 24
"""Grey levels around its ink within which a pixel of a plain element lies."""
PLAIN_SHARE = 0.75
"""Share of its pixels that must be plain; an element with fewer keeps all its colours."""
ONE_GROUND = 0.5
"""Share of the bare canvas that must have one colour for it to be the background's; else the median is."""


class FlatRemover:
    """Takes elements off one by one, the topmost first, and gives the layer of each."""

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        """``seed`` and ``steps`` change nothing here: there is no randomness and nothing to denoise."""
        staying = [(_shape(element), ink_of(element)) for element in removal.rest.bottom_to_top()]
        shapes = [shape for shape, _ in staying] + [_shape(element) for element in removal.elements]
        background = _background(canvas, shapes)
        leaving = list(removal.elements)
        layers: list[Layer] = []
        while leaving:
            element = leaving.pop()
            below = staying + [(_shape(other), ink_of(other)) for other in leaving]
            ink = ink_of(element) if _is_plain(canvas, element) else None
            canvas, box, pixels = take_off(canvas, _shape(element), ink, below, background)
            layers.insert(0, _layer(element, box, pixels, ink))
        return Removed(canvas, tuple(layers))


def _layer(element: Element, box: Box, pixels: RGBA, ink: Ink | None) -> Layer:
    tight = Box.around(pixels[..., 3] > 0)
    place = Box(tight.x0 + box.x0, tight.y0 + box.y0, tight.x1 + box.x0, tight.y1 + box.y0)
    shown = np.ascontiguousarray(pixels[tight.slices])
    colour = element.colour if ink else None
    return Layer(element.id, element.name, place, shown, part_of=element.part_of, ink=colour, origin="flat")


def _shape(element: Element) -> Mask:
    """The element's whole shape, as far as the analyst knows it."""
    return element.shape or element.mask or Mask.filling(element.box)


def _background(canvas: RGB, shapes: Sequence[Mask]) -> Ink:
    """The colour of the canvas where no shape lies; of the whole canvas if shapes lie everywhere."""
    bare = np.ones(canvas.shape[:2], np.bool_)
    for shape in shapes:
        bare[shape.box.slices] &= ~shape.pixels
    pixels = canvas[bare] if bare.any() else canvas.reshape(-1, 3)
    colours, counts = np.unique(packed(pixels), return_counts=True)
    most = counts.argmax()
    plain = counts[most] >= ONE_GROUND * len(pixels)
    red, green, blue = (unpacked(colours[most]) if plain else np.median(pixels, axis=0).astype(int)).tolist()
    return red, green, blue


def _is_plain(canvas: RGB, element: Element) -> bool:
    shape = _shape(element)
    pixels = canvas[shape.box.slices][within(shape, shape.box)].astype(np.int32)
    return bool((np.abs(pixels - ink_of(element)).max(axis=1) <= PLAIN).mean() >= PLAIN_SHARE)
