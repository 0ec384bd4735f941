import cv2
import numpy as np
import pytest

from peeler.flat.completion import complete, continuation, quadrilateral
from peeler.flat.contours import End
from peeler.geometry import Pixels
from tests.flat.figures import SIZE, bar, disc, iou

NOTHING = np.zeros((SIZE, SIZE), np.bool_)


def blobs(random: np.random.Generator, count: int) -> Pixels:
    mask = NOTHING.copy()
    for x, y, radius in random.uniform([0, 0, 3], [SIZE, SIZE, 26], (count, 3)):
        mask ^= disc(x, y, radius)
    return mask


@pytest.mark.parametrize("seed", range(40))
def test_a_guess_stays_in_the_painters_interval(seed: int) -> None:
    random = np.random.default_rng(seed)
    cover = blobs(random, int(random.integers(0, 6)))
    visible = blobs(random, int(random.integers(0, 6))) & ~cover
    whole = complete(visible, cover)
    assert (visible <= whole).all() and (whole <= (visible | cover)).all()


def test_even_of_noise() -> None:
    random = np.random.default_rng(1)
    for _ in range(5):
        cover = random.random((40, 60)) < 0.4
        visible = (random.random((40, 60)) < 0.5) & ~cover
        whole = complete(visible, cover)
        assert (visible <= whole).all() and (whole <= (visible | cover)).all()


@pytest.mark.parametrize(
    "cover",
    [bar(0, 0, 40, 96), bar(0, 58, 96, 96), bar(48, 48, 96, 96), disc(70, 48, 30)],
    ids=["third", "end", "quarter", "under a disc"],
)
def test_a_disc_partly_under_something_is_round_again(cover: Pixels) -> None:
    truth = disc(48, 48, 30)
    assert iou(complete(truth & ~cover, cover), truth) > 0.9


@pytest.mark.parametrize("cover", [bar(80, 0, 160, 160, 160), bar(0, 0, 160, 80, 160), bar(0, 80, 160, 160, 160)])
def test_a_disc_half_under_a_square_is_round_again(cover: Pixels) -> None:
    truth = disc(80, 80, 56, 160)
    assert iou(complete(truth & ~cover, cover), truth) > 0.9


def test_a_box_half_under_a_disc_has_its_corner_no_further_than_it_was() -> None:
    truth, cover = bar(20, 20, 70, 70), disc(72, 72, 24)
    whole = complete(truth & ~cover, cover)
    assert iou(whole, truth) > 0.9


def test_a_hole_that_a_cover_fills_is_closed() -> None:
    truth, cover = disc(48, 48, 35), disc(52, 44, 12)
    assert (complete(truth & ~cover, cover) == truth).all()


def test_a_hole_with_a_view_stays_open() -> None:
    ring = disc(48, 48, 35) & ~disc(48, 48, 15)
    assert (complete(ring, NOTHING) == ring).all()
    assert (complete(ring, disc(48, 48, 8)) == ring).all()


@pytest.mark.parametrize("width", [4, 6, 10])
def test_a_framed_fill_goes_to_the_middle_of_its_frame(width: int) -> None:
    fill = disc(48, 48, 28)
    frame = disc(48, 48, 28 + width) & ~fill
    whole = complete(fill, frame)
    assert np.sqrt(whole.sum() / np.pi) == pytest.approx(28 + width / 2, abs=1)


def test_a_shape_on_a_large_cover_is_not_thought_to_go_on_under_it() -> None:
    spot, around = disc(48, 48, 8), disc(48, 48, 45) & ~disc(48, 48, 8)
    assert (complete(spot, around) == spot).all()


@pytest.mark.parametrize("width", [7, 9])
def test_a_frame_closes_behind_what_interrupts_it(width: int) -> None:
    frame = bar(10, 30, 86, 90) & ~bar(10 + width, 30 + width, 86 - width, 90 - width)
    knob = bar(42, 20, 54, 50)
    assert (complete(frame & ~knob, knob) == frame).all()


def test_ends_that_do_not_face_each_other_stay_apart() -> None:
    legs = bar(40, 40, 52, 90) | bar(80, 40, 92, 90) | bar(40, 80, 92, 90)
    cover = bar(30, 30, 96, 50)
    assert not complete(legs & ~cover, cover)[30:50, 58:76].any()


def test_without_a_cover_or_without_a_shape_nothing_changes() -> None:
    shape = disc(40, 40, 20)
    assert (complete(shape, NOTHING) == shape).all()
    assert not complete(NOTHING, shape).any()
    assert (complete(shape, disc(85, 85, 8)) == shape).all()


def end(x: float, y: float, *direction: float) -> End:
    return End(np.array([x, y]), np.array(direction) if direction else None)


def test_a_curve_goes_on_as_it_came() -> None:
    curve = continuation(end(20, 40, 1, 0), end(20, 60, 1, 0))
    assert curve[0].tolist() == [20, 40] and curve[-1].tolist() == [20, 60]
    assert (curve[:, 0] >= 20).all() and curve[:, 0].max() > 24
    first = curve[1] - curve[0]
    assert first[0] > abs(first[1])


def test_where_a_direction_is_unknown_it_is_straight() -> None:
    assert continuation(end(1, 2), end(9, 2, 1, 0)).tolist() == [[1, 2], [9, 2]]


def test_a_quadrilateral_is_the_hull_of_its_points() -> None:
    corners = np.array([[10, 10], [40, 30], [40, 10], [10, 30], [20, 20]])
    assert (quadrilateral(corners, (SIZE, SIZE)) == bar(10, 10, 41, 31)).all()


def test_an_ellipse_with_less_than_half_of_its_outline_hidden_is_an_ellipse_again() -> None:
    whole = np.zeros((96, 128), np.uint8)
    cv2.ellipse(whole, ((64, 50), (90, 60), 20), (1,), cv2.FILLED)
    cover = np.zeros_like(whole)
    cv2.circle(cover, (92, 70), 26, (1,), cv2.FILLED)
    found = complete((whole > 0) & (cover == 0), cover > 0)
    assert (found & (whole > 0)).sum() / (found | (whole > 0)).sum() > 0.98


def test_a_ring_that_is_interrupted_is_a_ring_again() -> None:
    ring = disc(48, 48, 34) & ~disc(48, 48, 24)
    cover = bar(40, 0, 96, 44)
    assert iou(complete(ring & ~cover, cover), ring) > 0.97


def test_a_crescent_is_no_ring() -> None:
    moon = disc(48, 48, 34) & ~disc(62, 48, 30)
    cover = bar(0, 0, 96, 34)
    assert complete(moon & ~cover, cover).sum() < 1.1 * moon.sum()


@pytest.mark.parametrize("below", [1, 2, 3])
def test_a_stripe_ends_where_the_next_one_of_its_size_begins(below: int) -> None:
    stripe, others = bar(20, 20, 90, 36), bar(20, 36, 90, 36 + 16 * below)
    assert (complete(stripe, others) == stripe).all()


@pytest.mark.parametrize("cover", [bar(20, 36, 90, 42), bar(10, 36, 100, 52)], ids=["thinner", "wider"])
def test_a_stripe_goes_on_under_what_is_no_stripe_like_it(cover: Pixels) -> None:
    stripe = bar(20, 20, 90, 36)
    assert (complete(stripe, cover) & ~stripe).any()


def test_a_panel_ends_at_the_header_that_is_as_wide() -> None:
    """Whatever the form of the header's far side: no arch below it."""
    panel = bar(20, 40, 76, 90)
    header = bar(20, 12, 76, 40) & (disc(48, 40, 36) | bar(20, 24, 76, 40))
    assert (complete(panel, header) == panel).all()
