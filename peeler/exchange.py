"""The commands ``peeler export``, ``import``, ``diff`` and ``edit``: what becomes of finished stacks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peeler.console import Code, Debug, Json, answer, complain, progress_shown, speaking, tell
from peeler.errors import ConfigError, InputError, PeelerError
from peeler.text import plural

if TYPE_CHECKING:
    from peeler.opening import Place
    from peeler.protocols import Exporter

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder for what is written.")]
Force = Annotated[bool, typer.Option("--force", help="Write over an earlier result.")]
Stack = Annotated[Path, typer.Argument(help="A run, a stack folder, frames of a peeling, or a PSD, ORA or SVG file.")]


def export(
    source: Annotated[Path, typer.Argument(help="A run, a batch, a stack folder, frames, or a PSD, ORA or SVG file.")],
    to: Annotated[str, typer.Option(help="Formats with commas between: psd, pptx, ora, svg, png, gif, webp.")],
    output: Output = None,
    vectorizer: Annotated[str, typer.Option(help="Who turns layers into paths, for SVG and PPTX.")] = "curves",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write finished stacks in other formats, without peeling again.

    Of a batch every run is written, and one that cannot be is listed. Without --output files go next to what is read.
    """
    with speaking(json, debug):
        from peeler.opening import place_of, places_in

        exporters = _exporters(to, vectorizer)
        batch = places_in(source)
        rows: list[dict[str, Any]] = []
        with progress_shown() as show:
            for number, place in enumerate(batch or [place_of(source)]):
                row: dict[str, Any] = {"name": place.name, "files": []}
                try:
                    row["files"] = [str(path) for path in _export(place, exporters, output)]
                except PeelerError as problem:
                    if not batch:
                        raise
                    row["error"] = str(problem)
                    complain(str(problem))
                rows.append(row)
                if show:
                    show(number + 1, len(batch) or 1, place.name)
        failed = [row for row in rows if "error" in row]
        if json:
            answer({"stacks": rows, "failed": len(failed)})
        elif batch:
            tell(f"{plural(len(rows), 'stack')}: {len(rows) - len(failed)} written, {len(failed)} failed")
        else:
            tell("\n".join(rows[0]["files"]))
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
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the result. [NAME-edited]")] = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Change a stack, one operation after the other, into a new stack folder.

    recolour LAYER #RRGGBB; move LAYER RIGHT DOWN; scale LAYER FACTOR [FACTOR_DOWN]; hide LAYER...; show LAYER...;
    fade LAYER OPACITY; delete LAYER...; reorder LAYER to INDEX|top|bottom|above OTHER|below OTHER; rename LAYER NAME;
    merge LAYER LAYER... [as NAME]; replace LAYER PICTURE. A layer goes by its id, or by its name in quotes.
    """
    with speaking(json, debug):
        from peeler.opening import keep, place_of, read
        from peeler.operations import apply

        place, made = place_of(stack), read(stack).stack
        for operation in operations:
            made = apply(made, operation)
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


def _exporters(to: str, vectorizer: str) -> "dict[str, Exporter]":
    """The exporters by the names of formats. Raises ConfigError, also for a missing package."""
    from peeler import registry

    registry.find("vectorizer", vectorizer)
    names = list(dict.fromkeys(name.strip().lower() for name in to.split(",") if name.strip()))
    if not names:
        raise ConfigError("--to takes formats with commas between, such as psd,svg")
    if "html" in names:
        raise ConfigError("the report tells of the peeling, and is written by it alone; name another format")
    return {name: registry.exporter(name, vectorizer) for name in names}


def _export(place: "Place", exporters: "dict[str, Exporter]", output: Path | None) -> list[Path]:
    """Write one stack in all formats, and say where. Raises PeelerError."""
    from peeler.files import storing
    from peeler.opening import STACK, read

    home, written = output or place.home, []
    stack = read(place.path).stack
    for name, exporter in exporters.items():
        target = home / f"{place.name}.{name}"
        if name == "png":
            target = (home if output is None else output / place.name) / STACK
        if target.resolve() == place.path.resolve():
            raise InputError(f"{target}: is what is read; choose another --output")
        with storing(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
        exporter.export(stack, target)
        written.append(target)
    return written
