"""Layer → paths by a paid service: Recraft's vectorisation, as published for this task.

Each layer that shows anything is one picture on clear ground and one request. What comes back is not trusted:
``foreign`` draws it anew. How often it is asked, what that may cost and what is kept of it is up to the ``Asker``.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import sqrt

import cv2
import numpy as np

from peeler.asking import Asker
from peeler.dialogue import Message, Prompt, Request
from peeler.errors import OutputError, ReplyError
from peeler.files import sha256
from peeler.geometry import RGBA, Box
from peeler.stack import Layer
from peeler.vectorizers.foreign import Frame, redrawn

MOST_BYTES, MOST_PIXELS, LONGEST_SIDE = 10_000_000, 16_000_000, 4096
"""Of a picture that is sent. A larger one is made smaller, evenly, until it fits; its paths are of the old size."""
SHORTEST_SIDE = 264
"""Pixels; smaller pictures are not taken, and get more clear ground."""
MARGIN = 8
"""Pixels of clear ground around a layer, so that the service can see that it ends."""
SHRUNK = 0.8
"""By what the sides are multiplied at least while the file is too large."""
_RULE = b"one layer cropped to what shows of it, 8 pixels of clear ground around, at least 264 a side"
PROMPT = Prompt("vectorize", 1, sha256(_RULE))


class RecraftVectorizer:
    """Sends layers out, and takes back filled shapes in one colour each.

    ``timeout`` is the seconds until an answer has to be there; while one is waited for, the process is ``aside``. One
    and the same vectorizer asks but once for a layer that is drawn into two files.
    """

    def __init__(
        self,
        asker: Asker,
        timeout: float = 120.0,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.asker = asker
        self.timeout = timeout
        self.aside = aside
        self._drawn: dict[tuple[bytes, Frame], list[str]] = {}

    def vectorize(self, layer: Layer, above: Sequence[Layer] = (), times: int = 1) -> list[str]:
        """The elements of ``layer`` in canvas pixels, bottom first. A layer that shows nothing is not sent.

        Raises ReplyError for an answer that is refused, BudgetSpent, Unavailable, Rejected and StoreError.
        """
        shown = Box.around(layer.pixels[..., 3] > 0)
        if not shown.area:
            return []
        picture, frame = framed(layer.pixels[shown.slices], (layer.box.x0 + shown.x0, layer.box.y0 + shown.y0))
        if (picture, frame) not in self._drawn:
            asked = Request(PROMPT, (Message("user", "", (picture,)),), timeout=self.timeout, most_tokens=0)
            try:
                with self.aside():
                    self._drawn[picture, frame] = self.asker.ask(asked, lambda reply: redrawn(reply.text, frame))
            except ReplyError as problem:
                raise ReplyError(f"layer {layer.id!r}: {problem}") from problem
        return self._drawn[picture, frame]


def framed(pixels: RGBA, corner: tuple[int, int]) -> tuple[bytes, Frame]:
    """What shows of a layer as a PNG file that the service takes, and the part of the canvas that it shows.

    ``corner`` is where the pixels lie on the canvas, (x, y).
    """
    height, width = pixels.shape[:2]
    across, down = (max(MARGIN, -(-(SHORTEST_SIDE - side) // 2)) for side in (width, height))
    whole = np.pad(pixels, ((down, down), (across, across), (0, 0)))
    frame = Frame(corner[0] - across, corner[1] - down, whole.shape[1], whole.shape[0])
    largest = max(whole.shape[:2])
    scale = min(1.0, LONGEST_SIDE / largest, sqrt(MOST_PIXELS / (whole.shape[0] * whole.shape[1])))
    while len(png := _png(_shrunk(whole, scale))) > MOST_BYTES:
        scale *= min(SHRUNK, sqrt(MOST_BYTES / len(png)))
    return png, frame


def _shrunk(pixels: RGBA, scale: float) -> RGBA:
    """Each new pixel the mean of those that it stands for, weighted by their opacity."""
    if scale >= 1:
        return pixels
    size = (max(SHORTEST_SIDE, int(pixels.shape[1] * scale)), max(SHORTEST_SIDE, int(pixels.shape[0] * scale)))
    weighted = pixels.astype(np.float32)
    weighted[..., :3] *= weighted[..., 3:] / 255
    small = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA)
    cover = small[..., 3:] / 255
    small[..., :3] = np.divide(small[..., :3], cover, out=np.zeros_like(small[..., :3]), where=cover > 0)
    return np.rint(small).clip(0, 255).astype(np.uint8)


def _png(pixels: RGBA) -> bytes:
    ok, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not ok:
        raise OutputError("a layer cannot be encoded")
    return data.tobytes()
