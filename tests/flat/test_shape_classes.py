"""Words for shapes: the right ones for drawn figures of any size and turn, and hardly ever a wrong one."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from peeler.flat.shape_classes import shape_class
from peeler.geometry import Pixels
from peeler.scenes import forms
from peeler.scenes.paths import Path
from peeler.scenes.render import rendered
from tests.flat.figures import SIZE, bar, disc

MIDDLE = 96


def mask_of(path: Path) -> Pixels:
    rule = ' fill-rule="evenodd"' if len(path.loops) > 1 else ""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="192" height="192"><path{rule} d="{path.data}"/></svg>'
    solid: Pixels = rendered(svg)[..., 3] > 127
    return solid


def turned(path: Path, angle: float) -> Path:
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return path.mapped((c, s, -s, c, MIDDLE * (1 - c + s), MIDDLE * (1 - s - c)))


def sized(path: Path, scale: float) -> Path:
    return path.mapped((scale, 0, 0, scale, MIDDLE * (1 - scale), MIDDLE * (1 - scale)))


def box(width: float, height: float, round: float = 0) -> Path:
    return forms.rect(MIDDLE - width / 2, MIDDLE - height / 2, width, height, round)


def figures(random: Random) -> Iterator[tuple[str, Path]]:
    """One of each figure, as a person would call it, in a form that is drawn by lot."""
    some, m = random.uniform, MIDDLE
    turn, tilt, high = some(0, 360), some(-20, 20), some(0.4, 0.8)
    yield "circle", forms.circle(m, m, 70)
    yield "ellipse", forms.ellipse(m, m, 80, 80 * some(0.4, 0.85), turn)
    yield "rectangle", turned(box(150, 150 * high), turn)
    yield "square", turned(box(120, 120), tilt)
    yield "rounded rectangle", turned(box(150, 150 * high, some(0.4, 0.8) * 75 * high), turn)
    yield "rounded square", turned(box(120, 120, some(25, 45)), tilt)
    yield (
        "triangle",
        turned(forms.polygon([(m, 20), (m + some(50, 70), 150), (m - some(50, 70), 150)], some(0, 5)), turn),
    )
    yield "star", forms.star(m, m, 80, random.choice([4, 5, 6, 8]), some(0.4, 0.55), some(0, 5), turn)
    yield "heart", turned(forms.heart(m, m, 140), tilt)
    yield "drop", forms.drop(m, m, 150, turn)
    yield "ring", forms.ring(m, m, 80, some(48, 70))
    yield "half circle", forms.sector(m, m, 80, turn, turn + 180)
    yield "crescent", turned(forms.cut(forms.circle(m, m, 70), forms.circle(m + some(28, 52), m, 62)), turn)
    width = some(0.25, 0.42) * 150
    yield "cross", turned(forms.joined(box(150, width), box(width, 150)), turn)
    yield "line", turned(forms.stroke([(20, m), (172, m)], some(4, 11)), turn)
    yield "curve", turned(forms.stroke([(30, 150), (60, 60), (150, 52)], some(5, 9)), turn)
    yield (
        "half ellipse",
        turned(
            forms.clipped(forms.ellipse(m, m, 80, 80 * some(0.5, 0.7)), box(160, 160).mapped((1, 0, 0, 1, 0, 80))), turn
        ),
    )
    yield "wedge", forms.sector(m, m, 80, turn, turn + some(70, 115))
    lean = some(30, 60)
    yield (
        "parallelogram",
        turned(forms.polygon([(m - 40, 60), (m + 80, 60), (m + 80 - lean, 130), (m - 40 - lean, 130)]), tilt),
    )
    yield "curved bar", turned(forms.stroke([(40, 130), (80, 70), (150, 60)], some(20, 28)), turn)
    yield "angle", turned(forms.stroke([(40, 140), (60, 60), (150, 50)], some(16, 26), False), turn)
    wave = [(m - 80 + 20 * step, m + (20 if step % 2 else -20)) for step in range(9)]
    yield "wavy line", turned(forms.stroke(wave, some(5, 8)), turn)
    yield "wavy line", turned(forms.stroke(wave, some(5, 8), False), turn)


def others(random: Random) -> Iterator[tuple[set[str], Path]]:
    """What is no plain figure, with all that may be said of it: clouds, open mouths, blobs, crooked polygons."""
    some, m = random.uniform, MIDDLE
    turn = some(0, 360)
    yield {"cloud", "blob"}, turned(forms.cloud(m, m + 30, 150), some(-10, 10))
    yield {"blob", "shape"}, forms.sector(m, m, 80, turn, turn + random.choice([250, 300]))
    blob = [forms.around(m, m, some(35, 80), step * 60 + some(-15, 15)) for step in range(6)]
    yield {"blob", "oval", "ellipse", "shape"}, forms.spline(blob)
    corners = [forms.around(m, m, some(35, 80), step * 72 + some(-20, 20)) for step in range(5)]
    yield {"polygon", "blob", "trapezoid", "shape"}, forms.polygon(corners)


@pytest.fixture(scope="module")
def confusions() -> dict[str, Counter[str]]:
    """How often each figure is called what."""
    random = Random(0)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _ in range(20):
        scale = random.uniform(0.3, 1)
        for name, path in figures(random):
            found[name][shape_class(mask_of(sized(path, scale)))] += 1
    return dict(found)


def test_figures_are_called_by_their_names(confusions: dict[str, Counter[str]]) -> None:
    for name, said in confusions.items():
        assert said[name] >= 0.8 * said.total(), f"{name}: {said}"


def test_words_are_hardly_ever_wrong(confusions: dict[str, Counter[str]]) -> None:
    for word in confusions:
        heard = {name: said[word] for name, said in confusions.items() if said[word]}
        assert heard.get(word, 0) >= 0.9 * sum(heard.values()), f"{word}: {heard}"


def test_what_is_no_plain_figure_is_called_none() -> None:
    random = Random(0)
    drawn = [other for _ in range(30) for other in others(random)]
    said = [(shape_class(mask_of(sized(path, random.uniform(0.3, 1)))), words) for words, path in drawn]
    wrong = [word for word, words in said if word not in words]
    assert len(wrong) <= 0.06 * len(said), Counter(wrong)


@pytest.mark.parametrize(
    "mask, word",
    [
        (bar(10, 40, 80, 56), "bar"),
        (bar(5, 46, 90, 49), "line"),
        (bar(10, 30, 90, 66) & ~bar(16, 36, 84, 60), "frame"),
        ((disc(48, 48, 40) & ~disc(48, 48, 36)) & bar(0, 0, 96, 48), "curve"),
        (bar(20, 20, 26, 80) | bar(20, 74, 70, 80), "curve"),
        (bar(10, 10, 80, 34) | bar(10, 10, 34, 80), "angle"),
        (bar(10, 30, 90, 60) | bar(35, 10, 65, 90) & ~bar(45, 0, 55, 20), "shape"),
        (disc(48, 48, 1), "dot"),
    ],
)
def test_more_forms(mask: Pixels, word: str) -> None:
    assert shape_class(mask) == word
    assert shape_class(mask.T) == word


def test_a_square_on_its_corner_is_a_diamond() -> None:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    assert shape_class(abs(rows - 48) + abs(columns - 48) < 30) == "diamond"


def test_a_lampshade_is_a_trapezoid_and_a_leaf_a_pointed_oval() -> None:
    shade = forms.polygon([(60, 40), (130, 40), (170, 140), (20, 140)])
    assert {shape_class(mask_of(turned(shade, turn))) for turn in (0, 12, 90)} == {"trapezoid"}
    lens = forms.clipped(forms.circle(96, 30, 90), forms.circle(96, 162, 90))
    assert {shape_class(mask_of(turned(lens, turn))) for turn in (0, 30, 90)} == {"pointed oval"}


def test_a_cog_is_no_rounded_square() -> None:
    cog = forms.star(96, 96, 80, 18, 0.86, 4)
    assert shape_class(mask_of(cog)) in ("shape", "circle")


def test_a_star_whose_points_are_uneven_is_a_star() -> None:
    tips = zip((0, 40, 95, 130, 185, 220, 265, 310), (88, 60, 80, 62, 86, 58, 84, 64), strict=True)
    dents = ((turn, 38) for turn in (18, 66, 112, 158, 203, 243, 287, 338))
    around = [(np.radians(turn), radius) for pair in zip(tips, dents, strict=True) for turn, radius in pair]
    corners = [(96 + radius * np.sin(turn), 96 - radius * np.cos(turn)) for turn, radius in around]
    assert shape_class(mask_of(forms.polygon(corners))) == "star"


def test_an_outline_of_no_plain_figure_is_an_outline() -> None:
    corner, inner = bar(10, 10, 80, 40) | bar(10, 10, 40, 80), bar(13, 13, 77, 37) | bar(13, 13, 37, 77)
    assert shape_class(corner & ~inner) == "outline"


@pytest.mark.parametrize("radius", [1, 2, 5, 9])
def test_the_smallest_forms_have_words(radius: int) -> None:
    assert shape_class(disc(48, 48, radius))
    assert shape_class(bar(3, 3, 3 + radius, 4))
