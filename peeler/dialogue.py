"""What is said to a vision-language model, and what comes back."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

Finished = Literal["complete", "cut off", "refused"]
"""How an answer ended."""


class Prompt(NamedTuple):
    """Where the words of a request come from: a file of ``prompts/`` and the SHA-256 of its text."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True)
class Message:
    """A turn of the talk: text, then pictures as PNG files."""

    role: Literal["user", "model"]
    text: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Request:
    """One question.

    ``schema`` is the JSON schema of the answer, ``seed`` is sent where the provider takes one, ``timeout`` is seconds
    until the whole answer has to be there, ``most_tokens`` bounds the length of the answer.
    """

    prompt: Prompt
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = None
    temperature: float = 0.0
    seed: int | None = None
    timeout: float = 120.0
    most_tokens: int = 16384


class Usage(NamedTuple):
    """Tokens of one request; ``output`` holds those of thinking, too."""

    input: int = 0
    output: int = 0


@dataclass(frozen=True)
class Reply:
    """One answer.

    ``parsed`` is the provider's own reading of a structured answer, None when it has none; ``finished`` says how the
    answer ended; ``model`` is the version that answered; ``seconds`` were spent on the wire.
    """

    text: str
    parsed: Any = None
    finished: Finished = "complete"
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    request_id: str = ""
    seconds: float = 0.0


class Abilities(NamedTuple):
    """What a provider can do; the code that asks looks here and never at the provider's name.

    ``json_schema``: the answer can be held to a schema. ``boxes``: it was trained to give boxes on a 0–1000 grid.
    ``masks``: how it gives masks, if it does. ``seeds``: it takes a seed. ``largest_side``: pictures are shrunk to it.
    """

    json_schema: bool = True
    boxes: bool = False
    masks: Literal["none", "polygon", "png"] = "none"
    seeds: bool = False
    largest_side: int = 1024


class Vlm(Protocol):
    """Who answers."""

    @property
    def name(self) -> str:
        """Provider, model and address, as replies are cached and priced by."""
        ...

    @property
    def abilities(self) -> Abilities: ...

    def ask(self, request: Request) -> Reply:
        """One exchange, without retries. Raises Unavailable or Rejected."""
        ...
