"""The command line as tests use it."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from peeler.cli import app


def peeler(*arguments: str | Path) -> Result:
    """What ``peeler`` with these arguments ends with."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(result: Result) -> dict[str, Any]:
    """The JSON object that it wrote."""
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value
