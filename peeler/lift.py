"""(before, after) → layers; and what makes a stack of them exact: the residual and the picture's own transparency."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.matting import REACH, unmix
from peeler.geometry import RGB, RGBA, Box, Pixels
from peeler.graph import Element
from peeler.inputs import Picture
from peeler.judge import change, element_pixels
from peeler.stack import Layer, LayerStack

TOLERANCE = 2
"""Grey levels by which a stack may miss its picture without needing a residual."""
FLAT_SHARE = 0.5
"""Share of an element's pixels that must have one colour for its layer to be flat."""
NEAR_BACKDROP = 8
"""Grey levels within which a pixel of the last canvas is the backdrop and not part of the picture."""


def hard_composite(before: RGB, after: RGB, mask: Pixels) -> RGB:
    """``after`` where the removal may repaint, ``before`` everywhere else."""
    return np.where(mask[..., None], after, before)


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

    Where the picture is clear, every layer becomes clear. Where it is half clear, the topmost layer that covers the
    pixel carries it alone. Where it is opaque, the lowest layer that covers it is made opaque without changing the
    colour. The backdrop itself covers nothing, unless no other layer does.
    """
    if picture.alpha is None:
        return stack
    layers = [_baked(layer) for layer in stack.layers]
    covers = [_cover(layer, picture) for layer in layers]
    highest, lowest = _ends(layers, covers, stack.size)
    settled = [
        _settled(index, layer, cover, picture, highest, lowest)
        for index, (layer, cover) in enumerate(zip(layers, covers, strict=True))
    ]
    return LayerStack(stack.size, tuple(settled))


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


def _cover(layer: Layer, picture: Picture) -> Pixels:
    """Where the layer shows something, inside its box; the background shows nothing where it is plain backdrop."""
    shown = layer.pixels[..., 3] > 0
    if layer.role != "background":
        return shown
    distance = np.abs(layer.pixels[..., :3].astype(np.int16) - np.array(picture.backdrop, dtype=np.int16)).max(axis=2)
    covered: Pixels = shown & (distance > NEAR_BACKDROP)
    return covered


def _ends(
    layers: Sequence[Layer], covers: Sequence[Pixels], size: tuple[int, int]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """For each pixel the index of the highest and of the lowest layer that covers it; 0, the background, if none."""
    highest = np.zeros((size[1], size[0]), dtype=np.int32)
    lowest = np.zeros_like(highest)
    for index in range(len(layers)):
        highest[layers[index].box.slices][covers[index]] = index
    for index in reversed(range(len(layers))):
        lowest[layers[index].box.slices][covers[index]] = index
    return highest, lowest


def _settled(
    index: int,
    layer: Layer,
    cover: Pixels,
    picture: Picture,
    highest: NDArray[np.int32],
    lowest: NDArray[np.int32],
) -> Layer:
    part = layer.box.slices
    target = picture.pixels[part]
    opaque = target[..., 3] == 255
    carries = (highest[part] == index) & ~opaque & (target[..., 3] > 0)
    grounds = (lowest[part] == index) & opaque
    pixels = np.where(cover[..., None], layer.pixels, np.uint8(0))
    pixels[grounds] = _over(layer.pixels, picture.backdrop)[grounds]
    pixels[carries] = target[carries]
    pixels[~opaque & ~carries] = 0
    return replace(layer, pixels=pixels)


def _over(pixels: RGBA, ground: tuple[int, int, int]) -> RGBA:
    """The pixels, opaque, painted over one colour."""
    alpha = pixels[..., 3:].astype(np.float32) / 255
    colours = pixels[..., :3] * alpha + np.array(ground, dtype=np.float32) * (1 - alpha)
    return np.dstack([np.rint(colours), np.full(alpha.shape, 255)]).astype(np.uint8)
