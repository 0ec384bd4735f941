"""Taking a shape off the canvas: paint what lies behind it, keep what it showed."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, dot, picked
from peeler.flat.gradients import FEWEST, SAMPLE, Numbers, Shade, fit
from peeler.flat.matting import NOISE, REACH, Ink, Levels, coverage, grown, least_coverage, mixture, unmix
from peeler.flat.tinting import Tinted, clear
from peeler.geometry import RGB, RGBA, Box, Mask, Pixels, Veil
from peeler.graph import Element

ON_THE_LINE = 6.0
"""Grey levels by which an edge pixel may miss the mixture of ink and ground and still be one."""
OVERSHOOT = 64.0
"""Grey levels by which a pixel beside an edge may overshoot the ground and still be ground."""
ODD = 0.25
"""Coverage more than that of its ink by which a pixel beside an edge would be told by no ink."""
FAINTEST = 0.02
"""Coverage below which an edge pixel does not show the ink."""
EDGE_BLUR = 1.0
EDGE_GAIN = 1.8
"""A drawn edge, blurred by ``EDGE_BLUR`` pixels and steepened by ``EDGE_GAIN``, rises over a pixel and a half."""

FEW = 64
"""Pixels that are asked first whether a shape may have a gradient."""
UNEVEN = 12
"""Grey levels from its darkest to its lightest from which the inside of a shape has a gradient."""
CLOSE, CLEARLY = 8, 0.1
"""Grey levels by which a gradient or an ink tells a pixel, and share of pixels more that a gradient must tell."""
SMALL, SMALL_CLOSE = 1000, 24
"""Pixels of a shape below which loss reaches all of it, and grey levels by which its ink then tells a pixel."""
EVEN = 16
"""Grey levels by which a pixel of a gradient may miss what was fitted and still be solid; past it, it is an edge."""

Paint = Ink | Shade
"""What a shape is filled with: one colour, or one for each place."""


class Painted(NamedTuple):
    """A shape, its paint, and how much of what lies below that covers: all, some everywhere, or as its veil says."""

    shape: Mask
    paint: Paint
    opacity: float = 1.0
    veil: Veil | None = None

    def alpha(self, box: Box, reach: int = REACH) -> NDArray[np.float32]:
        """The same for each pixel of ``box`` (height × width, 0–1), with soft edges that are ``reach`` pixels wide."""
        if self.veil is not None:
            return np.asarray(self.veil.within(box) / 255, np.float32)
        return _softened(self.shape.within(box), reach) * np.float32(self.opacity)


def take_off(
    canvas: RGB, shape: Mask, paint: Paint | None, below: Sequence[Painted], background: Paint, reach: int = REACH
) -> tuple[RGB, Box, RGBA]:
    """The canvas without ``shape``, and what was lifted: its box and its pixels.

    ``below`` are the shapes that stay, bottom first, over a ``background``; nothing may lie above ``shape``.
    Pixels change only inside the shape and in the soft edge, ``reach`` pixels around it. ``paint`` None means that the
    shape has many colours of its own. A gradient keeps the pixels that show it: it only tells what its soft edge is a
    mixture of.
    """
    height, width = canvas.shape[:2]
    box = shape.box.expand(reach + 1, (width, height))
    before = canvas[box.slices]
    mask = shape.within(box)
    ground = painted(below, background, box, reach)
    after = before.copy()
    others = _covered(below, box)
    # Where no other shape is near, whatever the rim shows besides the background is the mask's. Under a veil, too, if
    # no other edge is near: what shows there is even, but no mixture of two colours.
    near = grown(others, reach) & ~(_veiled(below, box) & ~grown(_edges(below, box), reach))
    around = grown(mask, reach)
    behind = mask | around & ~near
    colour = None if paint is None else colours_of(paint, box)
    if colour is not None:
        # The soft edge of a shape below must not hide that this one's lies on the bare background.
        bare = np.rint(colours_of(background, box)).astype(np.uint8)
        for base, where in ((bare, ~others), (ground, True)):
            edge = _soft_edge(before, base, colour, around & ~mask) & where & ~behind
            after[edge] = base[edge]
        rim = behind & ~mask
        behind[rim] = ~_strays(*(colours[rim].astype(np.float32) for colours in (before, ground, colour)))
    after[behind] = ground[behind]
    result = canvas.copy()
    result[box.slices] = after
    if colour is not None and not isinstance(paint, tuple):
        even = mask & (apart(before, colour) <= EVEN)
        colour = np.where(even[..., None], before, colour)
    return result, box, unmix(before, after, mask, colour, reach)


def take_tint_off(canvas: RGB, sheet: Painted, below: Sequence[Painted], background: Paint) -> tuple[RGB, Box, RGBA]:
    """The canvas without a translucent shape of one ink, and what was lifted, to be painted with the shape's opacity.

    Pixels change only inside the shape and in the soft edge around it. What lies below keeps its soft edges.
    """
    assert isinstance(sheet.paint, tuple), "a sheet has one ink"
    box = sheet.shape.box.expand(REACH + 1, (canvas.shape[1], canvas.shape[0]))
    mask = sheet.shape.within(box)
    alpha = sheet.alpha(box)
    rim = grown(mask, REACH) & (alpha < sheet.opacity) & (sheet.veil is None)
    ground = painted(below, background, box)
    plain = [paint for paint in (background, *(item.paint for item in below)) if isinstance(paint, tuple)]
    tint = Tinted(canvas[box.slices], mask, rim, sheet.paint, alpha, sheet.opacity)
    after, pixels = clear(tint, ground, dict.fromkeys(plain))
    result = canvas.copy()
    result[box.slices] = after
    return result, box, pixels


def painted(shapes: Sequence[Painted], background: Paint, box: Box, reach: int = REACH) -> RGB:
    """The shapes painted over each other, bottom first, seen through ``box``, with soft edges ``reach`` pixels wide."""
    picture = colours_of(background, box).copy()
    for item in shapes:
        if item.shape.box.expand(reach, (box.x1, box.y1)).intersect(box).area:
            picture += (colours_of(item.paint, box) - picture) * item.alpha(box, reach)[..., None]
    return np.rint(picture).astype(np.uint8)


def colours_of(paint: Paint, box: Box) -> NDArray[np.float32]:
    """The colours (height × width × 3) that ``paint`` has inside ``box``."""
    size = box.height, box.width, 3
    if isinstance(paint, tuple):
        return np.broadcast_to(np.array(paint, np.float32), size)
    rows, columns = np.mgrid[box.y0 : box.y1, box.x0 : box.x1]
    return (
        paint.at(np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)).reshape(size).astype(np.float32)
    )


def paint_of(canvas: RGB, shown: Mask, ink: Ink) -> Paint:
    """What fills a shape that shows the pixels ``shown`` of ``canvas``: its ``ink``, unless they have a gradient."""
    part = canvas[shown.box.slices]
    places = np.flatnonzero(shown.pixels)
    few = part.reshape(-1, 3)[places[:: len(places) // FEW + 1]]
    if not len(few) or np.ptp(np.percentile(few, (10, 90), axis=0), axis=0).max() < UNEVEN:
        return ink
    inner = cv2.erode(np.pad(shown.pixels, 2).astype(np.uint8), np.ones((5, 5), np.uint8))[2:-2, 2:-2] > 0
    colours = part[inner]
    if len(colours) < FEWEST or np.ptp(np.percentile(colours, (5, 95), axis=0), axis=0).max() < UNEVEN:
        return ink
    rows, columns = np.nonzero(inner)
    step = len(rows) // SAMPLE + 1
    points: Numbers = np.stack([columns[::step] + shown.box.x0, rows[::step] + shown.box.y0], axis=1).astype(np.float64)
    seen = colours[::step].astype(np.float64)
    close = CLOSE if shown.area >= SMALL else SMALL_CLOSE
    by_ink = _told(np.array(ink, np.float64), seen, close)
    if by_ink + CLEARLY >= 1:
        return ink
    shade = fit(points, seen)
    return shade if _told(shade.at(points), seen, close) > by_ink + CLEARLY else ink


def _told(guess: Numbers, seen: Numbers, close: float) -> float:
    """Share of the colours (n × 3) that are as guessed, to within ``close`` grey levels."""
    return float((apart(guess, seen) <= close).mean())


def _covered(shapes: Sequence[Painted], box: Box) -> Pixels:
    """Where any of ``shapes`` lies, seen through ``box``."""
    covered = np.zeros((box.height, box.width), np.bool_)
    for shape, *_ in shapes:
        if shape.box.intersect(box).area:
            covered |= shape.within(box)
    return covered


def _veiled(shapes: Sequence[Painted], box: Box) -> Pixels:
    """Where any of ``shapes`` fades, seen through ``box``."""
    return _covered([item for item in shapes if item.veil is not None], box)


def _edges(shapes: Sequence[Painted], box: Box) -> Pixels:
    """The outermost pixels of those of ``shapes`` that do not fade, seen through ``box``."""
    edges = np.zeros((box.height, box.width), np.bool_)
    for item in shapes:
        if item.veil is None and item.shape.box.intersect(box).area:
            inside = item.shape.within(box)
            edges |= inside & grown(~inside, 1)
    return edges


def _soft_edge(before: RGB, ground: RGB, colour: NDArray[np.float32], rim: Pixels) -> Pixels:
    """The pixels of a ``rim`` that are a mixture of a shape's ``colour`` (height × width × 3) and the ground."""
    edge = rim.copy()
    picture, base, ink = (picked(colours, edge).astype(np.float32) for colours in (before, ground, colour))
    alpha, missed = mixture(picture, base, ink)
    edge[edge] = (missed <= ON_THE_LINE) & (alpha > FAINTEST) & ~_strays(picture, base, ink)
    return edge


def _strays(picture: Levels, ground: Levels, ink: Levels) -> Pixels:
    """Which pixels (n × 3 each) beside an edge are the ground's, as sharpening and loss leave them: rings, on its other
    side than the ink but not far from it, and noise, for which only a nearly opaque pixel of an odd colour could
    tell a difference that is small.
    """
    off = apart(picture, ground)
    rings = (dot(ink - ground, picture - ground) < 0) & (off <= OVERSHOOT)
    odd = least_coverage(picture, ground) - coverage(picture, ground, ink) >= ODD
    strays: Pixels = rings | (odd & (off <= NOISE))
    return strays


def _softened(mask: Pixels, reach: int) -> NDArray[np.float32]:
    """Coverage (0–1) of a mask whose edge is drawn with anti-aliasing, ``reach`` pixels wide."""
    blur = EDGE_BLUR * reach / REACH
    blurred = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), blur, borderType=cv2.BORDER_REPLICATE)
    soft: NDArray[np.float32] = ((blurred - 0.5) * EDGE_GAIN + 0.5).clip(0, 1)
    return soft


def ink_of(element: Element) -> Ink:
    """The colour of an element as numbers, 0–255."""
    red, green, blue = bytes.fromhex(element.colour[1:])
    return red, green, blue


def visible_parts(shapes: Sequence[Mask], size: tuple[int, int]) -> list[Mask]:
    """What shows of each shape when they are painted in turn, bottom first, on a canvas of ``size`` (width, height)."""
    top = np.full((size[1], size[0]), -1, np.int32)
    for number, shape in enumerate(shapes):
        top[shape.box.slices][shape.pixels] = number
    return [Mask.of(top[shape.box.slices] == number, shape.box[:2]) for number, shape in enumerate(shapes)]
