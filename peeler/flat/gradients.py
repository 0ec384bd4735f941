"""Gradients: the colours of an area as a function of place, found from those that show, to paint those that do not.

A linear gradient changes along one direction only and a radial one with the distance from its middle; the colours along
either are a curve with few bends. What is neither, such as several gradients over each other, is a paraboloid.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart

SAMPLE = 1000
"""Pixels that are looked at, at most (or a few more)."""
FEWEST = 24
"""Pixels that a gradient takes; fewer have one colour."""
PALE = 6.0
"""Grey levels by which colours must differ, 5 to 95 of 100, to be a gradient."""
BINS = 32
"""Places along a gradient at which its colours are measured."""
SIMPLER = 0.5
"""Grey levels of mean error by which a linear gradient may be worse than the others and a radial than a paraboloid."""
FEW = 150
"""Pixels that are looked at where the middle of a radial gradient is searched."""
FIRST_STEP, LAST_STEP = 0.2, 0.02
"""Steps of that search, in units of the reach of what is seen."""
BETTER = 0.98
"""Share of the error that a step must leave; the middle of what is not radial would wander off for ever."""
INNER = 4
"""Innermost places of a radial gradient that tell how it goes on to its middle."""
_WAYS = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))

Numbers = NDArray[np.float64]


class Shade(Protocol):
    """Colours as a function of place."""

    def at(self, points: Numbers) -> Numbers:
        """The colours (n × 3, 0–255) at ``points`` (n × 2: x, y, in pixels of the canvas)."""
        ...


@dataclass(frozen=True, eq=False)
class Plain:
    """One colour (3,) everywhere."""

    colour: Numbers

    def at(self, points: Numbers) -> Numbers:
        return np.broadcast_to(self.colour, (len(points), 3))


@dataclass(frozen=True, eq=False)
class Gradient:
    """``colours`` (n × 3) at rising ``places`` (n): along the unit vector ``way``, or away from ``middle`` without one.

    Beyond the first and the last place the colour stays, as SVG's ``pad`` does.
    """

    middle: Numbers
    way: Numbers | None
    places: Numbers
    colours: Numbers

    def at(self, points: Numbers) -> Numbers:
        along = _along(points, self.middle, self.way)
        return np.stack([np.interp(along, self.places, channel) for channel in self.colours.T], axis=1)


@dataclass(frozen=True, eq=False)
class Paraboloid:
    """A polynomial of second degree for each channel, ``terms`` (6 × 3), in units of ``reach`` pixels from ``middle``.

    Colours stay between ``low`` and ``high`` (3,), so that they do not run away where nothing was seen.
    """

    middle: Numbers
    reach: float
    terms: Numbers
    low: Numbers
    high: Numbers

    def at(self, points: Numbers) -> Numbers:
        return np.clip(_powers((points - self.middle) / self.reach) @ self.terms, self.low, self.high)


def fit(points: Numbers, colours: Numbers) -> Shade:
    """The simplest shade that explains ``colours`` (n × 3, n > 0) at ``points`` (n × 2: x, y) nearly as well as any."""
    surface = surface_of(points, colours)
    if isinstance(surface, Plain):
        return surface
    middle = surface.middle
    plane, *_ = np.linalg.lstsq(np.column_stack([points - middle, np.ones(len(points))]), colours, rcond=None)
    candidates: list[Shade] = [_profile(points, colours, middle, np.linalg.svd(plane[:2])[0][:, 0])]
    centre = _stationary(surface.terms)
    if centre is not None:
        candidates.append(_around(points, colours, middle + centre * surface.reach, surface.reach))
    candidates.append(surface)
    errors = [miss(shade, points, colours) + SIMPLER * rank for rank, shade in enumerate(candidates)]
    return candidates[int(np.argmin(errors))]


def surface_of(points: Numbers, colours: Numbers, beyond: float = 0.0) -> Plain | Paraboloid:
    """One colour or a paraboloid for ``colours`` (n × 3, n > 0) at ``points`` (n × 2: x, y).

    It may run ``beyond`` the range of colours that are seen, as a share of that range.
    """
    low, high = np.asarray(np.percentile(colours, (5, 95), axis=0), np.float64)
    if len(points) < FEWEST or (high - low).max() < PALE:
        return Plain(np.median(colours, axis=0))
    middle = points.mean(axis=0)
    reach = max(1.0, float(np.abs(points - middle).max()))
    terms = np.asarray(np.linalg.lstsq(_powers((points - middle) / reach), colours, rcond=None)[0], np.float64)
    further = beyond * (high - low)
    return Paraboloid(middle, reach, terms, low - further, high + further)


def _around(points: Numbers, colours: Numbers, middle: Numbers, reach: float) -> Gradient:
    """The radial gradient near ``middle`` that misses least: ever smaller steps in eight directions."""
    few = slice(None, None, len(points) // FEW + 1)
    least = miss(_profile(points[few], colours[few], middle, None), points[few], colours[few])
    step = reach * FIRST_STEP
    while step > reach * LAST_STEP:
        tried = [middle + step * np.array(way) for way in _WAYS]
        misses = [miss(_profile(points[few], colours[few], one, None), points[few], colours[few]) for one in tried]
        best = int(np.argmin(misses))
        if misses[best] < BETTER * least:
            least, middle = misses[best], tried[best]
        else:
            step /= 2
    found = _profile(points, colours, middle, None)
    # The middle itself may be hidden: colours go on to it as they come.
    rise, *_ = np.linalg.lstsq(np.vander(found.places[:INNER], 2), found.colours[:INNER], rcond=None)
    places, seen = np.append(0.0, found.places), np.vstack([rise[1].clip(0, 255), found.colours])
    return Gradient(middle, None, places, seen)


def miss(shade: Shade, points: Numbers, colours: Numbers) -> float:
    """Grey levels by which ``shade`` misses ``colours`` (n × 3) at ``points`` (n × 2): the worst channel's mean."""
    return float(apart(shade.at(points), colours).mean())


def _powers(points: Numbers) -> Numbers:
    x, y = points.T
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _stationary(terms: Numbers) -> Numbers | None:
    """Where the paraboloid of the steepest channel is flat: the middle, if it is that of a radial gradient."""
    _, across, down, square, mixed, upright = terms[:, np.abs(terms[1:]).sum(axis=0).argmax()]
    bowl = np.array([[2 * square, mixed], [mixed, 2 * upright]])
    if abs(np.linalg.det(bowl)) < 1e-6:
        return None
    centre: Numbers = -np.linalg.solve(bowl, [across, down])
    return centre if np.abs(centre).max() < 10 else None


def _along(points: Numbers, middle: Numbers, way: Numbers | None) -> Numbers:
    away = points - middle
    return np.hypot(*away.T) if way is None else away @ way


def _profile(points: Numbers, colours: Numbers, middle: Numbers, way: Numbers | None) -> Gradient:
    """The mean colours along a way or away from a middle."""
    along = _along(points, middle, way)
    low, high = float(along.min()), float(along.max())
    bins = ((along - low) / max(high - low, 1e-6) * BINS).astype(int).clip(0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    filled = counts > 0
    places, *channels = (np.bincount(bins, one, BINS)[filled] / counts[filled] for one in (along, *colours.T))
    return Gradient(middle, way, places, np.stack(channels, axis=1))
