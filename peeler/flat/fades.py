"""Soft shadows and glows: one ink over a ground, as much of it as each place has, fading to nothing without an edge.

In a picture with gradients the ground and what fades on it are one region. Where most of a region has one colour B, or
one gradient, what differs from that is ``(1 − α) B + α k`` for one ink k: on a straight line from B to k. Over several
grounds the lines meet in the ink; over one it is black or white if the line leads there, else the purest colour on the
line. Fades of several inks may run into each other; they are told apart where they are faint.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.cues import Evidence
from peeler.flat.grounds import ON_SHADE, PALEST, PALEST_ON_SHADE, SMALLEST, Ground, find_grounds
from peeler.flat.matting import grown
from peeler.flat.order import stacking
from peeler.flat.overlays import Overlay
from peeler.flat.palette import Labels, grain, packed
from peeler.flat.regions import Regions
from peeler.geometry import RGB, Box, Pixels

DENSE = 98
"""Percent of the pixels of a fade that are fainter than where it is called densest."""
OFF_THE_LINE = 2.5
"""Grey levels by which nearly all colours of a fade may miss the mixture of ink and ground."""
PURE = 1.0
"""The same for a pixel beside an edge to be a part of the fade alone."""
PARALLEL = 1e-3
"""The squared sine, or so, of the angle between two lines of colours below which they meet nowhere."""
RIM = 2
"""Pixels, at 512 × 512, around the edge of a region that may mix it with another."""
FADING = 0.4
"""Share of what is around a fade that must be its ground."""
STRANGE = 0.015
"""Share of it that may be anything but its grounds and what lies on them, or the edge of the canvas: a gradient that
ends at the outline of its own shape is no fade."""
STEEPEST = 0.5
"""Share of what it has where it is densest by which half of the pixels of a fade differ from those around them, at
most: the lines of a chart and dashes are all edge."""
FAINT = 0.4
"""Share of what it has where it is densest up to which a fade is faint."""
DENSEST = 0.95
"""Alpha of a fade at most; what shows its pure ink is a gradient."""
MOST_ASKED = 5000
"""Pixels of a fade that are asked for its ink, or a few more."""
ALIKE, OFTEN = 16.0, 0.05
"""Grey levels up to which the colours of a gradient are one ground, and share of a fade that lies over one at least for
it to tell the ink."""
VALLEYS = (2, 4, 8, 16)
"""Grey levels at which fades that run into each other may part, where they are fainter."""

Levels = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Fade:
    """What differs from its grounds: ``pixels`` (height × width) and the labels of the grounds."""

    pixels: Pixels
    grounds: tuple[int, ...]


def find_fades(
    picture: RGB,
    regions: Regions,
    evidence: Sequence[Evidence],
    background: frozenset[int],
    sheets: Sequence[Overlay] = (),
) -> Iterator[Overlay]:
    """The soft shadows and glows of ``picture`` beside its ``sheets``; regions hold them with their grounds."""
    inner = _inner(regions.labels)
    for sheet in sheets:
        inner &= ~grown(sheet.visible, RIM * grain(picture))
    ground = find_grounds(picture, regions, inner)
    fades = list(_candidates(ground, inner)) if ground.found else []
    if not fades:
        return
    above = stacking(len(regions.all), evidence)
    above[:, list(background)] = True
    above[list(background)] = False
    parts = [part for fade in fades for part in _told_apart(fade, picture, ground)]
    for fade, ink in _around_one(parts, ground, above):
        if _fades_out(fade, regions, ground, inner, above):
            yield _overlay(fade, ink, picture, ground, inner, above)


def _inner(labels: Labels) -> Pixels:
    """The pixels that show one region alone."""
    side = 2 * RIM * grain(labels) + 1
    numbers, kernel = labels.astype(np.float32), np.ones((side, side), np.uint8)
    same: Pixels = np.asarray(cv2.dilate(numbers, kernel) == cv2.erode(numbers, kernel), np.bool_)
    return same


def _candidates(ground: Ground, inner: Pixels) -> Iterator[_Fade]:
    """Connected areas, across the edges between grounds, that differ from these."""
    size = grain(ground.labels)
    is_ground = np.isin(ground.labels, list(ground.found))
    differs = inner & is_ground & (ground.off > ON_SHADE * ground.shaded)
    side = 2 * RIM * size + 3
    _, parts = cv2.connectedComponents(cv2.dilate(differs.astype(np.uint8), np.ones((side, side), np.uint8)))
    parts = np.where(differs, np.asarray(parts), 0)
    for part in np.flatnonzero(np.bincount(parts.ravel())[1:] >= SMALLEST * size**2) + 1:
        yield from _fade(parts == part, ground)


def _fade(pixels: Pixels, ground: Ground) -> Iterator[_Fade]:
    """A fade of these pixels, unless it is too pale or small, or all edge."""
    palest = PALEST_ON_SHADE if ground.shaded[pixels].mean() > 0.5 else PALEST
    densest = np.percentile(ground.off[pixels], DENSE)
    if densest < palest or _step(pixels, ground.off) > STEEPEST * densest:
        return
    on = np.flatnonzero(np.bincount(ground.labels[pixels]) >= SMALLEST * grain(pixels) ** 2)
    if len(on):
        yield _Fade(pixels, tuple(on.tolist()))


def _step(pixels: Pixels, off: NDArray[np.float32]) -> float:
    """By how many grey levels half of ``pixels`` differ from those around them."""
    place = Box.around(pixels).expand(1, (pixels.shape[1], pixels.shape[0])).slices
    near, around = off[place], np.ones((3, 3), np.uint8)
    return float(np.median((cv2.dilate(near, around) - cv2.erode(near, around))[pixels[place]]))


def _told_apart(
    fade: _Fade, picture: RGB, ground: Ground, valleys: Sequence[int] = VALLEYS
) -> Iterator[tuple[_Fade, Levels]]:
    """A fade and its ink; where no ink explains all of it, what of it lies on either side of a valley."""
    ink = _ink_of(fade, picture, ground)
    if ink is not None:
        yield fade, ink
        return
    least = SMALLEST * grain(picture) ** 2
    for rank, valley in enumerate(valleys, start=1):
        _, peaks = cv2.connectedComponents((fade.pixels & (ground.off > valley)).astype(np.uint8))
        sizes = np.bincount(np.asarray(peaks).ravel())
        large = 1 + np.flatnonzero(sizes[1:] >= least)
        if len(large) > 1:
            high = np.isin(peaks, large)
            _, nearest = cv2.distanceTransformWithLabels((~high).astype(np.uint8), cv2.DIST_L2, 5)
            for peak in np.unique(nearest[high]).tolist():
                for part in _fade(fade.pixels & (nearest == peak), ground):
                    yield from _told_apart(part, picture, ground, valleys[rank:])
            return


def _around_one(parts: Iterable[tuple[_Fade, Levels]], ground: Ground, above: Pixels) -> Iterator[tuple[_Fade, Levels]]:
    """The fades of one ink around one object together: it, and what else lies on it, may part its shadow."""
    around: dict[tuple[object, ...], list[tuple[_Fade, Levels]]] = {}
    for rank, (fade, ink) in enumerate(parts):
        near = np.bincount(ground.labels[grown(fade.pixels, _reach(ground.labels))], minlength=len(above))
        near[~_lying_on(fade, above)] = 0
        kind = (int(near.argmax()), *ink.tolist()) if near.any() else (rank,)
        around.setdefault(kind, []).append((fade, ink))
    for fades in around.values():
        pixels: Pixels = np.logical_or.reduce([fade.pixels for fade, _ in fades])
        yield _Fade(pixels, tuple(sorted({label for fade, _ in fades for label in fade.grounds}))), fades[0][1]


def _reach(labels: Labels) -> int:
    """Pixels around a fade in which is seen what it lies beside."""
    return 2 * RIM * grain(labels) + 2


def _fades_out(fade: _Fade, regions: Regions, ground: Ground, inner: Pixels, above: Pixels) -> bool:
    """Whether what is around a fade is its grounds and what lies on them, the grounds for a good part; where it is
    faint it may run over the edge of the canvas.
    """
    reach = _reach(regions.labels)
    around = regions.labels[grown(fade.pixels, reach) & ~fade.pixels & inner]
    counts = np.bincount(around, minlength=len(regions.all))
    fading = counts[list(fade.grounds)].sum()
    strange = counts[~_lying_on(fade, above)].sum() - fading
    dense = fade.pixels & (ground.off > FAINT * np.percentile(ground.off[fade.pixels], DENSE))
    rim = np.concatenate([dense[0], dense[-1], dense[:, 0], dense[:, -1]])
    on_rim = np.count_nonzero(rim) * reach
    every = counts.sum() + on_rim
    return bool(fading >= FADING * every and strange + on_rim <= STRANGE * every)


def _lying_on(fade: _Fade, above: Pixels) -> Pixels:
    """For each label whether it lies above all grounds of a fade."""
    grounds = list(fade.grounds)
    over = np.asarray(above[:, grounds].all(axis=1), np.bool_)
    over[grounds] = False
    return over


def _ink_of(fade: _Fade, picture: RGB, ground: Ground) -> Levels | None:
    """The ink that over the grounds gives what is seen there, if one does."""
    places = np.argwhere(fade.pixels)
    where = tuple(places[:: len(places) // MOST_ASKED + 1].T)
    seen, plain = (colours[where].astype(np.float64) for colours in (picture, ground.plain))
    labels = ground.labels[where].astype(np.int64)
    alike = packed(np.rint(plain / ALIKE).astype(np.uint8))
    _, kind = np.unique(labels << 24 | alike, return_inverse=True)
    often = np.flatnonzero(np.bincount(kind) >= OFTEN * len(kind))
    lines = [(plain[kind == one].mean(axis=0), _way(seen[kind == one] - plain[kind == one])) for one in often]
    meeting = [_meeting(lines)] if lines else []
    for ink in (np.zeros(3), np.full(3, 255.0), *meeting):
        if _explains(ink, plain, seen, labels):
            return ink
    return None


def _way(away: Levels) -> Levels:
    """The unit vector along which colours lie that are ``away`` (n × 3) from their ground."""
    way = np.asarray(np.linalg.svd(away.T @ away)[0][:, 0], np.float64)
    return way if (away @ way).sum() > 0 else -way


def _meeting(lines: Sequence[tuple[Levels, Levels]]) -> Levels:
    """The colour closest to all lines, each from a ground along a way; the purest one if they are one line."""
    across = [np.eye(3) - np.outer(way, way) for _, way in lines]
    every = sum(across, np.zeros((3, 3)))
    if np.linalg.eigvalsh(every)[0] < PARALLEL:
        return _purest(*lines[0])
    straight = sum((one @ ground for one, (ground, _) in zip(across, lines, strict=True)), np.zeros(3))
    return np.asarray(np.rint(np.linalg.solve(every, straight)).clip(0, 255), np.float64)


def _purest(ground: Levels, way: Levels) -> Levels:
    """Where the line from a ground leaves the colours that there are."""
    limits = np.where(way > 0, 255 - ground, -ground)
    steps = np.divide(limits, way, out=np.full(3, np.inf), where=np.abs(way) > 1e-3)
    ink: Levels = np.rint(ground + steps.min() * way).clip(0, 255)
    return ink


def _explains(ink: Levels, plain: Levels, colours: Levels, grounds: NDArray[np.int64]) -> bool:
    """Whether nearly all ``colours`` (n × 3) of each of the ``grounds`` (n) mix the ink and the ``plain`` ones."""
    alpha = _alpha(ink, plain, colours)
    missed = _missed(ink, plain, alpha, colours)
    own = [grounds == label for label in np.unique(grounds)]
    mixed = [np.percentile(missed[one], 98) <= OFF_THE_LINE and np.percentile(alpha[one], 99) <= DENSEST for one in own]
    return all(mixed)


def _missed(ink: Levels, ground: Levels, alpha: Levels, colours: Levels) -> Levels:
    """Grey levels by which the mixtures differ from ``colours`` (n × 3), the worst channel."""
    return np.asarray(apart(ground + alpha[:, None] * (ink - ground), colours), np.float64)


def _alpha(ink: Levels, ground: Levels, colours: Levels) -> Levels:
    """How much of the ink each of ``colours`` (n × 3) over ``ground`` (n × 3) has, 0–1."""
    span = ink - ground
    length = np.maximum((span * span).sum(axis=1), 1.0)
    return np.asarray((((colours - ground) * span).sum(axis=1) / length).clip(0, 1), np.float64)


def _overlay(fade: _Fade, ink: Levels, picture: RGB, ground: Ground, inner: Pixels, above: Pixels) -> Overlay:
    """The fade with its alpha, known where the grounds show and led on below what lies on these."""
    labels = ground.labels
    alpha, known = np.zeros(labels.shape), np.zeros(labels.shape, np.bool_)
    reach = grown(fade.pixels, _reach(labels))
    on_ground = np.isin(labels, fade.grounds)
    rows, columns = np.nonzero(on_ground & reach & (fade.pixels | ~inner))
    colours, plain = (each[rows, columns].astype(np.float64) for each in (picture, ground.plain))
    alpha[rows, columns] = share = _alpha(ink, plain, colours)
    known |= on_ground & inner
    # Nearer to an edge, what is no mixture with something else.
    known[rows, columns] |= _missed(ink, plain, share, colours) <= PURE
    touching = np.bincount(labels[reach], minlength=len(above)) > 0
    over = _lying_on(fade, above) & touching
    others = ~np.isin(labels, [*fade.grounds, *np.flatnonzero(over).tolist()])
    levels = np.rint(255 * _led_on(alpha, known | others)).astype(np.uint8)
    visible: Pixels = (levels > 0) & on_ground & (fade.pixels | (reach & ~inner))
    levels[on_ground & ~visible] = 0
    return Overlay(ink.astype(np.uint8), 1.0, visible, levels)


def _led_on(values: Levels, known: Pixels) -> Levels:
    """``values`` (height × width) where ``known``, and smoothly between elsewhere: from coarse to fine."""
    if known.all() or not known.any() or min(values.shape) < 2:
        return values
    height, width = values.shape
    size = (width + 1) // 2, (height + 1) // 2
    share = cv2.resize(known.astype(np.float64), size, interpolation=cv2.INTER_AREA)
    summed = cv2.resize(np.where(known, values, 0), size, interpolation=cv2.INTER_AREA)
    coarse = np.divide(summed, share, out=np.zeros_like(share), where=share > 0)
    filled = cv2.resize(_led_on(coarse, share > 0), (width, height), interpolation=cv2.INTER_LINEAR)
    result = np.where(known, values, filled)
    for _ in range(4):
        result = np.where(known, values, cv2.blur(result, (3, 3)))
    return np.asarray(result, np.float64)
