"""The command ``peeler vectorize``: drawings of what is peeled already, made anew or by somebody else."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from peeler.errors import BudgetSpent, ConfigError, PeelerError
from peeler.text import plural

if TYPE_CHECKING:
    from peeler.engines import Purse
    from peeler.presets import Preset
    from peeler.redrawing import Work

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where to. [in place; what was frames: outputs/NAME]")
]
Tolerance = Annotated[
    float | None, typer.Option(min=0.01, max=100, help="Pixels by which a curve may miss an outline. [0.25]")
]
Force = Annotated[bool, typer.Option("--force", help="Write over an earlier result of frames.")]


def vectorize(
    source: Annotated[Path, typer.Argument(help="A run, a batch, a stack, or frames as layer_png/layer_0.png.")],
    output: Output = None,
    vectorizer: Vectorizer = None,
    tolerance: Tolerance = None,
    max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
    no_cache: NoCache = False,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the SVG of finished runs again, without peeling again.

    Of a batch every run is drawn, and one that cannot be is listed. Frames of a peeling, one folder of them or many,
    become stacks first.
    """
    with speaking(json, debug, interrupted="interrupted; the same command pays for nothing twice"):
        from peeler.redrawing import purse_of, work_in
        from peeler.registry import PAID

        read_settings()
        cache = "off" if no_cache else None
        preset = _preset(vectorizer=vectorizer, max_cost=max_cost, max_calls=max_calls, cache=cache)
        is_paid = preset.vectorizer in PAID
        if tolerance is not None and is_paid:
            raise ConfigError(f"--tolerance is for curves that are fitted here; {preset.vectorizer} fits its own")
        work = work_in(source, output)
        with purse_of(work, preset) as purse:
            rows = _drawn(work, preset, purse, tolerance, force)
            spent = purse.spent() if is_paid else None
            if is_paid and (warning := purse.warning()):
                complain(warning)
        failed, left = sum("error" in row for row in rows), len(work.places) - len(rows)
        if json:
            told = None if spent is None else spent.model_dump(mode="json")
            answer({"drawings": rows, "failed": failed, "left": left, "spent": told})
        else:
            counts = f"{len(rows) - failed} drawn, {failed} failed{f', {left} left' if left else ''}"
            tell(f"{plural(len(work.places), 'stack')}: {counts}" if work.is_batch else rows[0]["svg"])
            if spent:
                tell(str(spent))
        if failed or left:
            raise typer.Exit(Code.INCOMPLETE)


def _preset(**settings: Any) -> "Preset":
    """The settings of the environment, and these where they are not None. Raises ConfigError."""
    from peeler.presets import load_preset
    from peeler.registry import find

    preset = load_preset(overrides=settings)
    find("vectorizer", preset.vectorizer)
    return preset


def _drawn(
    work: "Work", preset: "Preset", purse: "Purse", tolerance: float | None, force: bool
) -> list[dict[str, Any]]:
    """A row for each stack; what goes wrong with one of a batch is told there, and the others go on.

    Without money none goes on. Raises PeelerError: the only stack there is, or a setting, cannot be used.
    """
    from peeler.redrawing import redraw

    rows = []
    with progress_shown() as show:
        for number, place in enumerate(work.places):
            row: dict[str, Any] = {"name": place.name}
            has_money = True
            try:
                made = redraw(place, preset, purse, tolerance, force)
                row |= {"svg": str(made.path), "layers": made.layers, "notes": list(made.notes)}
            except PeelerError as problem:
                if not work.is_batch or isinstance(problem, ConfigError):
                    raise
                row["error"] = str(problem)
                has_money = not isinstance(problem, BudgetSpent)
            rows.append(row)
            for told in [*row.get("notes", ()), *([row["error"]] if "error" in row else [])]:
                complain(told if place.name in told else f"{place.name}: {told}")
            if show:
                show(number + 1, len(work.places), place.name)
            if not has_money:
                break
    return rows
