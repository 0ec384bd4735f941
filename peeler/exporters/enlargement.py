"""How many times as large as it was drawn the picture is that a stack shows."""

from functools import lru_cache

import numpy as np

from peeler.flat.enlarging import scale_of
from peeler.stack import LayerStack


@lru_cache(maxsize=1)
def enlargement(stack: LayerStack) -> int:
    """1 or more; told by its edges or repeated pixels, seen on white."""
    shown = stack.composite().astype(np.float32)
    on_white = 255 + (shown[..., :3] - 255) * (shown[..., 3:] / 255)
    return scale_of(np.rint(on_white).astype(np.uint8)).times
