"""The embedded remover: repaints what lies behind from the shapes of the graph, exactly and without a model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, picked
from peeler.flat.enlarging import reach_of
from peeler.flat.matting import REACH, Ink, grown, mixture
from peeler.flat.painting import SMALL, Paint, Painted, colours_of, ink_of, paint_of, painted, take_off, take_tint_off
from peeler.flat.palette import packed, unpacked
from peeler.geometry import RGB, RGBA, Box, Mask, Pixels, boxes_array, touched
from peeler.graph import Element
from peeler.protocols import Removal, Removed
from peeler.stack import Layer

PLAIN = 24
"""Grey levels around its ink within which a pixel of a plain element lies."""
PLAIN_SHARE = 0.75
"""Share of its pixels that must be plain; an element with fewer keeps all its colours."""
ONE_GROUND = 0.5
"""Share of the bare canvas that must have one colour for it to be the background's; else the median is."""
BLED = 40
"""Grey levels by which a pixel of a small one may miss a mixture of its ink and what lies below."""
HALF = 0.5
"""Mean share of the ink that it must then have."""
SAMPLE = 1024
"""Pixels that are asked first which colour that is."""


class FlatRemover:
    """Takes elements off one by one, the topmost first, and gives the layer of each."""

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        """``seed`` and ``steps`` change nothing here: there is no randomness and nothing to denoise."""
        staying = removal.rest.bottom_to_top()
        background = _background(canvas, [_shape(element) for element in (*staying, *removal.elements)])
        reach = reach_of(canvas)
        near = _below(staying, removal.elements, reach)
        shapes = [_painted(canvas, element) for element in (*near, *removal.elements)]
        boxes = boxes_array([item.shape.box for item in shapes])
        layers: list[Layer] = []
        for place, element in reversed(list(enumerate(removal.elements, len(near)))):
            lifted = shapes[place]
            below = [shapes[low] for low in touched(boxes[:place], _reached(lifted.shape, reach))]
            if element.is_translucent:
                canvas, box, pixels = take_tint_off(canvas, lifted, below, background)
                layers.append(_layer(element, box, pixels, plain=element.veil is None))
                continue
            kept = _told_by(canvas, lifted, ink_of(element), below, background)
            canvas, box, pixels = take_off(canvas, lifted.shape, kept, below, background, reach)
            layers.append(_layer(element, box, pixels, isinstance(kept, tuple)))
        return Removed(canvas, tuple(reversed(layers)))


def _below(staying: Sequence[Element], leaving: Sequence[Element], reach: int) -> list[Element]:
    """Those of ``staying`` that any of ``leaving`` meets with its soft edge."""
    boxes = boxes_array([_shape(element).box for element in staying])
    found = {place for element in leaving for place in touched(boxes, _reached(_shape(element), reach))}
    return [staying[place] for place in sorted(found)]


def _reached(shape: Mask, reach: int) -> Box:
    """Where shapes are that the soft edge of ``shape`` may meet with theirs, all of them ``reach`` pixels wide."""
    return shape.box.padded(2 * reach + 1)


def _layer(element: Element, box: Box, pixels: RGBA, plain: bool) -> Layer:
    tight = Box.around(pixels[..., 3] > 0)
    place = Box(tight.x0 + box.x0, tight.y0 + box.y0, tight.x1 + box.x0, tight.y1 + box.y0)
    shown = np.ascontiguousarray(pixels[tight.slices])
    colour = element.colour if plain else None
    return Layer(
        element.id,
        element.name,
        place,
        shown,
        opacity=element.opacity,
        part_of=element.part_of,
        ink=colour,
        origin="flat",
    )


def _shape(element: Element) -> Mask:
    """The element's whole shape, as far as the analyst knows it."""
    return element.shape or element.mask or Mask.filling(element.box)


def _painted(canvas: RGB, element: Element) -> Painted:
    """The element's shape with what the canvas shows to fill it; a sheet shows what lies below, too."""
    paint: Paint = ink_of(element)
    if element.mask is not None and not element.is_translucent:
        paint = paint_of(canvas, element.mask, ink_of(element))
    return Painted(_shape(element), paint, element.opacity, element.veil)


def _background(canvas: RGB, shapes: Sequence[Mask]) -> Paint:
    """What fills the canvas where no shape lies; the whole canvas if shapes lie everywhere."""
    bare = np.ones(canvas.shape[:2], np.bool_)
    for shape in shapes:
        bare[shape.box.slices] &= ~shape.pixels
    pixels = picked(canvas, bare if bare.any() else ~bare)
    numbers = packed(pixels)
    for asked in (numbers[:: len(numbers) // SAMPLE + 1], numbers):
        colours, counts = np.unique(asked, return_counts=True)
        most = colours[counts.argmax()]
        if np.count_nonzero(numbers == most) >= ONE_GROUND * len(numbers):
            return _ink(unpacked(most))
    return paint_of(canvas, Mask.of(bare), _ink(np.median(pixels, axis=0)))


def _ink(colour: NDArray[Any]) -> Ink:
    red, green, blue = colour.astype(int).tolist()
    return red, green, blue


def _told_by(canvas: RGB, item: Painted, ink: Ink, below: Sequence[Painted], background: Paint) -> Paint | None:
    """What tells most of the pixels that a shape covers: its paint or, where that is small or thin, mixtures of its
    ``ink`` and what lies below, as its edges are nearly all of it. None if neither does.
    """
    box, mask = item.shape.box, item.shape.pixels
    picture = picked(canvas[box.slices], mask).astype(np.float32)
    colours = item.paint if isinstance(item.paint, tuple) else picked(colours_of(item.paint, box), mask)
    by_paint = float((apart(picture, colours) <= PLAIN).mean())
    shows = by_paint >= PLAIN_SHARE
    is_slight = item.shape.area < SMALL or not shows and _is_thin(mask)
    if is_slight and not (shows and isinstance(item.paint, tuple)):
        ground = picked(painted(below, background, box), mask).astype(np.float32)
        alpha, missed = mixture(picture, ground, np.array(ink, np.float32))
        told = float((missed <= (PLAIN if shows else BLED)).mean())
        if told >= max(PLAIN_SHARE, by_paint) and alpha.mean() >= HALF:
            return ink
    return item.paint if shows else None


def _is_thin(mask: Pixels) -> bool:
    """Whether most of a mask is as near to its outline as soft edges reach."""
    deep = ~grown(~np.pad(mask, 1), REACH)
    return 2 * int(np.count_nonzero(deep)) < int(np.count_nonzero(mask))
