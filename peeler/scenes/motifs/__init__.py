"""The motif families. A motif lays its shapes on a sheet, bottom first, in a design of about 512 × 512 pixels, from random choices."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType, ModuleType

from peeler.scenes.drawing import Sheet
from peeler.scenes.motifs import food, pets, places, plants, sky, travel

Motif = Callable[[Sheet, Random], None]

_THEMES: tuple[tuple[ModuleType, str], ...] = (
    (pets, "cat dog fox bear rabbit pig frog owl penguin"),
    (food, "burger donut ice-cream popsicle cake cupcake pizza coffee sushi fried-egg shake toast"),
    (plants, "flower tulip potted-plant cactus tree mushroom apple cherries watermelon carrot avocado pineapple lemon pumpkin monstera"),
    (sky, "sun weather rainbow moon planet ufo earth astronaut"),
    (travel, "car bus truck train rocket airplane balloon-ride sailboat submarine bicycle"),
    (places, "house castle city lighthouse windmill tent shop mountains beach desert volcano"),
)


def _motif(theme: ModuleType, family: str) -> Motif:
    motif: Motif = getattr(theme, family.replace("-", "_"))
    return motif


FAMILIES: Mapping[str, Motif] = MappingProxyType(
    {family: _motif(theme, family) for theme, families in _THEMES for family in families.split()}
)
"""Name → motif."""
