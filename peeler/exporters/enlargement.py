"""How many times as large as it was drawn the picture is that a stack shows."""

from functools import lru_cache

from peeler.exporters.peeling import on_white
from peeler.flat.enlarging import scale_of
from peeler.stack import LayerStack


@lru_cache(maxsize=1)
def enlargement(stack: LayerStack) -> int:
    """1 or more; told by its edges or repeated pixels, seen on white."""
    return scale_of(on_white(stack.composite())).times
