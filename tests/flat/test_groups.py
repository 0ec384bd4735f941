import numpy as np

from peeler.flat.groups import eye_pairs, mirrored_pairs, parts_of, structure
from peeler.flat.layering import Shape
from peeler.geometry import Mask, Pixels
from tests.flat.figures import SIZE, bar, disc

BLACK, RED, YELLOW, BLUE = (10, 10, 10), (200, 20, 20), (255, 210, 0), (0, 48, 255)


def shape(ink: tuple[int, int, int], mask: Pixels) -> Shape:
    return Shape(np.array(ink, np.uint8), Mask.of(mask), Mask.of(mask))


def wholes_of(*shapes: Shape) -> list[int | None]:
    return structure(parts_of(shapes, (SIZE, SIZE))).wholes


def test_the_topmost_larger_shape_below_is_the_whole() -> None:
    body, window, pane = shape(RED, bar(10, 10, 50, 80)), shape(BLUE, bar(20, 20, 40, 40)), disc(30, 30, 5)
    aside = shape(YELLOW, bar(60, 60, 90, 90))
    assert wholes_of(body, window, shape(YELLOW, pane), aside) == [None, 0, 1, None]


def test_what_lies_half_on_something_is_no_part_of_it() -> None:
    assert wholes_of(shape(RED, bar(10, 10, 50, 80)), shape(BLUE, bar(40, 20, 60, 40))) == [None, None]


def test_an_outline_is_part_of_what_it_goes_around_above_or_below_it() -> None:
    line, fill = shape(BLACK, disc(48, 48, 31) & ~disc(48, 48, 28)), shape(YELLOW, disc(48, 48, 29))
    assert wholes_of(fill, line) == [None, 0]
    assert wholes_of(line, fill) == [1, None]
    thick = shape(BLACK, disc(48, 48, 44) & ~disc(48, 48, 29))
    assert wholes_of(fill, thick) == [None, None], "a rim is no outline"


def test_what_lies_on_a_backdrop_is_no_part_of_it() -> None:
    backdrop = shape(BLUE, disc(48, 48, 44))
    house, door = shape(YELLOW, bar(30, 30, 66, 70)), shape(RED, bar(44, 50, 54, 70))
    assert wholes_of(backdrop, house, door) == [None, None, 1]
    assert wholes_of(backdrop, house) == [None, 0], "a plate with a mark on it is one thing"


def test_a_face_is_no_backdrop() -> None:
    face = shape(YELLOW, disc(48, 48, 44))
    eyes = [shape(BLACK, disc(x, 40, 6)) for x in (32, 64)]
    glints = [shape((255, 255, 255), disc(x, 38, 2)) for x in (32, 64)]
    shapes = face, *eyes, *glints, shape(RED, bar(36, 62, 60, 68))
    assert wholes_of(*shapes) == [None, 0, 0, 1, 2, 0]
    parts = parts_of(shapes, (SIZE, SIZE))
    assert eye_pairs(parts, structure(parts).wholes) == [(1, 2)]


def pairs(*shapes: Shape) -> list[tuple[int, int]]:
    parts = parts_of(shapes, (SIZE, SIZE))
    return mirrored_pairs(parts, structure(parts).wholes)


def test_a_pair_mirrors_each_other_and_is_told_left_first() -> None:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    left: Pixels = (columns < 40) & (rows > 20) & (rows < 20 + columns)
    right = left[:, ::-1]
    assert pairs(shape(RED, right), shape(RED, left)) == [(1, 0)]
    assert not pairs(shape(RED, left), shape(BLUE, right)), "of two colours"
    assert not pairs(shape(RED, left), shape(RED, np.roll(left, 50, axis=1))), "not mirrored"
    assert not pairs(shape(RED, left), shape(RED, np.roll(right, 30, axis=0))), "on two levels"


def test_more_than_two_are_a_row() -> None:
    assert not pairs(*(shape(RED, disc(x, 48, 8)) for x in (20, 48, 76)))
