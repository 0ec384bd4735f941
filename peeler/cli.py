"""The command ``peeler``: thin wrappers that read options, call the package and print what came out.

What a command needs is imported when it runs, so that ``peeler --help`` is quick.
"""

import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peeler import __version__
from peeler.console import (
    EPILOG,
    Code,
    Debug,
    Json,
    MaxCalls,
    MaxCost,
    NoCache,
    answer,
    complain,
    progress_shown,
    read_settings,
    remark,
    speaking,
    stage_shown,
    tell,
)
from peeler.exchange import diff, edit, export, import_
from peeler.models import models_app
from peeler.text import plural
from peeler.train.commands import train_app
from peeler.vectorize import vectorize

if TYPE_CHECKING:
    from peeler.presets import Preset

app = typer.Typer(
    name="peeler",
    help="Turn flat pictures into editable layers.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Draw the test set, or fetch the published one.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(models_app, name="models")
app.add_typer(train_app, name="train")

Force = Annotated[bool, typer.Option("--force", help="Begin anew instead of going on with what is there.")]
Seed = Annotated[int | None, typer.Option(min=0, help="What every random choice is derived from.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Denoising steps of a remover that has any.")]
MaxSteps = Annotated[int | None, typer.Option(min=0, help="Removals after which a run stops.")]
Engine = Annotated[str | None, typer.Option(help="Who peels: auto, or the name of an engine.")]
Analyst = Annotated[
    str | None, typer.Option(help="Who says what is on top: a model as PROVIDER:MODEL@URL, or the name of a backend.")
]
Remover = Annotated[str | None, typer.Option(help="Who takes away what is on top: flux, or the name of a backend.")]
Model = Annotated[str | None, typer.Option(help="The weights of FLUX: a folder, or the name of a fetched model.")]
Lora = Annotated[str | None, typer.Option(help="LoRA of FLUX: FILE or FILE:WEIGHT, with commas between several.")]
Control = Annotated[str | None, typer.Option(help="Attention control of FLUX: none, published or strict.")]
Device = Annotated[str | None, typer.Option(help="Where FLUX computes: auto, cuda, mps or cpu.")]
Targets = Annotated[str | None, typer.Option(help="Peel only this: names with commas between, such as 'the hat'.")]
Granularity = Annotated[str | None, typer.Option(help="A layer for each of the parts, or of the objects.")]
Learned = Annotated[
    bool | None, typer.Option("--learned/--no-learned", help="Whether the embedded analyst uses what it has learned.")
]
Check = Annotated[bool | None, typer.Option("--check", help="Ask the model after each removal whether it worked.")]
PresetName = Annotated[str, typer.Option("--preset", help="Name or YAML file of the preset.")]


class Published(StrEnum):
    """Test sets that others have published."""

    LAYERPEELER = "layerpeeler"


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal's encoding cannot hold must not stop a run that is done.
            stream.reconfigure(errors="replace")
    app(prog_name="peeler")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"peeler {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(epilog=EPILOG)
def peel(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="The picture.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the run. [outputs/NAME]")] = None,
    preset: PresetName = "plain",
    engine: Engine = None,
    analyst: Analyst = None,
    remover: Remover = None,
    model: Model = None,
    lora: Lora = None,
    control: Control = None,
    device: Device = None,
    targets: Targets = None,
    granularity: Granularity = None,
    learned: Learned = None,
    check: Check = None,
    max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
    no_cache: NoCache = False,
    seed: Seed = None,
    steps: Steps = None,
    max_steps: MaxSteps = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Peel one picture into layers.

    A run that was cut off goes on where it stopped; one that is finished is left as it is.
    """
    folder = output or Path("outputs") / image.stem
    with speaking(json, debug, interrupted=f"interrupted; the same command goes on with {folder}"):
        from peeler.batch import peel_file

        chosen = _chosen(context)
        with stage_shown() as on_stage:
            summary = peel_file(image, folder, chosen, force=force, on_stage=on_stage)
        if json:
            answer(summary.model_dump(mode="json"))
        else:
            tell(str(summary))


@app.command(epilog=EPILOG)
def batch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder of pictures.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the batch.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N pictures.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Cores to work on. [all]")] = None,
    in_flight: Annotated[int | None, typer.Option(min=1, help="Pictures that wait for a model at once. [8]")] = None,
    preset: PresetName = "plain",
    engine: Engine = None,
    analyst: Analyst = None,
    remover: Remover = None,
    model: Model = None,
    lora: Lora = None,
    control: Control = None,
    device: Device = None,
    targets: Targets = None,
    granularity: Granularity = None,
    learned: Learned = None,
    check: Check = None,
    max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
    no_cache: NoCache = False,
    seed: Seed = None,
    steps: Steps = None,
    max_steps: MaxSteps = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Peel every picture of a folder.

    A picture that cannot be used is listed, and the others go on.
    """
    with speaking(json, debug, interrupted=f"interrupted; the same command goes on with {output}"):
        from peeler.batch import Progress, peel_folder

        chosen = _chosen(context)
        with progress_shown() as show:
            warned = False

            def on_progress(now: Progress) -> None:
                nonlocal warned
                if now.warning and not warned:
                    warned = True
                    complain(now.warning)
                if show:
                    told = (f"{now.stage} {now.name}", str(now.spent or ""))
                    show(now.done, now.total, " · ".join(filter(None, told)))

            summary = peel_folder(folder, output, chosen, workers, limit, on_progress, force)
        for row in summary.failed:
            complain(row.reason if row.input in row.reason else f"{row.input}: {row.reason}")
        if json:
            answer(summary.model_dump(mode="json"))
        else:
            spent = f", {summary.spent}" if summary.spent else ""
            tell(f"{summary.counts}, {summary.seconds:.1f} s{spent} → {output / 'index.html'}")
        if summary.failed:
            raise typer.Exit(Code.INCOMPLETE)


def _chosen(context: typer.Context) -> "Preset":
    """The preset with what the options say that are called like its settings, after a word on who will peel."""
    from peeler.presets import FLUX, FluxSettings, Preset, load_preset
    from peeler.registry import choose_engine

    read_settings()
    given = {name: value for name, value in context.params.items() if name in Preset.model_fields}
    given[FLUX] = {name: value for name, value in context.params.items() if name in FluxSettings.model_fields}
    if context.params["no_cache"]:
        given["cache"] = "off"
    preset = load_preset(context.params["preset"], given)
    choice = choose_engine(preset)
    remark(f"engine {choice.preset.engine}: {choice.why}")
    return preset


@app.command(epilog=EPILOG)
def inspect(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    step: Annotated[int | None, typer.Option(min=0, help="Tell one step in full.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell what happened in a run.

    With --step: what the analyst said, the layer graph, the verdicts and the times of that step.
    """
    with speaking(json, debug):
        from peeler.account import read_account, tell_run, tell_step

        account = read_account(run)
        told = tell_run(account) if step is None else tell_step(account, step)
        if not json:
            tell(told)
        elif step is None:
            answer(account.model_dump(mode="json"))
        else:
            answer(account.steps[step].model_dump(mode="json"))


app.command(epilog=EPILOG)(vectorize)
for name, command in (("export", export), ("import", import_), ("diff", diff), ("edit", edit)):
    app.command(name, epilog=EPILOG)(command)


@app.command(epilog=EPILOG)
def doctor(json: Json = False, debug: Debug = False) -> None:
    """Say which backends are ready and what the others lack.

    The exit code is 1 when not even the embedded engine can work.
    """
    with speaking(json, debug):
        from peeler.doctor import examine, tell_examination

        read_settings()
        found = examine(Path())
        if json:
            answer(found.model_dump(mode="json") | {"healthy": found.healthy})
        else:
            tell(tell_examination(found))
        if not found.healthy:
            raise typer.Exit(Code.INCOMPLETE)


@app.command(epilog=EPILOG)
def score(
    runs: Annotated[Path, typer.Argument(help="A batch: one folder with stack/ per picture.")],
    truth: Annotated[Path, typer.Argument(help="png/NAME.png with layers/NAME/NN.png or svg/NAME.svg.")],
    worst: Annotated[int, typer.Option(min=0, help="Also list the N pictures with the lowest amodal mIoU.")] = 0,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure how close stacks come to the true layers.

    A picture without a stack scores 0, and the exit code is then 1.
    """
    with speaking(json, debug):
        from peeler.evaluate.score import score_runs, summarise
        from peeler.evaluate.table import pictures_table, score_table

        with progress_shown() as show:
            rows = score_runs(runs, truth, show)
        total = summarise(rows)
        low = sorted(rows, key=lambda row: row.amodal_miou)[:worst]
        if json:
            answer({**total.model_dump(mode="json"), "worst": [row.model_dump(mode="json") for row in low]})
        else:
            tell(score_table(total), *([pictures_table(low)] if low else []))
        for row in rows:
            if row.problem:
                complain(row.problem)
        if total.missing:
            raise typer.Exit(Code.INCOMPLETE)


@app.command("serve-vlm", epilog=EPILOG)
def serve_vlm(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8377,
    fault: Annotated[list[str] | None, typer.Option(help="KIND=RATE, such as 429=0.2; may be given often.")] = None,
    seed: Annotated[int, typer.Option(help="What the faults are drawn from.")] = 0,
    reply_time: Annotated[float, typer.Option(min=0, help="Seconds that every answer takes.")] = 0.0,
    delay: Annotated[float, typer.Option(min=0, help="Seconds more for one with the fault delay.")] = 2.0,
    retry_after: Annotated[float, typer.Option(min=0, help="Seconds that a 429 asks to wait.")] = 1.0,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Answer like a vision-language model, on this machine and without one.

    The embedded analyst speaks OpenAI's and Gemini's formats here, for tests and demonstrations. Faults: 429, 500,
    hang, cut (the connection breaks), refusal, half (the answer ends early), junk, boxes (wrong ones), delay.
    """
    with speaking(json, debug):
        from peeler.serve_vlm.faults import Faults, parse_rates
        from peeler.serve_vlm.server import Loopback

        faults = Faults(parse_rates(fault or []), seed, reply_time, delay, retry_after)
        with Loopback(port, faults) as server:
            if json:
                answer({"openai": f"{server.url}/v1", "gemini": server.url})
            else:
                tell(f"OpenAI's format at {server.url}/v1, Gemini's at {server.url}; Ctrl-C ends it")
            sys.stdout.flush()
            server.serve_forever()


@data_app.command(epilog=EPILOG)
def draw(
    folder: Annotated[Path, typer.Argument(help="Where to.")] = Path("data/testset"),
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Draw the test set, the same bytes on every machine."""
    with speaking(json, debug):
        from peeler.scenes.testset import draw_testset

        with progress_shown() as show:
            draw_testset(folder, on_picture=show)
        _tell_folder(folder, json)


@data_app.command(epilog=EPILOG)
def fetch(
    name: Annotated[Published, typer.Argument(help="Which one.")],
    folder: Annotated[Path | None, typer.Argument(help="Where to. [data/NAME]")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Download a published test set and check it against its checksums."""
    target = folder or Path("data") / name
    with speaking(json, debug):
        from peeler.scenes.published import fetch_published

        with progress_shown() as show:
            fetch_published(target, on_file=show)
        _tell_folder(target, json)


def _tell_folder(folder: Path, as_json: bool) -> None:
    pictures = sum(1 for _ in folder.rglob("*.png"))
    if as_json:
        answer({"folder": str(folder), "pictures": pictures})
    else:
        tell(f"{plural(pictures, 'picture')} → {folder}")
