"""Shaded pictures: regions in which the colour changes smoothly, such as gradients, each of them one region.

The colours of a linear gradient are a plane, so their second differences vanish; those of other gradients are small. An
edge, even a soft one, bends the colours by half of its contrast at least. Where nothing bends, colours flow into each
other and are one region.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart, dot, strongest
from peeler.flat.gradients import Numbers, Plain, Shade, surface_of
from peeler.flat.palette import CLEAN_NOISE, ON_THE_LINE, Labels, Palette, grain, off_the_line
from peeler.flat.regions import MOST_REGIONS, SMALLEST_REGION, Region, Regions, owners
from peeler.geometry import RGB, Box, Pixels

BENT = 3
"""Grey levels of the second difference of three pixels in a row, at most, in a gradient."""
SEED = 6
"""Pixels, at 512 × 512, of the smallest smooth area that is a region."""
SHADED = 12
"""Grey levels from the darkest to the lightest in a channel of an area that is a gradient."""
SMALLEST_SHADED = 200
"""Pixels, at 512 × 512, of the smallest area that can tell a shaded picture."""
SAMPLED = 8
"""Every so many-th row and column is looked at first."""
RUNS = (32, 128)
"""Pixels, at 512 × 512, over which a gradient drifts, a steep one and a slow one."""
STEP, DRIFT = 4, 8
"""Grey levels that it changes at most from pixel to pixel, and at least over a run."""
DRIFTING = 0.001
"""Share of the pixels looked at that must drift."""
EVEN = 8
"""Grey levels by which a pixel may differ from both its neighbours along a thin line."""
MOST = 0.7
"""Share of the contrast of a thin line that its pixels have; its soft edge has less."""
SEAMLESS = 6.0
"""Grey levels of the mean step from one region to the next below which they are one."""
SAME = 5.0
"""Grey levels by which the gradient of one region may miss most of another one that has the same ink."""
SAMPLE = 200
"""Pixels of a region that are asked for its ink."""
EXPLAINED, CLEAN = 0.90, 0.98
"""At least this share of a drawing lies in smooth areas or on their edges, and of one without noise."""
EDGE = 2
"""Pixels, at 512 × 512, that an edge is wide at most on either side."""
_HALF_TURN = ((0, 1), (1, 0), (1, 1), (1, -1))
_NEIGHBOURS = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3) if dy or dx]
_OPPOSITE = [(dy * far, dx * far) for far in (2, 3, 4, 5) for dy, dx in _HALF_TURN]


def smooth_areas(picture: RGB, bent: int = BENT) -> Labels:
    """Where colours change smoothly: the connected areas (4-connected) from 1, and 0 where colours bend."""
    calm = (_bends(picture) <= bent).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(calm, connectivity=4)
    kept = np.asarray(stats)[:, cv2.CC_STAT_AREA] >= SEED * grain(picture) ** 2
    kept[0] = False
    return np.asarray(np.where(kept, np.cumsum(kept), 0)[np.asarray(labels)], np.int32)


def explains(areas: Labels, share: float = EXPLAINED) -> bool:
    """Whether ``share`` of the pixels lies in the smooth ``areas`` (height × width, 0 for none) or on their edges."""
    side = 2 * EDGE * grain(areas) + 1
    return bool((cv2.dilate((areas > 0).astype(np.uint8), np.ones((side, side), np.uint8)) > 0).mean() >= share)


def may_have_gradients(picture: RGB) -> bool:
    """Whether colours change without a step along some of the sampled rows and columns: a quick look at a picture."""
    rows, columns = picture[::SAMPLED], picture[:, ::SAMPLED].transpose(1, 0, 2)
    return any(_drifts(lines, run * grain(picture)) for run in RUNS for lines in (rows, columns))


def _drifts(lines: RGB, run: int) -> bool:
    """Whether enough pixels of ``lines`` (n × length × 3) differ from those ``run`` further on with no step between."""
    colours = lines.astype(np.int16)
    drifted = apart(colours[:, run:], colours[:, :-run]) >= DRIFT
    if not drifted.any():
        return False
    steps = apart(colours[:, 1:], colours[:, :-1]) > STEP
    before = np.pad(np.cumsum(steps, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    unbroken = before[:, run:] == before[:, :-run]
    return bool(np.count_nonzero(unbroken & drifted) > DRIFTING * drifted.size)


def has_gradients(picture: RGB, areas: Labels) -> bool:
    """Whether one of the smooth ``areas`` (height × width, 0 for none) of some size has a range of colours."""
    sizes = np.bincount(areas.ravel())
    large = np.flatnonzero(sizes >= SMALLEST_SHADED * grain(picture) ** 2)
    large = large[large > 0]
    order = np.argsort(areas, axis=None, kind="stable")
    starts = np.cumsum(sizes) - sizes
    for area in large:
        colours = picture.reshape(-1, 3)[order[starts[area] : starts[area] + sizes[area]]]
        low, high = np.percentile(colours[:: len(colours) // 2000 + 1], (2, 98), axis=0)
        if (high - low).max() >= SHADED:
            return True
    return False


def shaded_regions(picture: RGB, areas: Labels, smallest: int = SMALLEST_REGION) -> tuple[Palette, Regions]:
    """The regions of a picture with gradients, and the colours that they have in the median as its inks.

    ``smallest`` is in pixels of a canvas of 512 × 512.
    """
    smallest *= grain(picture) ** 2
    areas = _with_thin_lines(picture, areas, smallest)
    labels, carried = _spread(picture, areas)
    labels = _without_seams(labels, carried)
    owner = owners(labels, np.bincount(labels.ravel()), MOST_REGIONS, smallest)
    return _inked(labels if owner is None else owner[labels], picture, areas > 0)


def _bends(picture: RGB) -> NDArray[np.int16]:
    """The largest second difference of a channel in any of four directions, in grey levels."""
    colours = picture.astype(np.int16)
    bends = np.zeros(picture.shape[:2], np.int16)
    for across, down in _HALF_TURN:
        kernel = np.zeros((3, 3), np.float32)
        kernel[1 - down, 1 - across] += 1
        kernel[1 + down, 1 + across] += 1
        kernel[1, 1] = -2
        turned = cv2.filter2D(colours, cv2.CV_16S, kernel, borderType=cv2.BORDER_REPLICATE)
        bends = np.maximum(bends, strongest(np.abs(turned)))
    return bends


def _with_thin_lines(picture: RGB, areas: Labels, smallest: int) -> Labels:
    """``areas`` and what is too thin to be smooth: even along some direction, and no mixture of two areas beside it."""
    unset = np.argwhere(areas == 0)
    colours = np.pad(picture.astype(np.int16), ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows, columns = (unset + 1).T
    own = colours[rows, columns]
    even = np.zeros(len(unset), np.bool_)
    for down, across in _HALF_TURN:
        there, back = (colours[rows + sign * down, columns + sign * across] for sign in (1, -1))
        even |= np.maximum(apart(there, own), apart(back, own)) <= EVEN
    points = unset[even & _stands_out(picture)[tuple(unset.T)]]
    lines = np.zeros(areas.shape, np.uint8)
    lines[tuple(points[~_mixed(picture, areas, points)].T)] = 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    kept = np.asarray(stats)[:, cv2.CC_STAT_AREA] >= smallest
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept) + int(areas.max()), 0).astype(np.int32)
    return np.asarray(areas + numbers[np.asarray(labels)], np.int32)


def _stands_out(picture: RGB) -> Pixels:
    """Where the colour differs from that of the surroundings about as much as anywhere near: not on soft edges."""
    around = cv2.medianBlur(picture, 4 * EDGE * grain(picture) + 1)
    contrast = strongest(cv2.absdiff(picture, around))
    near = cv2.dilate(contrast, np.ones((2 * EDGE * grain(picture) + 1,) * 2, np.uint8))
    stands_out: Pixels = (contrast > EVEN) & (contrast >= MOST * near)
    return stands_out


def _mixed(picture: RGB, areas: Labels, points: NDArray[np.intp]) -> Pixels:
    """Which ``points`` (n × 2: y, x) mix the colours of two areas that lie within five pixels on opposite sides."""
    limits = np.array(areas.shape) - 1
    colour = picture[tuple(points.T)].astype(np.float32)
    mixed = np.zeros(len(points), np.bool_)
    for step in np.array(_OPPOSITE) * grain(picture):
        one, two = (tuple((points + sign * step).clip(0, limits).T) for sign in (1, -1))
        asked = np.flatnonzero((areas[one] > 0) & (areas[two] > 0) & (areas[one] != areas[two]) & ~mixed)
        ends = [picture[side][asked].astype(np.float32) for side in (one, two)]
        mixed[asked] = off_the_line(colour[asked], *ends) <= ON_THE_LINE
    return mixed


def _spread(picture: RGB, areas: Labels) -> tuple[Labels, RGB]:
    """Each unset pixel goes to the area nearest in colour among those set within two pixels, from the rims inwards.

    Returns the areas and for every pixel the colour that it shows of its area: its own, or the nearest one's.
    """
    height, width = areas.shape
    framed = np.pad(areas, 2)
    carried = np.pad(picture, ((2, 2), (2, 2), (0, 0))).astype(np.int32)
    kernel = np.ones((5, 5), np.uint8)
    unset = areas == 0
    while unset.any() and not unset.all():
        rim = np.argwhere((cv2.dilate((~unset).astype(np.uint8), kernel) > 0) & unset)
        target = picture[tuple(rim.T)].astype(np.int32)
        best, closest = np.zeros(len(rim), np.int32), np.full(len(rim), 1 << 30, np.int32)
        colour = target.copy()
        for step in _NEIGHBOURS:
            place = tuple((rim + 2 + step).T)
            near, shown = framed[place], carried[place]
            off = shown - target
            distance = np.where(near == 0, 1 << 30, dot(off, off))
            nearer = distance < closest
            best[nearer], closest[nearer], colour[nearer] = near[nearer], distance[nearer], shown[nearer]
        framed[tuple((rim + 2).T)] = best
        carried[tuple((rim + 2).T)] = colour
        unset[tuple(rim.T)] = False
    return framed[2:-2, 2:-2], carried[2:-2, 2:-2].astype(np.uint8)


def _without_seams(labels: Labels, carried: RGB) -> Labels:
    """Regions from 0 on; those whose colours hardly differ along their common boundary are one."""
    count = int(labels.max()) + 1
    keys, steps = [], []
    for one, other, here, there in (
        (labels[:, :-1], labels[:, 1:], carried[:, :-1], carried[:, 1:]),
        (labels[:-1], labels[1:], carried[:-1], carried[1:]),
    ):
        where = np.nonzero(one != other)
        near, far = one[where].astype(np.int64), other[where].astype(np.int64)
        keys.append(np.minimum(near, far) * count + np.maximum(near, far))
        steps.append(apart(here[where].astype(np.int16), there[where]))
    pairs, places, lengths = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    mean = np.bincount(places, np.concatenate(steps), len(pairs)) / lengths
    seamless = pairs[mean <= SEAMLESS]
    owner = np.arange(count, dtype=np.int32)
    for one, other in zip(*np.divmod(seamless, count), strict=True):
        low, high = sorted((_root(owner, int(one)), _root(owner, int(other))))
        owner[high] = low
    roots = np.array([_root(owner, label) for label in range(count)])
    return np.unique(roots[labels], return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


def _root(owner: Labels, label: int) -> int:
    while owner[label] != label:
        label = int(owner[label])
    return label


def _inked(labels: Labels, picture: RGB, pure: Pixels) -> tuple[Palette, Regions]:
    """The regions of ``labels``, numbered by ink and then in reading order; ``pure`` pixels show it unmixed."""
    order = np.argsort(labels, axis=None, kind="stable")
    starts = np.flatnonzero(np.diff(labels.ravel()[order], prepend=-1))
    groups = np.split(order, starts[1:])
    inks, ink_of = _inks([_pure(group, pure) for group in groups], picture)
    ranked = sorted(range(len(groups)), key=lambda index: (ink_of[index], int(groups[index][0])))
    numbered = np.empty(labels.size, np.int32)
    regions = []
    for place, index in enumerate(ranked):
        numbered[groups[index]] = place
        rows, columns = np.divmod(groups[index], labels.shape[1])
        box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        regions.append(Region(place, ink_of[index], box, len(groups[index])))
    palette = Palette(inks, CLEAN_NOISE, flat=True)
    return palette, Regions(numbered.reshape(labels.shape), tuple(regions))


def _inks(groups: Sequence[NDArray[np.intp]], picture: RGB) -> tuple[NDArray[np.uint8], list[int]]:
    """The inks, largest first, and which each group of pixels has: one for all that go on in each other's gradient."""
    width = picture.shape[1]
    samples = []
    for group in groups:
        pixels = group[:: len(group) // SAMPLE + 1]
        rows, columns = np.divmod(pixels, width)
        samples.append(
            (np.stack([columns, rows], axis=1).astype(np.float64), picture[rows, columns].astype(np.float64))
        )
    shades = [surface_of(*sample, beyond=1.0) for sample in samples]
    ranges = np.array([(one.colour, one.colour) if isinstance(one, Plain) else (one.low, one.high) for one in shades])
    firsts: list[int] = []
    ink_of = [0] * len(groups)
    for index in sorted(range(len(groups)), key=lambda index: (-len(groups[index]), index)):
        points, colours = samples[index]
        usual, known = np.median(colours, axis=0), ranges[firsts]
        near = np.flatnonzero(((usual >= known[:, 0] - SAME) & (usual <= known[:, 1] + SAME)).all(axis=1))
        missed = [_missed(shades[firsts[ink]], points, colours) for ink in near.tolist()]
        if missed and min(missed) <= SAME:
            ink_of[index] = int(near[np.argmin(missed)])
        else:
            ink_of[index] = len(firsts)
            firsts.append(index)
    medians = [np.median(samples[first][1], axis=0) for first in firsts]
    return np.array(medians).astype(np.uint8), ink_of


def _pure(group: NDArray[np.intp], pure: Pixels) -> NDArray[np.intp]:
    """The pure pixels of a group, all of them if none is."""
    kept = group[pure.ravel()[group]]
    return kept if len(kept) else group


def _missed(shade: Shade, points: Numbers, colours: Numbers) -> float:
    """Grey levels by which half of ``colours`` (n × 3) at ``points`` (n × 2), those off edges, miss a ``shade``."""
    return float(np.median(apart(shade.at(points), colours)))
