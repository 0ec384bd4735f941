"""How the command line speaks: the result on stdout, everything else on stderr, one line per known error."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from peeler.errors import BackendError, BudgetSpent, ConfigError, InputError, PeelerError, StoreError
from peeler.text import label

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDE = 160
"""Columns of a table that does not go to a terminal."""
LONGEST_LINE = 2000
"""Characters of an error."""
EPILOG = """Exit codes: 0 done; 1 some pictures failed; 2 wrong usage or setting; 3 the picture cannot be used;
4 the run cannot be read or written; 5 a backend failed; 130 interrupted."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Vectorizer = Annotated[
    str | None, typer.Option(help="Who turns layers into paths: curves, or recraft, which costs money. [curves]")
]
MaxCost = Annotated[float | None, typer.Option(min=0, help="US dollars that may be spent; it stops before more.")]
MaxCalls = Annotated[int | None, typer.Option(min=0, help="Requests that may be sent.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ask anew what was answered before, and keep no answers.")]


class Code(IntEnum):
    """Exit codes; docs/cli.md tells them to the user."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 2
    INPUT = 3
    STORE = 4
    BACKEND = 5
    INTERRUPTED = 130


CODES: tuple[tuple[type[PeelerError], Code], ...] = (
    (ConfigError, Code.USAGE),
    (InputError, Code.INPUT),
    (StoreError, Code.STORE),
    (BackendError, Code.BACKEND),
    (BudgetSpent, Code.BACKEND),
)


@contextmanager
def speaking(as_json: bool, debug: bool, interrupted: str = "interrupted") -> Iterator[None]:
    """Turn a known error into one line and its exit code; with ``debug`` its traceback goes before."""
    try:
        yield
    except KeyboardInterrupt:
        complain(interrupted)
        raise typer.Exit(Code.INTERRUPTED) from None
    except PeelerError as problem:
        if debug:
            traceback.print_exc()
        line = label(str(problem), LONGEST_LINE)
        code = next(code for kind, code in CODES if isinstance(problem, kind))
        complain(line)
        if as_json:
            answer({"error": line, "exit_code": code.value})
        raise typer.Exit(code) from None


def read_settings() -> None:
    """Take settings and keys from a file .env in the folder where the command is run, if there is one."""
    from importlib.util import find_spec

    from peeler.vlms import load_environment

    if not (file := Path(".env")).is_file():
        return
    if find_spec("dotenv"):
        load_environment(file, os.environ)
    else:
        remark('.env is not read, as that takes python-dotenv: pip install "peeler[vlm]"')


def answer(result: dict[str, Any]) -> None:
    """The result for a machine: one JSON document on stdout."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")


def tell(*parts: "RenderableType") -> None:
    """The result for a person; text is printed as it is, without markup."""
    from rich.console import Console

    console = Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDE)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))


def complain(line: str) -> None:
    """One line on stderr; file names may hold control characters, which stay away from the terminal."""
    sys.stderr.write(f"peeler: {label(line, LONGEST_LINE)}\n")


def remark(line: str) -> None:
    """One line on stderr, if somebody is looking."""
    if sys.stderr.isatty():
        complain(line)


@contextmanager
def stage_shown() -> Iterator[Callable[[str], None] | None]:
    """What to tell the stages of one picture to; None where nobody is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("read") as status:
        yield status.update


class Show(Protocol):
    """Takes how many of all are done, and what is being done."""

    def __call__(self, done: int, total: int, what: str = "") -> None: ...


@contextmanager
def progress_shown() -> Iterator[Show | None]:
    """A bar with the time left; None where nobody is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.MofNCompleteColumn(),
        progress.BarColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.description}", markup=False),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int, what: str = "") -> None:
            bar.update(task, total=total, completed=done, description=what)

        yield show
