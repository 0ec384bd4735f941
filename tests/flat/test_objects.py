"""What hangs together before its ground is one object."""

import numpy as np
import pytest

from peeler.flat.drawing import read_drawing
from peeler.flat.groups import parts_of, structure
from peeler.flat.objects import SCENERY, objects
from peeler.geometry import RGB, Pixels
from tests.flat.figures import SIZE, bar, disc

WHITE, RED, BLUE, GREEN, BLACK = (255, 255, 255), (200, 20, 20), (0, 48, 255), (20, 140, 40), (10, 10, 10)
Ink = tuple[int, int, int]


def painted(ground: Ink, *shapes: tuple[Ink, Pixels]) -> RGB:
    picture = np.full((SIZE, SIZE, 3), ground, np.uint8)
    for ink, mask in shapes:
        picture[mask] = ink
    return picture


def told(picture: RGB) -> dict[Ink, str]:
    """The object of each shape that is part of nothing, by its ink."""
    drawing = read_drawing(picture)
    parts = parts_of(drawing.shapes, drawing.size)
    named = objects(drawing, parts, structure(parts))
    inks: list[Ink] = [tuple(int(value) for value in shape.ink) for shape in drawing.shapes]  # type: ignore[misc]
    return {inks[place]: name for place, name in named.items()}


CUP = (BLUE, bar(10, 50, 34, 74)), (RED, bar(34, 56, 44, 68))


def test_what_touches_is_one_object_and_what_stands_alone_is_none() -> None:
    assert told(painted(WHITE, *CUP, (GREEN, disc(74, 24, 9)))) == {
        BLUE: "blue group on the left",
        RED: "blue group on the left",
    }


def test_a_drawing_that_is_one_object_has_none() -> None:
    assert told(painted(WHITE, *CUP)) == {}
    assert told(painted(WHITE)) == {}


def test_what_lies_in_a_hole_hangs_on_what_is_around_it() -> None:
    ring, left = disc(30, 48, 22) & ~disc(30, 48, 15), bar(0, 0, 30, SIZE)
    halves = (BLACK, ring & left), (BLUE, ring & ~left)
    found = told(painted(WHITE, *halves, (RED, disc(30, 48, 6)), (GREEN, disc(80, 48, 9))))
    assert found == dict.fromkeys((BLACK, BLUE, RED), "black group on the left")


def test_objects_that_are_called_alike_are_numbered() -> None:
    upper = (BLUE, bar(4, 2, 14, 12)), (RED, bar(14, 4, 20, 10))
    lower = ((1, 90, 250), bar(4, 18, 14, 28)), (GREEN, bar(14, 20, 20, 26))
    picture = painted(WHITE, *upper, *lower)
    assert told(picture) == {
        BLUE: "blue group 1 on the upper left",
        RED: "blue group 1 on the upper left",
        (1, 90, 250): "blue group 2 on the upper left",
        GREEN: "blue group 2 on the upper left",
    }


def test_what_is_near_to_the_ground_is_scenery_where_it_opens_to_the_rim() -> None:
    near, nearer = (225, 45, 45), (230, 20, 40)
    houses = [(near, bar(0, 20, 20, 96)), (nearer, bar(20, 40, 34, 96))]
    people = [(BLACK, bar(50, 40, 70, 96)), (BLUE, disc(60, 30, 11))]
    found = told(painted((250, 20, 20), *houses, *people))
    assert found[near] == found[nearer] == SCENERY
    assert found[BLACK] == found[BLUE] == "black group in the middle"
    icon = told(
        painted(WHITE, ((240, 240, 240), bar(10, 20, 30, 60)), ((225, 225, 225), disc(38, 40, 10)), *people[1:])
    )
    assert set(icon.values()) == {"light grey group on the left"}, "light things on white are things"


def test_a_floor_is_ground_too() -> None:
    floor = (GREEN, bar(0, 60, SIZE, SIZE))
    things = [
        (BLUE, bar(10, 40, 26, 76)),
        (RED, disc(18, 34, 10)),
        (BLACK, bar(60, 40, 76, 76)),
        (RED, disc(68, 34, 9)),
    ]
    found = told(painted(WHITE, floor, *things))
    assert found[BLUE] != found[BLACK] and GREEN not in found


@pytest.mark.parametrize("seed", range(3))
def test_the_same_drawing_gives_the_same_objects(seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes = [
        ((int(r), int(g), int(b)), disc(int(x), int(y), int(n)))
        for r, g, b, x, y, n in zip(
            *random.integers(0, 255, (3, 14)), *random.integers(8, 88, (2, 14)), random.integers(4, 14, 14), strict=True
        )
    ]
    picture = painted(WHITE, *shapes)
    assert told(picture) == told(picture)
