"""The motif families. A motif lays its shapes on a sheet, bottom first, in a design of about 512 × 512 pixels, from
random choices.
"""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType, ModuleType

from peeler.scenes.drawing import Sheet
from peeler.scenes.motifs import (
    beings,
    creatures,
    devices,
    feasts,
    food,
    fruit,
    landscapes,
    leisure,
    people,
    pets,
    places,
    plants,
    sea,
    sky,
    things,
    travel,
)

Motif = Callable[[Sheet, Random], None]

_THEMES: tuple[tuple[ModuleType, str], ...] = (
    (pets, "cat dog fox bear rabbit pig frog owl penguin"),
    (food, "burger donut ice-cream popsicle cake cupcake pizza coffee sushi fried-egg shake toast"),
    (things, "hammer key pencil magnifier scissors palette lamp armchair teapot book umbrella anchor"),
    (plants, "flower tulip potted-plant cactus tree mushroom monstera"),
    (travel, "car bus truck train rocket airplane balloon-ride sailboat submarine bicycle"),
    (people, "smiley person"),
    (sea, "fish whale octopus jellyfish crab turtle"),
    (devices, "phone laptop camera clock lightbulb gamepad headphones padlock"),
    (fruit, "apple cherries watermelon carrot avocado pineapple lemon pumpkin"),
    (places, "house castle city lighthouse windmill tent shop"),
    (sky, "sun weather rainbow moon planet ufo earth astronaut"),
    (beings, "robot ghost monster skull"),
    (leisure, "warning traffic-light location medal trophy t-shirt sneaker beanie sock guitar drum ball bowling"),
    (creatures, "ladybug butterfly bee snail chick dinosaur"),
    (landscapes, "mountains beach desert volcano"),
    (feasts, "gift balloons christmas-tree snowman bell envelope candle wreath"),
)


def _motif(theme: ModuleType, family: str) -> Motif:
    motif: Motif = getattr(theme, family.replace("-", "_"))
    return motif


FAMILIES: Mapping[str, Motif] = MappingProxyType(
    {family: _motif(theme, family) for theme, families in _THEMES for family in families.split()}
)
"""Name → motif."""
