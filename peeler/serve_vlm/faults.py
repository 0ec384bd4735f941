"""How the loopback model fails, when it is told to: each kind at its own rate, and the same every time."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from peeler.dialogue import Reply
from peeler.errors import ConfigError


class Fault(StrEnum):
    """What can go wrong with one answer; of several that are drawn the first in this order happens."""

    RATE_LIMIT = "429"
    SERVER_ERROR = "500"
    HANG = "hang"
    CUT = "cut"
    REFUSAL = "refusal"
    HALF = "half"
    JUNK = "junk"
    BOXES = "boxes"
    DELAY = "delay"


SAID_WRONG = {Fault.REFUSAL, Fault.HALF, Fault.JUNK, Fault.BOXES}
"""Faults of what is said rather than of the wire; such answers are paid for."""
JUNK = (
    "I am sorry, I can see a lovely picture but it is hard to put into words.",
    '{"elements": [{"id": }], "edges": nothing}',
    '{"weather": "sunny", "temperature": 21}',
    "[1, 2, 3]",
    "{" * 2000,
)
REFUSED = "I cannot help with this picture."


@dataclass(frozen=True)
class Faults:
    """``rates`` are probabilities 0–1, drawn one by one, so that several faults may be told to happen often.

    ``reply_time`` is what every answer takes, ``delay`` what one with that fault takes on top, and ``retry_after``
    what a 429 asks for, all in seconds.
    """

    rates: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    reply_time: float = 0.0
    delay: float = 2.0
    retry_after: float = 1.0

    def drawn(self, question: str, before: int) -> Fault | None:
        """The fault of the answer to a question that came ``before`` times, whatever else came between."""
        dice = self.dice(question, before)
        happens = [fault for fault in Fault if dice.random() < self.rates.get(fault, 0.0)]
        return happens[0] if happens else None

    def dice(self, question: str, before: int) -> random.Random:
        return random.Random(f"{self.seed}/{before}/{question}")


def parse_rates(texts: list[str]) -> dict[Fault, float]:
    """``["429=0.2", "junk"]`` → rates; a kind by itself always happens. Raises ConfigError."""
    rates: dict[Fault, float] = {}
    for text in texts:
        name, _, rate = text.partition("=")
        try:
            rates[Fault(name)] = float(rate or 1)
        except ValueError:
            raise ConfigError(f"{text!r} is no fault and rate such as 429=0.2; known are {', '.join(Fault)}") from None
        if not 0 <= rates[Fault(name)] <= 1:
            raise ConfigError(f"the rate of {name!r} must lie between 0 and 1")
    return rates


def spoilt(reply: Reply, fault: Fault, dice: random.Random) -> Reply:
    """``reply`` as it is said with one of the faults ``SAID_WRONG``."""
    if fault is Fault.REFUSAL:
        return replace(reply, text=REFUSED, finished="refused")
    if fault is Fault.HALF:
        return replace(reply, text=reply.text[: len(reply.text) // 2], finished="cut off")
    if fault is Fault.JUNK:
        return replace(reply, text=dice.choice(JUNK))
    return replace(reply, text=json.dumps(_misplaced(json.loads(reply.text), dice)))


def _misplaced(data: Any, dice: random.Random) -> Any:
    """``data`` with every box somewhere else, and without masks and outlines, which would give it away."""
    if isinstance(data, list):
        return [_misplaced(item, dice) for item in data]
    if not isinstance(data, dict):
        return data
    moved = {key: _misplaced(value, dice) for key, value in data.items()}
    if isinstance(data.get("box_2d"), list):
        moved["box_2d"] = dice.choice(_wrong_boxes(data["box_2d"]))
        moved |= {key: None for key in ("mask", "polygon") if key in data}
    return moved


def _wrong_boxes(box: list[float]) -> list[list[float]]:
    """Mirrored, x before y, in some other unit, upside down, empty, off the canvas, and all of it."""
    y0, x0, y1, x1 = box
    return [
        [y0, 1000 - x1, y1, 1000 - x0],
        [x0, y0, x1, y1],
        [value * 7 for value in box],
        [y1, x1, y0, x0],
        [y0, x0, y0, x0],
        [1200, 1200, 1500, 1500],
        [0, 0, 1000, 1000],
    ]
