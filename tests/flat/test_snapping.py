import cv2
import numpy as np
import pytest

from peeler.flat.snapping import snap
from peeler.geometry import RGB, Pixels

WHITE, BLUE, RED, GREEN = (255, 255, 255), (40, 60, 200), (220, 50, 40), (30, 160, 70)
INKS = np.array([WHITE, BLUE, RED], np.uint8)


def drawing(size: int = 96) -> RGB:
    """A blue disc with a red square on it, on white; drawn large and made smaller, so that its edges are soft."""
    large = np.full((size * 8, size * 8, 3), WHITE, np.uint8)
    cv2.circle(large, (size * 4, size * 4), size * 3, BLUE, -1)
    large[size * 3 : size * 5, size * 3 : size * 5] = RED
    return np.asarray(cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def everywhere(picture: RGB) -> Pixels:
    return np.ones(picture.shape[:2], np.bool_)


def pure(picture: RGB) -> float:
    """Share of the pixels that show an ink exactly."""
    return float(np.any([(picture == ink).all(axis=2) for ink in INKS], axis=0).mean())


def test_a_drawing_stays_as_it_is() -> None:
    picture = drawing()
    assert np.abs(snap(picture, INKS, everywhere(picture)).astype(int) - picture).max() <= 2


@pytest.mark.parametrize("off", [(9, -6, 5), (-8, 12, -10)])
def test_drifted_and_noisy_inks_come_back(off: tuple[int, int, int]) -> None:
    picture = drawing()
    noise = np.random.default_rng(3).normal(0, 4, picture.shape)
    painted = np.clip(picture + noise + off, 0, 255).astype(np.uint8)
    snapped = snap(painted, INKS, everywhere(picture))
    assert pure(painted) < 0.1 and pure(snapped) > 0.9
    inside = cv2.erode((picture == BLUE).all(axis=2).astype(np.uint8), np.ones((3, 3))) > 0
    assert (snapped[inside] == BLUE).all()
    assert np.abs(snapped.astype(int) - picture).mean() < np.abs(painted.astype(int) - picture).mean() / 4


def test_blurred_edges_become_crisp_but_stay_soft() -> None:
    picture = drawing()
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.uint8)
    snapped = snap(blurred, INKS, everywhere(picture))
    assert pure(blurred) < 0.86 < 0.93 < pure(snapped) < 1
    assert np.abs(snapped.astype(int) - picture).mean() < np.abs(blurred.astype(int) - picture).mean()


def test_a_colour_that_was_hidden_until_now_is_kept() -> None:
    painted = drawing()
    painted[40:56, 40:56] = np.add(GREEN, 2)
    snapped = snap(painted, INKS, everywhere(painted))
    assert (snapped[42:54, 42:54] == np.add(GREEN, 2)).all()


def test_an_edge_between_two_inks_is_no_new_colour() -> None:
    """Halfway between red and white lies nothing that is near an ink."""
    painted = np.full((40, 40, 3), WHITE, np.uint8)
    painted[:, 20:] = RED
    painted[:, 19:21] = np.mean([WHITE, RED], axis=0)
    colours = np.unique(snap(painted, INKS, everywhere(painted)).reshape(-1, 3), axis=0)
    assert len(colours) <= 4


def test_pixels_elsewhere_are_left_alone() -> None:
    painted = np.clip(drawing().astype(int) + 7, 0, 255).astype(np.uint8)
    where = np.zeros(painted.shape[:2], np.bool_)
    where[30:60, 30:60] = True
    snapped = snap(painted, INKS, where)
    assert np.array_equal(snapped[~where], painted[~where]) and not np.array_equal(snapped[where], painted[where])
    assert np.array_equal(snap(painted, INKS, np.zeros_like(where)), painted)
