"""Taking a shape off the canvas: paint what lies behind it, keep what it showed."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.matting import REACH, Ink, coverage, grown, unmix
from peeler.geometry import RGB, RGBA, Box, Mask, Pixels
from peeler.graph import Element

ON_THE_LINE = 6.0
"""Grey levels by which an edge pixel may miss the mixture of ink and ground and still be one."""
FAINTEST = 0.02
"""Coverage below which an edge pixel does not show the ink."""
EDGE_BLUR = 1.0
EDGE_GAIN = 1.8
"""A drawn edge, blurred by ``EDGE_BLUR`` pixels and steepened by ``EDGE_GAIN``, rises over a pixel and a half."""

Painted = tuple[Mask, Ink]
"""A shape and its ink."""


def take_off(
    canvas: RGB, shape: Mask, ink: Ink | None, below: Sequence[Painted], background: Ink
) -> tuple[RGB, Box, RGBA]:
    """The canvas without ``shape``, and what was lifted: its box and its pixels.

    ``below`` are the shapes that stay, bottom first, over a plain ``background``; nothing may lie above ``shape``.
    Pixels change only inside the shape and in the soft edge around it. ``ink`` None means that the shape has many
    colours.
    """
    height, width = canvas.shape[:2]
    box = shape.box.expand(REACH + 1, (width, height))
    before = canvas[box.slices]
    mask = within(shape, box)
    ground = painted(below, background, box)
    after = before.copy()
    others = _covered(below, box)
    # Where no other shape is near, whatever the rim shows besides the background is the mask's.
    behind = mask | grown(mask, REACH) & ~grown(others, REACH)
    if ink is not None:
        # The soft edge of a shape below must not hide that this one's lies on the bare background.
        bare = np.broadcast_to(np.array(background, np.uint8), before.shape)
        for base, where in ((bare, ~others), (ground, True)):
            edge = _soft_edge(before, base, ink, mask) & where & ~behind
            after[edge] = base[edge]
    after[behind] = ground[behind]
    result = canvas.copy()
    result[box.slices] = after
    return result, box, unmix(before, after, mask, ink)


def painted(shapes: Sequence[Painted], background: Ink, box: Box) -> RGB:
    """The shapes painted over each other, bottom first, with soft edges, seen through ``box``."""
    picture = np.empty((box.height, box.width, 3), np.float32)
    picture[:] = background
    for shape, ink in shapes:
        if shape.box.expand(REACH, (box.x1, box.y1)).intersect(box).area:
            alpha = _softened(within(shape, box))[..., None]
            picture += (np.array(ink, np.float32) - picture) * alpha
    return np.rint(picture).astype(np.uint8)


def within(shape: Mask, box: Box) -> Pixels:
    """The part of ``shape`` inside ``box``, height × width of the box."""
    return shape.on((box.x1, box.y1))[box.y0 :, box.x0 :]


def _covered(shapes: Sequence[Painted], box: Box) -> Pixels:
    """Where any of ``shapes`` lies, seen through ``box``."""
    covered = np.zeros((box.height, box.width), np.bool_)
    for shape, _ in shapes:
        if shape.box.intersect(box).area:
            covered |= within(shape, box)
    return covered


def _soft_edge(before: RGB, ground: RGB, ink: Ink, mask: Pixels) -> Pixels:
    """The pixels around ``mask`` that are a mixture of its ink and the ground."""
    picture, base = before.astype(np.float32), ground.astype(np.float32)
    colour = np.broadcast_to(np.array(ink, np.float32), picture.shape)
    alpha = coverage(picture, base, colour)
    missed = np.abs(base + (colour - base) * alpha[..., None] - picture).max(axis=2)
    edge: Pixels = grown(mask, REACH) & ~mask & (missed <= ON_THE_LINE) & (alpha > FAINTEST)
    return edge


def _softened(mask: Pixels) -> NDArray[np.float32]:
    """Coverage (0–1) of a mask whose edge is drawn with anti-aliasing."""
    blurred = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), EDGE_BLUR, borderType=cv2.BORDER_REPLICATE)
    soft: NDArray[np.float32] = ((blurred - 0.5) * EDGE_GAIN + 0.5).clip(0, 1)
    return soft


def ink_of(element: Element) -> Ink:
    """The colour of an element as numbers, 0–255."""
    red, green, blue = bytes.fromhex(element.colour[1:])
    return red, green, blue


def visible_parts(shapes: Sequence[Mask], size: tuple[int, int]) -> list[Pixels]:
    """What shows of each shape when they are painted in turn, bottom first, on a canvas of ``size`` (width, height)."""
    top = np.full((size[1], size[0]), -1, np.int32)
    for number, shape in enumerate(shapes):
        top[shape.box.slices][shape.pixels] = number
    return [top == number for number in range(len(shapes))]
