"""The commands ``export``, ``import``, ``diff`` and ``edit`` as a user meets them."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peeler import registry
from peeler.exporters.png import PngExporter
from peeler.opening import open_stack
from peeler.stack import LayerStack
from tests.awkward_stacks import STACKS
from tests.commands import document, peeler
from tests.test_sequences import painted, plain
from tests.test_sequences import save as save_frames

STACK = STACKS["parts"]
FORMATS = "psd,pptx,ora,svg,png,gif,webp"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder that holds a stack, as a run does."""
    return save(STACK, tmp_path / "cat")


def save(stack: LayerStack, folder: Path) -> Path:
    PngExporter().export(stack, folder / "stack")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def untouched(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# export


def test_all_formats_go_next_to_the_stack(run: Path) -> None:
    done = peeler("export", run, "--to", FORMATS)
    assert done.exit_code == 0, done.output
    assert names(run) == ["cat.gif", "cat.ora", "cat.pptx", "cat.psd", "cat.svg", "cat.webp", "stack"]
    assert done.stdout.splitlines()[0] == str(run / "cat.psd")


def test_the_stack_folder_itself_may_be_named(run: Path) -> None:
    for source in (run / "stack", run / "stack" / "stack.json"):
        assert peeler("export", source, "--to", "ora").exit_code == 0
        assert names(run) == ["cat.ora", "stack"]
    PngExporter().export(STACK, run.parent / "bare")
    assert peeler("export", run.parent / "bare", "--to", "ora").exit_code == 0
    assert (run.parent / "bare" / "bare.ora").is_file()


def test_another_folder(run: Path, tmp_path: Path) -> None:
    before = untouched(run)
    done = peeler("export", run, "--to", "png,svg", "-o", tmp_path / "deep" / "out", "--json")
    assert names(tmp_path / "deep" / "out") == ["cat", "cat.svg"]
    assert document(done)["stacks"][0]["files"] == [
        str(tmp_path / "deep/out/cat/stack"),
        str(tmp_path / "deep/out/cat.svg"),
    ]
    assert untouched(run) == before


def test_files_become_files_of_another_kind(run: Path) -> None:
    peeler("export", run, "--to", "psd")
    assert peeler("export", run / "cat.psd", "--to", "ora").exit_code == 0
    done = peeler("export", run / "cat.psd", "--to", "psd")
    assert done.exit_code == 3 and "is what is read" in done.stderr
    assert peeler("diff", run, run / "cat.ora").exit_code == 0


def test_a_batch_goes_on_past_a_broken_run(tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    for name in ("one", "three"):
        save(STACK, batch / name)
    (batch / "two").mkdir()
    (batch / "two" / "run.json").write_text("{}")
    (save(STACK, batch / "four") / "stack" / "01-layer-1.png").write_bytes(b"broken")
    (batch / "index.html").touch()
    done = peeler("export", batch, "--to", "ora", "-o", tmp_path / "out", "--json")
    assert done.exit_code == 1
    assert names(tmp_path / "out") == ["one.ora", "three.ora"]
    told = {row["name"]: row.get("error", "") for row in document(done)["stacks"]}
    assert list(told) == ["four", "one", "three", "two"]
    assert "is not a PNG" in told["four"] and "there is no stack.json" in told["two"]
    assert len(done.stderr.splitlines()) == 2
    assert "4 stacks: 2 written, 2 failed" in peeler("export", batch, "--to", "ora").stdout


def test_a_batch_is_written_as_each_by_itself(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        save(STACKS["parts" if name == "two" else "names"], tmp_path / "batch" / name)
    for workers in ("1", "3"):
        done = peeler("export", tmp_path / "batch", "--to", FORMATS, "-o", tmp_path / workers, "--workers", workers)
        assert done.exit_code == 0 and done.stdout.strip() == "3 stacks: 3 written, 0 failed"
    for name in ("one", "two", "three"):
        peeler("export", tmp_path / "batch" / name, "--to", FORMATS, "-o", tmp_path / "alone")
    told = [
        {path.relative_to(tmp_path / folder): path.read_bytes() for path in (tmp_path / folder).rglob("*.*")}
        for folder in ("1", "3", "alone")
    ]
    assert told[0] == told[1] == told[2] and len(told[0]) > 3 * len(FORMATS.split(","))


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("cat", "--to", "bmp"), 2, "no exporter is called 'bmp'; known are png, svg"),
        (("cat", "--to", "html"), 2, "the report tells of the peeling"),
        (("cat", "--to", ","), 2, "--to takes formats"),
        (("cat", "--to", "svg", "--vectorizer", "magic"), 2, "no vectorizer is called 'magic'"),
        (("gone", "--to", "psd"), 3, "no such file or folder"),
        (("empty", "--to", "psd"), 3, "there is no stack.json"),
        (("notes.txt", "--to", "psd"), 3, "has no layers that could be read"),
    ],
)
def test_what_cannot_be_exported(
    arguments: tuple[str, ...], code: int, told: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    done = peeler("export", *arguments, "--json")
    assert (done.exit_code, document(done)["exit_code"]) == (code, code)
    assert told in document(done)["error"]
    assert names(tmp_path) == ["cat", "empty", "notes.txt"] and names(run) == ["stack"]


# import


@pytest.mark.parametrize("name", ["psd", "ora", "svg"])
def test_a_file_becomes_a_stack_folder(name: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    peeler("export", run, "--to", name, "-o", tmp_path)
    done = peeler("import", f"cat.{name}")
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == f"cat.{name}: {len(STACK.layers)} layers → outputs/cat/stack"
    assert peeler("diff", run, "outputs/cat").exit_code == (name == "svg")
    again = peeler("import", f"cat.{name}")
    assert again.exit_code == 4 and "is not empty; use --force" in again.stderr
    assert document(peeler("import", f"cat.{name}", "--force", "--json"))["layers"] == len(STACK.layers)


def test_files_are_told_by_what_is_in_them(run: Path, tmp_path: Path) -> None:
    peeler("export", run, "--to", "psd,ora,svg")
    for name in ("psd", "ora", "svg"):
        shutil.copy(run / f"cat.{name}", tmp_path / f"{name}.dat")
        assert len(open_stack(tmp_path / f"{name}.dat").layers) == len(STACK.layers)


def test_a_broken_file_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "cat.psd").write_bytes(b"8BPS" + bytes(100))
    done = peeler("import", tmp_path / "cat.psd", "-o", tmp_path / "out")
    assert done.exit_code == 3 and len(done.stderr.splitlines()) == 1
    assert names(tmp_path) == ["cat.psd"]


def test_a_run_is_never_written_over(run: Path) -> None:
    (run / "run.json").write_text("{}")
    before = untouched(run)
    for command in (("import", run), ("edit", run, "hide e01")):
        done = peeler(*command, "-o", run, "--force")
        assert done.exit_code == 4
    assert untouched(run) == before


# diff


def test_the_same_and_not_the_same(run: Path, tmp_path: Path) -> None:
    assert peeler("diff", run, run).exit_code == 0
    assert peeler("edit", run, "rename e01 hat", "-o", tmp_path / "hat").exit_code == 0
    done = peeler("diff", run, tmp_path / "hat")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == ["layer 1 (e01): renamed → hat", "7 layers and 7; the composites are the same"]
    found = document(peeler("diff", run, tmp_path / "hat", "--json"))
    assert found["same"] is False and found["changed"] == [{"id": "e01", "name": "layer 1", "renamed": "hat"}]


def test_a_picture_is_compared_with_the_composite(run: Path, tmp_path: Path) -> None:
    Image.fromarray(STACK.composite()).save(tmp_path / "flat.png")
    found = document(peeler("diff", tmp_path / "flat.png", run, "--json"))
    assert found["composite_max"] == 0 and len(found["added"]) == 6


@pytest.mark.parametrize("name", ["seen.png", "seen.html"])
def test_the_difference_is_shown(name: str, run: Path, tmp_path: Path) -> None:
    peeler("edit", run, "move e01 3 2", "-o", tmp_path / "other")
    assert peeler("diff", run, tmp_path / "other", "--picture", tmp_path / name).exit_code == 1
    first = (tmp_path / name).read_bytes()
    peeler("diff", run, tmp_path / "other", "--picture", tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    if name.endswith("png"):
        with Image.open(tmp_path / name) as image:
            assert np.asarray(image).shape == (30 + 24, 3 * 40 + 4 * 12, 3)
    else:
        assert first.count(b"data:image/png;base64,") == 3 and b"moved by 3, 2" in first
        assert b"http" not in first and b"<script" not in first


def test_a_picture_of_another_kind_is_refused(run: Path, tmp_path: Path) -> None:
    done = peeler("diff", run, run, "--picture", tmp_path / "seen.bmp")
    assert done.exit_code == 2 and ".png or .html" in done.stderr


def test_names_stay_text_on_the_page(run: Path, tmp_path: Path) -> None:
    peeler("edit", run, "rename e01 '<script>alert(1)</script>'", "-o", tmp_path / "other")
    peeler("diff", tmp_path / "other", run, "--picture", tmp_path / "seen.html")
    assert b"<script" not in (tmp_path / "seen.html").read_bytes()


# edit


OPERATIONS: dict[str, Callable[[LayerStack], bool]] = {
    "recolour e01 #1e90ff": lambda stack: stack.layers[1].ink == "#1e90ff",
    "recolour 'layer 2' 0f0": lambda stack: stack.layers[2].ink == "#00ff00",
    "move e01 4 -2": lambda stack: stack.layers[1].box[:2] == (9, 2),
    "scale e01 0.5": lambda stack: stack.layers[1].box.width < 12,
    "scale e01 0.5 2": lambda stack: stack.layers[1].box.height > 20,
    "hide e01 e02": lambda stack: not (stack.layers[1].visible or stack.layers[2].visible),
    "show e01": lambda stack: stack.layers[1].visible,
    "fade e01 0.25": lambda stack: stack.layers[1].opacity == 0.25,
    "delete e01 e02": lambda stack: len(stack.layers) == 3,
    "delete e03": lambda stack: len(stack.layers) == 6,
    "reorder e01 to 3": lambda stack: stack.layers[3].id == "e01",
    "reorder e01 top": lambda stack: stack.layers[-1].id == "e01",
    "reorder e01 to -1": lambda stack: stack.layers[-1].id == "e01",
    "reorder e05 above background": lambda stack: stack.layers[1].id == "e05",
    "reorder e05 below e02": lambda stack: stack.layers[2].id == "e05",
    "rename e01 'a \"hat\"'": lambda stack: stack.layers[1].name == 'a "hat"',
    "merge e01 e02 as both": lambda stack: stack.layers[1].name == "both" and len(stack.layers) == 6,
    "merge e01 e02": lambda stack: stack.layers[1].name == "layer 1",
    "replace e01 patch.png": lambda stack: stack.layers[1].ink == "#0000ff",
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation(operation: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4), "#0000ff").save("patch.png")
    before = untouched(run)
    done = peeler("edit", run, operation)
    assert done.exit_code == 0, done.output
    assert OPERATIONS[operation](open_stack(tmp_path / "cat-edited"))
    assert untouched(run) == before


def test_parts_stay_where_they_are_if_so_said(run: Path, tmp_path: Path) -> None:
    assert peeler("edit", run, "move e01 4 -2", "hide e01", "--alone").exit_code == 0
    layers = open_stack(tmp_path / "cat-edited").layers
    assert layers[1].box[:2] == (9, 2) and layers[2].box == STACK.layers[2].box
    assert [layer.visible for layer in layers[:3]] == [True, False, True]


def test_a_result_is_exported_and_edited_again(run: Path, tmp_path: Path) -> None:
    done = peeler("edit", run, "hide e01", "move e02 -1 -1", "--json")
    assert [layer["id"] for layer in document(done)["layers"]] == [layer.id for layer in STACK.layers]
    assert peeler("export", tmp_path / "cat-edited", "--to", FORMATS).exit_code == 0
    assert peeler("edit", tmp_path / "cat-edited", "show e01", "move e02 1 1", "-o", tmp_path / "back").exit_code == 0
    assert peeler("diff", run, tmp_path / "back").exit_code == 0
    assert peeler("edit", tmp_path / "cat-edited" / "cat-edited.psd", "show e01", "-o", tmp_path / "psd").exit_code == 0


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("paint e01", "no operation is called 'paint'; known are recolour LAYER"),
        ("hide moon", "no layer is called 'moon'; known are background (background), e01 (layer 1)"),
        ("move e01 1", "write move LAYER RIGHT DOWN"),
        ("move e01 1.5 2", "write move LAYER RIGHT DOWN"),
        ("scale e01 wide", "write scale LAYER FACTOR"),
        ("scale e01 0", "can be scaled by"),
        ("reorder e01 over e02", "write reorder LAYER to INDEX"),
        ("reorder e01 to", "write reorder LAYER to INDEX"),
        ("recolour e01 blue", "a colour is written like"),
        ("rename e01 'half", "no closing quotation"),
        ("fade e01 nan", "an opacity is 0 to 1"),
        ("", "no operation is called ''"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    operation: str, told: str, run: Path, tmp_path: Path
) -> None:
    done = peeler("edit", run, "hide e01", operation)
    assert done.exit_code == 2, done.output
    assert told in done.stderr and len(done.stderr.splitlines()) == 1
    assert names(tmp_path) == ["cat"]


def test_what_is_read_is_not_written_over(run: Path, tmp_path: Path) -> None:
    for output in (run, tmp_path / "cat" / ".." / "cat"):
        done = peeler("edit", run, "hide e01", "-o", output, "--force")
        assert done.exit_code == 4 and "is what is read" in done.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    done = peeler("edit", run, "hide e01", "-o", tmp_path / "mine")
    assert done.exit_code == 4 and "is not empty" in done.stderr
    assert peeler("edit", run, "hide e01", "-o", tmp_path / "mine", "--force").exit_code == 0
    assert names(tmp_path / "mine") == ["notes.txt", "stack"]


def test_a_picture_that_is_none_cannot_replace(run: Path, tmp_path: Path) -> None:
    (tmp_path / "patch.png").write_bytes(b"no picture")
    done = peeler("edit", run, f"replace e01 {tmp_path / 'patch.png'}")
    assert done.exit_code == 3 and names(tmp_path) == ["cat", "patch.png"]


# Frames of a peeling


FRAMES = [painted(painted(plain(), (200, 0, 0)), (0, 0, 200), 40), painted(plain(), (200, 0, 0)), plain()]


@pytest.mark.parametrize("inner", ["", "layer_png"])
def test_frames_are_a_stack_like_any_other(inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_frames(FRAMES, tmp_path / "published" / "cat" / "layer_png")
    frames, before = tmp_path / "published" / "cat" / inner, untouched(tmp_path / "published")
    done = peeler("import", frames)
    assert done.exit_code == 0 and done.stdout.strip() == f"{frames}: 3 layers → outputs/cat/stack"
    assert np.array_equal(open_stack(tmp_path / "outputs" / "cat").composite()[..., :3], FRAMES[0])
    assert peeler("diff", frames, "outputs/cat").exit_code == 0
    done = peeler("export", frames, "--to", "ora,png,svg")
    assert done.stdout.splitlines() == ["outputs/cat/cat.ora", "outputs/cat/stack", "outputs/cat/cat.svg"]
    done = peeler("edit", frames, f"hide {open_stack(frames).layers[1].id}")
    assert done.exit_code == 0 and done.stdout.strip().endswith("outputs/cat-edited/stack")
    assert peeler("import", frames, "-o", frames, "--force").exit_code == 4
    assert untouched(tmp_path / "published") == before


def test_folders_of_frames_are_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        save_frames(FRAMES, tmp_path / "published" / name / "layer_png")
    done = peeler("export", "published", "--to", "psd")
    assert done.exit_code == 0 and "2 stacks: 2 written" in done.stdout
    assert [str(path) for path in sorted(Path("outputs").rglob("*.psd"))] == [
        "outputs/published/a/a.psd",
        "outputs/published/b/b.psd",
    ]
    (tmp_path / "published" / "b" / "layer_png" / "layer_1.png").unlink()
    done = peeler("import", "published/b")
    assert done.exit_code == 3 and "layer_1.png is missing" in done.stderr


# Outputs of a preset


def test_a_preset_asks_for_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEELER_OUTPUTS", "png,psd,pptx,ora,webp,gif,html")
    picture = np.full((48, 64, 3), 255, dtype=np.uint8)
    picture[6:40, 6:40] = 200, 0, 0
    Image.fromarray(picture).save("cat.png")
    done = peeler("peel", "cat.png")
    assert done.exit_code == 0, done.output
    assert {f"cat.{name}" for name in ("psd", "pptx", "ora", "webp", "gif")} <= set(names(tmp_path / "outputs" / "cat"))
    assert 'href="cat.psd"' in (tmp_path / "outputs" / "cat" / "report.html").read_text(encoding="utf-8")
    assert peeler("diff", "outputs/cat", "outputs/cat/cat.psd").exit_code == 0


def test_an_output_whose_package_is_missing_is_told_before_anything_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEELER_OUTPUTS", "psd")
    lacking = replace(registry.BACKENDS["exporter"]["psd"], needs=("no_such_package",))
    monkeypatch.setitem(registry.BACKENDS["exporter"], "psd", lacking)
    Image.new("RGB", (8, 8)).save("cat.png")
    for command in (("peel", "cat.png"), ("export", "cat.png", "--to", "psd")):
        done = peeler(*command)
        assert done.exit_code == 2
        assert "lacks no_such_package: pip install 'peeler[export]'" in done.stderr
    assert names(tmp_path) == ["cat.png"]
