"""What a run on disk says: read from its files, and laid out for people."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, field_serializer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from peeler.errors import ConfigError, StoreError
from peeler.graph import Element, LayerGraph
from peeler.layout import add_row, plain_table, short, swatch
from peeler.listened import LISTENED, exchanges_table, listened_tables
from peeler.records import AttemptRecord, RunRecord, StepRecord, StopReason, Timings, read_record
from peeler.stack_files import StoredStack
from peeler.text import plural

Record = TypeVar("Record", bound=BaseModel)

REASONS = {
    StopReason.BACKGROUND: "only the background is left",
    StopReason.NOTHING_MORE: "nothing more can be peeled",
    StopReason.MAX_STEPS: "the limit of steps is reached",
    StopReason.STUCK: "every attempt at a removal was rejected",
    StopReason.TARGETS: "nothing is left of what was asked for",
    StopReason.BUDGET: "what was allowed is spent; the same command with more goes on",
    StopReason.UNREADABLE: "the model's replies could not be used; the same command asks once more",
}


class StepAccount(BaseModel):
    """One step: the record, the graph it worked on, what was said to and by the analyst, and its seconds.

    ``said`` is how the analyst came to the graph, ``exchanges`` are questions to a model and its answers (plain JSON).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: StepRecord
    graph: LayerGraph
    said: dict[str, Any] = Field(default_factory=dict)
    exchanges: tuple[dict[str, Any], ...] = ()
    seconds: dict[str, float] = Field(default_factory=dict)

    @field_serializer("graph")
    def _without_pixels(self, graph: LayerGraph) -> dict[str, Any]:
        return graph.model_dump(mode="json", exclude={"elements": {"__all__": {"mask", "shape"}}})


class RunAccount(BaseModel):
    """A run as far as it has come; ``stack`` is None while it is not finished.

    ``last`` are the questions of the last look at the canvas, after which no step was made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: RunRecord
    steps: tuple[StepAccount, ...]
    last: tuple[dict[str, Any], ...] = ()
    stack: StoredStack | None
    seconds: dict[str, float]


def read_account(run: Path) -> RunAccount:
    """Everything the folder of a run says. Raises StoreError when it is no run, or a broken one."""
    record = read_record(run)
    timings = _read(run / "timings.json", Timings)
    seconds = timings.steps if timings else []
    folders = sorted((path.parent for path in run.glob("steps/[0-9]*/step.json")), key=lambda folder: int(folder.name))
    return RunAccount(
        run=record,
        steps=tuple(
            _step(folder, seconds[place] if place < len(seconds) else {}) for place, folder in enumerate(folders)
        ),
        last=_exchanges(run / "last"),
        stack=_read(run / "stack" / "stack.json", StoredStack),
        seconds=timings.seconds if timings else {},
    )


def tell_run(account: RunAccount) -> RenderableType:
    """The whole run: how it ended, its steps and its layers."""
    last: list[RenderableType] = (
        ["", "the last look at the canvas", exchanges_table(account.last)] if account.last else []
    )
    return Group(_headline(account), "", _steps_table(account), *last, "", _layers_table(account))


def tell_step(account: RunAccount, index: int) -> RenderableType:
    """One step: what the analyst said, the graph and the verdicts. Raises ConfigError when there is no such step."""
    if not 0 <= index < len(account.steps):
        count = len(account.steps)
        raise ConfigError(
            f"{account.run.picture.name} has no step {index}; it has {plural(count, 'step')}, numbered from 0"
        )
    step = account.steps[index]
    parts: list[RenderableType] = [Text(f"step {index} of {account.run.picture.name}", style="bold")]
    if step.step.note:
        parts.append(Text(step.step.note))
    parts += ["", _said_table(step.said)]
    for table in listened_tables(step.said, step.exchanges):
        parts += ["", table]
    parts += ["", _graph_table(step), "", _verdict_table(step.step.attempts)]
    return Group(*parts, "", _seconds_line(step.seconds))


def _step(folder: Path, seconds: dict[str, float]) -> StepAccount:
    said = _read(folder / "analysis.json", Answer)
    return StepAccount(
        step=_need(folder / "step.json", StepRecord),
        graph=_need(folder / "graph.json", LayerGraph),
        said=said.model_dump() if said else {},
        exchanges=_exchanges(folder),
        seconds=seconds,
    )


class Answer(BaseModel):
    """Any JSON object."""

    model_config = ConfigDict(extra="allow")


class Talk(RootModel[tuple[dict[str, Any], ...]]):
    """Questions to a model and its answers."""


def _exchanges(folder: Path) -> tuple[dict[str, Any], ...]:
    talk = _read(folder / "vlm" / "exchanges.json", Talk)
    return talk.root if talk else ()


def _need(path: Path, kind: type[Record]) -> Record:
    if (record := _read(path, kind)) is None:
        raise StoreError(f"{path} is missing")
    return record


def _read(path: Path, kind: type[Record]) -> Record | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise StoreError(f"{path} cannot be read: {problem.strerror}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        raise StoreError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from problem


def _headline(account: RunAccount) -> Table:
    run = account.run
    table = plain_table("", "")
    add_row(table, "picture", f"{run.picture.name}, {run.picture.size[0]} × {run.picture.size[1]}")
    add_row(table, "status", f"{run.status}: {REASONS[run.stop_reason]}" if run.stop_reason else run.status)
    if run.note:
        add_row(table, "note", run.note)
    names = " and ".join(dict.fromkeys((run.engine.analyst, run.engine.remover)))
    add_row(table, "engine", f"{names} ({run.engine.why}), seed {run.preset.seed}")
    if run.spent:
        add_row(table, "spent", run.spent)
    if run.residual:
        pixels, most = run.residual.pixels, run.residual.max
        told = f"{plural(pixels, 'pixel')}, by up to {plural(most, 'grey level')}" if pixels else "none"
        add_row(table, "residual", told)
    add_row(table, "seconds", _seconds_line(account.seconds))
    return table


def _steps_table(account: RunAccount) -> Table:
    table = plain_table("step", "elements seen", "taken away", "attempts", "seconds")
    for step in account.steps:
        gone = set(step.step.removed)
        names = ", ".join(element.name for element in step.graph.elements if element.id in gone)
        took = f"{sum(step.seconds.values()):.2f}" if step.seconds else ""
        add_row(table, step.step.index, len(step.graph.elements), names, len(step.step.attempts), took)
    return table


def _layers_table(account: RunAccount) -> RenderableType:
    if account.stack is None:
        return Text("there is no stack yet")
    table = plain_table("layer", "name", "role", "ink", "box", "file")
    for place, layer in reversed(list(enumerate(account.stack.layers))):
        add_row(table, place, layer.name, layer.role, swatch(layer.ink), tuple(layer.box), layer.file)
    return table


def _said_table(said: dict[str, Any]) -> RenderableType:
    if not said:
        return Text("the analyst said nothing besides the graph")
    table = plain_table("the analyst said", "")
    for key, value in said.items():
        if key not in LISTENED:
            add_row(table, key, short(value))
    return table


def _graph_table(account: StepAccount) -> Table:
    """Top to bottom, so that what is taken away comes first."""
    table = plain_table("element", "name", "colour", "visible", "hidden", "occludes", "also")
    for element in reversed(account.graph.bottom_to_top()):
        under = ", ".join(edge.target for edge in account.graph.occlusions if edge.source == element.id)
        also = "; ".join(_also(account, element))
        add_row(table, element.id, element.name, swatch(element.colour), *_areas(element), under, also)
    return table


def _also(account: StepAccount, element: Element) -> Iterator[str]:
    if element.id in account.step.removed:
        yield "taken away here"
    if element.part_of:
        yield f"part of {element.part_of}"
    for edge in account.graph.edges:
        if edge.kind == "interrupted_shape" and element.id in (edge.source, edge.target):
            yield f"one shape with {edge.target if edge.source == element.id else edge.source}"


def _areas(element: Element) -> tuple[str, str]:
    """Visible and hidden pixels, as far as the analyst tells them."""
    if element.mask is None:
        return "", ""
    hidden = element.shape.area - element.mask.area if element.shape else 0
    return str(element.mask.area), str(hidden)


def _verdict_table(attempts: tuple[AttemptRecord, ...]) -> Table:
    table = plain_table("attempt", "remover", "seed", "asked for", "verdict", "changed inside", "drift outside", "left")
    for place, attempt in enumerate(attempts):
        verdict = attempt.verdict
        told = "accepted" if verdict.accepted else f"rejected: {verdict.reason}"
        if attempt.checked:
            told += f" (the model: {short(attempt.checked)})"
        shares = (f"{share:.1%}" for share in (verdict.changed_inside, verdict.drift_outside, verdict.left))
        add_row(table, place, attempt.remover, attempt.seed, short(attempt.words, 80), told, *shares)
    return table


def _seconds_line(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in seconds.items()) or "not recorded"
