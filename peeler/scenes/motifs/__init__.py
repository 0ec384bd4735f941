"""The motif families. A motif lays its shapes on a sheet, bottom first, in a design of about 512 × 512 pixels, from random choices."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType, ModuleType

from peeler.scenes.drawing import Sheet
from peeler.scenes.motifs import creatures, food, leisure, people, pets, places, plants, sky, things, travel

Motif = Callable[[Sheet, Random], None]

_THEMES: tuple[tuple[ModuleType, str], ...] = (
    (pets, "cat dog fox bear rabbit pig frog owl penguin"),
    (creatures, "fish whale octopus jellyfish crab turtle ladybug butterfly bee snail chick dinosaur"),
    (food, "burger donut ice-cream popsicle cake cupcake pizza coffee sushi fried-egg shake toast"),
    (plants, "flower tulip potted-plant cactus tree mushroom apple cherries watermelon carrot avocado pineapple lemon pumpkin monstera"),
    (people, "smiley person robot ghost monster skull"),
    (leisure, "warning traffic-light location medal trophy t-shirt sneaker beanie sock guitar drum ball bowling gift balloons christmas-tree snowman bell envelope candle wreath"),
    (sky, "sun weather rainbow moon planet ufo earth astronaut"),
    (things, "hammer key pencil magnifier scissors palette phone laptop camera clock lightbulb gamepad headphones lamp armchair teapot book umbrella padlock anchor"),
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
