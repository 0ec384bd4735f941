"""The rules of attention control, pair of tokens by pair of tokens, against what their text says."""

from itertools import product

import numpy as np
import pytest
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from peeler.geometry import Pixels
from peeler.nets.control import (
    RULES,
    ControlSteps,
    Cuts,
    RuleName,
    TokenClass,
    TokenMap,
    box_region,
    mask_region,
    token_map,
)

ALL_CUTS = [Cuts(*which) for which in product((False, True), repeat=4)]
TEXT, OWN = 5, 3
Grid = tuple[int, int]


def whole_mask(tokens: TokenMap, rule: RuleName, cuts: Cuts) -> Pixels:
    return tokens.table(RULES[rule], cuts)[np.ix_(tokens.classes, tokens.classes)]


def layout(source: Generator) -> tuple[list[Pixels], Grid, int]:
    """Regions of any kind, overlapping, empty and whole ones among them, a grid, and room for texts."""
    grid = int(source.integers(1, 5)), int(source.integers(1, 6))
    regions = [one_region(source, grid) for _ in range(source.integers(0, 6))]
    return regions, grid, len(regions) + int(source.integers(0, 3))


def one_region(source: Generator, grid: Grid) -> Pixels:
    kind = source.integers(0, 5)
    if kind < 2:
        return np.full(grid, kind == 1, np.bool_)
    if kind == 2:
        return source.random(grid) < 0.4
    x, y = np.sort(source.uniform(-0.3, 1.3, (2, 2)))
    return box_region((x[0], y[0], x[1], y[1]), grid)


def layouts(count: int, seed: int = 0) -> list[tuple[list[Pixels], Grid, int]]:
    source = default_rng(seed)
    return [layout(source) for _ in range(count)]


def recorded_rule(regions: list[Pixels], grid: Grid, cuts: Cuts) -> NDArray[np.bool_]:
    """The published mask by its two passes over tokens: what is cut for every instance, then what each gets back."""
    count, cells = len(regions), grid[0] * grid[1]
    start = TEXT + count * OWN
    texts = [np.arange(TEXT + OWN * index, TEXT + OWN * (index + 1)) for index in range(count)]
    boxes = [start + np.flatnonzero(region) for region in regions]
    glob, instances = np.arange(TEXT), np.arange(TEXT, start)
    image = np.arange(start, start + 2 * cells)
    mask = np.ones((start + 2 * cells,) * 2, np.bool_)
    for text, box in zip(texts, boxes, strict=True):
        if cuts.i2t:
            mask[np.ix_(box, instances)] = False
            if cuts.i2i:
                mask[np.ix_(box, glob)] = False
        if cuts.i2i:
            mask[np.ix_(box, image)] = False
        if cuts.t2i:
            mask[np.ix_(text, image)] = False
        if cuts.t2t:
            mask[np.ix_(text, glob)] = mask[np.ix_(text, instances)] = False
    for text, box in zip(texts, boxes, strict=True):
        for cut, rows, columns in ((cuts.i2t, box, text), (cuts.i2i, box, box), (cuts.t2i, text, box)):
            if cut:
                mask[np.ix_(rows, columns)] = True
        if cuts.t2t:
            mask[np.ix_(text, text)] = True
    return mask


@pytest.mark.parametrize("cuts", ALL_CUTS, ids=str)
def test_published_is_the_recorded_rule(cuts: Cuts) -> None:
    for regions, grid, _ in layouts(120):
        tokens = token_map(regions, grid, TEXT, OWN, len(regions), "published")
        assert np.array_equal(whole_mask(tokens, "published", cuts), recorded_rule(regions, grid, cuts))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("cuts", ALL_CUTS, ids=str)
def test_padding_changes_nothing_and_no_row_is_empty(rule: RuleName, cuts: Cuts) -> None:
    for regions, grid, slots in layouts(60, seed=1):
        tokens = token_map(regions, grid, TEXT, OWN, slots, rule)
        mask = whole_mask(tokens, rule, cuts)
        assert mask.any(axis=1).all()
        padding = np.array([tokens.kinds[one].kind == "padding" for one in tokens.classes])
        assert padding.sum() == OWN * (slots - len(regions))
        assert not mask[np.ix_(~padding, padding)].any() and not mask[np.ix_(padding, ~padding)].any()
        alone = token_map(regions, grid, TEXT, OWN, len(regions), rule)
        assert np.array_equal(mask[np.ix_(~padding, ~padding)], whole_mask(alone, rule, cuts))


@pytest.mark.parametrize("rule", RULES)
def test_without_cuts_everyone_sees_everyone(rule: RuleName) -> None:
    for regions, grid, _ in layouts(40, seed=2):
        tokens = token_map(regions, grid, TEXT, OWN, len(regions), rule)
        assert whole_mask(tokens, rule, Cuts()).all()


@pytest.mark.parametrize("i2i", [False, True])
def test_strict_shields_what_is_outside_and_keeps_words_apart(i2i: bool) -> None:
    """Every pair of tokens with the cuts that are on by default."""
    cuts = ControlSteps(i2i=40 if i2i else -1).at(0)
    for regions, grid, _ in layouts(80, seed=3):
        tokens = token_map(regions, grid, TEXT, OWN, len(regions), "strict")
        mask = whole_mask(tokens, "strict", cuts)
        cells, start = grid[0] * grid[1], TEXT + OWN * len(regions)
        inside = np.array([region.ravel() for region in regions]).reshape(len(regions), cells)
        both = np.tile(inside, 2)
        image = np.arange(start, start + 2 * cells)
        outside = image[~both.any(axis=0)] if len(regions) else image
        assert not mask[np.ix_(outside, np.arange(TEXT, start))].any(), "the background reads no removal"
        assert not mask[:TEXT, TEXT:start].any(), "nor does the global text, which all read"
        assert mask[np.ix_(image, np.arange(TEXT))].all() and mask[:TEXT, start:].all()
        assert mask[np.ix_(outside, image)].all(), "who is in no instance sees all of the picture"
        for index in range(len(regions)):
            own = np.arange(TEXT + OWN * index, TEXT + OWN * (index + 1))
            wanted = np.zeros(len(mask), np.bool_)
            wanted[own] = True
            wanted[image[both[index]]] = True
            assert (mask[own] == wanted).all(), "a text sees itself, and its place in both halves"
            readers = mask[start:, own]
            assert (readers == both[index][:, None]).all(), "and is read in its place alone"


def test_strict_with_the_image_cut_stays_in_its_instances() -> None:
    regions = [box_region((0, 0, 0.5, 1), (2, 4)), box_region((0.5, 0, 1, 1), (2, 4))]
    tokens = token_map(regions, (2, 4), TEXT, OWN, 2, "strict")
    mask = whole_mask(tokens, "strict", Cuts(i2i=True))
    start = TEXT + 2 * OWN
    left = start + np.flatnonzero(np.tile(regions[0].ravel(), 2))
    right = start + np.flatnonzero(np.tile(regions[1].ravel(), 2))
    assert mask[np.ix_(left, left)].all() and not mask[np.ix_(left, right)].any()


def test_tokens_that_are_alike_are_one_class() -> None:
    tokens = token_map([np.ones((4, 4), np.bool_)] * 2, (4, 4), 7, 3, 3, "strict")
    assert len(tokens.classes) == 7 + 3 * 3 + 2 * 16
    assert set(tokens.kinds) == {
        TokenClass("global"),
        TokenClass("text", frozenset({0})),
        TokenClass("text", frozenset({1})),
        TokenClass("padding"),
        TokenClass("noisy", frozenset({0, 1})),
        TokenClass("condition", frozenset({0, 1})),
    }


@pytest.mark.parametrize("columns", range(1, 65))
def test_boxes_take_every_token_that_they_touch(columns: int) -> None:
    """Boxes in whole pixels of pictures of every width, against a count of pixels."""
    source, width = default_rng(columns), 16 * columns
    for start, end in np.sort(source.integers(-20, width + 20, (40, 2))):
        region = box_region((start / width, 0.0, end / width, 1.0), (2, columns))
        pixels = np.zeros(width, np.bool_)
        pixels[max(start, 0) : max(end, 0)] = True
        touched = pixels.reshape(columns, 16).any(axis=1)
        found = region[0]
        assert (region[0] == region[1]).all()
        assert found[touched].all()
        # A division that is rounded can bring in one token at either end, as it does in the published implementation.
        assert found.sum() - touched.sum() <= 2
        if columns & (columns - 1) == 0 and start < end:
            assert (found == touched).all(), "divisions by powers of two are exact"


@pytest.mark.parametrize(
    ("box", "tokens"),
    [
        ((0.0, 0.0, 1.0, 1.0), 12),
        ((-5.0, -5.0, 5.0, 5.0), 12),
        ((-0.2, -0.2, 0.25, 0.3), 1),
        ((0.9, 0.9, 1.5, 1.5), 1),
        ((0.26, 0.34, 0.49, 0.66), 1),
        ((0.24, 0.32, 0.51, 0.67), 9),
        ((0.5, 0.0, 0.5, 1.0), 0),
        ((0.8, 0.8, 0.2, 0.2), 0),
        ((1.2, 0.0, 1.5, 1.0), 0),
        ((-0.5, 0.0, -0.1, 1.0), 0),
    ],
)
def test_boxes_at_the_edges(box: tuple[float, float, float, float], tokens: int) -> None:
    assert box_region(box, (3, 4)).sum() == tokens


def test_masks_take_every_token_of_which_they_cover_a_pixel() -> None:
    mask = np.zeros((48, 64), np.bool_)
    mask[15, 63] = mask[16, 0] = mask[40:44, 20:50] = True
    wanted = np.zeros((3, 4), np.bool_)
    wanted[0, 3] = wanted[1, 0] = wanted[2, 1:4] = True
    assert np.array_equal(mask_region(mask, (3, 4)), wanted)


def test_a_mask_of_a_box_is_the_box() -> None:
    mask = np.zeros((64, 128), np.bool_)
    mask[10:33, 40:99] = True
    assert np.array_equal(mask_region(mask, (4, 8)), box_region((40 / 128, 10 / 64, 99 / 128, 33 / 64), (4, 8)))


@pytest.mark.parametrize(
    ("last", "on"), [(-1, []), (0, []), (1, [0]), (3, [0, 1, 2]), (40, list(range(6)))], ids=lambda value: str(value)
)
def test_a_cut_is_made_in_its_first_steps(last: int, on: list[int]) -> None:
    steps = ControlSteps(i2i=last, i2t=-1, t2t=last, t2i=-1)
    assert [step for step in range(6) if steps.at(step).i2i] == on
    assert all(steps.at(step) == Cuts(i2i=step in on, t2t=step in on) for step in range(6))


def test_the_published_steps() -> None:
    assert {ControlSteps().at(step) for step in range(40)} == {Cuts(False, True, True, True)}
    assert ControlSteps().at(40) == Cuts()
