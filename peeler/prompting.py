"""The questions in ``prompts/``: Markdown files with a strict template."""

import hashlib
import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from peeler.dialogue import Prompt
from peeler.errors import ConfigError
from peeler.replies import REPLIES, schema_of
from peeler.text import label

FOLDERS = (Path(__file__).parent / "prompt_files", Path(__file__).parents[1] / "prompts")
"""Where prompts are kept: inside the installed package, or at the top of a checkout. Both are the same files."""

_FRONT = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)
_PLACE = re.compile(r"\{\{ *([a-z_]+) *\}\}")


class PromptFile(BaseModel):
    """One question. ``text`` holds each of ``inputs`` as ``{{ name }}``, ``reply`` names a kind of answer.

    Without ``reply`` it asks once more for what was asked before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z_]+$")
    version: int = Field(ge=1)
    inputs: tuple[str, ...]
    reply: str | None = None
    text: str = Field(min_length=1)

    @field_validator("reply")
    @classmethod
    def _is_known(cls, reply: str | None) -> str | None:
        if reply is not None and reply not in REPLIES:
            raise ValueError(f"unknown kind of reply; known are {', '.join(REPLIES)}")
        return reply

    @model_validator(mode="after")
    def _uses_its_inputs(self) -> "PromptFile":
        used = set(_PLACE.findall(self.text))
        if "{{" in _PLACE.sub("", self.text):
            raise ValueError("the text has a '{{' that does not begin an input such as '{{ name }}'")
        if odd := sorted(used ^ set(self.inputs)):
            raise ValueError(f"{', '.join(odd)}: inputs must be listed, and each listed one must be in the text")
        return self

    @cached_property
    def ref(self) -> Prompt:
        """Id, version and the SHA-256 of everything that the file says."""
        return Prompt(self.id, self.version, hashlib.sha256(self.model_dump_json().encode()).hexdigest())

    @cached_property
    def schema_of_reply(self) -> dict[str, Any] | None:
        """The JSON schema of the answer, if it is of a kind of its own."""
        return schema_of(REPLIES[self.reply]) if self.reply else None

    def render(self, **inputs: str) -> str:
        """The text with ``inputs`` put in as they are, then a line that names the prompt.

        Raises ValueError if an input is missing or unknown.
        """
        if odd := sorted(set(inputs) ^ set(self.inputs)):
            raise ValueError(f"prompt {self.id} takes {', '.join(self.inputs)}; wrong or missing: {', '.join(odd)}")
        text = _PLACE.sub(lambda place: inputs[place[1]], self.text)
        return f"{text}\n\n[prompt {self.id} {self.version}]"


def load_prompt(id: str, folders: tuple[Path, ...] = FOLDERS) -> PromptFile:
    """The prompt called ``id``. Raises ConfigError naming the known ones, or what is wrong with its file."""
    known = {path.stem: path for folder in reversed(folders) for path in folder.glob("[a-z]*.md")}
    if id not in known:
        raise ConfigError(f"no prompt is called {id!r}; known are {', '.join(sorted(known))}")
    return read_prompt(known[id])


def as_data(value: Any) -> str:
    """``value`` (plain JSON data) as an input of a prompt: one line that cannot end the code block it stands in."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).replace("`", "\\u0060")


def read_prompt(path: Path) -> PromptFile:
    """The prompt in the Markdown file ``path``. Raises ConfigError that says what is wrong with it."""
    try:
        parts = _FRONT.fullmatch(path.read_text(encoding="utf-8"))
        front = yaml.safe_load(parts[1]) if parts else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise ConfigError(f"{path}: the prompt cannot be read ({label(str(problem))})") from problem
    if parts is None or not isinstance(front, dict):
        raise ConfigError(f"{path}: a prompt begins with 'id', 'version' and 'inputs' between two lines '---'")
    try:
        prompt = PromptFile.model_validate({**front, "text": parts[2].strip()})
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "prompt"
        raise ConfigError(f"{path}: {where}: {first['msg']}") from problem
    if prompt.id != path.stem:
        raise ConfigError(f"{path}: the id {prompt.id!r} must be the name of the file")
    return prompt
