import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from peeler.console import Code
from peeler.errors import InputError
from peeler.evaluate.truth import Truth
from peeler.flat.cues import Measured
from peeler.flat.learned_order import read_order_net
from peeler.geometry import Box
from peeler.nets.order import OrderRecipe
from peeler.scenes.testset import draw_testset
from peeler.stack import Layer
from peeler.train.order import ordered, trained
from peeler.train.pairs import SCENES, Told, gather, told_pairs
from tests.commands import document, peeler
from tests.flat.figures import circle, drawn, rect

SMALL = "networks: 1\nwidth: 4\nrounds: 2\nbatch: 8\nscenes: 1\n"
ON_ITS_RIM = rect(20, 40, 70, 90, "#c83214"), circle(70, 64, 20, "#1450c8")


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "some"
    draw_testset(folder, 3, seed=500)
    return folder


def truth(*elements: str, touching: bool = True) -> Truth:
    """A picture of two elements, and their layers: where both are drawn, unless they only touch."""
    whole = drawn(*elements, size=128)
    pixels = []
    for element in elements:
        alone = drawn(element, size=128)
        alpha = np.where((alone != 255).any(axis=2), 255, 0).astype(np.uint8)
        pixels.append(np.dstack([alone, alpha]))
    if not touching:
        pixels[0][pixels[1][..., 3] > 0, 3] = 0
    layers = tuple(Layer(f"true-{n}", f"{n}", Box(0, 0, 128, 128), layer) for n, layer in enumerate(pixels))
    return Truth("picture", whole, layers)


def test_the_order_of_two_that_overlap_is_told() -> None:
    ((pair, first_above),) = told_pairs(truth(*ON_ITS_RIM))
    ((_, turned),) = told_pairs(truth(*ON_ITS_RIM[::-1]))
    assert isinstance(pair, Measured) and first_above != turned


def test_nothing_is_told_of_two_that_only_touch() -> None:
    assert list(told_pairs(truth(*ON_ITS_RIM, touching=False))) == []


def test_what_is_rare_counts_more(drawings: Path) -> None:
    pair = gather([drawings], 0)[0].pair
    from_many = [Told(pair, True, "many", "one set")] * 4
    worth = ordered([*from_many, Told(pair, True, "few", "one set"), Told(pair, True, "other", "another set")]).worth
    assert worth.mean() == pytest.approx(1)
    assert worth[4] == pytest.approx(2 * worth[0]) and worth[5] > worth[4]


def test_pictures_and_drawn_scenes_are_learned_from(drawings: Path) -> None:
    told = gather([drawings], 2)
    assert {item.source for item in told} == {"some", SCENES}
    assert 0.2 < np.mean([item.above for item in told]) < 0.8


def test_too_little_to_learn_from_is_refused(drawings: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least"):
        trained(gather([drawings], 0)[:5], OrderRecipe())
    with pytest.raises(InputError, match="no pictures"):
        gather([tmp_path], 0)


def test_the_command_writes_weights_with_their_card(drawings: Path, tmp_path: Path) -> None:
    recipe, file = tmp_path / "small.yaml", tmp_path / "net.safetensors"
    recipe.write_text(SMALL)
    done = document(peeler("train", "order", drawings, "-o", file, "--recipe", recipe, "--check", "--json"))
    assert done["path"] == str(file) and done["recipe"]["rounds"] == 2
    assert done["sets"]["some"]["pictures"] == 3 and {row["source"] for row in done["left_out"]} == {"some", SCENES}
    assert 0 <= done["right"] <= 1
    assert len(read_order_net(file).trust) == 1
    with safe_open(file, "numpy") as opened:
        card = json.loads(opened.metadata()["card"])
    assert card["sets"] == done["sets"]


def test_bad_input_is_one_line(drawings: Path, tmp_path: Path) -> None:
    none = peeler("train", "order", tmp_path, "-o", tmp_path / "x.safetensors")
    assert none.exit_code == Code.INPUT and "no pictures" in none.output
    recipe = tmp_path / "bad.yaml"
    recipe.write_text("widht: 4")
    wrong = peeler("train", "order", drawings, "--recipe", recipe)
    assert wrong.exit_code == Code.USAGE and "widht" in wrong.output
    nowhere = peeler("train", "order", drawings, "-o", tmp_path / "none" / "x.safetensors")
    assert nowhere.exit_code == Code.STORE and "no folder" in nowhere.output
    assert not list(tmp_path.glob("*.safetensors"))
