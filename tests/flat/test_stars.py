import numpy as np
import pytest

from peeler.flat.contours import concave_corners
from peeler.flat.drawing import read_drawing
from peeler.flat.stars import is_star
from peeler.geometry import Pixels
from tests.flat.figures import circle, drawn, rect

INK = "#c83214"


def star(points: int, inner: float, turn: float = 0.0) -> str:
    angles = np.pi * np.arange(2 * points) / points + turn
    radii = np.where(np.arange(2 * points) % 2, inner, 1) * 200
    corners = " ".join(
        f"{256 + r * np.sin(a):.1f},{256 - r * np.cos(a):.1f}" for r, a in zip(radii, angles, strict=True)
    )
    return f'<polygon points="{corners}" fill="{INK}"/>'


def mask_of(*elements: str) -> Pixels:
    return np.asarray((drawn(*elements, size=512) != 255).any(axis=2))


@pytest.mark.parametrize("turn", [0, 0.3])
@pytest.mark.parametrize("inner", [0.35, 0.55, 0.75])
@pytest.mark.parametrize("points", [4, 5, 6, 8, 12])
def test_a_star_is_one_shape(points: int, inner: float, turn: float) -> None:
    assert len(read_drawing(drawn(star(points, inner, turn), size=512)).shapes) == 1


CROSS = rect(40, 200, 470, 280, INK), rect(210, 40, 290, 470, INK)
CLOUD = tuple(circle(256 + 110 * np.sin(a), 256 + 110 * np.cos(a), 80, INK) for a in np.arange(6) * np.pi / 3)
WHEEL = (
    circle(256, 256, 120, INK),
    *(
        f'<rect x="236" y="60" width="40" height="400" fill="{INK}" transform="rotate({turn} 256 256)"/>'
        for turn in (0, 60, 120)
    ),
)


@pytest.mark.parametrize("elements", [CROSS, CLOUD, WHEEL])
def test_bars_and_discs_around_a_core_are_no_star(elements: tuple[str, ...]) -> None:
    mask = mask_of(*elements)
    assert len(concave_corners(mask)) >= 4 and not is_star(mask, concave_corners(mask))


def test_a_zigzag_is_no_star() -> None:
    teeth = " ".join(f"{40 + 36 * step},{300 if step % 2 else 240}" for step in range(13))
    mask = mask_of(f'<polygon points="40,200 {teeth} 472,200" fill="{INK}"/>')
    assert not is_star(mask, concave_corners(mask))
