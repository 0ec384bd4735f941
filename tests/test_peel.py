from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from peeler.analysts.scripted import ScriptedAnalyst
from peeler.errors import BudgetSpent, OutputError, Unavailable
from peeler.geometry import RGB, Box, Mask
from peeler.graph import Edge, Element, LayerGraph
from peeler.inputs import Picture
from peeler.lift import lift
from peeler.peel import Engine, derived_seed, peel
from peeler.presets import Preset
from peeler.protocols import Analysis, Checked, Removal, Removed
from peeler.records import Spent, StopReason
from peeler.registry import EngineChoice, choose_engine
from peeler.runs import Run
from peeler.stack import LayerStack
from tests.toy import Toy

TOP = ("left-eye", "right-eye", "hat")


def choice(**settings: object) -> EngineChoice:
    return choose_engine(Preset.model_validate({"engine": "scripted", **settings}))


@dataclass
class Peeled:
    stack: LayerStack
    run: Run


def peeled(folder: Path, picture: Picture | RGB, engine: Engine, **settings: object) -> Peeled:
    picture = picture if isinstance(picture, Picture) else Picture.of(picture)
    chosen = choice(**settings)
    with Run.begin(folder / "run", picture, chosen) as run:
        return Peeled(peel(picture, engine, chosen.preset, run), run)


@dataclass
class Knowing:
    """A remover that knows the toy's canvases by what stays, and gives the layers itself if told so."""

    toy: Toy
    exact: bool = False
    seen: list[tuple[tuple[str, ...], int]] = field(default_factory=list)

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        self.seen.append((tuple(element.id for element in removal.elements), seed))
        after = canvas.copy()
        for element in removal.elements:
            area = element.box.expand(2, (64, 64)).slices
            below = self.toy.canvases[1] if element.id != "disc" else self.toy.canvases[2]
            after[area] = below[area]
        return Removed(after, lift(canvas, after, removal.elements) if self.exact else None)


@dataclass
class Clumsy:
    """A remover that fails while it is asked for more than ``most`` elements, or ``failures`` times."""

    good: Knowing
    most: int = 99
    failures: int = 0

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        if len(removal.elements) > self.most or self.failures > 0:
            self.failures -= 1
            self.good.seen.append((tuple(element.id for element in removal.elements), seed))
            return Removed(canvas.copy())
        return self.good.remove(canvas, removal, seed, steps)


@dataclass
class Watching:
    """An analyst that notes what it is handed."""

    inner: ScriptedAnalyst
    seen: list[tuple[LayerGraph | None, int]] = field(default_factory=list)

    def analyse(
        self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
    ) -> Analysis:
        self.seen.append((previous, seed))
        return self.inner.analyse(canvas, previous, seed)


def test_a_picture_comes_apart_into_its_layers(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, toy.engine)
    assert [layer.id for layer in done.stack.layers] == ["background", "disc", *TOP]
    assert [layer.role for layer in done.stack.layers] == ["background"] + ["element"] * 4
    assert done.run.record.stop_reason is StopReason.BACKGROUND
    assert [step.removed for step in done.run.steps] == [TOP, ("disc",)]
    assert done.stack.difference(toy.picture).max() <= 2
    assert done.stack.layers[0].ink == "#ebf0fa"


def test_the_order_is_kept_from_step_to_step(toy: Toy, tmp_path: Path) -> None:
    stack = peeled(tmp_path, toy.picture, toy.engine).stack
    assert stack.layers[1].name == "the disc"
    assert np.array_equal(stack.layers[0].pixels[..., :3], toy.canvases[2])


def test_layers_that_a_remover_gives_are_taken(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Knowing(toy, exact=True)))
    assert [layer.id for layer in done.stack.layers] == ["background", "disc", *TOP]
    assert done.stack.difference(toy.picture).max() <= 2


def test_the_analyst_gets_what_is_left_of_its_graph(toy: Toy, tmp_path: Path) -> None:
    analyst = Watching(toy.analyst)
    peeled(tmp_path, toy.picture, Engine(analyst, toy.remover))
    previous = [None if graph is None else [item.id for item in graph.elements] for graph, _ in analyst.seen]
    assert previous == [None, ["disc"], []]


def test_a_new_answer_of_the_analyst_counts(toy: Toy, tmp_path: Path) -> None:
    renamed = toy.graph["disc"].model_copy(update={"name": "the face"})
    analyst = ScriptedAnalyst([toy.graph, LayerGraph(elements=(renamed,))])
    stack = peeled(tmp_path, toy.picture, Engine(analyst, toy.remover)).stack
    assert stack.layers[1].name == "the face"


def test_a_remover_may_repaint_only_around_what_it_removes(toy: Toy, tmp_path: Path) -> None:
    @dataclass
    class Drifting:
        def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
            after = Knowing(toy).remove(canvas, removal, seed, steps).canvas.astype(int)
            return Removed((after + 9).clip(0, 255).astype(np.uint8))

    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Drifting()))
    assert np.array_equal(done.run.canvas[60:, :4], toy.picture[60:, :4])
    assert done.stack.difference(toy.picture).max() <= 2


def test_a_rejected_removal_is_tried_again_with_another_seed(toy: Toy, tmp_path: Path) -> None:
    remover = Clumsy(Knowing(toy), failures=2)
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, remover))
    attempts = done.run.steps[0].attempts
    assert [attempt.verdict.accepted for attempt in attempts] == [False, False, True]
    assert len({attempt.seed for attempt in attempts}) == 3
    assert attempts[0].seed == derived_seed(42, 0, 1) == remover.good.seen[0][1]
    rejected = sorted(path.name for path in (tmp_path / "run/steps/00/attempts").iterdir())
    assert rejected == ["00.png", "01.png"]


def test_fewer_elements_are_tried_next(toy: Toy, tmp_path: Path) -> None:
    remover = Clumsy(Knowing(toy), most=1)
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, remover), attempts=2)
    assert [len(ids) for ids, _ in remover.good.seen][:3] == [3, 3, 1]
    assert done.run.steps[0].removed == ("hat",), "the largest first"
    assert done.run.record.stop_reason is StopReason.BACKGROUND
    assert sorted(layer.id for layer in done.stack.elements) == sorted(["disc", *TOP])


def test_the_fallback_is_asked_last(toy: Toy, tmp_path: Path) -> None:
    engine = Engine(toy.analyst, Clumsy(Knowing(toy), most=0), Knowing(toy))
    done = peeled(tmp_path, toy.picture, engine, attempts=1, remover="scripted", fallback="flat")
    assert [attempt.remover for attempt in done.run.steps[0].attempts] == ["scripted", "scripted", "scripted", "flat"]
    assert done.run.record.stop_reason is StopReason.BACKGROUND


def test_stuck_still_gives_an_exact_stack(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Clumsy(Knowing(toy), most=0)))
    assert done.run.record.stop_reason is StopReason.STUCK
    assert "still there" in done.run.record.note
    assert [layer.role for layer in done.stack.layers] == ["background"]
    assert done.stack.difference(toy.picture).max() == 0


@pytest.mark.parametrize("most, steps", [(0, 0), (1, 1)])
def test_the_number_of_steps_is_bounded(toy: Toy, tmp_path: Path, most: int, steps: int) -> None:
    done = peeled(tmp_path, toy.picture, toy.engine, max_steps=most)
    assert done.run.record.stop_reason is StopReason.MAX_STEPS
    assert len(done.run.steps) == steps
    assert done.stack.difference(toy.picture).max() <= 2


def test_the_last_allowed_step_may_be_the_last_needed(toy: Toy, tmp_path: Path) -> None:
    assert peeled(tmp_path, toy.picture, toy.engine, max_steps=2).run.record.stop_reason is StopReason.BACKGROUND


def test_elements_that_do_not_show_are_no_reason_to_go_on(toy: Toy, tmp_path: Path) -> None:
    ghost = toy.graph["hat"].model_copy(update={"mask": Mask.of(np.zeros((2, 2), bool)), "box": Box(0, 0, 0, 0)})
    done = peeled(tmp_path, toy.picture, Engine(ScriptedAnalyst([LayerGraph(elements=(ghost,))]), toy.remover))
    assert done.run.record.stop_reason is StopReason.NOTHING_MORE


def test_a_ghost_does_not_shield_what_lies_below(toy: Toy, tmp_path: Path) -> None:
    ghost = toy.graph["hat"].model_copy(update={"id": "ghost", "mask": Mask.of(np.zeros((2, 2), bool))})
    graph = LayerGraph(
        elements=(*toy.graph.elements, ghost),
        edges=(*toy.graph.edges, Edge(kind="occludes", source="ghost", target="hat")),
    )
    done = peeled(tmp_path, toy.picture, Engine(ScriptedAnalyst([graph]), toy.remover))
    assert done.run.steps[0].removed == TOP


def test_cycles_are_cut_and_told(toy: Toy, tmp_path: Path) -> None:
    weak = Edge(kind="occludes", source="disc", target="hat", weight=0.1)
    tangled = LayerGraph(elements=toy.graph.elements, edges=(*toy.graph.edges, weak))
    done = peeled(tmp_path, toy.picture, Engine(ScriptedAnalyst([tangled]), toy.remover))
    assert done.run.steps[0].cut_edges == (weak,)
    assert len(done.stack.elements) == 4


def test_an_id_is_not_given_twice(toy: Toy, tmp_path: Path) -> None:
    """An analyst that forgets may call the disc by a name that is taken."""
    forgotten = LayerGraph(elements=(toy.graph["disc"].model_copy(update={"id": "hat"}),))

    @dataclass
    class Forgetful:
        def analyse(
            self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
        ) -> Analysis:
            if previous is None:
                return Analysis(toy.graph)
            return Analysis(forgotten if previous.elements else LayerGraph())

    done = peeled(tmp_path, toy.picture, Engine(Forgetful(), toy.remover))
    assert [layer.id for layer in done.stack.layers] == ["background", "hat-2", *TOP]


def test_reserved_ids_are_not_taken_by_elements(toy: Toy, tmp_path: Path) -> None:
    graph = LayerGraph(elements=(toy.graph["disc"].model_copy(update={"id": "background"}),))
    done = peeled(tmp_path, toy.canvases[1], Engine(ScriptedAnalyst([graph]), toy.remover))
    assert [layer.id for layer in done.stack.layers] == ["background", "background-2"]


def test_what_layers_miss_goes_into_the_residual(toy: Toy, tmp_path: Path) -> None:
    @dataclass
    class Sloppy:
        def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
            removed = Knowing(toy, exact=True).remove(canvas, removal, seed, steps)
            first, *rest = removed.layers or ()
            spoilt = first.pixels.copy()
            spoilt[spoilt.shape[0] // 2, spoilt.shape[1] // 2] = 0
            return replace(removed, layers=(replace(first, pixels=spoilt), *rest))

    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Sloppy()))
    assert done.stack.layers[-1].role == "residual"
    assert done.stack.difference(toy.picture).max() <= 2
    assert done.stack.difference(toy.picture, residual=False).max() > 2


def test_a_backend_that_fails_keeps_what_was_done(toy: Toy, tmp_path: Path) -> None:
    @dataclass
    class Failing:
        calls: int = 0

        def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
            self.calls += 1
            if self.calls > 1:
                raise Unavailable("out of order")
            return Knowing(toy).remove(canvas, removal, seed, steps)

    with pytest.raises(Unavailable):
        peeled(tmp_path, toy.picture, Engine(toy.analyst, Failing()))
    again = peeled(tmp_path, toy.picture, toy.engine)
    assert len(again.run.steps) == 2 and again.run.record.stop_reason is StopReason.BACKGROUND


def test_a_canvas_of_another_size_is_an_error(toy: Toy, tmp_path: Path) -> None:
    @dataclass
    class Shrinking:
        def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
            return Removed(canvas[::2, ::2])

    with pytest.raises(OutputError, match="scripted gave a canvas"):
        peeled(tmp_path, toy.picture, Engine(toy.analyst, Shrinking()))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_thin_pictures(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    done = peeled(tmp_path, picture, Engine(ScriptedAnalyst(), Knowing(None)))  # type: ignore[arg-type]
    assert done.run.record.stop_reason is StopReason.BACKGROUND
    assert done.stack.difference(picture).max() == 0


def test_a_transparent_picture(tmp_path: Path, toy: Toy) -> None:
    alpha = np.full((64, 64), 255, dtype=np.uint8)
    sky = (toy.picture == toy.canvases[2]).all(axis=2)
    alpha[sky] = 0
    picture = Picture.of(np.dstack([toy.picture, alpha]))

    def on_backdrop(canvas: RGB) -> RGB:
        return np.where(
            (canvas == toy.canvases[2]).all(axis=2)[..., None], np.array(picture.backdrop, dtype=np.uint8), canvas
        )

    laid = Toy(tuple(map(on_backdrop, toy.canvases)), toy.graph)
    done = peeled(tmp_path, picture, laid.engine)
    assert done.stack.difference(picture.pixels).max() <= 2
    assert not done.stack.layers[0].pixels[0, 0].any()


def test_steps_are_told(toy: Toy, tmp_path: Path) -> None:
    told: list[int] = []
    chosen, picture = choice(), Picture.of(toy.picture)
    with Run.begin(tmp_path / "run", picture, chosen) as run:
        peel(picture, toy.engine, chosen.preset, run, told.append)
    assert told == [1, 2]


# What the user wants


def test_only_what_is_named_is_peeled(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Knowing(toy)), targets=["the hat"])
    assert [layer.id for layer in done.stack.layers] == ["background", "hat"]
    assert done.run.record.stop_reason is StopReason.TARGETS and done.run.record.note == ""
    assert done.stack.difference(toy.picture).max() <= 2


def test_a_name_that_nothing_has_is_told(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Knowing(toy)), targets=["the moon"])
    assert done.run.record.note == "nothing is seen of the moon" and not done.run.steps


@pytest.mark.parametrize("exact", [False, True])
def test_an_object_becomes_one_layer(toy: Toy, tmp_path: Path, exact: bool) -> None:
    dressed = tuple(
        item.model_copy(update={"part_of": "eyes"}) if "eye" in item.id else item for item in toy.graph.elements
    )
    analyst = ScriptedAnalyst([toy.graph.model_copy(update={"elements": dressed})])
    done = peeled(tmp_path, toy.picture, Engine(analyst, Knowing(toy, exact)), granularity="objects")
    assert [(layer.id, layer.name) for layer in done.stack.elements] == [
        ("disc", "the disc"),
        ("left-eye", "eyes"),
        ("hat", "the hat"),
    ]
    assert done.stack.difference(toy.picture).max() <= 2


def test_a_crowd_is_taken_apart_in_groups(toy: Toy, tmp_path: Path) -> None:
    remover = Knowing(toy)
    peeled(tmp_path, toy.picture, Engine(toy.analyst, remover), at_once=2)
    assert [ids for ids, _ in remover.seen] == [("hat",), ("left-eye", "right-eye"), ("disc",)]


# Second opinions


@dataclass
class Doubting:
    """A checker that objects to the first ``doubts`` removals."""

    doubts: int
    spent: bool = False

    def check(self, before: RGB, after: RGB, removal: Removal, seed: int) -> Checked:
        if self.spent:
            raise BudgetSpent("all calls are made")
        self.doubts -= 1
        return Checked("the model still sees it" if self.doubts >= 0 else "", {"asked": True}, ({**EXCHANGE},))


EXCHANGE = {"cached": False, "money": 0.5, "usage": {"input": 1, "output": 2}}


def test_an_objection_is_a_rejection(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, toy.remover, checker=Doubting(1)))
    first, second = done.run.steps[0].attempts
    assert (first.verdict.accepted, first.verdict.reason) == (False, "the model still sees it")
    assert second.verdict.accepted and second.checked == {"asked": True}
    assert done.run.steps[0].spent == Spent(calls=2, money=1.0, input=2, output=4)


def test_words_do_not_deny_layers_that_repaint_the_canvas(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, Knowing(toy, exact=True), checker=Doubting(99)))
    assert done.run.record.stop_reason is StopReason.BACKGROUND
    assert done.run.steps[0].attempts[0].checked == {"asked": True}


def test_a_check_that_is_not_paid_for_ends_the_run(toy: Toy, tmp_path: Path) -> None:
    done = peeled(tmp_path, toy.picture, Engine(toy.analyst, toy.remover, checker=Doubting(0, spent=True)))
    assert (done.run.record.stop_reason, done.run.record.note) == (StopReason.BUDGET, "all calls are made")
    assert done.stack.difference(toy.picture).max() == 0


@pytest.mark.parametrize("stop", ["budget", "unreadable"])
def test_an_analyst_may_end_it_with_what_is_finished(
    stop: Literal["budget", "unreadable"], toy: Toy, tmp_path: Path
) -> None:
    @dataclass
    class Ending:
        def analyse(
            self, canvas: RGB, previous: LayerGraph | None, seed: int, removed: tuple[Element, ...] = ()
        ) -> Analysis:
            return Analysis(toy.graph) if previous is None else Analysis(LayerGraph(), note="why", stop=stop)

    done = peeled(tmp_path, toy.picture, Engine(Ending(), toy.remover))
    assert (done.run.record.stop_reason, done.run.record.note, len(done.run.steps)) == (stop, "why", 1)
    assert done.stack.difference(toy.picture).max() <= 2


def test_every_attempt_has_its_own_request(toy: Toy, tmp_path: Path) -> None:
    asked: list[tuple[int, int, str]] = []

    @dataclass
    class Deaf:
        def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
            asked.append((len(removal.elements), steps, removal.words))
            return Removed(canvas.copy())

    peeled(tmp_path, toy.picture, Engine(toy.analyst, Deaf()), steps=40, attempts=2)
    names = "the left eye, the right eye, the hat"
    more = (
        "the left eye (dark blue, in the middle), the right eye (dark blue, in the middle), the hat (green, at the top)"
    )
    assert asked == [(3, 40, names), (3, 50, names), (1, 40, "the hat"), (3, 40, more)]


def seeds_of(run_seed: int) -> Sequence[int]:
    return [derived_seed(run_seed, step, attempt) for step in range(20) for attempt in range(5)]


def test_seeds_depend_on_run_step_and_attempt_alone() -> None:
    assert derived_seed(42, 0, 1) == 8874990235793864
    assert len({*seeds_of(42), *seeds_of(7), *seeds_of(421)}) == 300
    assert all(0 <= seed < 2**53 for seed in seeds_of(42))
