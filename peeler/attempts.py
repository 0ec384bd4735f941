"""Attempts at one removal: the request with other seeds and steps, fewer elements, other words, another remover."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from peeler.flat.names import colour_word, place_words
from peeler.flat.painting import ink_of
from peeler.geometry import RGB
from peeler.graph import Element, LayerGraph
from peeler.judge import check_removed, judge, judge_layers, removal_mask
from peeler.laps import Laps
from peeler.lift import hard_composite
from peeler.presets import Preset
from peeler.protocols import Analyst, Checked, Checker, Removal, Removed, Remover
from peeler.records import AttemptRecord, Verdict
from peeler.text import label

MORE_STEPS = 0.25
"""Share of the denoising steps by which each further try has more."""
MOST_STEPS = 1000
LONGEST_REQUEST = 400
"""Characters of the words for a removal."""


@dataclass(frozen=True)
class Engine:
    """Who says what is on top, who takes it away, whom to ask when that fails, and who gives a second opinion."""

    analyst: Analyst
    remover: Remover
    fallback: Remover | None = None
    checker: Checker | None = None


@dataclass
class Trial:
    """The attempts at one removal: the accepted result and its elements, unless all were rejected."""

    attempts: list[AttemptRecord] = field(default_factory=list)
    rejected: dict[int, RGB] = field(default_factory=dict)
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    accepted: Removed | None = None
    elements: tuple[Element, ...] = ()


class Plan(NamedTuple):
    """Whom to ask for what: by name, in words, with how many denoising steps."""

    name: str
    remover: Remover
    elements: tuple[Element, ...]
    words: str
    steps: int


def try_removals(
    canvas: RGB, graph: LayerGraph, top: tuple[Element, ...], engine: Engine, preset: Preset, index: int, laps: Laps
) -> Trial:
    """Take ``top`` off ``canvas``, or some of it, until the judge accepts an attempt or the plans are used up."""
    trial = Trial()
    for number, plan in enumerate(plans(engine, preset, graph, top, _size(canvas))):
        removal = Removal(plan.elements, graph.without(item.id for item in plan.elements), plan.words)
        seed = derived_seed(preset.seed, index, number + 1)
        removed = check_removed(plan.remover.remove(canvas, removal, seed, plan.steps), canvas, plan.name)
        laps.mark("remove")
        verdict, checked = _judged(canvas, removed, removal, engine.checker, seed)
        laps.mark("judge")
        trial.attempts.append(
            AttemptRecord(
                seed=seed,
                remover=plan.name,
                elements=tuple(item.id for item in plan.elements),
                words=plan.words,
                steps=plan.steps,
                verdict=verdict,
                account=removed.account,
                checked=checked.account,
            )
        )
        trial.exchanges += checked.exchanges
        if verdict.accepted:
            trial.accepted, trial.elements = removed, plan.elements
            break
        trial.rejected[number] = removed.canvas
    return trial


def plans(
    engine: Engine, preset: Preset, graph: LayerGraph, top: tuple[Element, ...], size: tuple[int, int]
) -> Iterator[Plan]:
    """What to try in turn: everything with new seeds and more steps, ever fewer elements, more words, the fallback.

    ``size`` is that of the canvas (width, height).
    """
    first = Plan(preset.remover or "", engine.remover, top, in_words(top), preset.steps)
    for number in range(preset.attempts):
        yield first._replace(steps=min(MOST_STEPS, round(preset.steps * (1 + MORE_STEPS * number))))
    for fewer in _ever_fewer(graph, top):
        yield first._replace(elements=fewer, words=in_words(fewer))
    yield first._replace(words=in_more_words(top, size))
    if engine.fallback is not None:
        yield first._replace(name=preset.fallback or "", remover=engine.fallback)


def in_words(elements: tuple[Element, ...]) -> str:
    """The names of the elements."""
    return label(", ".join(element.name for element in elements), LONGEST_REQUEST)


def in_more_words(elements: tuple[Element, ...], size: tuple[int, int]) -> str:
    """The elements by name, colour and place, since a name alone may be too bare; ``size`` is (width, height)."""
    return label(", ".join(_told(element, size) for element in elements), LONGEST_REQUEST)


def _told(element: Element, size: tuple[int, int]) -> str:
    colour = colour_word(np.array(ink_of(element), np.uint8))
    words = (colour, place_words(element.mask.box if element.mask else element.box, size))
    more = ", ".join(word for word in words if word and word not in element.name)
    return f"{element.name} ({more})" if more else element.name


def _ever_fewer(graph: LayerGraph, top: tuple[Element, ...]) -> Iterator[tuple[Element, ...]]:
    """Half of the elements, half of these and so on, the largest; only such as nothing covers."""
    bare = {element.id for element in graph.topmost()}
    fewer = tuple(sorted((item for item in top if item.id in bare), key=lambda item: -_area(item)))
    if 0 < len(fewer) < len(top):
        yield fewer
    while len(fewer) > 1:
        fewer = fewer[: len(fewer) // 2]
        yield fewer


def _area(element: Element) -> int:
    return element.mask.area if element.mask else element.box.area


def _judged(
    canvas: RGB, removed: Removed, removal: Removal, checker: Checker | None, seed: int
) -> tuple[Verdict, Checked]:
    """What the pixels say, and if they allow the removal what a second opinion is."""
    exact = removed.layers is not None
    verdict = judge_layers(canvas, removed, removal) if exact else judge(canvas, removed.canvas, removal)
    if checker is None or not verdict.accepted:
        return verdict, Checked()
    after = removed.canvas if exact else hard_composite(canvas, removed.canvas, removal_mask(canvas, removal.elements))
    checked = checker.check(canvas, after, removal, seed)
    # Layers that repaint the canvas pixel by pixel prove more than words can deny.
    if checked.objection and not exact:
        verdict = verdict.model_copy(update={"accepted": False, "reason": checked.objection})
    return verdict, checked


def derived_seed(run_seed: int, step: int, attempt: int) -> int:
    """The seed of one attempt; attempt 0 is the analysis. Below 2⁵³, so that every JSON reader keeps it exactly."""
    text = f"{run_seed}/{step}/{attempt}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 11


def _size(canvas: RGB) -> tuple[int, int]:
    return canvas.shape[1], canvas.shape[0]
