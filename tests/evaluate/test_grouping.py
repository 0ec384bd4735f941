"""What is part of what, held against the truth."""

from dataclasses import replace
from pathlib import Path

import pytest

from peeler.evaluate.grouping import Links, count_links, grouping
from peeler.evaluate.truth import Truth, read_truth
from peeler.scenes.render import write_truth
from peeler.stack import Layer, LayerStack
from tests.evaluate.test_score import ABOVE, ASIDE, BELOW, PAPER, SIZE, rectangle, truth_of

SPOT = rectangle((14, 14, 24, 24), (0, 160, 0))
TRUE = truth_of(BELOW, replace(ABOVE, part_of=BELOW.id), replace(SPOT, part_of=ABOVE.id), ASIDE)


def links(*layers: Layer) -> Links:
    return count_links(LayerStack(SIZE, (PAPER, *layers)), TRUE)


def test_links_that_are_right_wrong_and_missing() -> None:
    as_true = [BELOW, replace(ABOVE, part_of=BELOW.id), replace(SPOT, part_of=ABOVE.id), ASIDE]
    assert links(*as_true) == Links(true=2, found=2, right=2)
    assert links(BELOW, ABOVE, replace(SPOT, part_of=BELOW.id), ASIDE) == Links(true=2, found=1, right=0)


def test_a_whole_that_was_not_found_is_passed_over() -> None:
    assert links(BELOW, replace(SPOT, part_of=BELOW.id)) == Links(true=1, found=1, right=1)


def test_names_of_objects_are_no_wholes() -> None:
    assert links(replace(BELOW, part_of="the house"), ABOVE) == Links(true=1, found=0, right=0)


def test_many_pictures_have_one_precision_and_recall() -> None:
    found = grouping([Links(4, 3, 2), Links(4, 1, 1)])
    assert found == pytest.approx((3 / 4, 3 / 8, 1 / 2))
    assert grouping([Links(0, 2, 0)]) is None


def test_a_drawn_truth_knows_its_groups(tmp_path: Path) -> None:
    square = '<path id="{}" {}fill="#{}" d="M{} {}h20v20h-20z"/>'
    paths = square.format("a", "", "ff0000", 2, 2) + square.format("b", 'data-part-of="a" ', "0000ff", 12, 12)
    (tmp_path / "svg").mkdir()
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
    (tmp_path / "svg" / "two.svg").write_text(f"{head}{paths}</svg>")
    assert _groups(read_pictures(tmp_path)) == [None, "true-0"]


def read_pictures(folder: Path) -> Truth:
    write_truth(folder / "svg", folder)
    return read_truth(folder, "two")


def _groups(truth: Truth) -> list[str | None]:
    return [layer.part_of for layer in truth.layers]
