"""The inks of a drawing: the few colours that fill areas, told apart from the mixed pixels between them."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, dot, strongest
from peeler.geometry import RGB, Pixels

CLEAN_NOISE = 2
"""Grey levels within which neighbouring pixels of one ink lie in a picture that was never compressed with loss."""
LOSSY_NOISE = 14
"""The same for JPEG artefacts, dithering and slight shading, once they were smoothed."""
SMOOTHED, REACH = 20.0, 3.0
"""Grey levels within which neighbouring pixels are smoothed together where a picture is noisy, and over how many
pixels, at 512 × 512: a block of JPEG's has 8."""
CALM = 4
"""Grey levels within which the neighbourhood of a solid pixel stays after that."""
FEWEST_PIXELS = {CLEAN_NOISE: 6, LOSSY_NOISE: 12}
"""An ink needs this many solid pixels, on a canvas of 512 × 512; the most frequent has no such need."""
MOST_INKS = 64
"""Flat art with more inks is not flat art; the most frequent are kept."""
MOST_TONES = 12
"""Colours of a picture that is no flat art."""
FLAT_SHARE = {CLEAN_NOISE: 0.96, LOSSY_NOISE: 0.90}
"""At least this share of flat art shows an ink or the mixture of two; a JPEG picture must not pass for a clean one."""
APART = {CLEAN_NOISE: CLEAN_NOISE, LOSSY_NOISE: 10}
"""Grey levels within which two frequent colours are one ink, by tolerance: loss spreads an ink to both sides."""
WAVES, WAVE, WIDE_SHARE = 2 * LOSSY_NOISE, 5, 1 / 3
"""Grey levels by which loss turns an ink into what looks like another one, in waves along its edges; the pixels, at
512 × 512, from which on a band is no wave; and the share of an ink that such bands have at least."""
CLOSE = {CLEAN_NOISE: 1, LOSSY_NOISE: 3}
STEADY_SHARE = {CLEAN_NOISE: 0.80, LOSSY_NOISE: 0.75}
"""At least this share of what shows an ink does so within so few grey levels; a gradient fills the tolerance evenly.
A drawing as JPEG of quality 30 has 0.84, a grey gradient 0.64."""
INKED_SHARE = 0.60
"""At least this share shows an ink; below, mixtures need not be counted."""
SOLID_SHARE = 0.05
"""At least this share is solid; dense noise of two colours is not."""
ON_THE_LINE = 6.0
"""Grey levels by which a mixed colour may miss the straight line between the two inks that it mixes."""
SAMPLE = 20_000
"""Pixels that are asked at most (or a few more) where a share is only estimated."""
_HALF_PLANE = [(dy, dx) for dy in range(-2, 1) for dx in range(-2, 3) if (dy, dx) < (0, 0)]

Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Palette:
    """``inks`` (k × 3, uint8) sorted by area, largest first; a pixel within ``tolerance`` of an ink shows it."""

    inks: NDArray[np.uint8]
    tolerance: int
    flat: bool


def find_palette(picture: RGB) -> Palette:
    """The inks of ``picture`` (height × width × 3).

    A pixel is *solid* when its whole neighbourhood has its colour; the frequent colours of solid pixels are inks.
    Where too little of the picture shows an ink, it is smoothed and a wider tolerance is tried before the picture
    counts as not flat.
    """
    return _clean_palette(picture) or _lossy_palette(picture) or Palette(_posterised(picture), LOSSY_NOISE, flat=False)


def _clean_palette(picture: RGB) -> Palette | None:
    core = solid(picture, CLEAN_NOISE)
    if core.mean() < SOLID_SHARE:
        return None
    inks = _frequent_colours(picture[core], CLEAN_NOISE, grain(core))
    if 2 * np.count_nonzero(have_twins(inks, APART[LOSSY_NOISE])) > len(inks) > len(_without_waves(picture, inks)):
        return None  # little loss, as of WebP, but loss: most inks have others close to them, seen in narrow bands
    return _flat(picture, inks, core, CLEAN_NOISE)


def _lossy_palette(picture: RGB) -> Palette | None:
    """The palette of a picture that was saved with loss, if it was a flat one."""
    if solid(picture, LOSSY_NOISE).mean() < SOLID_SHARE:
        return None
    calm = without_noise(picture)
    core = solid(calm, CALM)
    if not core.any():
        return None
    inks = _without_waves(calm, _frequent_colours(calm[core], LOSSY_NOISE, grain(core)))
    return _flat(calm, inks, core, LOSSY_NOISE)


def _flat(picture: RGB, inks: NDArray[np.uint8], core: Pixels, tolerance: int) -> Palette | None:
    """The palette of these inks, if ``picture`` shows little else."""
    if _is_steady(picture, inks, tolerance) and _explains(picture, inks, core, tolerance):
        return Palette(inks, tolerance, flat=True)
    return None


def without_noise(picture: RGB) -> RGB:
    """``picture`` without what is weaker than an edge (bilateral filter, Tomasi and Manduchi 1998)."""
    reach = REACH * grain(picture)
    return np.asarray(cv2.bilateralFilter(picture, 2 * round(reach) + 1, SMOOTHED, reach), np.uint8)


def grain(canvas: NDArray[np.generic]) -> int:
    """How many pixels of ``canvas`` (height × width …) stand for one of 512 × 512, for which lengths are given."""
    return max(1, int(np.sqrt(canvas.shape[0] * canvas.shape[1]) / 512))


def solid(picture: RGB, tolerance: int) -> Pixels:
    """Pixels whose neighbourhood (3 × 3 at 512 × 512) stays within ``tolerance`` grey levels in every channel."""
    side = 2 * grain(picture) + 1
    kernel = np.ones((side, side), np.uint8)
    spread: RGB = np.asarray(cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel)), np.uint8)
    calm: Pixels = strongest(spread) <= tolerance
    return calm


def packed(colours: RGB) -> Labels:
    """Colours (… × 3) as one number each, 0xRRGGBB."""
    numbers = colours[..., 0].astype(np.int32)
    for channel in (1, 2):
        numbers <<= 8
        numbers |= colours[..., channel]
    return numbers


def unpacked(numbers: Labels) -> Labels:
    """Numbers 0xRRGGBB as colours (… × 3)."""
    return np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=-1)


def nearest_ink(picture: RGB, inks: NDArray[np.uint8], tolerance: int) -> Labels:
    """Per pixel the index of the nearest ink, −1 where none lies within ``tolerance`` in every channel."""
    numbers = packed(picture)
    values = np.unique(numbers)
    colours = unpacked(values)
    best = np.full(len(values), -1, np.int32)
    closest = np.full(len(values), tolerance + 1, np.int32)
    reds = values >> 16
    for index, ink in enumerate(inks.astype(np.int32)):
        # Colours are sorted by their reds: all others are too far off.
        near = slice(*np.searchsorted(reds, [ink[0] - tolerance, ink[0] + tolerance + 1]))
        distance = apart(colours[near], ink)
        nearer = distance < closest[near]
        best[near][nearer], closest[near][nearer] = index, distance[nearer]
    # Only the pages that hold colours of the picture are ever touched; np.unique's own inverse sorts all pixels.
    table = np.empty(1 << 24, np.int32)
    table[values] = best
    return table[numbers]


def mixtures(picture: RGB, labels: Labels, core: Pixels, inks: NDArray[np.uint8], points: NDArray[np.intp]) -> Pixels:
    """Which ``points`` (n × 2: y, x) mix two other inks within two pixels on opposite sides, one of them solid
    (``core``).

    ``labels`` (height × width) holds the ink of each pixel, −1 for none.
    """
    own = labels[tuple(points.T)]
    target = picture[tuple(points.T)].astype(np.float32)
    result = np.zeros(len(points), np.bool_)
    palette = inks.astype(np.float32)
    sure = np.where(core, labels, -1)
    limits = np.array(labels.shape) - 1
    for step in np.array(_HALF_PLANE) * grain(picture):
        places = [tuple((points + sign * step).clip(0, limits).T) for sign in (1, -1)]
        one, two = (labels[place] for place in places)
        sided = (sure[places[0]] >= 0) | (sure[places[1]] >= 0)
        valid = np.flatnonzero(sided & (one >= 0) & (two >= 0) & (one != two) & (one != own) & (two != own) & ~result)
        if len(valid):
            result[valid] = off_the_line(target[valid], palette[one[valid]], palette[two[valid]]) <= ON_THE_LINE
    return result


def off_the_line(
    colour: NDArray[np.float32], one: NDArray[np.float32], two: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Largest channel difference of each colour to the nearest point of the segment from ``one`` to ``two``."""
    span = two - one
    along = dot(colour - one, span) / np.maximum(dot(span, span), 1)
    return np.asarray(apart(one + span * along.clip(0, 1)[:, None], colour), np.float32)


def ink_like(colour: NDArray[Any], inks: list[NDArray[np.uint8]], limit: float) -> int:
    """The index of the one of ``inks`` that is nearest to ``colour``; of a new one, if none is within ``limit`` grey
    levels.
    """
    missed = apart(np.array(inks, np.float32), colour)
    if missed.min() > limit:
        inks.append(np.asarray(colour).astype(np.uint8))
        return len(inks) - 1
    return int(missed.argmin())


def _frequent_colours(colours: RGB, tolerance: int, size: int) -> NDArray[np.uint8]:
    """The colours with enough pixels, where ``size`` is the grain; one close to a more frequent one is the same."""
    apart, fewest = APART[tolerance], FEWEST_PIXELS[tolerance] * size**2
    values, counts = np.unique(packed(colours), return_counts=True)
    order = np.lexsort((values, -counts))
    candidates = unpacked(values[order[:4096]])
    inks: list[Labels] = []
    areas: list[int] = []
    for colour, count in zip(candidates, counts[order], strict=False):
        near = _nearest(inks, colour, apart)
        if near is None:
            inks.append(colour)
            areas.append(int(count))
        else:
            areas[near] += int(count)
    ranked = sorted(range(len(inks)), key=lambda index: -areas[index])[:MOST_INKS]
    kept = [index for place, index in enumerate(ranked) if place == 0 or areas[index] >= fewest]
    return np.array([inks[index] for index in kept], np.uint8)


def _without_waves(picture: RGB, inks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``inks`` but for those that are close to a more frequent one and are seen in narrow bands only."""
    shown = nearest_ink(picture, inks, LOSSY_NOISE)
    kept: list[Labels] = []
    for index, ink in enumerate(inks.astype(np.int32)):
        mask = shown == index
        if _nearest(kept, ink, WAVES) is None or wide(mask, grain(picture)).sum() > WIDE_SHARE * mask.sum():
            kept.append(ink)
    return np.array(kept, np.uint8)


def wide(mask: Pixels, size: int) -> Pixels:
    """The part of ``mask`` (height × width) that is wider than waves are, where ``size`` is the grain: its opening."""
    kernel = np.ones((WAVE * size,) * 2, np.uint8)
    opened: Pixels = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
    return opened


def have_twins(inks: NDArray[np.uint8], close: int = WAVES) -> NDArray[np.bool_]:
    """Which inks could be waves of another one: those within ``close`` grey levels of it."""
    twins: NDArray[np.bool_] = (apart(inks[:, None].astype(np.int32), inks) <= close).sum(axis=1) > 1
    return twins


def _nearest(inks: list[Labels], colour: Labels, limit: int) -> int | None:
    if not inks:
        return None
    distance = apart(np.array(inks), colour)
    best = int(distance.argmin())
    return best if distance[best] <= limit else None


def _is_steady(picture: RGB, inks: NDArray[np.uint8], tolerance: int) -> bool:
    """Whether a fair share of the pixels shows one of ``inks``, and most of these closely."""
    sample = picture.reshape(1, -1, 3)[:, :: picture.size // (3 * SAMPLE) | 1]  # odd: a dither is even
    shown, close = ((nearest_ink(sample, inks, limit) >= 0).mean() for limit in (tolerance, CLOSE[tolerance]))
    return bool(shown >= INKED_SHARE and close >= STEADY_SHARE[tolerance] * shown)


def _explains(picture: RGB, inks: NDArray[np.uint8], core: Pixels, tolerance: int) -> bool:
    """Whether nearly every pixel shows one of ``inks`` or mixes two neighbours."""
    labels = nearest_ink(picture, inks, tolerance)
    rest = np.argwhere(labels < 0)
    allowed = (1 - FLAT_SHARE[tolerance]) * labels.size
    if len(rest) <= allowed:
        return True
    asked = rest[:: len(rest) // SAMPLE + 1]
    return bool(len(rest) * (1 - mixtures(picture, labels, core, inks, asked).mean()) <= allowed)


def _posterised(picture: RGB) -> NDArray[np.uint8]:
    """A few colours for a picture that has no inks (k-means with a fixed seed on a thumbnail)."""
    thumb = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    count = min(MOST_TONES, len(np.unique(thumb, axis=0)))
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, labels, centres = cv2.kmeans(thumb, count, np.zeros((0, 0), np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
    sizes = np.bincount(np.asarray(labels).ravel(), minlength=count)
    order = np.argsort(-sizes, kind="stable")
    return np.asarray(np.rint(np.asarray(centres)[order]).clip(0, 255), np.uint8)
