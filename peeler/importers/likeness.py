"""How well the layers of a file make the picture that the file says they make."""

import numpy as np

from peeler.geometry import RGBA
from peeler.stack import LayerStack

NOTICED = 8
"""Grey levels from which a difference is told."""


def likeness(stack: LayerStack, picture: RGBA | None) -> tuple[str, ...]:
    """One line when the composite is not like the file's own picture, if it has one that shows something."""
    if picture is None or picture.shape[:2] != stack.size[::-1] or not picture[..., 3].any():
        return ()
    off = stack.difference(picture)
    if off.max(initial=0) <= NOTICED:
        return ()
    share = np.count_nonzero(off > NOTICED) / off.size
    return (f"the layers look up to {off.max()} levels unlike the picture in the file, in {share:.1%} of it",)
