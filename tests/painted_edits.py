"""An editor that paints what it was told to paint, as a good model would: a little off and a little soft."""

from collections.abc import Sequence

import cv2
import numpy as np

from peeler.geometry import RGB
from peeler.nets.flux import Edit, Sampling


class PaintedEdits:
    """Answers each edit with the next of ``canvases``, the last one again and again, and keeps what it was asked.

    ``off`` grey levels are added to every pixel, ``soft`` is the radius in pixels of a blur.
    """

    def __init__(self, *canvases: RGB, off: int = 0, soft: float = 0.0) -> None:
        self.canvases, self.off, self.soft = canvases, off, soft
        self.asked: list[Edit] = []
        self.samplings: list[Sampling] = []

    def edit(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        self.asked += edits
        self.samplings.append(sampling)
        return [self._painted(min(index, len(self.canvases) - 1)) for index in range(len(edits))]

    def _painted(self, index: int) -> RGB:
        canvas = self.canvases[index]
        soft = cv2.GaussianBlur(canvas, (0, 0), self.soft) if self.soft else canvas
        return np.asarray(np.clip(soft.astype(int) + self.off, 0, 255), np.uint8)
