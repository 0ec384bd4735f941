"""The loop: see what lies on top, take it away, check, lift, keep; again until only the background is left."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from peeler.attempts import Engine as Engine
from peeler.attempts import derived_seed as derived_seed
from peeler.attempts import try_removals
from peeler.choice import choose, objects_of
from peeler.errors import BudgetSpent
from peeler.geometry import RGB
from peeler.graph import Edge, Element, LayerGraph
from peeler.inputs import Picture
from peeler.judge import pixels_of, removal_mask, seen_of
from peeler.laps import Laps
from peeler.lift import hard_composite, lift, settle_transparency, with_residual
from peeler.presets import Preset
from peeler.protocols import Analysis, Removed
from peeler.records import StopReason
from peeler.runs import Run, Step
from peeler.stack import Layer, LayerStack, merged, opaque_layer, painted_alike
from peeler.text import unique


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
            run.stop(outcome.reason, outcome.note, outcome.analysis)
        else:
            run.keep(outcome)
            if on_step:
                on_step(len(run.steps))
    return settle_transparency(with_residual(_stack(run), picture.rgb), picture)


class Stop(NamedTuple):
    """No further step is made, and why; what the last look at the canvas brought is ``analysis``."""

    reason: StopReason
    note: str
    analysis: Analysis


def next_step(run: Run, engine: Engine, preset: Preset) -> Step | Stop:
    """Remove what lies on top of the run's canvas, or say why nothing is removed."""
    laps = Laps()
    index = len(run.steps)
    analysis = engine.analyst.analyse(run.canvas, run.graph, derived_seed(preset.seed, index, 0), run.removed)
    graph, cut = _with_new_ids(analysis.graph, run.used_ids).acyclic()
    visible = _without_ghosts(graph, run.canvas)
    top = choose(visible, preset.granularity, preset.targets, preset.at_once)
    laps.mark("analyse")
    if reason := _end(analysis, visible, top, index, preset):
        missed = f"nothing is seen of {', '.join(preset.targets)}" if reason is StopReason.TARGETS and not index else ""
        return Stop(reason, _joined(analysis.note, missed), analysis)
    try:
        trial = try_removals(run.canvas, visible, top, engine, preset, index, laps)
    except BudgetSpent as problem:
        return Stop(StopReason.BUDGET, _joined(analysis.note, str(problem)), analysis)
    if trial.accepted is None:
        told = f"step {index}: {trial.attempts[-1].verdict.reason}"
        return Stop(StopReason.STUCK, _joined(analysis.note, told), _with(analysis, trial.exchanges))
    after, layers = _lifted(run.canvas, trial.accepted, trial.elements, run.used_ids)
    if preset.granularity == "objects":
        layers = _as_objects(layers, visible)
    laps.mark("lift")
    return Step(
        graph=visible,
        cut=_still_joined(cut, visible),
        removed=tuple(element.id for element in trial.elements),
        after=after,
        mask=pixels_of(trial.elements, _size(after)),
        layers=layers,
        attempts=tuple(trial.attempts),
        rejected=trial.rejected,
        analysis=_with(analysis, trial.exchanges),
        seconds=laps.seconds,
    )


def _end(
    analysis: Analysis, visible: LayerGraph, top: tuple[Element, ...], index: int, preset: Preset
) -> StopReason | None:
    """Why there is no further step, if there is none."""
    if analysis.stop is not None:
        return StopReason(analysis.stop)
    if not analysis.graph.elements:
        return StopReason.BACKGROUND
    if not visible.elements:
        return StopReason.NOTHING_MORE
    if not top:
        return StopReason.TARGETS
    return StopReason.MAX_STEPS if index >= preset.max_steps else None


def _with(analysis: Analysis, exchanges: list[dict[str, Any]]) -> Analysis:
    return replace(analysis, exchanges=(*analysis.exchanges, *exchanges))


def _lifted(
    before: RGB, removed: Removed, elements: tuple[Element, ...], used: set[str]
) -> tuple[RGB, tuple[Layer, ...]]:
    """The next canvas and the layers between it and the one before, which the remover gave or which are lifted here."""
    if removed.layers is not None:
        taken = set(used)
        return removed.canvas, tuple(replace(layer, id=unique(layer.id, taken)) for layer in removed.layers)
    after = hard_composite(before, removed.canvas, removal_mask(before, elements))
    return after, lift(before, after, elements)


def _as_objects(layers: tuple[Layer, ...], graph: LayerGraph) -> tuple[Layer, ...]:
    """One layer for all that belong to one object, where the lowest of them was; they have nothing between them."""
    objects, names = objects_of(graph), {element.id: element.name for element in graph.elements}
    groups: dict[str, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(objects.get(layer.id, layer.id), []).append(layer)
    return tuple(merged(group, names.get(key, key)) if len(group) > 1 else group[0] for key, group in groups.items())


def _stack(run: Run) -> LayerStack:
    """What is left as the background, and the steps' layers over it, the first step's on top.

    Where it does not matter they lie as in the first graph, as what was peeled late has much on it but need not be low,
    and the layers of an object next to each other.
    """
    background = opaque_layer("background", "background", run.canvas, "background", origin="canvas")
    first = run.canvas[0, 0]
    if (run.canvas == first).all():
        background = replace(background, ink="#" + bytes(first).hex())
    lifted = [layer for layers in reversed(run.layers) for layer in layers]
    if run.steps:
        graph = run.graph_at(0)
        lifted = painted_alike(lifted, [element.id for element in graph.bottom_to_top()], _named_objects(graph))
    return LayerStack(_size(run.canvas), (background, *lifted))


def _named_objects(graph: LayerGraph) -> dict[str, str]:
    """The objects of all elements that belong to one which is no element itself, nor has the name of one.

    Parts of an element stay where they are: what is drawn on one thing often reaches over another.
    """
    known = {name for element in graph.elements for name in (element.id, element.name)}
    return {id: object for id, object in objects_of(graph).items() if object not in known}


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
    while ghosts := [item.id for item in graph.topmost() if not seen_of(item, size).area]:
        graph = graph.without(ghosts)
    return graph


def _still_joined(edges: tuple[Edge, ...], graph: LayerGraph) -> tuple[Edge, ...]:
    known = {element.id for element in graph.elements}
    return tuple(edge for edge in edges if {edge.source, edge.target} <= known)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _size(canvas: RGB) -> tuple[int, int]:
    return canvas.shape[1], canvas.shape[0]
