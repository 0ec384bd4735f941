"""The FLUX remover: how it asks, what it makes of the answer, and the whole way through a model."""

import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from multiprocessing import AuthenticationError, Pipe
from multiprocessing.connection import Client
from pathlib import Path
from queue import Queue

import cv2
import numpy as np
import pytest
import torch

from peeler.batch import peel_file, peel_folder
from peeler.errors import BackendError, ConfigError
from peeler.exporters.png import read_stack
from peeler.geometry import RGB, Box
from peeler.graph import LayerGraph
from peeler.inputs import Picture, read_picture
from peeler.nets.editor import Editor
from peeler.nets.flux import Edit, Sampling
from peeler.nets.loading import open_flux
from peeler.nets.sharing import Job, SharedEdits, hosted, together
from peeler.peel import Engine, peel
from peeler.presets import FluxSettings, Preset, load_preset
from peeler.protocols import Removal
from peeler.registry import choose_engine
from peeler.removers.flux import FluxRemover, prompt
from peeler.runs import Run
from tests.painted_edits import PaintedEdits
from tests.toy import Toy

TOP = ("left-eye", "right-eye", "hat")
SMALL = FluxSettings(size=64)


def read_rgb(path: Path) -> RGB:
    return read_picture(path).rgb


@pytest.fixture
def removal(toy: Toy) -> Removal:
    elements = tuple(toy.graph[name] for name in TOP)
    return Removal(elements, toy.graph.without(TOP), "The left eye, the right eye, the hat")


# Asking


def test_the_request_is_worded_as_the_adapter_was_trained() -> None:
    assert prompt("The red Hat") == "sksremovelayer, remove the red Hat"
    assert prompt("") == "sksremovelayer, remove "


def test_without_control_it_asks_in_words_alone(toy: Toy, removal: Removal) -> None:
    edits = PaintedEdits(toy.canvases[1])
    account = FluxRemover(SMALL, edits).remove(toy.picture, removal, 7, 12).account
    (asked,) = edits.asked
    assert asked.prompt == "sksremovelayer, remove the left eye, the right eye, the hat"
    assert (asked.seed, asked.instances) == (7, ())
    assert edits.samplings == [Sampling(steps=12, guidance=4.5, control=None)]
    assert (account["control"], account["instances"], account["chosen"]) == ("none", [], 7)


def test_published_control_tells_of_each_box(toy: Toy, removal: Removal) -> None:
    edits = PaintedEdits(toy.canvases[1])
    FluxRemover(SMALL.model_copy(update={"control": "published", "margin": 0}), edits).remove(
        toy.picture, removal, 7, 12
    )
    instances = edits.asked[0].instances
    assert [one.prompt for one in instances] == [prompt(element.name) for element in removal.elements]
    assert edits.samplings[0].control == "published"
    for element, instance in zip(removal.elements, instances, strict=True):
        box = element.box
        rows, columns = slice(box.y0 // 16, -(-box.y1 // 16)), slice(box.x0 // 16, -(-box.x1 // 16))
        expected = np.zeros((4, 4), np.bool_)
        expected[rows, columns] = True
        assert np.array_equal(instance.region, expected)


def test_strict_control_tells_of_the_pixels_not_of_their_box(toy: Toy) -> None:
    size = 128
    canvas = np.asarray(cv2.resize(toy.picture, (size, size), interpolation=cv2.INTER_NEAREST), np.uint8)
    corner = np.zeros((size, size), np.bool_)
    corner[:8, :] = corner[:, :8] = True
    element = toy.graph["hat"].model_copy(
        update={"mask": toy.graph["hat"].mask.of(corner), "box": Box(0, 0, size, size)}
    )
    regions = {}
    for control in ("published", "strict"):
        edits = PaintedEdits(canvas)
        settings = FluxSettings(size=size, control=control, margin=0)
        FluxRemover(settings, edits).remove(canvas, Removal((element,), LayerGraph()), 1, 1)
        regions[control] = edits.asked[0].instances[0].region
    assert regions["published"].all()
    assert regions["strict"].sum() == 15 and not regions["strict"][1:, 1:].any()


def test_margins_grow_the_places_and_stay_on_the_canvas(toy: Toy, removal: Removal) -> None:
    for control in ("published", "strict"):
        counts = []
        for margin in (0, 5, 200):
            edits = PaintedEdits(toy.canvases[1])
            settings = SMALL.model_copy(update={"control": control, "margin": margin})
            FluxRemover(settings, edits).remove(toy.picture, removal, 7, 12)
            counts.append(int(edits.asked[0].instances[0].region.sum()))
        assert counts[0] <= counts[1] <= counts[2] == 16 and counts[0] < 16


def test_a_canvas_of_any_size_goes_there_and_back(toy: Toy, removal: Removal) -> None:
    wide = np.asarray(cv2.copyMakeBorder(toy.picture, 0, 0, 0, 37, cv2.BORDER_REPLICATE), np.uint8)
    edits = PaintedEdits(np.zeros((48, 64, 3), np.uint8))
    after = FluxRemover(SMALL, edits).remove(wide, removal, 7, 12).canvas
    assert edits.asked[0].picture.shape == (48, 64, 3)
    assert after.shape == wide.shape


# What it makes of the answer


def test_inks_come_back_to_what_they_were(toy: Toy, removal: Removal) -> None:
    """A model paints some levels off and softer; inside the removal only the drawing's inks and their edges remain."""
    after = FluxRemover(SMALL, PaintedEdits(toy.canvases[1], off=7, soft=0.8)).remove(toy.picture, removal, 7, 1).canvas
    eye = toy.graph["left-eye"].box
    inner = after[eye.y0 + 1 : eye.y1 - 1, eye.x0 + 1 : eye.x1 - 1]
    assert (inner == (200, 60, 40)).all()


def test_a_picture_that_is_no_flat_art_keeps_its_tones(toy: Toy, removal: Removal) -> None:
    noisy = np.random.default_rng(1).integers(0, 255, toy.picture.shape).astype(np.uint8)
    painted = np.random.default_rng(2).integers(0, 255, toy.picture.shape).astype(np.uint8)
    after = FluxRemover(SMALL, PaintedEdits(painted)).remove(noisy, removal, 7, 1).canvas
    assert np.array_equal(after, painted)


def test_the_best_of_some_results_is_taken(toy: Toy, removal: Removal) -> None:
    half_done = toy.canvases[1].copy()
    hat = toy.graph["hat"].box
    half_done[hat.slices] = toy.picture[hat.slices]
    another = 255 - toy.canvases[1]
    edits = PaintedEdits(toy.picture, half_done, toy.canvases[1], another)
    removed = FluxRemover(SMALL.model_copy(update={"candidates": 4}), edits).remove(toy.picture, removal, 30, 1)
    assert np.array_equal(removed.canvas, toy.canvases[1])
    assert [one.seed for one in edits.asked] == [30, 31, 32, 33]
    assert removed.account["chosen"] == 32
    assert len(edits.samplings) == 1, "all are worked on together"


def test_a_whole_run_by_a_good_model_is_exact(toy: Toy, tmp_path: Path) -> None:
    class Following:
        """Paints each canvas of the toy after the other, a little off."""

        steps = 0

        def edit(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
            self.steps += 1
            return PaintedEdits(toy.canvases[self.steps], off=5, soft=0.6).edit(edits, sampling)

    engine = Engine(toy.analyst, FluxRemover(SMALL, Following()))
    choice = choose_engine(Preset(engine="scripted"))
    picture = Picture.of(toy.picture)
    with Run.begin(tmp_path, picture, choice) as run:
        stack = peel(picture, engine, choice.preset, run)
        assert all(len(step.attempts) == 1 for step in run.steps)
    assert stack.difference(toy.picture).max() <= 2
    assert {layer.id for layer in stack.elements} == {"disc", *TOP}


# Through a model


@pytest.fixture(scope="module")
def editor(tiny_flux: Path) -> Editor:
    return Editor(tiny_flux, {}, SMALL.model_copy(update={"at_once": 3}))


def test_results_do_not_depend_on_what_else_is_asked(editor: Editor, toy: Toy) -> None:
    edits = [Edit(toy.picture, f"remove thing {seed}", seed) for seed in range(4)]
    edits.insert(2, Edit(toy.picture[:48], "remove thing 9", 9))
    together = editor.edit(edits, Sampling(steps=2, text_tokens=64))
    assert [one.shape for one in together] == [edit.picture.shape for edit in edits]
    for edit, result in zip(edits, together, strict=True):
        (alone,) = editor.edit([edit], Sampling(steps=2, text_tokens=64))
        assert np.abs(alone.astype(int) - result).max() <= 1


class Cramped:
    """Opens the model, which runs out of memory as often as it is told to."""

    def __init__(self, times: int, at_opening: int = 0) -> None:
        self.times, self.at_opening = times, at_opening
        self.opened: list[str] = []

    def __call__(self, folder: Path, adapters: dict[str, tuple[Path, float]], settings: FluxSettings) -> object:
        self.opened.append(settings.offload)
        self.at_opening -= 1
        if self.at_opening >= 0:
            raise torch.OutOfMemoryError("no room")
        flux = open_flux(folder, adapters, settings.model_copy(update={"offload": "none"}))
        flux.transformer.register_forward_pre_hook(self._full)
        return flux

    def _full(self, *call: object) -> None:
        self.times -= 1
        if self.times >= 0:
            raise torch.OutOfMemoryError("no room")


def test_it_tries_once_more_in_less_memory(tiny_flux: Path, editor: Editor, toy: Toy) -> None:
    cramped = Cramped(1)
    edit = Edit(toy.picture, "remove it", 3)
    (result,) = Editor(tiny_flux, {}, SMALL, cramped).edit([edit], Sampling(steps=1, text_tokens=64))
    assert cramped.opened == ["auto", "group"]
    assert np.array_equal(result, editor.edit([edit], Sampling(steps=1, text_tokens=64))[0])


def test_when_that_is_too_much_too_the_error_says_what_takes_less(tiny_flux: Path, toy: Toy) -> None:
    with pytest.raises(BackendError, match="ran out of memory.*flux.size"):
        Editor(tiny_flux, {}, SMALL, Cramped(2)).edit([Edit(toy.picture, "it", 3)], Sampling(steps=1, text_tokens=64))
    with pytest.raises(BackendError, match="ran out of memory.*flux.size"):
        Editor(tiny_flux, {}, SMALL, Cramped(0, at_opening=2))


def test_a_model_too_large_for_the_device_is_opened_in_less(tiny_flux: Path, editor: Editor, toy: Toy) -> None:
    cramped = Cramped(0, at_opening=1)
    edit = Edit(toy.picture, "remove it", 3)
    (result,) = Editor(tiny_flux, {}, SMALL, cramped).edit([edit], Sampling(steps=1, text_tokens=64))
    assert cramped.opened == ["auto", "group"]
    assert np.array_equal(result, editor.edit([edit], Sampling(steps=1, text_tokens=64))[0])


def test_a_picture_goes_all_the_way(tiny_flux: Path, toy: Toy, tmp_path: Path) -> None:
    """A random model removes nothing, so each removal ends with the embedded remover, and all is kept."""
    path = toy.save(tmp_path / "toy.png")
    flux = {"model": str(tiny_flux), "size": 64, "control": "strict", "candidates": 2}
    preset = load_preset("plain", {"remover": "flux", "steps": 1, "attempts": 1, "flux": flux})
    summary = peel_file(path, tmp_path / "out", preset)
    assert (summary.status, summary.stop_reason) == ("ok", "background")
    assert read_stack(tmp_path / "out" / "stack").difference(toy.picture).max() <= 2
    for name in ("out.svg", "report.html", "steps/00/step.json", "steps/00/attempts"):
        assert (tmp_path / "out" / name).exists()


@pytest.mark.parametrize(
    "flux, told",
    [
        ({"model": "/no/such/folder"}, "neither a file or folder nor a model"),
        ({"model": "flux-dev"}, "peeler models fetch flux-dev"),
        ({}, "peeler models fetch layerpeeler-lora"),
        ({"lora": "no-such.safetensors"}, "no-such.safetensors"),
    ],
)
def test_missing_weights_are_told_before_anything_is_begun(
    flux: dict[str, str], told: str, toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=told):
        peel_file(
            toy.save(tmp_path / "toy.png"), tmp_path / "out", load_preset("plain", {"remover": "flux", "flux": flux})
        )
    assert not (tmp_path / "out").exists()


# Shared by the processes of a batch


def test_a_batch_holds_one_model_and_gives_the_same(tiny_flux: Path, toy: Toy, tmp_path: Path) -> None:
    """Removals of several pictures are painted together, and each ends as it would alone."""
    pictures = tmp_path / "in"
    for name in ("a", "b", "c"):
        toy.save(pictures / f"{name}.png")
    flux = {"model": str(tiny_flux), "size": 64, "device": "cpu"}
    preset = load_preset("plain", {"remover": "flux", "steps": 1, "attempts": 1, "max_steps": 1, "flux": flux})
    summary = peel_folder(pictures, tmp_path / "out", preset, workers=2)
    assert summary.totals == {"ok": 0, "stopped": 3, "failed": 0}
    peel_file(pictures / "b.png", tmp_path / "alone", preset)
    painted = sorted((tmp_path / "alone" / "steps" / "00" / "attempts").glob("*.png"))
    assert painted
    for path in painted:
        shared = tmp_path / "out" / "b" / path.relative_to(tmp_path / "alone")
        assert np.abs(read_rgb(shared).astype(int) - read_rgb(path)).max() <= 1


def test_what_goes_wrong_in_the_host_is_told_to_who_asked(tiny_flux: Path, toy: Toy, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_flux, broken)
    (broken / "model_index.json").unlink()
    settings = SMALL.model_copy(update={"model": str(broken), "device": "cpu"})
    with hosted(settings, ()) as host:
        for _ in range(2):
            with pytest.raises(ConfigError, match="no model_index.json"):
                SharedEdits(host, nullcontext).edit([Edit(toy.picture, "it", 1)], Sampling(steps=1))
    with pytest.raises(BackendError, match="the process that holds FLUX died"):
        SharedEdits(host, nullcontext).edit([Edit(toy.picture, "it", 1)], Sampling(steps=1))


def test_a_stranger_at_the_door_of_the_host_disturbs_nobody(tiny_flux: Path, toy: Toy) -> None:
    settings = SMALL.model_copy(update={"model": str(tiny_flux), "device": "cpu"})
    with hosted(settings, ()) as host:
        with pytest.raises((AuthenticationError, EOFError, OSError)):
            Client(host.address, authkey=b"guessed")
        edit = Edit(toy.picture[:16, :16], "it", 1)
        (painted,) = SharedEdits(host, nullcontext).edit([edit], Sampling(steps=1, text_tokens=64))
        assert painted.shape == (16, 16, 3)


def test_what_waits_and_is_of_one_kind_is_worked_on_together(toy: Toy) -> None:
    few, many = Sampling(steps=1), Sampling(steps=2)
    small = [Edit(toy.picture[:48], "it", 1)]
    edits = [Edit(toy.picture, "it", seed) for seed in range(2)]
    line, _ = Pipe()
    jobs: Queue[Job] = Queue()
    asked = [Job(edits, few, line), Job(edits, many, line), Job(edits, few, line), Job(small, few, line)]
    for job in asked:
        jobs.put(job)
    groups = together(jobs, at_once=16)
    assert [next(groups) for _ in range(3)] == [[asked[0], asked[2]], [asked[1]], [asked[3]]]
