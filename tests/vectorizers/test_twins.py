import re
from xml.etree import ElementTree

import numpy as np
import pytest

from peeler.vectorizers.curves import CurvesVectorizer
from tests.vectorizers.test_curves import X, Y, cover, disc, layer_of, psnr, rendered


def leaf(x: float, y: float, lean: float = 1.0) -> np.ndarray:
    """A leaf with a point, leaning to the right or, mirrored, to the left."""
    return np.minimum(disc(x - 14 * lean, y, 34), disc(x + 20 * lean, y + 9, 38))


def drawn(*distances: np.ndarray) -> list[str]:
    vectorizer = CurvesVectorizer()
    return [markup for distance in distances for markup in vectorizer.vectorize(layer_of(cover(distance)))]


def shape_of(markup: str) -> str:
    """Path data without the places where its outlines begin."""
    return re.sub(r"M ?-?[\d.]+ ?-?[\d.]+", "M", ElementTree.fromstring(markup).attrib["d"])


@pytest.mark.parametrize("shift", [(40.0, 30.0), (31.37, 12.81), (17.5, 44.25)])
def test_twins_have_the_same_curves(shift: tuple[float, float]) -> None:
    first, second = leaf(50, 50), leaf(50 + shift[0], 50 + shift[1])
    one, other = drawn(first, second)
    assert shape_of(one) == shape_of(other) and one != other
    assert psnr(rendered([other])[..., 3], cover(second)) >= 36


def test_a_mirrored_twin_has_the_curves_mirrored() -> None:
    first, second = leaf(50, 70.3), leaf(109.6, 70.3, -1)
    one, other = drawn(first, second)
    numbers = [sorted(abs(float(n)) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", shape_of(m))) for m in (one, other)]
    assert len(numbers[0]) == len(numbers[1])
    assert psnr(rendered([other])[..., 3], cover(second)) >= 36
    alone = drawn(second)[0]
    assert shape_of(alone) != shape_of(other)
    both = rendered([one, other])[..., 3].astype(int)
    assert np.abs(both[:, ::-1][:, 1:] - np.roll(both, 1, axis=1)[:, 1:]).mean() < 6


@pytest.mark.parametrize("other", [leaf(100, 90) + 1.2, np.minimum(leaf(100, 90), 99.0 - Y), disc(100, 90, 27)])
def test_what_only_resembles_is_drawn_by_itself(other: np.ndarray) -> None:
    assert drawn(leaf(50, 50), other)[1] == drawn(other)[0]


def test_rings_and_strokes_have_twins_too() -> None:
    ring = [np.minimum(disc(x, 60.2, 24), -disc(x + 3, 60.2, 14)) for x in (40.1, 110.45)]
    wave = [3 - np.abs(np.hypot(X - x, Y - 40) - 24) - 99 * (Y < 40) for x in (40.0, 108.3)]
    for pair in (ring, wave):
        one, two = drawn(*pair)
        assert shape_of(one) == shape_of(two)
        assert psnr(rendered([two])[..., 3], cover(pair[1])) >= 33
