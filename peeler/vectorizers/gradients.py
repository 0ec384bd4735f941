"""Gradients of a layer: colours that change along a line, or with the distance from a point.

Both are looked for in the colours alone: a linear gradient has one direction in which all channels change, and the
steepest directions of a radial one all point to or from its middle. Along it the colours are a line of few straight
pieces, as SVG's stops are.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.geometry import RGBA

SOLID = 250
"""Alpha from which a pixel's colour is its own."""
FEWEST = 64
"""Solid pixels that a gradient takes."""
SAMPLE = 4000
"""Pixels that are looked at, at most."""
TYPICAL, WORST = 2.5, 10.0
"""Grey levels by which a gradient may miss the colours, on average and at 98 of 100 pixels."""
MOST_STOPS = 5
BENT = 2.0
"""Grey levels by which the colours may leave a straight line between two stops."""
BINS = 48
"""Places along a gradient at which its colours are looked at."""
PALE = 6.0
"""Grey levels by which colours must differ at least, from end to end, to be a gradient."""

Numbers = NDArray[np.float64]


class Stop(NamedTuple):
    """Where along a gradient (0–1) it has which colour."""

    share: float
    colour: tuple[int, int, int]


class Linear(NamedTuple):
    """From the first point to the second, (x, y) in pixels of the layer."""

    start: tuple[float, float]
    end: tuple[float, float]
    stops: tuple[Stop, ...]


class Radial(NamedTuple):
    """From the middle, (x, y) in pixels of the layer, to a distance from it."""

    middle: tuple[float, float]
    radius: float
    stops: tuple[Stop, ...]


def find_gradient(pixels: RGBA) -> Linear | Radial | None:
    """The gradient that explains the colours of a layer (height × width × 4), if one does; the linear one first."""
    rows, columns = np.nonzero(pixels[..., 3] >= SOLID)
    if len(rows) < FEWEST:
        return None
    step = len(rows) // SAMPLE + 1
    rows, columns = rows[::step], columns[::step]
    points: Numbers = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
    colours = pixels[rows, columns, :3].astype(np.float64)
    if np.ptp(colours, axis=0).max() < PALE:
        return None
    linear = _linear(points, colours)
    return linear if linear is not None else _radial(points, colours, pixels)


def _linear(points: Numbers, colours: Numbers) -> Linear | None:
    """The direction in which colours change most, by the plane through each channel."""
    middle = points.mean(axis=0)
    plane, *_ = np.linalg.lstsq(np.column_stack([points - middle, np.ones(len(points))]), colours, rcond=None)
    way = np.linalg.svd(plane[:2])[0][:, 0]
    along = (points - middle) @ way
    low, high = float(along.min()), float(along.max())
    if high - low < 2:
        return None
    stops = _stops((along - low) / (high - low), colours)
    if stops is None:
        return None
    start, end = (middle + way * place for place in (low, high))
    return Linear((float(start[0]), float(start[1])), (float(end[0]), float(end[1])), stops)


def _radial(points: Numbers, colours: Numbers, pixels: RGBA) -> Radial | None:
    """The point that the steepest directions of all places pass by nearest, weighted by how steep they are."""
    channel = int(np.ptp(colours, axis=0).argmax())
    smooth = cv2.GaussianBlur(pixels[..., channel].astype(np.float32), (0, 0), 2)
    inner = cv2.erode((pixels[..., 3] >= SOLID).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if np.count_nonzero(inner) < FEWEST:
        return None
    slopes = np.stack([cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))], axis=-1)[inner]
    places = np.argwhere(inner)[:, ::-1] + 0.5
    steep = np.hypot(*slopes.T)
    if not steep.max():
        return None
    normals = np.stack([-slopes[:, 1], slopes[:, 0]], axis=1).astype(np.float64)
    # Each line through a place along its slope: normal · (middle − place) = 0, already weighted by the steepness.
    middle, *_ = np.linalg.lstsq(normals, (normals * places).sum(axis=1), rcond=None)
    away = np.hypot(*(points - middle).T)
    radius = float(away.max())
    if radius < 2 or radius > 20 * max(pixels.shape):
        return None
    stops = _stops(away / radius, colours)
    return None if stops is None else Radial((float(middle[0]), float(middle[1])), radius, stops)


def _stops(shares: Numbers, colours: Numbers) -> tuple[Stop, ...] | None:
    """The fewest stops that explain the colours at their shares (0–1), or None if even the most do not."""
    places, means = _profile(shares, colours)
    if len(places) < 4:
        return None
    chosen = [0, len(places) - 1]
    while True:
        between = np.stack([np.interp(places, places[chosen], means[chosen, channel]) for channel in range(3)], axis=1)
        off = apart(between, means)
        if off.max() <= BENT or len(chosen) == MOST_STOPS:
            break
        chosen = sorted({*chosen, int(off.argmax())})
    guessed = np.stack([np.interp(shares, places[chosen], means[chosen, channel]) for channel in range(3)], axis=1)
    missed = apart(guessed, colours)
    if missed.mean() > TYPICAL or np.percentile(missed, 98) > WORST:
        return None
    levels = np.rint(means[chosen]).clip(0, 255).astype(int).tolist()
    return tuple(
        Stop(round(float(place), 3), (red, green, blue))
        for place, (red, green, blue) in zip(places[chosen], levels, strict=True)
    )


def _profile(shares: Numbers, colours: Numbers) -> tuple[Numbers, Numbers]:
    """Places along a gradient and the mean colour of what lies at each, to its very ends."""
    bins = (shares * BINS).astype(int).clip(0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    filled = counts > 0
    sums = [np.bincount(bins, values, BINS)[filled] for values in (shares, *colours.T)]
    places, *channels = (np.asarray(one / counts[filled], np.float64) for one in sums)
    means = np.stack(channels, axis=1)
    # The outermost means lie half a bin inside; the colour goes on as it came.
    for end, next_to, edge in ((0, 1, shares.min()), (-1, -2, shares.max())):
        slope = (means[end] - means[next_to]) / (places[end] - places[next_to])
        means[end] += slope * (edge - places[end])
        places[end] = edge
    return places, means
