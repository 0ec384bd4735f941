"""Pairs of the same two inks speak for each other."""

import numpy as np
import pytest

from peeler.flat.cues import SIDE, WEIGHTS, Measured
from peeler.flat.likes import odds_of_likes, of_likes
from peeler.flat.survey import survey
from peeler.geometry import RGB
from tests.flat.figures import drawn, rect

RED, BLUE = "#c83214", "#1450c8"


def pair(first: int, second: int) -> Measured:
    return Measured(first, second, np.zeros(len(WEIGHTS)), np.zeros((2, len(SIDE))), 0.0)


def test_each_hears_the_others_of_its_kind() -> None:
    assert of_likes(["a", "b", "a", "a"], np.array([1.0, 2.0, 3.0, -1.0])) == pytest.approx([2 / 4, 0, 0, 4 / 4])
    assert len(of_likes([], np.array([]))) == 0


def test_likes_are_heard_whichever_way_round_they_were_measured() -> None:
    pairs, inks = [pair(0, 1), pair(3, 2), pair(4, 5)], [0, 1, 0, 1, 0, 1]
    assert odds_of_likes(pairs, inks, np.array([1.0, -2.0, 3.0])) == pytest.approx([5 / 4, -4 / 4, 3 / 4])


def test_other_inks_and_pairs_of_one_ink_are_no_likes() -> None:
    pairs, inks = [pair(0, 1), pair(0, 2), pair(0, 3), pair(4, 3)], [0, 1, 2, 0, 0]
    assert odds_of_likes(pairs, inks, np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(np.zeros(4))


def test_a_doubtful_one_of_many_lies_as_the_others_do() -> None:
    """A tab at a corner might as well be beside its ground as on it, but five others lie plainly inside."""
    ground, tab = rect(20, 60, 236, 180, RED), rect(20, 60, 50, 100, BLUE)
    inside = [rect(40 + 38 * n, 110, 56 + 38 * n, 160, BLUE) for n in range(5)]
    alone, among = (_said_of_tab(drawn(ground, tab, *others, size=256)) for others in ([], inside))
    assert among > alone


def _said_of_tab(picture: RGB) -> float:
    """The log odds that what shows in the tab's corner lies above its ground."""
    seen = survey(picture)
    tab = seen.regions.labels[65, 25]
    return sum(
        item.weight if item.above == tab else -item.weight for item in seen.evidence if tab in (item.above, item.below)
    )
