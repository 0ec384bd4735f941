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


def repeated(visible: Pixels, cover: Pixels, models: Sequence[Pixels]) -> Pixels | None:
    """The whole shape of which ``visible`` is seen and the rest lies under ``cover`` (both height × width), if it is
    one of ``models`` (cut to their boxes), mirrored or not: the one that shows the largest share of itself, else None.
    """
    area = np.count_nonzero(visible)
    if area < SMALLEST:
        return None
    box = Box.around(visible)
    alike = [model for model in models if np.count_nonzero(model) * LEAST_SEEN <= area]
    placed = [whole for model in alike for way in _ways(model) for whole in _at_corners(way, box, visible.shape)]
    fitting = [whole for whole in placed if _fits(whole, visible, cover)]
    return min(fitting, key=np.count_nonzero, default=None)


def _ways(model: Pixels) -> Iterator[Pixels]:
    yield from (model, model[:, ::-1], model[::-1], model[::-1, ::-1])


def _at_corners(model: Pixels, box: Box, shape: tuple[int, ...]) -> Iterator[Pixels]:
    """The model on a canvas of ``shape`` (height, width) wherever it shares a corner of a ``box`` that it may fill."""
    height, width = model.shape
    if width + OFF < box.width or height + OFF < box.height:
        return
    for x, y in sorted({(x, y) for x in (box.x0, box.x1 - width) for y in (box.y0, box.y1 - height)}):
        if x >= 0 and y >= 0 and x + width <= shape[1] and y + height <= shape[0]:
            canvas = np.zeros(shape, np.bool_)
            canvas[y : y + height, x : x + width] = model
            yield canvas


def _fits(whole: Pixels, visible: Pixels, cover: Pixels) -> bool:
    outside, uncovered = visible & ~grown(whole, OFF), whole & ~grown(visible | cover, OFF)
    return bool(not outside.any() and not uncovered.any() and (whole & cover & ~visible).any())
