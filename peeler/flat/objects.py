"""Objects: shapes that hang together before their ground, such as people side by side or a cup on its saucer."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.flat.contacts import boundaries
from peeler.flat.contours import filled
from peeler.flat.drawing import Drawing
from peeler.flat.groups import BACKDROP, Part, Structure, chain_of
from peeler.flat.names import as_one_reads, colour_word, place_words
from peeler.flat.palette import Labels
from peeler.flat.regions import boxes_of
from peeler.geometry import Box, Mask
from peeler.ordering import knots

SCENERY = "scenery"
"""What the object is called that all shapes near to the colour of their ground make."""
NEAR_GROUND = 30.0
"""Distance in CIELAB (ΔE of 1976) from the ground up to which a shape may be scenery."""
OPEN = 0.01
"""Share of the canvas' rim that scenery takes up at least: an icon has nothing there, however light its shapes are."""
FLOOR, FLOOR_RIM = 0.15, 0.05
"""Shares of the canvas and of its rim that a floor or a wall has at least."""
ON_OTHERS = 0.33
"""Share of its contact with other shapes along which a floor may lie above them."""
TOUCHING = 4
"""Pixel sides that two shapes share at least to hang together."""
HELD = 0.5
"""Share of its own contact that scenery has with an object at least to belong to it."""
_GROUND = -1


@dataclass(frozen=True, eq=False)
class _Scene:
    """What shows of the shapes that are part of no other one: ``labels`` (height × width) are their places or
    ``_GROUND``; ``contacts`` are the pixel sides that each shares with each that it touches, the ground among them.
    """

    labels: Labels
    contacts: dict[int, dict[int, int]]

    @cached_property
    def areas(self) -> dict[int, float]:
        """Shares of the canvas."""
        places, counts = np.unique(self.labels, return_counts=True)
        return dict(zip(places.tolist(), (counts / self.labels.size).tolist(), strict=True))

    @property
    def places(self) -> list[int]:
        return [place for place in self.areas if place != _GROUND]

    @cached_property
    def _boxes(self) -> list[Box]:
        return boxes_of(self.labels - _GROUND, max(self.areas) - _GROUND + 1)

    def shown(self, places: Collection[int]) -> Mask:
        """What shows of any of them."""
        box = reduce(Box.union, (self._boxes[place - _GROUND] for place in places))
        return Mask.of(np.isin(self.labels[box.slices], list(places)), box[:2])

    def rim(self, places: Collection[int]) -> float:
        """Share of the canvas' rim."""
        rim = np.concatenate([self.labels[0], self.labels[-1], self.labels[:, 0], self.labels[:, -1]])
        return float(np.isin(rim, list(places)).mean())

    def contact(self, place: int, others: Collection[int]) -> int:
        """Pixel sides that a shape shares with others."""
        return sum(sides for other, sides in self.contacts[place].items() if other in others)


def objects(drawing: Drawing, parts: Sequence[Part], structure: Structure) -> dict[int, str]:
    """By the place of each shape that is part of no other one the name of the object that it belongs to.

    What hangs together is one object, unless it is all that there is. Text, floors and backdrops belong to none, and
    neither does what stands alone.
    """
    scene = _scene_of(parts, structure.wholes, drawing.size)
    grounds = structure.backdrops | _floors(scene, drawing) | {_GROUND}
    free = set(scene.places) - grounds - set(drawing.drawn_as)
    scenery = _scenery(scene, free, grounds, _colours(drawing))
    figures = _with_held(scene, _touching(scene, free - scenery), scenery)
    scenery = scenery.difference(*figures)
    if len(figures) + bool(scenery) < 2:
        return {}
    named = dict(_named(scene, parts, [figure for figure in figures if len(figure) > 1]))
    return named | (dict.fromkeys(scenery, SCENERY) if len(scenery) > 1 else {})


def _scene_of(parts: Sequence[Part], wholes: Sequence[int | None], size: tuple[int, int]) -> _Scene:
    roots = [chain_of(wholes, place)[-1] for place in range(len(parts))]
    labels = np.full(size[::-1], _GROUND, np.int32)
    for part, root in zip(parts, roots, strict=True):
        shown = part.shape.visible
        labels[shown.box.slices][shown.pixels] = root
    contacts: dict[int, dict[int, int]] = {place: {} for place in np.unique(labels).tolist()}
    for border in boundaries(labels - _GROUND):
        first, second = border.first + _GROUND, border.second + _GROUND
        contacts[first][second] = contacts[second][first] = border.length
    return _Scene(labels, contacts)


def _floors(scene: _Scene, drawing: Drawing) -> set[int]:
    """Grounds before the ground: large shapes that open to the rim of the canvas and lie below what they touch."""
    below = {(item.above, item.below) for item in drawing.evidence}
    found = set()
    for place in scene.places:
        others = set(scene.contacts[place]) - {_GROUND}
        under = {other for other in others if (place, other) in below}
        is_large = scene.areas[place] >= FLOOR and scene.rim({place}) >= FLOOR_RIM
        if is_large and scene.contact(place, under) <= ON_OTHERS * scene.contact(place, others):
            found.add(place)
    return found


def _colours(drawing: Drawing) -> NDArray[np.float32]:
    """The colours of all shapes in CIELAB and that of the ground behind them, which is the last."""
    inks = np.array([[*(shape.ink for shape in drawing.shapes), drawing.background]], np.float32) / 255
    colours: NDArray[np.float32] = cv2.cvtColor(inks, cv2.COLOR_RGB2LAB)[0]
    return colours


def _scenery(scene: _Scene, free: set[int], grounds: Collection[int], colours: NDArray[np.float32]) -> set[int]:
    """What differs little from the ground, as the houses behind people; nothing where none of that is at the rim."""
    near = {
        place
        for place in free
        if any(
            np.linalg.norm(colours[place] - colours[ground]) <= NEAR_GROUND
            for ground in (_GROUND, *scene.contacts[place])
            if ground in grounds
        )
    }
    return near if scene.rim(near) >= OPEN else set()


def _touching(scene: _Scene, places: set[int]) -> list[set[int]]:
    """Those that hang together; what lies in a hole of others hangs on them, too."""
    beside = {
        place: {other for other, sides in scene.contacts[place].items() if other in places and sides >= TOUCHING}
        for place in sorted(places)
    }
    for figure in knots(beside):
        mask = scene.shown(figure)
        holes = filled(np.pad(mask.pixels, 1))[1:-1, 1:-1] & ~mask.pixels
        if not 0 < np.count_nonzero(holes) <= BACKDROP * scene.labels.size:
            continue
        held, counts = np.unique(scene.labels[mask.box.slices][holes], return_counts=True)
        for place, count in zip(held.tolist(), counts.tolist(), strict=True):
            if place in places and count == scene.shown({place}).area:
                beside[place].add(figure[0])
                beside[figure[0]].add(place)
    return [set(figure) for figure in knots(beside)]


def _with_held(scene: _Scene, figures: list[set[int]], scenery: Collection[int]) -> list[set[int]]:
    """The figures with the scenery that each of them holds, and what that holds in turn."""
    loose = sorted(scenery)
    while loose:
        taken = set()
        for place in loose:
            enough = HELD * scene.contact(place, scene.contacts[place])
            figure = next((figure for figure in figures if scene.contact(place, figure) >= max(enough, 1)), None)
            if figure is not None:
                figure.add(place)
                taken.add(place)
        if not taken:
            break
        loose = [place for place in loose if place not in taken]
    return figures


def _named(scene: _Scene, parts: Sequence[Part], figures: Sequence[Collection[int]]) -> Iterator[tuple[int, str]]:
    """Each place with the name of its figure: the colour of the largest shape and where it is, no two alike."""
    size = scene.labels.shape[1], scene.labels.shape[0]
    alike: defaultdict[tuple[str, str], list[tuple[Box, Collection[int]]]] = defaultdict(list)
    for figure in figures:
        colour = colour_word(parts[max(figure, key=scene.areas.__getitem__)].shape.ink)
        box = scene.shown(figure).box
        alike[colour, place_words(box, size)].append((box, figure))
    for (colour, where), found in alike.items():
        for number, index in enumerate(as_one_reads([box for box, _ in found]), start=1):
            words = colour, "group", str(number) if len(found) > 1 else "", where
            yield from ((place, " ".join(filter(None, words))) for place in found[index][1])
