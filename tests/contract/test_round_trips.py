"""What every format that is written and read gives back, and what becomes of a file that is none."""

from pathlib import Path

import numpy as np
import pytest

from peeler import registry
from peeler.errors import InputError
from peeler.geometry import Box
from peeler.registry import BACKENDS
from peeler.stack import LayerStack
from tests.awkward_stacks import STACKS, background, element

EXACT = ["png", "psd", "ora"]
LAYERED = [*EXACT, "svg"]


def carried(stack: LayerStack, name: str, folder: Path) -> LayerStack:
    """The stack after it was written and read."""
    file = folder / f"file.{name}"
    registry.exporter(name).export(stack, file)
    return registry.importer("folder" if name == "png" else name).read(file).stack


@pytest.mark.parametrize("case", STACKS)
class TestRoundTrip:
    @pytest.mark.parametrize("name", EXACT)
    def test_exact_formats_give_back_all(self, name: str, case: str, tmp_path: Path) -> None:
        stack = STACKS[case]
        back = carried(stack, name, tmp_path)
        assert back.size == stack.size
        for mine, theirs in zip(stack.layers, back.layers, strict=True):
            for what in ("id", "name", "box", "role", "opacity", "part_of", "ink", "origin", "visible"):
                assert getattr(theirs, what) == getattr(mine, what), what
            assert np.array_equal(theirs.pixels, mine.pixels)

    def test_a_drawing_gives_back_what_it_shows(self, case: str, tmp_path: Path) -> None:
        stack = STACKS[case]
        back = carried(stack, "svg", tmp_path)
        assert back.size == stack.size
        for mine, theirs in zip(stack.layers, back.layers, strict=True):
            for what in ("role", "visible", "part_of"):
                assert getattr(theirs, what) == getattr(mine, what), what
            assert theirs.opacity == pytest.approx(mine.opacity, abs=1e-4)
            assert theirs.name == mine.name or case == "names"
            if mine.ink and mine.box.area > 4:
                assert theirs.ink == mine.ink
                assert max(abs(one - other) for one, other in zip(mine.box, theirs.box, strict=True)) <= 1

    @pytest.mark.parametrize("name", LAYERED)
    def test_twice_is_once(self, name: str, case: str, tmp_path: Path) -> None:
        """What was read and is written again is the same file, but for drawings, whose outlines are found anew."""
        once = carried(STACKS[case], name, tmp_path)
        first = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        again = carried(once, name, tmp_path)
        assert [layer.id for layer in again.layers] == [layer.id for layer in once.layers]
        if name != "svg":
            assert {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == first


@pytest.mark.parametrize("name", ["png", "ora", "svg"])
def test_three_hundred_layers(name: str, tmp_path: Path) -> None:
    size = (40, 30)
    many = (element(i, Box(i % 30, i % 20, i % 30 + 9, i % 20 + 7)) for i in range(299))
    stack = LayerStack(size, (background(size), *many))
    back = carried(stack, name, tmp_path)
    assert [layer.name for layer in back.layers] == [layer.name for layer in stack.layers]


@pytest.mark.parametrize("name", ["psd", "ora"])
def test_a_large_canvas(name: str, tmp_path: Path) -> None:
    size = (4096, 4096)
    stack = LayerStack(size, (background(size), element(1, Box(4000, 4000, 4096, 4096))))
    back = carried(stack, name, tmp_path)
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(back.layers, stack.layers, strict=True))


@pytest.mark.parametrize("name", BACKENDS["importer"])
class TestImporter:
    @pytest.mark.parametrize("data", [b"", b"not what it says", b"PK\x03\x04", b"8BPS\0\1", b"<svg", bytes(2000)])
    def test_what_is_no_such_file_is_told_in_one_line(self, name: str, data: bytes, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(InputError) as caught:
            registry.importer(name).read(tmp_path / "file")
        assert "\n" not in str(caught.value)

    def test_nothing_there(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(InputError):
            registry.importer(name).read(tmp_path / "gone")

    def test_half_a_file_or_a_damaged_one_is_told(self, name: str, tmp_path: Path) -> None:
        """Wherever it is cut off or changed: a stack or an InputError, and never anything else."""
        if name not in BACKENDS["exporter"]:
            pytest.skip("it reads folders, whose files are tested one by one")
        file = tmp_path / f"file.{name}"
        registry.exporter(name).export(STACKS["parts"], file)
        data, random = file.read_bytes(), np.random.default_rng(7)
        cuts = [data[:end] for end in random.integers(0, len(data), 40)]
        flips = []
        for _ in range(120):
            damaged = bytearray(data)
            for place in random.integers(0, len(data), 3):
                damaged[place] = random.integers(0, 256)
            flips.append(bytes(damaged))
        refused = 0
        for broken in [*cuts, *flips]:
            file.write_bytes(broken)
            try:
                registry.importer(name).read(file)
            except InputError as problem:
                refused += 1
                assert "\n" not in str(problem)
        assert refused >= 20
