"""The loop: see what lies on top, take it away, check, lift, keep; again until only the background is left."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from peeler.geometry import RGB
from peeler.graph import Edge, Element, LayerGraph
from peeler.inputs import Picture
from peeler.judge import check_removed, element_pixels, judge, judge_layers, removal_mask
from peeler.lift import hard_composite, lift, settle_transparency, with_residual
from peeler.presets import Preset
from peeler.protocols import Analyst, Removal, Removed, Remover
from peeler.records import AttemptRecord, StopReason
from peeler.runs import Run, Step
from peeler.stack import Layer, LayerStack, opaque_layer
from peeler.text import unique


@dataclass(frozen=True)
class Engine:
    """Who says what is on top, who takes it away, and whom to ask when that fails."""

    analyst: Analyst
    remover: Remover
    fallback: Remover | None = None


def peel(
    picture: Picture, engine: Engine, preset: Preset, run: Run, on_step: Callable[[int], None] | None = None
) -> LayerStack:
    """Peel ``picture`` into the stack that composes to it; each step goes into ``run``, whose last one it starts from.

    ``on_step`` is told how many steps are made. Raises BackendError when a backend fails and StoreError when a step
    cannot be kept; what was kept by then stays.
    """
    while run.record.stop_reason is None:
        outcome = next_step(run, engine, preset)
        if isinstance(outcome, Stop):
            run.stop(outcome.reason, outcome.note)
        else:
            run.keep(outcome)
            if on_step:
                on_step(len(run.steps))
    return settle_transparency(with_residual(_stack(run), picture.rgb), picture)


class Stop(NamedTuple):
    """No further step is made, and why."""

    reason: StopReason
    note: str


def next_step(run: Run, engine: Engine, preset: Preset) -> Step | Stop:
    """Remove what lies on top of the run's canvas, or say why nothing is removed."""
    laps = Laps()
    index = len(run.steps)
    analysis = engine.analyst.analyse(run.canvas, run.graph, derived_seed(preset.seed, index, 0))
    graph, cut = _with_new_ids(analysis.graph, run.used_ids).acyclic()
    visible = _without_ghosts(graph, run.canvas)
    laps.mark("analyse")
    if not graph.elements:
        return Stop(StopReason.BACKGROUND, analysis.note)
    if not visible.elements:
        return Stop(StopReason.NOTHING_MORE, analysis.note)
    if index >= preset.max_steps:
        return Stop(StopReason.MAX_STEPS, analysis.note)
    trial = _try_removals(run.canvas, visible, engine, preset, index, laps)
    if trial.accepted is None:
        return Stop(StopReason.STUCK, _joined(analysis.note, f"step {index}: {trial.attempts[-1].verdict.reason}"))
    after, layers = _lifted(run.canvas, trial.accepted, trial.elements, run.used_ids)
    laps.mark("lift")
    return Step(
        graph=visible,
        cut=_still_joined(cut, visible),
        removed=tuple(element.id for element in trial.elements),
        after=after,
        mask=np.logical_or.reduce([element_pixels(element, _size(after)) for element in trial.elements]),
        layers=layers,
        attempts=tuple(trial.attempts),
        rejected=trial.rejected,
        account=analysis.account,
        note=analysis.note,
        seconds=laps.seconds,
    )


@dataclass
class Trial:
    """The attempts at one removal: the accepted result and its elements, unless all were rejected."""

    attempts: list[AttemptRecord] = field(default_factory=list)
    rejected: dict[int, RGB] = field(default_factory=dict)
    accepted: Removed | None = None
    elements: tuple[Element, ...] = ()


def _try_removals(canvas: RGB, graph: LayerGraph, engine: Engine, preset: Preset, index: int, laps: "Laps") -> Trial:
    trial = Trial()
    for number, (name, remover, elements) in enumerate(_plans(engine, preset, graph.topmost())):
        ids = tuple(element.id for element in elements)
        removal = Removal(elements, graph.without(ids))
        seed = derived_seed(preset.seed, index, number + 1)
        removed = check_removed(remover.remove(canvas, removal, seed, preset.steps), canvas, name)
        laps.mark("remove")
        exact = removed.layers is not None
        verdict = judge_layers(canvas, removed, removal) if exact else judge(canvas, removed.canvas, removal)
        laps.mark("judge")
        trial.attempts.append(
            AttemptRecord(seed=seed, remover=name, elements=ids, verdict=verdict, account=removed.account)
        )
        if verdict.accepted:
            trial.accepted, trial.elements = removed, elements
            break
        trial.rejected[number] = removed.canvas
    return trial


def _plans(
    engine: Engine, preset: Preset, top: tuple[Element, ...]
) -> Iterator[tuple[str, Remover, tuple[Element, ...]]]:
    """Whom to ask for what, in turn: everything on top with new seeds, ever fewer elements, the fallback."""
    for _ in range(preset.attempts):
        yield preset.remover or "", engine.remover, top
    fewer = tuple(sorted(top, key=lambda element: -(element.mask.area if element.mask else element.box.area)))
    while len(fewer) > 1:
        fewer = fewer[: len(fewer) // 2]
        yield preset.remover or "", engine.remover, fewer
    if engine.fallback is not None:
        yield preset.fallback or "", engine.fallback, top


def _lifted(
    before: RGB, removed: Removed, elements: tuple[Element, ...], used: set[str]
) -> tuple[RGB, tuple[Layer, ...]]:
    """The next canvas and the layers between it and the one before, which the remover gave or which are lifted here."""
    if removed.layers is not None:
        taken = set(used)
        return removed.canvas, tuple(replace(layer, id=unique(layer.id, taken)) for layer in removed.layers)
    after = hard_composite(before, removed.canvas, removal_mask(before, elements))
    return after, lift(before, after, elements)


def _stack(run: Run) -> LayerStack:
    """What is left as the background, and the steps' layers over it, the first step's on top."""
    background = opaque_layer("background", "background", run.canvas, "background", origin="canvas")
    first = run.canvas[0, 0]
    if (run.canvas == first).all():
        background = replace(background, ink="#" + bytes(first).hex())
    lifted = [layer for layers in reversed(run.layers) for layer in layers]
    return LayerStack(_size(run.canvas), (background, *lifted))


def _with_new_ids(graph: LayerGraph, used: set[str]) -> LayerGraph:
    """The graph with other ids for elements that have the id of something lifted before."""
    if not any(element.id in used for element in graph.elements):
        return graph
    taken = used | {element.id for element in graph.elements}
    names = {element.id: unique(element.id, taken) for element in graph.elements if element.id in used}
    return LayerGraph(
        elements=tuple(
            element.model_copy(
                update={
                    "id": names.get(element.id, element.id),
                    "part_of": names.get(element.part_of or "", element.part_of),
                }
            )
            for element in graph.elements
        ),
        edges=tuple(
            edge.model_copy(
                update={"source": names.get(edge.source, edge.source), "target": names.get(edge.target, edge.target)}
            )
            for edge in graph.edges
        ),
    )


def _without_ghosts(graph: LayerGraph, canvas: RGB) -> LayerGraph:
    """The graph without elements that are said to lie on top but show no pixel."""
    size = _size(canvas)
    while ghosts := [item.id for item in graph.topmost() if not element_pixels(item, size).any()]:
        graph = graph.without(ghosts)
    return graph


def _still_joined(edges: tuple[Edge, ...], graph: LayerGraph) -> tuple[Edge, ...]:
    known = {element.id for element in graph.elements}
    return tuple(edge for edge in edges if {edge.source, edge.target} <= known)


class Laps:
    """Seconds spent in each named stage, from mark to mark."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._first = self._last = time.perf_counter()

    @property
    def total(self) -> float:
        """Seconds since the first moment."""
        return time.perf_counter() - self._first

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


def derived_seed(run_seed: int, step: int, attempt: int) -> int:
    """The seed of one attempt; attempt 0 is the analysis. Below 2⁵³, so that every JSON reader keeps it exactly."""
    text = f"{run_seed}/{step}/{attempt}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 11


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _size(canvas: RGB) -> tuple[int, int]:
    return canvas.shape[1], canvas.shape[0]
