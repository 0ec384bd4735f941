"""The documents do what they say: their commands run, their links lead somewhere, their names exist."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from peeler.cli import app
from peeler.nets.order import OrderRecipe

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
RUNS = re.compile(r"<!-- runs -->\n```(\w+)\n(.*?)```", flags=re.DOTALL)
BLOCKS = [(page, *block) for page in PAGES for block in RUNS.findall(page.read_text(encoding="utf-8"))]


LONGEST = 120
"""Seconds that what is marked may take."""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a picture, a folder of pictures, and the command on its path."""
    (tmp_path / "pictures").mkdir()
    picture = np.full((48, 64, 3), 255, dtype=np.uint8)
    picture[6:40, 6:40] = 200, 0, 0
    picture[20:44, 20:60] = 0, 0, 200
    for name in ("cat.png", "pictures/one.png", "pictures/two.png"):
        Image.fromarray(picture).save(tmp_path / name)
    command = tmp_path / "bin" / "peeler"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from peeler.cli import main; main()" "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(("page", "language", "text"), BLOCKS, ids=lambda value: getattr(value, "name", None))
def test_what_is_marked_runs(page: Path, language: str, text: str, desk: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PATH": f"{desk / 'bin'}:{os.environ['PATH']}"}
    text = text.replace("8377", str(free_port()))  # the one that is named may be taken on this machine
    command = {"sh": ["bash", "-euo", "pipefail", "-c", text], "python": [sys.executable, "-W", "error", "-c", text]}
    done = run(command[language], desk, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def run(command: list[str], folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """What became of a command; what it leaves running ends, and does not keep the caller waiting for its output."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True)
        try:
            process.wait(LONGEST)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, out.read(), err.read())


def test_a_command_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    began = time.monotonic()
    done = run(["bash", "-ec", "sleep 60 & echo before; false; echo after"], tmp_path, dict(os.environ))
    assert (done.returncode, done.stdout) == (1, "before\n")
    assert time.monotonic() - began < 30


def test_the_readme_runs() -> None:
    assert {language for page, language, _ in BLOCKS if page.name == "README.md"} == {"sh", "python"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scripts_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"(?:bash|python) ([\w./-]+\.(?:sh|py))", page.read_text(encoding="utf-8"))
    assert all((PROJECT / name).is_file() for name in named)


def commands() -> dict[str, set[str]]:
    """Every command with its options."""
    found: dict[str, set[str]] = {}
    waiting = [("peeler", get_command(app))]
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{name} {word}", one) for word, one in inner.items()]
        if not inner:
            found[name] = {option for parameter in command.params for option in parameter.opts if option[0] == "-"}
    return found


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def test_every_command_is_told() -> None:
    for name, options in commands().items():
        assert f"`{name}" in text_of("README.md")
        assert name in text_of("docs/cli.md")
        for option in options - {"--json", "--debug"}:
            assert option in text_of("docs/cli.md"), f"docs/cli.md does not tell {option} of {name}"


def test_every_setting_of_a_recipe_is_told() -> None:
    for name, field in OrderRecipe.model_fields.items():
        assert f"| `{name}` | {field.default:g} | {field.description} |" in text_of("docs/learned.md")


def test_options_that_are_told_exist() -> None:
    known = {option for options in commands().values() for option in options} | {"--help", "--full"}
    for page in PAGES:
        lines = [line for line in page.read_text(encoding="utf-8").splitlines() if re.search("peeler|inference", line)]
        told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(lines)))
        assert told <= known, page.name


def package_needs() -> set[str]:
    """What the package and its extras need, but for the tools of its developers."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    return {*project["dependencies"], *(line for name in extras if name != "dev" for line in extras[name])}


def lines_of(name: str) -> list[str]:
    return [line for line in text_of(name).splitlines() if line and not line.startswith("#")]


def test_requirements_say_what_the_package_says() -> None:
    assert set(lines_of("requirements.txt")) == package_needs()


def test_constraints_pin_what_is_needed() -> None:
    pins = lines_of("constraints.txt")
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", pin) for pin in pins), "exact versions only"
    needed = {re.split("[<>=]", line)[0].replace("_", "-").lower() for line in package_needs()}
    assert needed <= {pin.split("==")[0] for pin in pins}
