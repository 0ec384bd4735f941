import numpy as np
import pytest

from peeler.flat.cut_gain import GAIN, gains, silhouette, terms
from peeler.flat.parts import parted, ways_to_part
from peeler.geometry import Pixels
from tests.flat.figures import bar, disc, enlarged, iou

CUP = bar(16, 24, 60, 80)
HANDLE = disc(60, 52, 20) & ~disc(60, 52, 12) & bar(60, 0, 96, 96)
MUG = CUP | HANDLE


@pytest.mark.parametrize("mask", [disc(48, 48, 30), bar(20, 10, 70, 86)], ids=["disc", "box"])
def test_a_plain_form_is_full_and_even(mask: Pixels) -> None:
    hull, _, _, _, left_to_right, top_to_bottom, _ = silhouette(mask).measures
    assert hull == pytest.approx(1, abs=0.07)
    assert min(left_to_right, top_to_bottom) > 0.95


def test_a_long_form_is_told_from_a_short_one_however_it_is_turned() -> None:
    upright, level = silhouette(bar(40, 8, 56, 88)), silhouette(bar(8, 40, 88, 56))
    assert upright.measures == pytest.approx(level.measures)
    assert upright.measures[-1] > silhouette(bar(30, 30, 60, 60)).measures[-1] + 1


def test_the_measures_of_a_form_do_not_change_with_its_size() -> None:
    assert silhouette(enlarged(MUG, 3)).measures == pytest.approx(silhouette(MUG).measures, abs=0.12)


def test_every_way_to_part_has_all_terms() -> None:
    ways = ways_to_part(MUG, MUG, MUG)
    assert ways
    assert terms(ways, MUG, MUG).shape == (len(ways), len(GAIN))
    assert np.isfinite(terms(ways, MUG, MUG)).all()
    assert gains([], MUG, MUG).shape == (0,)


def test_what_meets_its_shape_at_two_places_is_parted_by_two_cuts() -> None:
    ways = ways_to_part(MUG, MUG, MUG)
    gain = gains(ways, MUG, MUG)
    best = ways[int(gain.argmax())]
    assert gain.max() > 0 and len(best.cuts) == 2
    cup, handle = parted(MUG, best)
    assert (cup ^ handle == MUG).all()
    assert iou(cup, CUP) > 0.97 and iou(handle, HANDLE) > 0.85
