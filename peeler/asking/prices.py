"""What a model costs: tables as data, with their date."""

import datetime
import json
import re
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from peeler.dialogue import Request, Usage
from peeler.errors import ConfigError

BUILT_IN = Path(__file__).with_name("prices.yaml")
MILLION = 1_000_000
TILE = 512
"""Pixels a side of the squares by which the tokens of a picture are bounded."""
FRAME = 64
"""Tokens, at most, that wrap a message or a picture."""
CHARACTERS = 4
"""Characters that a token of English or JSON usually has."""
USUAL_TILE = 260
"""Tokens that a square of a picture usually takes."""


class Price(BaseModel):
    """US dollars per million tokens of the models whose name, such as ``gemini:gemini-2.5-pro``, fits ``match``.

    ``at`` is for their address: empty for the provider's own, ``*`` for any. ``tile`` bounds the tokens of a picture
    per square of 512 × 512 pixels that it begins. Tokens of thinking cost what those of the answer do. ``call`` is what
    every request costs besides, in US dollars.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: str
    at: str = "*"
    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    tile: int = Field(default=1600, ge=0)
    call: float = Field(default=0, ge=0, allow_inf_nan=False)

    def cost(self, usage: Usage) -> float:
        """US dollars for a request of so many tokens."""
        return self.call + (usage.input * self.input + usage.output * self.output) / MILLION

    def most(self, request: Request) -> float:
        """The most US dollars a request can cost: no token is shorter than a byte, no answer longer than allowed."""
        texts = [message.text for message in request.messages] + [json.dumps(request.schema)]
        pictures = [picture for message in request.messages for picture in message.images]
        tokens = sum(len(text.encode()) for text in texts) + sum(tiles(picture) for picture in pictures) * self.tile
        frames = (len(texts) + len(pictures)) * FRAME
        return self.cost(Usage(tokens + frames, request.most_tokens))

    def fits(self, name: str) -> bool:
        model, address = _parts(name)
        return fnmatchcase(model, self.match) and fnmatchcase(address, self.at)


FREE = Price(match="*", input=0, output=0)


class Prices(BaseModel):
    """A table of prices and the day on which they were read; the first that fits counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: datetime.date
    prices: tuple[Price, ...]

    def of(self, name: str) -> Price | None:
        """The price of a model by the name of its Vlm; None when it is unknown. Who answers on this machine is free."""
        found = next((price for price in self.prices if price.fits(name)), None)
        return FREE if found is None and _is_here(name) else found


def load_prices(own: Path | None = None) -> Prices:
    """The built-in table, behind the rows of the user's ``own`` file of the same form. Raises ConfigError."""
    table = _built_in()
    if own is None:
        return table
    first = _read(own)
    return Prices(date=first.date, prices=first.prices + table.prices)


def usual_tokens(request: Request) -> int:
    """About how many tokens a request takes, without its answer."""
    text = sum(len(message.text) for message in request.messages) + len(json.dumps(request.schema))
    squares = sum(tiles(picture) for message in request.messages for picture in message.images)
    return text // CHARACTERS + squares * USUAL_TILE


def tiles(picture: bytes) -> int:
    """How many squares of 512 × 512 pixels a PNG file begins, by its header (PNG specification, §11.2.2)."""
    width, height = int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    return max(1, -(-width // TILE)) * max(1, -(-height // TILE))


@cache
def _built_in() -> Prices:
    return _read(BUILT_IN)


def _read(path: Path) -> Prices:
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Prices.model_validate(data)
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: the prices cannot be read ({problem})") from problem
    except yaml.YAMLError as problem:
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(problem).split())})") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc'])) or 'prices'}: {first['msg']}") from problem


def _parts(name: str) -> tuple[str, str]:
    """Provider with model, and address; the name of a model may hold an @, too."""
    model, *address = re.split(r"@(?=\w+://)", name, maxsplit=1)
    return model, "".join(address)


def _is_here(name: str) -> bool:
    host = urlsplit(_parts(name)[1]).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
