"""The score on small stacks whose measures are known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peeler.errors import InputError
from peeler.evaluate.score import PictureScore, score_runs, score_stack, summarise
from peeler.evaluate.truth import Truth, read_truth
from peeler.exporters.png import PngExporter
from peeler.geometry import RGBA, Box
from peeler.stack import Layer, LayerStack, Role, composite

SIZE = (40, 30)
RED, BLUE, GREEN = (200, 0, 0), (0, 0, 200), (0, 160, 0)


Colour = tuple[int, int, int]


def rectangle(box: tuple[int, int, int, int], colour: Colour, role: Role = "element", name: str = "") -> Layer:
    place = Box(*box)
    pixels = np.full((place.height, place.width, 4), (*colour, 255), dtype=np.uint8)
    return Layer(name or f"{colour} {box}", "a rectangle", place, pixels, role=role)


PAPER = rectangle((0, 0, *SIZE), (255, 255, 255), role="background", name="paper")
BELOW = rectangle((2, 2, 22, 22), RED)
ABOVE = rectangle((12, 12, 32, 28), BLUE)
ASIDE = rectangle((30, 0, 40, 10), GREEN)
TRUE = (BELOW, ABOVE, ASIDE)


def truth_of(*layers: Layer) -> Truth:
    return Truth("scene", composite(SIZE, (PAPER, *layers))[..., :3], layers)


def score_of(*layers: Layer) -> PictureScore:
    return score_stack(LayerStack(SIZE, (PAPER, *layers)), truth_of(*TRUE))


def test_a_perfect_stack() -> None:
    total = summarise([score_of(*TRUE)])
    assert total.amodal_miou == total.occluded_miou == total.hidden_iou == total.order == total.exact == 1
    assert (total.element_ratio, total.psnr, total.missing, total.images) == (1, 60, 0, 1)


def test_only_what_is_covered_counts_as_occluded() -> None:
    assert score_of(*TRUE).occluded == (True, False, False)


def test_swapped_order() -> None:
    row = score_of(ABOVE, BELOW, ASIDE)
    assert (row.pairs, row.ordered) == (1, 0)
    assert row.amodal_miou == 1
    assert not row.exact


def test_visible_parts_only() -> None:
    cut = BELOW.pixels.copy()
    cut[10:, 10:] = 0
    row = score_of(Layer("cut", "the visible part", BELOW.box, cut), ABOVE, ASIDE)
    assert row.iou == pytest.approx((300 / 400, 1, 1))
    assert row.hidden == (0,)
    assert (row.exact, row.psnr) == (True, 60)


def test_a_missing_element() -> None:
    row = score_of(BELOW, ABOVE)
    assert row.iou == (1, 1, 0)
    assert summarise([row]).element_ratio == pytest.approx(2 / 3)


def test_extra_elements_change_only_the_ratio() -> None:
    extra = rectangle((0, 24, 6, 30), GREEN)
    row = score_of(*TRUE, extra)
    assert row.amodal_miou == 1
    assert row.found == 4


def test_a_shifted_element() -> None:
    row = score_of(BELOW, ABOVE, rectangle((30, 2, 40, 12), GREEN))
    assert row.iou[2] == pytest.approx(80 / 120)


def test_what_reaches_beyond_a_hidden_part_counts_against_it() -> None:
    larger = rectangle((2, 2, 24, 22), RED)
    assert score_of(larger, ABOVE, ASIDE).hidden == pytest.approx((100 / (100 + 40),))


def test_a_wrong_colour_is_no_match() -> None:
    assert score_of(BELOW, ABOVE, rectangle((30, 0, 40, 10), RED)).iou[2] == 0
    assert score_of(BELOW, ABOVE, rectangle((30, 0, 40, 10), (0, 160, 48))).iou[2] == 1


def test_grouping_does_not_matter() -> None:
    together = ASIDE.on(SIZE)
    together[ABOVE.box.slices] = ABOVE.pixels
    assert score_of(BELOW, Layer("both", "two pieces", Box.whole(SIZE), together)).amodal_miou == 1


def test_equal_elements_are_matched_in_order() -> None:
    twins = (rectangle((2, 2, 22, 22), RED, name="one"), rectangle((2, 2, 22, 22), RED, name="two"))
    row = score_stack(LayerStack(SIZE, (PAPER, *twins)), truth_of(*twins))
    assert row.iou == (1, 1)
    assert (row.pairs, row.ordered) == (1, 1)


def test_small_things_are_left_out() -> None:
    speck, crumb = rectangle((36, 20, 39, 23), GREEN), rectangle((36, 24, 39, 29), GREEN)
    row = score_stack(LayerStack(SIZE, (PAPER, *TRUE, speck, crumb)), truth_of(*TRUE, speck, crumb))
    assert (len(row.iou), row.found) == (3, 3)


def test_a_residual_makes_exact_and_nothing_else() -> None:
    residual = rectangle((30, 0, 40, 10), GREEN, role="residual", name="residual")
    row = score_of(BELOW, ABOVE, residual)
    assert row.exact
    assert row.psnr < 30
    assert row.iou[2] == 0


def test_opacity_is_painted() -> None:
    half = Layer("half", "half", ASIDE.box, ASIDE.pixels, opacity=0.5)
    assert score_of(BELOW, ABOVE, half).psnr < 60
    assert score_of(BELOW, ABOVE, half).iou[2] == 1


def test_psnr_by_hand() -> None:
    off = rectangle((30, 0, 40, 10), (0, 160, 10))
    error = 100 * 10**2 / (SIZE[0] * SIZE[1] * 3)
    assert score_of(BELOW, ABOVE, off).psnr == pytest.approx(10 * np.log10(255**2 / error))


def test_shares_are_taken_over_all_elements() -> None:
    lone = score_stack(LayerStack(SIZE, (PAPER,)), truth_of(ASIDE))
    total = summarise([score_of(*TRUE), lone])
    assert total.amodal_miou == pytest.approx(3 / 4)
    assert total.order == 1


def save(path: Path, pixels: RGBA) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Two pictures with their true layers as files."""
    folder = tmp_path / "truth"
    for name in ("one", "two"):
        save(folder / "png" / f"{name}.png", composite(SIZE, (PAPER, *TRUE))[..., :3])
        for place, layer in enumerate(TRUE):
            save(folder / "layers" / name / f"{place:02d}.png", layer.on(SIZE))
    return folder


def test_truth_on_disk(truth: Path) -> None:
    true = read_truth(truth, "one")
    assert [layer.box for layer in true.layers] == [layer.box for layer in TRUE]
    assert score_stack(LayerStack(SIZE, (PAPER, *TRUE)), true).amodal_miou == 1


def test_runs_on_disk(truth: Path, tmp_path: Path) -> None:
    PngExporter().export(LayerStack(SIZE, (PAPER, *TRUE)), tmp_path / "runs" / "one" / "stack")
    one, two = score_runs(tmp_path / "runs", truth)
    assert (one.name, one.problem, one.amodal_miou) == ("one", "", 1)
    assert two.iou == (0, 0, 0)
    assert "two" in two.problem
    assert summarise([one, two]).missing == 1


def test_truth_may_be_a_drawing(tmp_path: Path) -> None:
    save(tmp_path / "png" / "one.png", composite(SIZE, (PAPER, *TRUE))[..., :3])
    paths = "".join(
        f'<path fill="{fill}" d="M{box.x0} {box.y0}H{box.x1}V{box.y1}H{box.x0}Z"/>'
        for fill, box in zip(("#c80000", "#0000c8", "#00a000"), (layer.box for layer in TRUE), strict=True)
    )
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40" height="30">{paths}</svg>'
    (tmp_path / "svg").mkdir()
    (tmp_path / "svg" / "one.svg").write_text(drawing)
    assert score_stack(LayerStack(SIZE, (PAPER, *TRUE)), read_truth(tmp_path, "one")).amodal_miou == 1


def test_a_stack_of_another_size_is_missing(truth: Path, tmp_path: Path) -> None:
    other = LayerStack((50, 30), (rectangle((0, 0, 50, 30), RED),))
    PngExporter().export(other, tmp_path / "runs" / "one" / "stack")
    assert "(50, 30)" in score_runs(tmp_path / "runs", truth)[0].problem


def test_no_truth(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no truth"):
        score_runs(tmp_path, tmp_path)
