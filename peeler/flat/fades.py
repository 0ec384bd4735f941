"""Soft shadows and glows: one ink over even ground, as much of it as each place has, fading to nothing without an edge.

In a picture with gradients the ground and what fades on it are one region. Where most of a region has one colour B,
what differs from that is ``(1 − α) B + α k`` for one ink k: on a straight line from B to k. Over two grounds the lines
meet in the ink; over one it is black or white if the line leads there, else the purest colour on the line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.flat.cues import Evidence
from peeler.flat.matting import grown
from peeler.flat.order import stacking
from peeler.flat.overlays import Overlay
from peeler.flat.palette import Labels, grain, packed, unpacked
from peeler.flat.regions import Regions
from peeler.geometry import RGB, Pixels

SMALLEST = 300
"""Pixels, at 512 × 512, of the smallest fade, and of its part on one ground."""
SAMPLE = 1000
"""Pixels of a region that are asked for its even colour, or a few more."""
PALEST = 10
"""Grey levels by which the ground must change in some channel where a fade is densest."""
GROUND = 0.5
"""Share of a region that has exactly one colour for it to be even ground."""
OFF_THE_LINE = 2.5
"""Grey levels by which nearly all colours of a fade may miss the mixture of ink and ground."""
PURE = 1.0
"""The same for a pixel beside an edge to be a part of the fade alone."""
PARALLEL = 1e-3
"""The squared sine, or so, of the angle between two lines of colours below which they meet nowhere."""
RIM = 2
"""Pixels, at 512 × 512, around the edge of a region that may mix it with another."""
FADING = 0.7
"""Share of what is around a fade that must be its ground."""
STRANGE = 0.015
"""Share of it that may be anything but its grounds and what lies on them, or the edge of the canvas: a gradient that
ends at the outline of its own shape is no fade."""
DENSEST = 0.95
"""Alpha of a fade at most; what shows its pure ink is a gradient."""

Levels = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Fade:
    """What differs from its grounds: ``pixels`` (height × width) and the colours of the grounds by label."""

    pixels: Pixels
    grounds: Mapping[int, Levels]


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
    grounds = _grounds(picture, regions, inner)
    fades = list(_candidates(picture, regions, inner, grounds)) if grounds else []
    if not fades:
        return
    above = stacking(len(regions.all), evidence)
    above[:, list(background)] = True
    above[list(background)] = False
    for fade in fades:
        if _fades_out(fade, regions, inner, above):
            ink = _ink_of(fade, picture, regions)
            if ink is not None:
                yield _overlay(fade, ink, picture, regions, inner, above)


def _inner(labels: Labels) -> Pixels:
    """The pixels that show one region alone."""
    side = 2 * RIM * grain(labels) + 1
    numbers, kernel = labels.astype(np.float32), np.ones((side, side), np.uint8)
    same: Pixels = np.asarray(cv2.dilate(numbers, kernel) == cv2.erode(numbers, kernel), np.bool_)
    return same


def _grounds(picture: RGB, regions: Regions, inner: Pixels) -> dict[int, Levels]:
    """The labels of the regions that are even ground but not all of one colour, and that colour."""
    found, colours = {}, packed(picture)
    for region in regions.all:
        if region.area < 2 * SMALLEST * grain(picture) ** 2:
            continue
        part = inner[region.box.slices] & (regions.labels[region.box.slices] == region.label)
        codes = colours[region.box.slices][part]
        if not len(codes):
            continue
        # What half of the pixels have is found in the middle of any sample.
        few = np.sort(codes[:: len(codes) // SAMPLE + 1])
        usual = few[len(few) // 2]
        if GROUND <= np.count_nonzero(codes == usual) / len(codes) < 1:
            found[region.label] = unpacked(usual).astype(np.float64)
    return found


def _candidates(picture: RGB, regions: Regions, inner: Pixels, grounds: Mapping[int, Levels]) -> Iterator[_Fade]:
    """Connected areas, across the edges between grounds, that differ from these."""
    size = grain(picture)
    plain = np.zeros((len(regions.all), 3), np.int16)
    for label, colour in grounds.items():
        plain[label] = colour
    is_ground = np.isin(np.arange(len(regions.all)), list(grounds))[regions.labels]
    off = apart(picture, plain[regions.labels])
    differs = inner & is_ground & (off > 0)
    side = 2 * RIM * size + 3
    _, parts = cv2.connectedComponents(cv2.dilate(differs.astype(np.uint8), np.ones((side, side), np.uint8)))
    parts = np.where(differs, np.asarray(parts), 0)
    for part in np.flatnonzero(np.bincount(parts.ravel())[1:] >= SMALLEST * size**2) + 1:
        pixels: Pixels = parts == part
        if off[pixels].max() < PALEST:
            continue
        on = np.bincount(regions.labels[pixels], minlength=len(regions.all))
        yield _Fade(pixels, {label: grounds[label] for label in np.flatnonzero(on >= SMALLEST * size**2).tolist()})


def _fades_out(fade: _Fade, regions: Regions, inner: Pixels, above: Pixels) -> bool:
    """Whether what is around a fade is its grounds and what lies on them, the grounds for a good part."""
    if not fade.grounds:
        return False
    reach = 2 * RIM * grain(regions.labels) + 2
    around = regions.labels[grown(fade.pixels, reach) & ~fade.pixels & inner]
    counts = np.bincount(around, minlength=len(regions.all))
    fading = counts[list(fade.grounds)].sum()
    strange = counts[~_lying_on(fade, above)].sum() - fading
    rim = np.concatenate([fade.pixels[0], fade.pixels[-1], fade.pixels[:, 0], fade.pixels[:, -1]])
    on_rim = np.count_nonzero(rim) * reach
    every = counts.sum() + on_rim
    return bool(fading >= FADING * every and strange + on_rim <= STRANGE * every)


def _lying_on(fade: _Fade, above: Pixels) -> Pixels:
    """For each label whether it lies above all grounds of a fade."""
    grounds = list(fade.grounds)
    over = np.asarray(above[:, grounds].all(axis=1), np.bool_)
    over[grounds] = False
    return over


def _ink_of(fade: _Fade, picture: RGB, regions: Regions) -> Levels | None:
    """The ink that over each ground gives what is seen there, if one does."""
    seen = {label: picture[fade.pixels & (regions.labels == label)].astype(np.float64) for label in fade.grounds}
    lines = [(fade.grounds[label], _way(fade.grounds[label], colours)) for label, colours in seen.items()]
    for ink in (np.zeros(3), np.full(3, 255.0), _meeting(lines)):
        if all(_explains(ink, fade.grounds[label], colours) for label, colours in seen.items()):
            return ink
    return None


def _way(ground: Levels, colours: Levels) -> Levels:
    """The unit vector along which ``colours`` (n × 3) lie from ``ground`` (3,)."""
    away = colours - ground
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


def _explains(ink: Levels, ground: Levels, colours: Levels) -> bool:
    """Whether nearly all ``colours`` (n × 3) mix the ink and the ground."""
    alpha = _alpha(ink, ground, colours)
    missed = _missed(ink, ground, alpha, colours)
    return bool(np.percentile(missed, 98) <= OFF_THE_LINE and np.percentile(alpha, 99) <= DENSEST)


def _missed(ink: Levels, ground: Levels, alpha: Levels, colours: Levels) -> Levels:
    """Grey levels by which the mixtures differ from ``colours`` (n × 3), the worst channel."""
    return np.asarray(apart(ground + alpha[:, None] * (ink - ground), colours), np.float64)


def _alpha(ink: Levels, ground: Levels, colours: Levels) -> Levels:
    """How much of the ink each of ``colours`` (n × 3) has, 0–1."""
    span = ink - ground
    return np.asarray(((colours - ground) @ span / max(float(span @ span), 1.0)).clip(0, 1), np.float64)


def _overlay(fade: _Fade, ink: Levels, picture: RGB, regions: Regions, inner: Pixels, above: Pixels) -> Overlay:
    """The fade with its alpha, known where the grounds show and led on below what lies on these."""
    labels = regions.labels
    alpha, known = np.zeros(labels.shape), np.zeros(labels.shape, np.bool_)
    reach = grown(fade.pixels, 2 * RIM * grain(labels) + 2)
    for label, ground in fade.grounds.items():
        on_ground = labels == label
        rows, columns = np.nonzero(on_ground & reach & (fade.pixels | ~inner))
        colours = picture[rows, columns].astype(np.float64)
        alpha[rows, columns] = share = _alpha(ink, ground, colours)
        known |= on_ground & inner
        # Nearer to an edge, what is no mixture with something else.
        known[rows, columns] |= _missed(ink, ground, share, colours) <= PURE
    touching = np.bincount(labels[reach], minlength=len(regions.all)) > 0
    over = _lying_on(fade, above) & touching
    others = ~np.isin(labels, [*fade.grounds, *np.flatnonzero(over).tolist()])
    levels = np.rint(255 * _led_on(alpha, known | others)).astype(np.uint8)
    on_ground = np.isin(labels, list(fade.grounds))
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
