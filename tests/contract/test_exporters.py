"""What every exporter and vectorizer of the registry keeps to."""

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from peeler import registry
from peeler.asking import SPENDING, open_asker
from peeler.dialogue import Abilities, Reply, Request
from peeler.errors import StoreError
from peeler.files import png_bytes
from peeler.geometry import Box
from peeler.lift import lift
from peeler.protocols import Exporter, Vectorizer
from peeler.registry import BACKENDS
from peeler.stack import Layer, LayerStack, opaque_layer
from tests.awkward_stacks import STACKS
from tests.toy import Toy


@pytest.fixture
def stack(toy: Toy) -> LayerStack:
    """A toy stack with what is hard to write: a hostile name, a layer without pixels, a residual."""
    background = opaque_layer("background", "background", toy.canvases[1], "background")
    lifted = lift(toy.picture, toy.canvases[1], toy.graph.topmost())
    hostile = Layer("</svg>&\"'", "../../<b>猫</b>\n\x00", lifted[0].box, lifted[0].pixels, ink=lifted[0].ink)
    empty = Layer("empty", "nothing", Box(3, 3, 3, 3), np.zeros((0, 0, 4), dtype=np.uint8))
    residual = Layer("residual", "rest", Box(0, 0, 1, 1), np.full((1, 1, 4), 255, np.uint8), role="residual")
    return LayerStack((64, 64), (background, *lifted[1:], hostile, empty, residual))


def contents(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.parametrize("name", BACKENDS["exporter"])
class TestExporter:
    @pytest.fixture
    def exporter(self, name: str) -> Exporter:
        return registry.exporter(name)

    @pytest.fixture
    def run(self, toy: Toy, tmp_path: Path) -> Path:
        """The folder of a run, as far as an exporter may ask for it."""
        toy.save(tmp_path / "run" / "input.png")
        return tmp_path / "run"

    def test_one_stack_gives_one_result(self, exporter: Exporter, stack: LayerStack, run: Path) -> None:
        exporter.export(stack, run / "out")
        first = contents(run / "out")
        exporter.export(stack, run / "out")
        assert first and contents(run / "out") == first

    @pytest.mark.parametrize("case", STACKS)
    def test_stacks_that_are_hard_to_write(self, exporter: Exporter, case: str, run: Path) -> None:
        (run / "input.png").write_bytes(png_bytes(STACKS[case].composite()))
        exporter.export(STACKS[case], run / "out")
        first = contents(run / "out")
        assert all(first.values())
        exporter.export(STACKS[case], run / "out")
        assert contents(run / "out") == first

    def test_what_was_there_is_replaced(self, exporter: Exporter, stack: LayerStack, run: Path) -> None:
        small = LayerStack(stack.size, stack.layers[:1])
        exporter.export(small, run / "out")
        expected = contents(run / "out")
        exporter.export(stack, run / "out")
        assert contents(run / "out") != expected
        exporter.export(small, run / "out")
        assert contents(run / "out") == expected

    def test_nothing_is_written_elsewhere(
        self, exporter: Exporter, stack: LayerStack, run: Path, tmp_path: Path
    ) -> None:
        exporter.export(stack, run / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["run"]
        assert sorted(path.name for path in run.iterdir()) == ["input.png", "out"]

    def test_a_place_that_cannot_be_written(self, exporter: Exporter, stack: LayerStack, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError):
            exporter.export(stack, tmp_path / "file" / "out")


class _Tracer:
    """A service that draws a square in the middle of any picture."""

    name, abilities = "tracer@http://127.0.0.1/", Abilities()

    def ask(self, request: Request) -> Reply:
        with Image.open(BytesIO(request.messages[0].images[0])) as picture:
            width, height = picture.size
        path = f'<path fill="#102030" d="M{width // 2} {height // 2}h5v5h-5z"/>'
        return Reply(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{path}</svg>')


@pytest.mark.parametrize("name", BACKENDS["vectorizer"])
class TestVectorizer:
    @pytest.fixture
    def vectorizer(self, name: str, tmp_path: Path) -> Vectorizer:
        if name not in registry.PAID:
            return registry.vectorizer(name)
        return registry.paid_vectorizer(name, open_asker(_Tracer(), tmp_path / SPENDING), 5.0)

    def test_layers_become_elements(self, vectorizer: Vectorizer, stack: LayerStack) -> None:
        for layer in stack.layers:
            for markup in vectorizer.vectorize(layer):
                drawn = ElementTree.fromstring(markup)
                assert drawn.tag in {"path", "circle", "ellipse", "rect"} and drawn.get("fill")

    def test_a_clear_layer_has_no_paths(self, vectorizer: Vectorizer) -> None:
        clear = Layer("a", "a", Box(0, 0, 9, 9), np.zeros((9, 9, 4), dtype=np.uint8), ink="#102030")
        assert vectorizer.vectorize(clear) == []

    def test_one_layer_has_one_drawing(self, vectorizer: Vectorizer, stack: LayerStack) -> None:
        assert vectorizer.vectorize(stack.layers[1]) == vectorizer.vectorize(stack.layers[1])
