"""What is part of what, and what is the mirror image of what, by where shapes lie and how they look."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from peeler.channels import apart
from peeler.flat.contours import filled
from peeler.flat.forms import LUMA
from peeler.flat.layering import Shape
from peeler.geometry import Box, Mask, Pixels, boxes_array, meeting, touched

INSIDE = 0.95
"""A shape with this share of itself on a larger one below is part of it."""
LARGER = 1.25
"""Times its part that a whole must be as large."""
OUTLINED = 0.6
"""Share of what an outline holds that the shape must fill for the outline to be its own."""
THIN = 0.12
"""An outline is at most this thick, its half in sides (√area) of the shape that it goes around."""
MIRRORED = 0.8
"""Overlap (IoU) of a shape with the other one's mirror image, from which on the two are a pair."""
LEVEL = 0.2
"""Share of their height by which the two of a pair may lie on different levels."""
SAME_INK = 24
"""Grey levels."""
EYE = 0.003, 0.12
"""Least and largest share of a face that an eye has."""
EYE_LEVEL = 0.15, 0.65
"""Where between the top and the bottom of a face its eyes are."""
OFF_AXIS = 0.12
"""Share of a face's width by which the middle between its eyes, or its nose or mouth, may lie off its axis."""
DARK, LIGHT = 90, 190
"""Brightness of an eye at most, and of the white of an eye at least."""
PUPIL = 0.1
"""Share of the white of an eye that what is dark in it must have."""
BACKDROP, ON_BACKDROP = 0.25, 0.85
"""Share of the canvas that a backdrop has at least, and share of all else that lies on it."""


@dataclass(frozen=True, eq=False)
class Part:
    """A whole shape, and the size (width, height) of its canvas."""

    shape: Shape
    canvas: tuple[int, int]

    @property
    def mask(self) -> Mask:
        return self.shape.whole

    @property
    def box(self) -> Box:
        return self.mask.box

    @property
    def pixels(self) -> Pixels:
        """Those of its box."""
        return self.mask.pixels

    @cached_property
    def area(self) -> int:
        return self.mask.area

    @cached_property
    def brightness(self) -> float:
        return float(self.shape.ink @ LUMA)

    @cached_property
    def inside(self) -> Pixels:
        """The pixels without their holes."""
        return filled(np.pad(self.pixels, 1))[1:-1, 1:-1]

    @cached_property
    def hollow(self) -> int:
        """The pixels of the holes."""
        return int(np.count_nonzero(self.inside)) - self.area

    @cached_property
    def depth(self) -> float:
        """The largest distance of a pixel to the edge."""
        return float(cv2.distanceTransform(np.pad(self.pixels, 1).astype(np.uint8), cv2.DIST_L2, 3).max())

    def share_on(self, ground: Mask) -> float:
        """How much of the part lies on ``ground``."""
        return self.mask.overlap(ground) / self.area


def parts_of(shapes: Iterable[Shape], canvas: tuple[int, int]) -> list[Part]:
    """The shapes of a canvas of that size (width, height)."""
    return [Part(shape, canvas) for shape in shapes]


class Structure(NamedTuple):
    """For each part, bottom first, the place of what it is part of, and the places of backdrops."""

    wholes: list[int | None]
    backdrops: frozenset[int]


def structure(parts: Sequence[Part]) -> Structure:
    """What each of ``parts``, bottom first, is part of.

    That is the topmost of the larger shapes below it on which nearly all of it lies; of an outline what it goes around.
    Nothing is part of its shadow or its glow.
    What lies on a backdrop is no part of it.
    """
    found: list[int | None] = [None] * len(parts)
    for low, high in meeting([part.box for part in parts]):
        if _lies_on(parts[high], parts[low]):
            found[high] = low
    for place, inner in _outlines(parts):
        if place not in chain_of(found, inner):
            found[place] = inner
    backdrops = {place for place in range(len(parts)) if _is_backdrop(parts, found, place)}
    if backdrops:
        backdrops -= {found[eye] for eye, _ in eye_pairs(parts, found)}
    return Structure([None if whole in backdrops else whole for whole in found], frozenset(backdrops))


def _lies_on(part: Part, ground: Part) -> bool:
    if ground.shape.levels is not None or ground.area <= LARGER * part.area:
        return False
    return part.share_on(ground.mask) >= INSIDE


def _is_backdrop(parts: Sequence[Part], wholes: Sequence[int | None], place: int) -> bool:
    """Whether a large shape with nothing below it has nearly everything else on it, and on that again something."""
    ground = parts[place]
    others = [part for part in parts if part is not ground]
    width, height = ground.canvas
    if ground.area < BACKDROP * width * height:
        return False
    if not any(wholes[whole] == place for whole in wholes if whole is not None):
        return False
    if any(part.share_on(ground.mask) > 1 - INSIDE for part in parts[:place]):
        return False
    on_it = sum(part.area for part in others if part.share_on(ground.mask) > 0.5)
    return on_it >= ON_BACKDROP * sum(part.area for part in others)


def chain_of(wholes: Sequence[int | None], place: int) -> list[int]:
    """A place, its whole, the whole of that and so on."""
    chain = [place]
    while (above := wholes[chain[-1]]) is not None:
        chain.append(above)
    return chain


def _outlines(parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """Places of lines and of the largest shape that each goes around."""
    boxes = boxes_array([part.box for part in parts])
    for place, line in enumerate(parts):
        if line.hollow >= line.area / 2:
            near = sorted(touched(boxes, line.box), key=lambda inner: (-parts[inner].area, inner))
            inner = next((inner for inner in near if goes_around(line, parts[inner])), None)
            if inner is not None:
                yield place, inner


def goes_around(line: Part, inner: Part) -> bool:
    """Whether a thin dark line is the outline of something lighter, which fills most of what it holds."""
    if line.hollow < line.area / 2 or inner.area < OUTLINED * line.hollow or inner.brightness <= line.brightness:
        return False
    if line.depth > THIN * np.sqrt(inner.area):
        return False
    return inner.share_on(Mask.of(line.inside, line.box[:2])) >= INSIDE


def eye_pairs(parts: Sequence[Part], wholes: Sequence[int | None]) -> list[tuple[int, int]]:
    """The mirrored pairs that are eyes: small round dark things, or light ones with something dark in them, on both
    sides of the axis of a larger shape with something below between them.
    """
    dark_in = {
        whole for place, whole in enumerate(wholes) if whole is not None and _is_pupil(parts[place], parts[whole])
    }
    eyes = []
    for one, other in mirrored_pairs(parts, wholes):
        face = wholes[one]
        if face is None or not all(_may_be_eye(parts[eye], parts[face], eye in dark_in) for eye in (one, other)):
            continue
        level = max(parts[one].box.centre[1], parts[other].box.centre[1])
        axis = (parts[one].box.centre[0] + parts[other].box.centre[0]) / 2
        room = OFF_AXIS * parts[face].box.width
        below = (parts[place] for place, whole in enumerate(wholes) if whole == face and place not in (one, other))
        if abs(axis - parts[face].box.centre[0]) <= room and any(
            abs(part.box.centre[0] - axis) <= room and part.box.centre[1] > level for part in below
        ):
            eyes.append((one, other))
    faces = Counter(wholes[one] for one, _ in eyes)
    # Seeds and buttons come in several pairs.
    return [(one, other) for one, other in eyes if faces[wholes[one]] == 1]


def _is_pupil(part: Part, eye: Part) -> bool:
    return part.brightness < DARK and part.area >= PUPIL * eye.area


def _may_be_eye(part: Part, face: Part, has_pupil: bool) -> bool:
    is_round = part.area >= 0.65 * part.box.area and 0.6 <= part.box.height / part.box.width <= 2.2
    level = (part.box.centre[1] - face.box.y0) / face.box.height
    dark = part.brightness < DARK < face.brightness
    fits = EYE[0] <= part.area / face.area <= EYE[1] and EYE_LEVEL[0] <= level <= EYE_LEVEL[1]
    return is_round and fits and (dark or (part.brightness > LIGHT and has_pupil))


def mirrored_pairs(parts: Sequence[Part], wholes: Sequence[int | None]) -> list[tuple[int, int]]:
    """Places of two shapes side by side that mirror each other, the left one first; both are part of the same.

    What has a third of its kind beside it is a row rather than a pair.
    """
    siblings: defaultdict[int | None, list[int]] = defaultdict(list)
    for place, whole in enumerate(wholes):
        siblings[whole].append(place)
    partners: defaultdict[int, set[int]] = defaultdict(set)
    for members in siblings.values():
        for one, other in _side_by_side([parts[place].box for place in members]):
            if _mirror(parts[members[one]], parts[members[other]]):
                partners[members[one]].add(members[other])
                partners[members[other]].add(members[one])
    pairs = [(one, min(others)) for one, others in partners.items() if len(others) == 1]
    return [
        (one, other) for one, other in pairs if partners[other] == {one} and parts[one].box.x0 < parts[other].box.x0
    ]


def _side_by_side(boxes: Sequence[Box]) -> Iterator[tuple[int, int]]:
    """Each two of ``boxes``, by their indices, that lie on one level and hardly overlap."""
    centres = np.array([box.centre for box in boxes])
    sizes = np.array([(box.width, box.height) for box in boxes])
    for one in range(len(boxes) - 1):
        across, down = np.abs(centres[one + 1 :] - centres[one]).T
        width, height = np.maximum(sizes[one + 1 :], sizes[one]).T
        found = np.flatnonzero((across >= width / 2) & (down <= LEVEL * height))
        yield from ((one, one + 1 + other) for other in found.tolist())


def _mirror(one: Part, other: Part) -> bool:
    if apart(one.shape.ink.astype(int), other.shape.ink) > SAME_INK:
        return False
    shape = max(one.box.height, other.box.height), max(one.box.width, other.box.width)
    first, second = _placed(one.pixels, shape), _placed(other.pixels[:, ::-1], shape)
    return bool(np.count_nonzero(first & second) >= MIRRORED * np.count_nonzero(first | second))


def _placed(pixels: Pixels, shape: tuple[int, int]) -> Pixels:
    """The pixels in the middle of an array of ``shape``."""
    canvas = np.zeros(shape, np.bool_)
    y, x = ((room - own) // 2 for room, own in zip(shape, pixels.shape, strict=True))
    canvas[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
    return canvas
