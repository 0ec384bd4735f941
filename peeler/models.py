"""The commands ``peeler models``: what models there are, and how they get here."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peeler.console import EPILOG, Code, Debug, Json, answer, complain, progress_shown, speaking, tell
from peeler.errors import ConfigError
from peeler.text import plural

if TYPE_CHECKING:
    from peeler.console import Show
    from peeler.weights.catalogue import Model

models_app = typer.Typer(help="List, fetch, prepare and verify the models that paint.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Option(help="Where models are kept. [the user's folder for caches]")]
MEGABYTE = 1_000_000


@models_app.command("list", epilog=EPILOG)
def list_models(folder: Folder = None, json: Json = False, debug: Debug = False) -> None:
    """List the models that are known by name: what they are, how large, and whether they are here."""
    with speaking(json, debug):
        from peeler.weights.store import State, gigabytes, listing

        rows = listing(_kept(folder))
        if json:
            found = [
                row.model.model_dump(mode="json") | {"state": row.state, "path": str(row.path), "bytes": row.size}
                for row in rows
            ]
            answer({"folder": str(_kept(folder)), "models": found})
            return
        for row in rows:
            about = f"about {gigabytes(row.model.gigabytes * 1e9)}" if row.model.gigabytes else "size as the hub says"
            size = gigabytes(row.size) if row.size is not None else about
            way = str(row.path) if row.state is State.HERE else row.model.how
            tell(f"{row.model.name} · {row.state} · {size} · {way}", f"    {row.model.what}")
            tell(f"    licence: {row.model.licence} ({row.model.licence_link})")


@models_app.command(epilog=EPILOG)
def fetch(
    name: Annotated[str, typer.Argument(help="A model that peeler models list shows.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it is downloaded.")] = False,
    folder: Folder = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Download a model and check it against the hub's hashes.

    One that was cut off goes on where it stopped. A gated model needs its licence accepted and HF_TOKEN.
    """
    with speaking(json, debug, interrupted="interrupted; the same command goes on"):
        from peeler.weights.catalogue import model
        from peeler.weights.fetching import fetch, plan_fetch
        from peeler.weights.store import free_space, gigabytes

        _read_token()
        known, store = model(name), _kept(folder)
        place = store / known.name
        plan = plan_fetch(known, place)
        _show_licence(known, store)
        if plan.to_come:
            sizes = f"{gigabytes(plan.to_come)} of {gigabytes(plan.size)} are to come"
            _agree(f"{known.name}: {sizes}, {gigabytes(free_space(place))} are free in {place}", yes)
        with progress_shown() as show:
            fetch(plan, _in_megabytes(show))
        if json:
            answer({"name": known.name, "path": str(place), "bytes": plan.size, "commit": plan.commit})
        else:
            tell(f"{known.name}: {plural(len(plan.files), 'file')}, {gigabytes(plan.size)} → {place}")


@models_app.command(epilog=EPILOG)
def prepare(
    base: Annotated[Path | None, typer.Option(help="A FLUX.1 folder for diffusers. [flux-dev]")] = None,
    lora: Annotated[Path | None, typer.Option(help="The LoRA that goes into it. [photodoodle-pretrain]")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to. [peel-flux]")] = None,
    folder: Folder = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Put a LoRA into the weights of the base, and write the result as a folder of its own.

    It is written file by file, and one that was cut off goes on. Files that stay the same are linked, not copied.
    """
    with speaking(json, debug, interrupted="interrupted; the same command goes on"):
        from importlib.util import find_spec

        if find_spec("torch") is None:
            raise ConfigError('preparing needs torch: pip install "peeler[flux]"')
        from peeler.nets.merging import merge
        from peeler.weights.catalogue import model
        from peeler.weights.store import gigabytes, locate

        store, known = _kept(folder), model("peel-flux")
        stem, trained = base or locate("flux-dev", store), lora or locate("photodoodle-pretrain", store)
        target = output or store / known.name
        _show_licence(known, store)
        with progress_shown() as show:
            manifest = merge(stem, trained, target, known.name, known.licence, on_progress=_in_megabytes(show))
        if json:
            answer({"path": str(target), "bytes": manifest.size, "source": manifest.source})
        else:
            tell(f"{known.name}: {plural(len(manifest.files), 'file')}, {gigabytes(manifest.size)} → {target}")


@models_app.command(epilog=EPILOG)
def verify(
    name: Annotated[str, typer.Argument(help="A model's name, or its folder.")],
    folder: Folder = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Read all files of a model and hold them against their hashes; the exit code is 1 when one is wrong."""
    with speaking(json, debug):
        from peeler.weights.catalogue import models
        from peeler.weights.manifest import MANIFEST, read_manifest, verify

        place = _kept(folder) / name if name in models() and not Path(name).exists() else Path(name)
        if (manifest := read_manifest(place)) is None:
            raise ConfigError(f"{place}: there is no {MANIFEST} to hold the files against; fetch and prepare write it")
        with progress_shown() as show:
            done = 0

            def on_bytes(more: int) -> None:
                nonlocal done
                done += more
                if show:
                    show(done // MEGABYTE, manifest.size // MEGABYTE, "MB")

            wrong = verify(place, manifest, on_bytes)
        for file, why in wrong:
            complain(f"{place / file} {why}")
        if json:
            found = [{"file": file, "why": why} for file, why in wrong]
            answer({"name": manifest.name, "path": str(place), "files": len(manifest.files), "wrong": found})
        elif not wrong:
            tell(f"{manifest.name}: {plural(len(manifest.files), 'file')} as they should be → {place}")
        if wrong:
            raise typer.Exit(Code.INCOMPLETE)


def _kept(folder: Path | None) -> Path:
    from peeler.weights.store import models_folder

    return folder or models_folder(os.environ)


def _show_licence(known: "Model", store: Path) -> None:
    """One line on stderr, the first time only."""
    from peeler.weights.store import first_time

    if first_time(known, store):
        complain(f"the licence of {known.name}: {known.licence} ({known.licence_link})")


def _agree(question: str, yes: bool) -> None:
    """Ask before much is downloaded. Raises ConfigError where nobody can answer, and when the answer is no."""
    if yes:
        complain(question)
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(f"{question}; nobody is here to ask, so say --yes")
    sys.stderr.write(f"peeler: {question}. Download? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ConfigError("nothing was downloaded, as you wished")


def _read_token() -> None:
    """Take HF_TOKEN from a file .env in the folder where the command is run, if there is one."""
    from importlib.util import find_spec

    from peeler.vlms import load_environment

    if (file := Path(".env")).is_file() and find_spec("dotenv"):
        load_environment(file, os.environ)


def _in_megabytes(show: "Show | None") -> Callable[[int, int, str], None] | None:
    if show is None:
        return None
    return lambda done, total, what: show(done // MEGABYTE, total // MEGABYTE, f"MB · {what}")
