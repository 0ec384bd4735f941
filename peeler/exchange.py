"""The commands ``peeler export``, ``import``, ``diff`` and ``edit``: what becomes of finished stacks."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from peeler.console import (
    Code,
    Debug,
    Json,
    MaxCalls,
    MaxCost,
    NoCache,
    Vectorizer,
    answer,
    complain,
    progress_shown,
    read_settings,
    speaking,
    tell,
)
from peeler.errors import ConfigError, InputError, PeelerError
from peeler.text import plural

if TYPE_CHECKING:
    from peeler.engines import Purse
    from peeler.opening import Place
    from peeler.presets import Preset
    from peeler.redrawing import Work

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder for what is written.")]
Force = Annotated[bool, typer.Option("--force", help="Write over an earlier result.")]
Stack = Annotated[Path, typer.Argument(help="A run, a stack folder, frames of a peeling, or a PSD, ORA or SVG file.")]


def export(
    source: Annotated[Path, typer.Argument(help="A run, a batch, a stack folder, frames, or a PSD, ORA or SVG file.")],
    to: Annotated[str, typer.Option(help="Formats with commas between: psd, pptx, ora, svg, png, gif, webp.")],
    output: Output = None,
    vectorizer: Vectorizer = None,
    max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
    no_cache: NoCache = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to work on, for a batch. [all]")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write finished stacks in other formats, without peeling again.

    Of a batch every run is written, and one that cannot be is listed. Without --output files go next to what is read.
    """
    with speaking(json, debug, interrupted="interrupted; the same command pays for nothing twice"):
        from peeler.redrawing import purse_of, work_in
        from peeler.registry import PAID

        read_settings()
        cache = "off" if no_cache else None
        preset = _preset(to, vectorizer=vectorizer, max_cost=max_cost, max_calls=max_calls, cache=cache)
        work = work_in(source, output)
        with purse_of(work, preset) as purse:
            rows = _rows(work, preset, purse, workers, output)
            spent = purse.spent() if preset.vectorizer in PAID else None
            if spent and (warning := purse.warning()):
                complain(warning)
        failed = sum("error" in row for row in rows)
        if json:
            answer({"stacks": rows, "failed": failed, "spent": spent and spent.model_dump(mode="json")})
        else:
            counts = f"{plural(len(rows), 'stack')}: {len(rows) - failed} written, {failed} failed"
            tell(counts if work.is_batch else "\n".join(rows[0]["files"]), *([str(spent)] if spent else []))
        if failed:
            raise typer.Exit(Code.INCOMPLETE)


def import_(
    file: Annotated[
        Path, typer.Argument(help="A PSD, ORA or SVG file, a run, a stack folder, or frames of a peeling.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the stack. [outputs/NAME]")] = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the layers of a file into a stack folder.

    What a stack cannot keep, such as blend modes, is told.
    """
    with speaking(json, debug):
        from peeler.opening import OUTPUTS, keep, place_of, read

        found = read(file)
        folder = output or OUTPUTS / place_of(file).name
        written = keep(found.stack, folder, force, file)
        for note in found.notes:
            complain(f"{file}: {note}")
        if json:
            answer({"folder": str(folder), "layers": len(found.stack.layers), "notes": list(found.notes)})
        else:
            tell(f"{file}: {plural(len(found.stack.layers), 'layer')} → {written}")


def diff(
    one: Annotated[Path, typer.Argument(help="A run, a stack folder, frames, a PSD, ORA or SVG file, or a picture.")],
    other: Annotated[Path, typer.Argument(help="What to compare with it.")],
    picture: Annotated[Path | None, typer.Option(help="Also show both and where they differ: a .png or .html.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what the second stack has other than the first.

    The exit code is 0 when they are the same and 1 when they are not.
    """
    with speaking(json, debug):
        from peeler.comparing import compare
        from peeler.opening import read
        from peeler.side_by_side import show_difference, summary, told

        first, second = read(one, flat=True).stack, read(other, flat=True).stack
        found = compare(first, second)
        if picture is not None:
            show_difference(first, second, found, (str(one), str(other)), picture)
        if json:
            answer(
                {
                    "same": found.is_none,
                    **found.model_dump(mode="json", exclude={"changed"}),
                    "changed": [{"id": change.id, "name": change.name, **change.told} for change in found.changed],
                }
            )
        else:
            for what, how in told(found):
                tell(f"{what}: {how}")
            before, after = found.layers
            tell(f"{plural(before, 'layer')} and {after}; {summary(found)}")
        if not found.is_none:
            raise typer.Exit(Code.INCOMPLETE)


def edit(
    stack: Stack,
    operations: Annotated[list[str], typer.Argument(help="Each in quotes, such as 'move hat 10 -5'.")],
    alone: Annotated[bool, typer.Option("--alone", help="Leave the parts of a layer where they are.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the result. [NAME-edited]")] = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Change a stack, one operation after the other, into a new stack folder.

    recolour LAYER #RRGGBB; move LAYER RIGHT DOWN; scale LAYER FACTOR [FACTOR_DOWN]; hide LAYER...; show LAYER...;
    fade LAYER OPACITY; delete LAYER...; reorder LAYER to INDEX|top|bottom|above OTHER|below OTHER; rename LAYER NAME;
    merge LAYER LAYER... [as NAME]; replace LAYER PICTURE. A layer goes by its id, or by its name in quotes. What is
    part of a layer is moved, scaled, hidden, shown and deleted with it, unless --alone is said.
    """
    with speaking(json, debug):
        from peeler.opening import keep, place_of, read
        from peeler.operations import apply

        place, made = place_of(stack), read(stack).stack
        for operation in operations:
            made = apply(made, operation, alone)
        folder = output or _next_to(place)
        written = keep(made, folder, force, stack)
        if json:
            answer({"folder": str(folder), "layers": [{"id": layer.id, "name": layer.name} for layer in made.layers]})
        else:
            tell(f"{plural(len(operations), 'change')}, {plural(len(made.layers), 'layer')} → {written}")


def _next_to(place: "Place") -> Path:
    home = place.home.resolve()
    inside = home if place.path.is_file() and place.path.name != "stack.json" else home.parent
    return inside / f"{place.name}-edited"


def _preset(to: str, **settings: Any) -> "Preset":
    """What the environment and these settings say, with the formats as outputs. Raises ConfigError for what is missing.

    Nobody is asked for paths where no format takes any.
    """
    from peeler import registry
    from peeler.presets import load_preset

    names = list(dict.fromkeys(name.strip().lower() for name in to.split(",") if name.strip()))
    if not names:
        raise ConfigError("--to takes formats with commas between, such as psd,svg")
    if "html" in names:
        raise ConfigError("the report tells of the peeling, and is written by it alone; name another format")
    for name in names:
        registry.exporter(name)
    preset = load_preset(overrides={**settings, "outputs": names})
    registry.find("vectorizer", preset.vectorizer)
    if set(names).isdisjoint(registry.DRAWING):
        return preset.model_copy(update={"vectorizer": registry.CURVES})
    if preset.vectorizer in registry.PAID:
        registry.service(preset.vectorizer)
    return preset


def _rows(
    work: "Work", preset: "Preset", purse: "Purse", cores: int | None, output: Path | None
) -> list[dict[str, Any]]:
    """A row for each stack; what goes wrong with one of a batch is told there, and the others go on.

    Raises PeelerError: the only stack there is cannot be written.
    """
    from peeler.batch import IN_FLIGHT
    from peeler.registry import PAID, modules_of
    from peeler.workers import cores_here, do_all

    tasks = {str(place.path): _Task(place, preset, purse, output) for place in work.places}
    if not work.is_batch:
        return [{"name": task.place.name, "files": _export(task)} for task in tasks.values()]
    with progress_shown() as show:
        done = list[str]()

        def on_stage(path: str, stage: str) -> None:
            if show:
                show(len(done), len(tasks), f"{stage} {tasks[path].place.name}")

        waiting = (preset.in_flight or IN_FLIGHT) if preset.vectorizer in PAID else 0
        modules = modules_of(preset)
        outcomes = do_all(_export, tasks, cores or cores_here(), on_stage, done.append, waiting, modules)
    rows = list[dict[str, Any]]()
    for path, task in tasks.items():
        outcome = outcomes[path]
        rows.append({"name": task.place.name, "files": []})
        if isinstance(outcome, BaseException):
            rows[-1]["error"] = str(outcome) if isinstance(outcome, PeelerError) else f"{path}: unexpected {outcome!r}"
            complain(rows[-1]["error"])
        else:
            rows[-1]["files"] = outcome
    return rows


class _Task(NamedTuple):
    place: "Place"
    preset: "Preset"
    purse: "Purse"
    output: Path | None


def _export(task: _Task, tell: Callable[[str], None] = lambda stage: None) -> list[str]:
    """Write one stack in all formats, and say where. Raises PeelerError."""
    from contextlib import nullcontext

    from peeler import registry
    from peeler.engines import vectorizer_of
    from peeler.files import storing
    from peeler.opening import STACK, read
    from peeler.redrawing import held

    place, preset, purse, output = task
    is_paid = preset.vectorizer in registry.PAID
    # What is paid for is drawn once for all formats; others are drawn alike, whichever formats go before.
    by = vectorizer_of(preset, purse.file, place.name) if is_paid else preset.vectorizer
    stack, written = read(place.path).stack, []
    for name in preset.outputs:
        tell(name)
        target = place.home / f"{place.name}.{name}"
        if name == "png":
            own = place.home if output is None or place.is_frames else place.home / place.name
            target = own / STACK
        if target.resolve() == place.path.resolve():
            raise InputError(f"{target}: is what is read; choose another --output")
        with storing(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
        with held(place.home, purse, is_paid) if is_paid else nullcontext():
            registry.exporter(name, by).export(stack, target)
        written.append(str(target))
    return written
