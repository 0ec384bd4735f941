"""The frames of a peeling → a stack: frame 0 is the picture, frame k what is left after k removals.

Only the frames are known, so layers come from what changes between them. No weighting of channels and no fixed
threshold decides what counts: a change of one grey level of blue does, unless the frames are noisy throughout.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contours import filled
from peeler.flat.matting import REACH
from peeler.flat.names import describe
from peeler.geometry import RGB, Box, Mask, Pixels
from peeler.graph import Element
from peeler.judge import change
from peeler.lift import lift, with_residual
from peeler.stack import Layer, LayerStack, opaque_layer

ROUGH = 0.02
"""Share of the pixels that have to change a little, each in another way than its neighbours, for frames to be noisy."""
NEAR = 7
"""Width in pixels of the surroundings of a plain or strong change in which nothing is noise, but its soft edge."""
LOUDEST = 12
"""Grey levels that noise has at most."""
NOISE_SHARE = 0.99
"""Share of these whose change noise has to explain."""
SPECK = 16
"""Pixels below which something is no layer of its own, but goes to the one that is nearest."""
MOST = 48
"""Layers of one removal; what is left over makes one more."""
LEAST_SHARE = 0.02
"""Share of an area that a colour needs to be an ink of it."""
PLAIN_SHARE = 0.8
"""Share of an area that its inks have to cover, or it is textured and one layer."""
_SQUARE = np.ones((3, 3), dtype=np.uint8)


class _Part(NamedTuple):
    """Something that was taken away: where it shows, and its colour."""

    mask: Pixels
    ink: NDArray[np.uint8]


def stack_of_frames(frames: Sequence[RGB]) -> tuple[LayerStack, tuple[str, ...]]:
    """The stack that the frames were peeled off, and a line for each thing worth knowing.

    The last frame is the background, whatever it shows. Painted over each other the layers give frame 0 to within two
    grey levels. Where frames are noisy, what changes by no more than the noise counts as unchanged. All frames are of
    one size.
    """
    canvas, notes = frames[0], list[str]()
    lifted: list[tuple[Layer, ...]] = []
    for step, frame in enumerate(frames[1:]):
        noise = noise_between(canvas, frame)
        after = frame
        if noise:
            after = np.where(_large(change(canvas, frame) > noise)[..., None], frame, canvas)
            notes.append(f"frame {step + 1}: changes of up to {noise} grey levels are taken as noise")
        lifted.append(_layers(canvas, after, step))
        canvas = after
    ground = opaque_layer("background", "background", canvas, "background", origin="sequence")
    size = canvas.shape[1], canvas.shape[0]
    stack = LayerStack(size, (ground, *(layer for layers in reversed(lifted) for layer in layers)))
    return with_residual(stack, frames[0]), tuple(notes)


def noise_between(before: RGB, after: RGB) -> int:
    """Grey levels by which pixels differ that are meant to be the same; 0 for frames without noise.

    Flat art changes alike over whole areas, however little; noise changes each pixel in its own way, far from any edge.
    """
    size = change(before, after)
    little = (size > 0) & (size <= LOUDEST)
    if np.count_nonzero(little) < ROUGH * size.size:
        return 0
    alike = little & _like_a_neighbour(before.astype(np.int16) - after)
    plain = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, _SQUARE)
    explained = cv2.dilate(plain | (size > LOUDEST).astype(np.uint8), np.ones((NEAR, NEAR), dtype=np.uint8)) > 0
    rough = little & ~alike & ~explained
    if np.count_nonzero(rough) < ROUGH * size.size:
        return 0
    levels = np.bincount(size[rough], minlength=LOUDEST + 1)
    return int(np.searchsorted(levels.cumsum(), NOISE_SHARE * levels.sum()))


def _large(changed: Pixels) -> Pixels:
    """What of it hangs together over ``SPECK`` pixels or more; less is the loudest of the noise."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(changed.astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= SPECK
    kept[0] = False
    found: Pixels = kept[labels]
    return found


def _like_a_neighbour(difference: NDArray[np.int16]) -> Pixels:
    """Where a pixel changes exactly as one of the four next to it."""
    alike = np.zeros(difference.shape[:2], dtype=np.bool_)
    across = (difference[:, 1:] == difference[:, :-1]).all(axis=2)
    down = (difference[1:] == difference[:-1]).all(axis=2)
    alike[:, 1:] |= across
    alike[:, :-1] |= across
    alike[1:] |= down
    alike[:-1] |= down
    return alike


def _layers(before: RGB, after: RGB, step: int) -> tuple[Layer, ...]:
    """What was taken away between two frames; only the part of the canvas that changed is looked at."""
    changed = change(before, after) > 0
    if not changed.any():
        return ()
    place = Box.around(changed).expand(REACH + 2, (before.shape[1], before.shape[0]))
    part_before, part_after = before[place.slices], after[place.slices]
    elements = []
    for number, part in enumerate(_parts(part_before, changed[place.slices])):
        whole = np.zeros_like(changed)
        whole[place.slices] = part.mask
        name, colour = describe(part.ink, whole), "#" + bytes(part.ink).hex()
        box, mask = Box.around(part.mask), Mask.of(part.mask)
        elements.append(Element(id=f"s{step:02d}-{number + 1}", name=name, colour=colour, box=box, mask=mask))
    lifted = lift(part_before, part_after, elements)
    return tuple(replace(layer, box=layer.box.shifted(place.x0, place.y0)) for layer in lifted if layer.box.area)


def _parts(before: RGB, changed: Pixels) -> list[_Part]:
    """What changed, apart by area and by ink; the largest first. Mixed pixels between two inks are left out."""
    count, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    areas = np.bincount(labels.ravel(), minlength=count)[1:]
    order = (1 + np.argsort(-areas, kind="stable")).tolist()
    large = [label for label in order if areas[label - 1] >= SPECK][:MOST] or order[:1]
    found = [part for label in large for part in _by_ink(before, np.asarray(labels == label))]
    rest = changed & ~np.isin(labels, large)
    for part in found[MOST:]:
        rest |= part.mask
    found = found[:MOST]
    if np.count_nonzero(rest) >= SPECK:
        found.append(_Part(rest, _main_colour(before, rest)))
    elif rest.any():
        found[0] = found[0]._replace(mask=found[0].mask | rest)
    return [part._replace(mask=part.mask | _same_inside(before, changed, part)) for part in found]


def _by_ink(before: RGB, area: Pixels) -> list[_Part]:
    """An area as its plain colours, the mixed pixels between them left out; as a whole if it is textured."""
    codes = before[area].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    values, counts = np.unique(codes, return_counts=True)
    is_ink = counts >= max(SPECK, LEAST_SHARE * len(codes))
    parts, plain = list[_Part](), 0
    for code in values[is_ink][np.argsort(-counts[is_ink], kind="stable")].tolist():
        ink = np.array([code >> 16, (code >> 8) & 255, code & 255], dtype=np.uint8)
        mask = area & (before == ink).all(axis=2)
        # The mixed pixels along a thin line may be of one colour, too, but they are no area.
        if not parts or cv2.erode(mask.astype(np.uint8), _SQUARE).any():
            parts.append(_Part(mask, ink))
            plain += int(np.count_nonzero(mask))
    if len(parts) > 1 and plain >= PLAIN_SHARE * len(codes):
        return parts
    return [_Part(area, _main_colour(before, area))]


def _main_colour(before: RGB, area: Pixels) -> NDArray[np.uint8]:
    found, counts = np.unique(before[area], axis=0, return_counts=True)
    colour: NDArray[np.uint8] = found[counts.argmax()]
    return colour


def _same_inside(before: RGB, changed: Pixels, part: _Part) -> Pixels:
    """The unchanged pixels inside of a part that have its colour: it lay on its own colour there."""
    inside: Pixels = filled(part.mask) & ~changed & (before == part.ink).all(axis=2)
    return inside
