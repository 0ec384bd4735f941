"""The motif families. A motif lays its shapes on a sheet, bottom first, in a design of about 512 × 512 pixels, from random choices."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

from peeler.scenes.drawing import Sheet
from peeler.scenes.motifs import food, pets

Motif = Callable[[Sheet, Random], None]

_ANIMALS: dict[str, Motif] = {
    "cat": pets.cat,
    "dog": pets.dog,
    "fox": pets.fox,
    "bear": pets.bear,
    "rabbit": pets.rabbit,
    "pig": pets.pig,
    "frog": pets.frog,
    "owl": pets.owl,
    "penguin": pets.penguin,
}
_FOOD: dict[str, Motif] = {
    "burger": food.burger,
    "donut": food.donut,
    "ice-cream": food.ice_cream,
    "popsicle": food.popsicle,
    "cake": food.cake,
    "cupcake": food.cupcake,
    "pizza": food.pizza,
    "coffee": food.coffee,
    "sushi": food.sushi,
    "fried-egg": food.fried_egg,
    "shake": food.shake,
    "toast": food.toast,
}

FAMILIES: Mapping[str, Motif] = MappingProxyType({**_ANIMALS, **_FOOD})
"""Name → motif."""
