"""The critic: did a removal take away what it should, and nothing else?"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.errors import OutputError
from peeler.flat.matting import grown
from peeler.geometry import RGB, Box, Mask, Pixels
from peeler.graph import Element
from peeler.protocols import Removal, Removed
from peeler.records import Verdict
from peeler.stack import Layer, over

CHANGED = 12
"""Grey levels in some channel from which a pixel counts as repainted."""
MOST_LEFT = 0.5
"""Largest share of an element that may look as before; hidden twins of its colour may be there by right."""
DRIFT = 48
"""Grey levels by which a pixel far from the removal has drifted; below lies what an autoencoder loses."""
MOST_DRIFT = 0.1
"""Largest share of the pixels outside that may have drifted: past it the remover painted another picture."""
MISSED = 2
"""Grey levels by which given layers over the new canvas may miss the canvas before."""
MOST_MISSED = 0.05
"""Largest share of the repainted pixels that given layers may miss; what is missed ends in the residual."""


def judge(before: RGB, after: RGB, removal: Removal) -> Verdict:
    """Judge a removal by its pixels alone, before anything outside the mask is put back."""
    changes = change(before, after)
    repainted = changes > CHANGED
    inside = pixels_of(removal.elements, _size(before))
    masks = [seen_of(element, _size(before)) for element in removal.elements]
    left = [1 - _share(repainted[mask.box.slices], mask.pixels) for mask in masks]
    most_left = max(left)
    stubborn = removal.elements[left.index(most_left)]
    drift = _share(changes > DRIFT, ~removal_mask(before, removal.elements))
    if drift > MOST_DRIFT:
        reason = f"{drift:.0%} of the picture outside the removal changed"
    elif most_left > MOST_LEFT:
        reason = f"{stubborn.name} is still there ({most_left:.0%} looks as before)"
    else:
        reason = ""
    return _verdict(reason, _share(repainted, inside), drift, most_left)


def judge_layers(before: RGB, removed: Removed, removal: Removal) -> Verdict:
    """Judge a removal that brings its own layers: painted over the new canvas they must give the canvas before."""
    missed = change(before, _painted(removed.canvas, removed.layers or ())) > MISSED
    repainted = change(before, removed.canvas) > 0
    inside = pixels_of(removal.elements, _size(before))
    unexplained = _share(missed, repainted | inside)
    if not removed.layers:
        reason = "the removal brings no layer"
    elif unexplained > MOST_MISSED:
        reason = f"the layers do not repaint {unexplained:.0%} of what was removed"
    else:
        reason = ""
    return _verdict(reason, _share(repainted, inside), _share(missed, ~inside), unexplained)


def removal_mask(canvas: RGB, elements: tuple[Element, ...]) -> Pixels:
    """Where a remover may repaint: the elements and a margin of 1.5 % of the longer side for their soft edges."""
    size = _size(canvas)
    margin = max(4, round(0.015 * max(size)))
    return grown(pixels_of(elements, size), margin)


def seen_of(element: Element, size: tuple[int, int]) -> Mask:
    """Where an element shows on a canvas of ``size`` (width, height): its mask, or its box if the analyst gave none."""
    canvas = Box.whole(size)
    mask = element.mask or Mask.filling(element.box.intersect(canvas))
    return mask if mask.box.intersect(canvas) == mask.box else Mask.of(mask.on(size))


def element_pixels(element: Element, size: tuple[int, int]) -> Pixels:
    """The same as pixels of the whole canvas."""
    return pixels_of([element], size)


def pixels_of(elements: Iterable[Element], size: tuple[int, int]) -> Pixels:
    """Where any of ``elements`` shows on a canvas of ``size`` (width, height)."""
    pixels = np.zeros((size[1], size[0]), np.bool_)
    for element in elements:
        mask = seen_of(element, size)
        pixels[mask.box.slices] |= mask.pixels
    return pixels


def check_removed(removed: Removed, canvas: RGB, remover: str) -> Removed:
    """What a remover gave, if it keeps the contract. Raises OutputError otherwise."""
    given = removed.canvas
    if given.shape != canvas.shape or given.dtype != np.uint8:
        raise OutputError(f"{remover} gave a canvas {given.dtype} {given.shape}, not uint8 {canvas.shape}")
    for layer in removed.layers or ():
        if layer.box.intersect(Box.whole(_size(canvas))) != layer.box:
            raise OutputError(f"{remover} gave the layer {layer.id!r} outside the canvas: {tuple(layer.box)}")
    return removed


def _verdict(reason: str, inside: float, outside: float, left: float) -> Verdict:
    return Verdict(
        accepted=not reason,
        reason=reason or "accepted",
        changed_inside=round(inside, 6),
        drift_outside=round(outside, 6),
        left=round(left, 6),
    )


def change(before: RGB, after: RGB) -> NDArray[np.uint8]:
    """Per pixel, the largest change of a channel in grey levels."""
    red, green, blue = cv2.split(cv2.absdiff(before, after))
    return np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.uint8)


def _painted(canvas: RGB, layers: Sequence[Layer]) -> RGB:
    """The canvas with layers painted over it."""
    planes = np.full((4, *canvas.shape[:2]), 255, dtype=np.float32)
    planes[:3] = canvas.transpose(2, 0, 1)
    for layer in layers:
        over(planes[:, *layer.box.slices], layer)
    return np.asarray(cv2.merge(list(np.rint(planes[:3]).clip(0, 255).astype(np.uint8))))


def _share(hits: Pixels, among: Pixels) -> float:
    return int(np.count_nonzero(hits & among)) / max(1, int(np.count_nonzero(among)))


def _size(canvas: RGB) -> tuple[int, int]:
    return canvas.shape[1], canvas.shape[0]
