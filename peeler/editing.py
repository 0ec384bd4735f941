"""Changes to a stack, each a function from a stack to a stack; what they are given stays as it is.

Layers are named by their id, or by their name if no other layer has it. What leaves the canvas is cut off. What
is part of a layer is moved, scaled, hidden, shown and deleted with it, unless that is to be done to it ``alone``.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.errors import ConfigError
from peeler.geometry import RGBA, Box
from peeler.stack import Layer, LayerStack, merged
from peeler.tints import hex_channels, only_ink, tinted

LEAST_SCALE, MOST_SCALE = 0.01, 100.0
MARGIN = 2
"""Pixels around a scaled layer into which its soft edge may reach."""
LISTED = 40
"""Layers that are listed when one is not found."""


def find(stack: LayerStack, named: str) -> Layer:
    """The layer with this id, or else this name. Raises ConfigError that lists the known ones."""
    by_id = [layer for layer in stack.layers if layer.id == named]
    by_name = [layer for layer in stack.layers if layer.name == named]
    by_sound = [layer for layer in stack.layers if layer.name.casefold() == named.casefold()]
    found = by_id or by_name or by_sound
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(layer.id for layer in found)
        raise ConfigError(f"{len(found)} layers are called {named!r}; say which by its id: {ids}")
    known = [f"{layer.id} ({layer.name})" for layer in stack.layers[:LISTED]]
    more = f" and {len(stack.layers) - LISTED} more" if len(stack.layers) > LISTED else ""
    raise ConfigError(f"no layer is called {named!r}; known are {', '.join(known)}{more}")


def recolour(stack: LayerStack, named: str, colour: str) -> LayerStack:
    """Give a layer another colour (``#rrggbb``).

    A flat one gets it as its ink, and keeps its soft edges; a textured one gets its hue and, on average, its
    saturation, and keeps its lights and shades. Raises ConfigError.
    """
    layer, wanted = find(stack, named), _colour(colour)
    if layer.ink is None:
        return _with(stack, replace(layer, pixels=tinted(layer.pixels, wanted)))
    shift = hex_channels(wanted).astype(np.int16) - hex_channels(layer.ink)
    pixels = layer.pixels.copy()
    # Pixels that are not quite of the ink stay as far from it as they were.
    pixels[..., :3] = (pixels[..., :3].astype(np.int16) + shift).clip(0, 255)
    return _with(stack, replace(layer, pixels=pixels, ink=wanted))


def with_parts(stack: LayerStack, named: str, alone: bool = False) -> list[Layer]:
    """A layer and all that is part of it or of its parts, bottom first, unless it is ``alone``. Raises ConfigError."""
    layer = find(stack, named)
    wholes = {layer.id}
    # Everything lies on the background, and nothing is part of it.
    while not alone and layer.role == "element":
        more = {part.id for part in stack.layers if part.part_of in wholes} - wholes
        if not more:
            break
        wholes |= more
    return [part for part in stack.layers if part.id in wholes]


def move(stack: LayerStack, named: str, right: int, down: int, *, alone: bool = False) -> LayerStack:
    """Move a layer by whole pixels."""
    parts = with_parts(stack, named, alone)
    return _with(stack, *(_placed(stack, part, part.box.shifted(right, down), part.pixels) for part in parts))


def scale(
    stack: LayerStack, named: str, across: float, down: float | None = None, *, alone: bool = False
) -> LayerStack:
    """Scale a layer about its middle, 1 is as it is. Raises ConfigError for factors that are not 0.01 to 100."""
    middle, down = find(stack, named).box.centre, across if down is None else down
    if not all(LEAST_SCALE <= factor <= MOST_SCALE for factor in (across, down)):
        raise ConfigError(f"layers can be scaled by {LEAST_SCALE:g} to {MOST_SCALE:g}, not {across:g} and {down:g}")
    if (across, down) == (1, 1):
        return stack
    parts = (part for part in with_parts(stack, named, alone) if part.box.area)
    return _with(stack, *(_scaled(stack, part, across, down, middle) for part in parts))


def hide(stack: LayerStack, named: str, *, alone: bool = False) -> LayerStack:
    """Keep a layer in its place and do not show it."""
    return _with(stack, *(replace(part, visible=False) for part in with_parts(stack, named, alone)))


def show(stack: LayerStack, named: str, *, alone: bool = False) -> LayerStack:
    """Show a layer that was hidden."""
    return _with(stack, *(replace(part, visible=True) for part in with_parts(stack, named, alone)))


def fade(stack: LayerStack, named: str, opacity: float) -> LayerStack:
    """Give a layer an opacity, 0–1. Raises ConfigError."""
    if not 0 <= opacity <= 1:
        raise ConfigError(f"an opacity is 0 to 1, not {opacity:g}")
    return _with(stack, replace(find(stack, named), opacity=opacity))


def delete(stack: LayerStack, named: str, *, alone: bool = False) -> LayerStack:
    """Take a layer out. What was part of one that goes alone is part of what that was part of."""
    layer, gone = find(stack, named), with_parts(stack, named, alone)
    left = (one for one in stack.layers if one not in gone)
    orphans = (replace(one, part_of=layer.part_of) if one.part_of == layer.id else one for one in left)
    return LayerStack(stack.size, tuple(orphans))


def reorder(stack: LayerStack, named: str, index: int) -> LayerStack:
    """Put a layer at a place in the stack, 0 at the bottom; -1 is on top. Raises ConfigError."""
    layer, count = find(stack, named), len(stack.layers)
    if not -count <= index < count:
        raise ConfigError(f"the stack has places 0 to {count - 1}, not {index}")
    others = [other for other in stack.layers if other is not layer]
    others.insert(index % count, layer)
    return LayerStack(stack.size, tuple(others))


def put_above(stack: LayerStack, named: str, other: str) -> LayerStack:
    """Put a layer right above another one."""
    return _beside(stack, named, other, 1)


def put_below(stack: LayerStack, named: str, other: str) -> LayerStack:
    """Put a layer right below another one."""
    return _beside(stack, named, other, 0)


def rename(stack: LayerStack, named: str, name: str) -> LayerStack:
    """Call a layer something else; its id stays."""
    return _with(stack, replace(find(stack, named), name=name))


def merge(stack: LayerStack, names: Sequence[str], name: str | None = None) -> LayerStack:
    """Make one layer of several, in the place of the highest of them, or at the bottom if the background is one.

    It has the id of the lowest, and its name unless another is given; those that are hidden leave no trace in it, if
    any is shown. Raises ConfigError for less than two.
    """
    chosen = {find(stack, named).id for named in names}
    members = [layer for layer in stack.layers if layer.id in chosen]
    if len(members) < 2:
        raise ConfigError("merging takes two layers or more")
    seen = [layer for layer in members if layer.visible] or [replace(layer, visible=True) for layer in members]
    lowest = members[0]
    one = replace(
        merged(seen, lowest.name if name is None else name),
        id=lowest.id,
        role=lowest.role,
        part_of=lowest.part_of,
        origin=lowest.origin,
        visible=any(layer.visible for layer in members),
    )
    place = lowest if lowest.role == "background" else members[-1]
    layers = [one if layer is place else layer for layer in stack.layers]
    return LayerStack(stack.size, tuple(layer for layer in layers if layer is one or layer.id not in chosen))


def replace_pixels(stack: LayerStack, named: str, picture: RGBA) -> LayerStack:
    """Show a picture (height × width × 4, straight alpha) in the place of a layer's own pixels.

    One of the size of the canvas is laid on it as it is; another one is fitted into the layer's box, in its middle.
    """
    layer = find(stack, named)
    height, width = picture.shape[:2]
    if (width, height) == stack.size:
        box = Box.around(picture[..., 3] > 0)
        pixels = picture[box.slices].copy()
    else:
        box, pixels = _fitted(layer.box if layer.box.area else Box.whole(stack.size), picture)
    return _with(stack, replace(layer, box=box, pixels=pixels, ink=only_ink(pixels)))


def _with(stack: LayerStack, *changed: Layer) -> LayerStack:
    """The stack with layers in the place of those that have their ids."""
    by_id = {layer.id: layer for layer in changed}
    return LayerStack(stack.size, tuple(by_id.get(layer.id, layer) for layer in stack.layers))


def _placed(stack: LayerStack, layer: Layer, box: Box, pixels: RGBA) -> Layer:
    """The layer with other pixels at ``box``, cut at the edges of the canvas."""
    inside = box.intersect(Box.whole(stack.size))
    if not inside.area:
        return replace(layer, box=Box(0, 0, 0, 0), pixels=np.zeros((0, 0, 4), dtype=np.uint8))
    return replace(layer, box=inside, pixels=pixels[inside.shifted(-box.x0, -box.y0).slices].copy())


def _scaled(stack: LayerStack, layer: Layer, across: float, down: float, about: tuple[float, float]) -> Layer:
    (x, y), box = about, layer.box
    left, right = (x + (edge - x) * across for edge in (box.x0, box.x1))
    top, bottom = (y + (edge - y) * down for edge in (box.y0, box.y1))
    wide = Box(floor(left), floor(top), ceil(right), ceil(bottom))
    target = wide.expand(MARGIN, stack.size)
    if not target.area:
        return _placed(stack, layer, Box(0, 0, 0, 0), layer.pixels[:0, :0])
    source = (
        (target.x0 - x) / across + x - box.x0,
        (target.y0 - y) / down + y - box.y0,
        (target.x1 - x) / across + x - box.x0,
        (target.y1 - y) / down + y - box.y0,
    )
    pixels = _resampled(layer.pixels, source, (target.width, target.height))
    if layer.ink:
        pixels[..., 3] = _sharp(pixels[..., 3], layer.pixels[..., 3], min(across, down))
        pixels[pixels[..., 3] > 0, :3] = hex_channels(layer.ink)
    shown = Box.around(pixels[..., 3] > 0)
    return replace(layer, box=shown.shifted(target.x0, target.y0), pixels=pixels[shown.slices].copy())


def _beside(stack: LayerStack, named: str, other: str, above: int) -> LayerStack:
    layer, beside = find(stack, named), find(stack, other)
    if layer is beside:
        raise ConfigError(f"{named!r} cannot be put above or below itself")
    others = [one for one in stack.layers if one is not layer]
    others.insert(others.index(beside) + above, layer)
    return LayerStack(stack.size, tuple(others))


def _colour(text: str) -> str:
    colour = text.lower() if text.startswith("#") else f"#{text.lower()}"
    if len(colour) == 4:
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    if len(colour) != 7 or set(colour[1:]) - set("0123456789abcdef"):
        raise ConfigError(f"a colour is written like #1e90ff, not {text!r}")
    return colour


def _fitted(box: Box, picture: RGBA) -> tuple[Box, RGBA]:
    """The picture as large as fits into ``box``, in its middle."""
    height, width = picture.shape[:2]
    factor = min(box.width / width, box.height / height)
    wide, high = max(1, round(width * factor)), max(1, round(height * factor))
    x, y = box.x0 + (box.width - wide) // 2, box.y0 + (box.height - high) // 2
    return Box(x, y, x + wide, y + high), _resampled(picture, (0, 0, width, height), (wide, high))


def _resampled(pixels: RGBA, source: tuple[float, float, float, float], size: tuple[int, int]) -> RGBA:
    """The part ``source`` (left, top, right, bottom; it may reach over the edges) of a picture at another size.

    Colours are weighed by alpha, so that those of clear pixels do not show at the edges.
    """
    height, width = pixels.shape[:2]
    low, high = [0, 0], [width, height]
    for i in (0, 1):
        # Where it reaches over an edge, what lies there is clear.
        reach = 3 + ceil(3 * max(1.0, (source[i + 2] - source[i]) / size[i]))
        low[i] = floor(source[i]) - reach if source[i] < 0 else max(0, floor(source[i]) - reach)
        high[i] = ceil(source[i + 2]) + reach if source[i + 2] > high[i] else min(high[i], ceil(source[i + 2]) + reach)
    around = Box(low[0], low[1], high[0], high[1])
    inside = around.intersect(Box.whole((width, height)))
    planes = np.zeros((4, around.height, around.width), dtype=np.float32)
    own = pixels[inside.slices].astype(np.float32)
    cover = own[..., 3:] / 255
    planes[:, *inside.shifted(-low[0], -low[1]).slices] = np.dstack([own[..., :3] * cover, own[..., 3:]]).transpose(
        2, 0, 1
    )
    box = (source[0] - low[0], source[1] - low[1], source[2] - low[0], source[3] - low[1])
    made = np.stack([_plane(plane, size, box) for plane in planes], axis=2).clip(0, 255)
    alpha = made[..., 3:]
    colours = np.divide(made[..., :3] * 255, alpha, out=np.zeros_like(made[..., :3]), where=alpha >= 0.5)
    result: RGBA = np.rint(np.dstack([colours, alpha])).clip(0, 255).astype(np.uint8)
    return result


def _sharp(alpha: NDArray[np.uint8], before: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Enlarged alpha with an edge as wide as ``before``, if that was a pixel or two at the rim of a full shape."""
    full = cv2.dilate((before == 255).astype(np.uint8), np.ones((5, 5), dtype=np.uint8)) > 0
    if factor <= 1 or ((before > 0) & ~full).any():
        return alpha
    sharp: NDArray[np.uint8] = np.rint((alpha - 127.5) * factor + 127.5).clip(0, 255).astype(np.uint8)
    return sharp


def _plane(
    plane: NDArray[np.float32], size: tuple[int, int], box: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC, box=box), dtype=np.float32)
