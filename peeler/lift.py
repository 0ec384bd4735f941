"""(before, after) → layers; and what makes a stack of them exact: the residual and the picture's own transparency."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.matting import REACH, unmix
from peeler.geometry import RGB, RGBA, Box, Pixels
from peeler.graph import Element
from peeler.inputs import Picture
from peeler.judge import change, element_pixels
from peeler.stack import Layer, LayerStack, composite, largest_difference

TOLERANCE = 2
"""Grey levels by which a stack may miss its picture without needing a residual."""
FEATHER = 3.0
"""Pixels from the edge of a removal's mask within which the canvas before shines through."""
FLAT_SHARE = 0.5
"""Share of an element's pixels that must have one colour for its layer to be flat."""
NEAR_BACKDROP = 8
"""Grey levels within which a pixel of the last canvas is the backdrop and not part of the picture."""


def hard_composite(before: RGB, after: RGB, mask: Pixels) -> RGB:
    """``after`` where the removal may repaint, ``before`` everywhere else, and no seam: near its edge they mix."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = (depth / FEATHER).clip(0, 1)[..., None]
    mixed: RGB = np.rint(before + (after - before.astype(np.float32)) * share).astype(np.uint8)
    return mixed


def lift(before: RGB, after: RGB, elements: Sequence[Element]) -> tuple[Layer, ...]:
    """The layers, bottom to top, that painted over ``after`` give ``before`` to within a grey level.

    Every changed pixel goes to the element nearest to it, so that no two layers explain one pixel.
    """
    size = before.shape[1], before.shape[0]
    masks = [element_pixels(element, size) for element in elements]
    territory = _nearest(masks)
    changed = change(before, after) > TOLERANCE
    layers = []
    for index, (element, mask) in enumerate(zip(elements, masks, strict=True)):
        own = territory == index
        shown = own & (mask | changed)
        box = Box.around(shown).expand(REACH + 1, size)
        part = box.slices
        ink = _ink(before[part], (mask & own)[part])
        alone = np.where(own[part][..., None], before[part], after[part])
        layers.append(_cropped(element, box, unmix(alone, after[part], shown[part], ink), ink))
    return tuple(layers)


def with_residual(stack: LayerStack, picture: RGB) -> LayerStack:
    """The stack, with a layer on top that holds the pixels by which it misses ``picture`` by over ``TOLERANCE``."""
    missed = stack.difference(picture) > TOLERANCE
    if not missed.any():
        return stack
    box = Box.around(missed)
    colours = np.dstack([picture, missed * np.uint8(255)])[box.slices]
    colours[colours[..., 3] == 0] = 0
    residual = Layer("residual", "what no layer explains", box, colours, role="residual", origin="difference")
    return LayerStack(stack.size, (*stack.layers, residual))


def settle_transparency(stack: LayerStack, picture: Picture) -> LayerStack:
    """The stack peeled on the backdrop, changed so that it composes to the transparent picture within 2 grey levels.

    The backdrop is taken out of the background. Where the picture is clear, every layer becomes clear. Where it is half
    clear, the topmost layer that covers the pixel carries it alone; so it does where the picture is opaque and the
    layers, which met on the backdrop there, are not. Thus no layer keeps any of the backdrop's colour.
    """
    if picture.alpha is None:
        return stack
    layers = [_without_backdrop(_baked(layer), picture.backdrop) for layer in stack.layers]
    painted = composite(stack.size, layers)
    missed = (painted[..., 3] != picture.alpha) | (largest_difference(painted, picture.pixels) > TOLERANCE)
    highest = _highest(layers, stack.size)
    return LayerStack(
        stack.size, tuple(_settled(layer, picture, missed, highest == index) for index, layer in enumerate(layers))
    )


def _nearest(masks: Sequence[Pixels]) -> NDArray[np.int32]:
    """For each pixel the index of the nearest mask; of equally near ones the first."""
    best = np.full(masks[0].shape, np.inf, dtype=np.float32)
    owner = np.zeros(masks[0].shape, dtype=np.int32)
    for index, mask in enumerate(masks):
        distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        nearer = distance < best
        best[nearer], owner[nearer] = distance[nearer], index
    return owner


def _ink(picture: RGB, mask: Pixels) -> tuple[int, int, int] | None:
    """The one colour of most of the mask, or None if it has no such colour."""
    pixels = picture[mask].astype(np.int64)
    if not len(pixels):
        return None
    codes, counts = np.unique(pixels @ np.array([65536, 256, 1]), return_counts=True)
    most = int(counts.argmax())
    if counts[most] < FLAT_SHARE * len(pixels):
        return None
    code = int(codes[most])
    return code >> 16, (code >> 8) & 255, code & 255


def _cropped(element: Element, place: Box, pixels: RGBA, ink: tuple[int, int, int] | None) -> Layer:
    """The layer of an element from the pixels of a box around it."""
    box = Box.around(pixels[..., 3] > 0)
    return Layer(
        id=element.id,
        name=element.name,
        box=Box(box.x0 + place.x0, box.y0 + place.y0, box.x1 + place.x0, box.y1 + place.y0),
        pixels=np.ascontiguousarray(pixels[box.slices]),
        part_of=element.part_of,
        ink=None if ink is None else "#{:02x}{:02x}{:02x}".format(*ink),
        origin="lift",
    )


def _baked(layer: Layer) -> Layer:
    """The layer with its opacity in its pixels."""
    if layer.opacity == 1:
        return layer
    pixels = layer.pixels.copy()
    pixels[..., 3] = np.rint(pixels[..., 3] * layer.opacity).astype(np.uint8)
    return replace(layer, pixels=pixels, opacity=1.0)


def _without_backdrop(layer: Layer, backdrop: tuple[int, int, int]) -> Layer:
    """The background without the plain backdrop; any other layer as it is."""
    if layer.role != "background":
        return layer
    distance = apart(layer.pixels[..., :3].astype(np.int16), np.array(backdrop, dtype=np.int16))
    return replace(layer, ink=None, pixels=np.where((distance > NEAR_BACKDROP)[..., None], layer.pixels, np.uint8(0)))


def _highest(layers: Sequence[Layer], size: tuple[int, int]) -> NDArray[np.int32]:
    """For each pixel the index of the highest layer that covers it; 0, the background, if none does."""
    highest = np.zeros((size[1], size[0]), dtype=np.int32)
    for index, layer in enumerate(layers):
        highest[layer.box.slices][layer.pixels[..., 3] > 0] = index
    return highest


def _settled(layer: Layer, picture: Picture, missed: Pixels, on_top: Pixels) -> Layer:
    part = layer.box.slices
    target = picture.pixels[part]
    opaque = target[..., 3] == 255
    carries = on_top[part] & np.where(opaque, missed[part], target[..., 3] > 0)
    pixels = np.where(opaque[..., None], layer.pixels, np.uint8(0))
    pixels[carries] = target[carries]
    return replace(layer, pixels=pixels, ink=layer.ink and _main_colour(pixels))


def _main_colour(pixels: RGBA) -> str | None:
    """The colour that covers most; None if nothing shows."""
    shown = pixels[pixels[..., 3] > 0].astype(np.int64)
    if not len(shown):
        return None
    codes, places = np.unique(shown[:, :3] @ np.array([65536, 256, 1]), return_inverse=True)
    return f"#{codes[np.bincount(places, weights=shown[:, 3]).argmax()]:06x}"
