"""Edges to a part of a pixel: how much of a pixel lies beside an edge, and where an edge lies that leaves such shares.

A shape covers a pixel of its soft edge by the area that it has of it. So along an edge between two inks the shares of
these tell its course much finer than the grid of pixels does (Fleet and others: the area law of anti-aliasing, as in
Catmull, *A hidden-surface algorithm with anti-aliasing*, SIGGRAPH 1978, §3).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST = 1e-9
"""What is parallel to within this does not cross."""
ROUNDS, COARSE_ROUNDS = 8, 4
"""Steps in which a course is found; in the first ones pixels that are all on one side pull at it, too."""
NEAR, PULL = 2.0, 0.45
"""Pixels from the edge within which they do, and how strongly."""
LONGEST_STEP = np.array([1.0, 0.3, 0.1])
"""Of a course's offset, slope and bend."""
DAMPING = np.array([1e-4, 1e-3, 0.3])
"""Of the same; an edge is taken for straight unless its pixels say that it is not."""


class Side(NamedTuple):
    """One side of a line at each of some pixels: the unit direction (``x``, ``y``) into it and how ``deep`` in it the
    middle of the pixel lies.
    """

    x: Array
    y: Array
    deep: Array

    @property
    def other(self) -> "Side":
        return Side(-self.x, -self.y, -self.deep)

    def where(self, own: NDArray[np.bool_]) -> "Side":
        """This side where it is its ``own``, the other one elsewhere."""
        return Side(*(np.where(own, each, -each) for each in self))

    def of(self, edge: int) -> "Side":
        """That of one of the edges (the second axis)."""
        return Side(*(each[:, edge] for each in self))


class Course(NamedTuple):
    """How edges (…) run that leave their points by ``angle``: ``bends`` (… × 3) are by how much they lie to the left
    there, rise to the left along the way, and turn to the left along it.
    """

    angle: Array
    bends: Array

    @property
    def heading(self) -> Array:
        """The directions in which the edges leave (radians)."""
        heading: Array = self.angle + np.arctan(self.bends[..., 1])
        return heading

    def left(self, offsets: Array) -> Side:
        """What lies left of the edges (n × k), at pixels (n × p × 2: x, y from the points): n × k × p."""
        along, off = along_and_off(self.angle, offsets)
        offset, slope, bend = (self.bends[..., place, None] for place in range(3))
        # Behind its point an edge goes on straight.
        bent = along.clip(-1, None)
        rise = slope + bend * bent
        length = np.hypot(1, rise)
        cosine, sine = np.cos(self.angle)[..., None], np.sin(self.angle)[..., None]
        deep = off - offset - slope * along - bend * bent * (along - bent / 2)
        return Side((-sine - rise * cosine) / length, (cosine - rise * sine) / length, deep / length)


def along_and_off(angle: Array, offsets: Array) -> tuple[Array, Array]:
    """How far along edges that leave by ``angle`` (n × k), and left of them, pixels (n × p × 2) lie, each n × k × p."""
    x, y = offsets[:, None, :, 0], offsets[:, None, :, 1]
    cosine, sine = np.cos(angle)[..., None], np.sin(angle)[..., None]
    return x * cosine + y * sine, y * cosine - x * sine


def share(side: Side) -> Array:
    """The share of each pixel that lies on ``side``."""
    long, short = _extent(side)
    far = np.abs(side.deep)
    outside = np.maximum((long + short) / 2 - far, 0)
    beyond = np.where(far <= (long - short) / 2, far / long, 0.5 - outside**2 / (2 * np.maximum(long * short, LEAST)))
    covered: Array = 0.5 + np.sign(side.deep) * beyond
    return covered


def _steepness(side: Side) -> Array:
    """By how much ``share`` grows for each pixel that the line is moved."""
    long, short = _extent(side)
    far = np.abs(side.deep)
    outside = np.maximum((long + short) / 2 - far, 0)
    steep: Array = np.where(far <= (long - short) / 2, 1 / long, outside / np.maximum(long * short, LEAST))
    return steep


def _extent(side: Side) -> tuple[Array, Array]:
    across, down = np.abs(side.x), np.abs(side.y)
    return np.maximum(across, down), np.minimum(across, down)


def share_of_both(one: Side, other: Side) -> Array:
    """The share of each pixel that lies on both sides: the area within six lines, by the parts that bound it."""
    none = np.zeros_like(one.x)
    full, half = none + 1, none + 0.5
    pixel = Side(full, none, half), Side(-full, none, half), Side(none, full, half), Side(none, -full, half)
    lines = (*pixel, one, other)
    area = none
    for number, line in enumerate(lines):
        # The inside lies to the left of this way along the line, from the point nearest to the pixel's middle.
        way_x, way_y, x, y = line.y, -line.x, -line.x * line.deep, -line.y * line.deep
        start, stop = none - 2, none + 2
        for rank, bound in enumerate(lines):
            if rank == number:
                continue
            towards = bound.x * way_x + bound.y * way_y
            lacking = -(bound.x * x + bound.y * y + bound.deep)
            parallel = np.abs(towards) < LEAST
            crossing = lacking / np.where(parallel, 1, towards)
            start = np.where(~parallel & (towards > 0), np.maximum(start, crossing), start)
            stop = np.where(~parallel & (towards < 0), np.minimum(stop, crossing), stop)
            # Of two lines that coincide only the first bounds anything, and none if they face each other.
            facing = bound.x * line.x + bound.y * line.y < 0
            outside = (lacking > LEAST) | ((np.abs(lacking) <= LEAST) & (facing | (rank < number)))
            stop = np.where(parallel & outside, start - 1, stop)
        bounding = (x + start * way_x) * (y + stop * way_y) - (x + stop * way_x) * (y + start * way_y)
        area = area + np.where(stop > start, bounding / 2, 0)
    return area


def fit_courses(angle: Array, offsets: Array, shares: Array, known: NDArray[np.bool_]) -> tuple[Course, Array]:
    """The courses of edges (n × k) that leave their points about at ``angle``, by the ``shares`` (n × k × p) on their
    left of the pixels (n × p × 2) that are ``known``; and by how much the squares that these miss would grow with the
    products of what is changed of offset, slope and bend (n × k × 3 × 3).
    """
    along, off = along_and_off(angle, offsets)
    basis = np.stack([np.ones_like(along), along, along**2 / 2], axis=-1)
    course = Course(angle, np.zeros((*angle.shape, 3)))
    for turn in range(ROUNDS):
        side = course.left(offsets)
        missed = (shares - share(side)) * known
        steep = _steepness(side)
        if turn < COARSE_ROUNDS:
            steep = np.where(np.abs(side.deep) < NEAR, np.maximum(steep, PULL), 0)
        length = np.hypot(1, course.bends[..., 1:2] + course.bends[..., 2:] * along)
        slopes = -(steep * known / length)[..., None] * basis
        normal = np.einsum("nkpi,nkpj->nkij", slopes, slopes) + np.diag(DAMPING)
        wanted = np.einsum("nkpi,nkp->nki", slopes, missed) - course.bends * DAMPING * [0, 0, 1]
        step = np.linalg.solve(normal, wanted[..., None])[..., 0]
        course = Course(angle, course.bends + step.clip(-LONGEST_STEP, LONGEST_STEP))
    return course, normal
