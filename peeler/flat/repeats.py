"""Completion by repetition: a covered shape that fits one of its ink seen whole elsewhere is believed to repeat it."""

from collections.abc import Iterator, Sequence

import numpy as np

from peeler.flat.matting import grown
from peeler.geometry import Box, Pixels

LEAST_SEEN = 0.4
"""Share of a repeated shape that must show."""
SMALLEST = 100
"""Pixels that must show: anything fits specks."""
OFF = 1
"""Pixels by which the two may differ along their outlines."""
MOST_MODELS = 24
"""That are tried, the smallest: where more are alike they are a pattern, and so are these."""


def repeated(visible: Pixels, cover: Pixels, models: Sequence[Pixels]) -> Pixels | None:
    """The whole shape of which ``visible`` is seen and the rest lies under ``cover`` (both height × width), if it is
    one of ``models`` (cut to their boxes), mirrored or not: the one that shows the largest share of itself, else None.
    """
    area = np.count_nonzero(visible)
    if area < SMALLEST:
        return None
    sizes = [np.count_nonzero(model) for model in models]
    alike = [place for place, size in enumerate(sizes) if LEAST_SEEN * size <= area < size]
    if not alike:
        return None
    possible, box = grown(visible | cover, OFF), Box.around(visible)
    for place in sorted(alike, key=lambda place: sizes[place])[:MOST_MODELS]:
        for whole in _placed(models[place], box, possible):
            if (whole & cover).any() and not (visible & ~grown(whole, OFF)).any():
                return whole
    return None


def _placed(model: Pixels, visible: Box, possible: Pixels) -> Iterator[Pixels]:
    """The model on the canvas, wherever its box shares a corner with that of what is seen and all of it is possible."""
    for way in (model, model[:, ::-1], model[::-1], model[::-1, ::-1]):
        for x, y in _corners(visible, way.shape, possible.shape):
            here = slice(y, y + way.shape[0]), slice(x, x + way.shape[1])
            if not (way & ~possible[here]).any():
                whole = np.zeros(possible.shape, np.bool_)
                whole[here] = way
                yield whole


def _corners(box: Box, size: tuple[int, ...], canvas: tuple[int, ...]) -> list[tuple[int, int]]:
    """Where (x, y) a mask of ``size`` on a ``canvas`` (both height, width) shares a corner of a ``box`` it may fill."""
    height, width = size
    if width + OFF < box.width or height + OFF < box.height:
        return []
    found = {(x, y) for x in (box.x0, box.x1 - width) for y in (box.y0, box.y1 - height)}
    return sorted((x, y) for x, y in found if 0 <= x <= canvas[1] - width and 0 <= y <= canvas[0] - height)
