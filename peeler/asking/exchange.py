"""What was asked and answered, as it is kept."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from peeler.dialogue import Prompt, Usage

LONGEST_TEXT = 20_000
"""Characters of a reply that are kept."""
LONGEST_PROBLEM = 2000
"""Characters of the reason why it cannot be used."""

Outcome = Literal["accepted", "unusable", "refused", "unavailable", "rejected"]


class Exchange(BaseModel):
    """One request that was sent, or answered from the cache, and what came of it.

    ``request`` is the key of the request as replies are cached by; ``asked`` is who was asked and ``model`` the version
    that answered. ``usage`` and ``money`` (US dollars) are what this exchange took: nothing when it was ``cached``, the
    most that it can be where nobody knows what was charged; ``money`` is None where no price is known. ``attempt``
    counts the requests of one question from 1, and is 0 for a cached reply. ``text`` is the reply, bounded and without
    secrets, ``problem`` why it was not accepted. ``seconds`` are on the wire; they are not dumped with the rest, since
    what depends on the clock belongs into the timings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Prompt
    request: str
    asked: str
    model: str = ""
    request_id: str = ""
    seed: int | None = None
    usage: Usage = Usage()
    money: float | None = 0.0
    cached: bool = False
    attempt: int = 1
    outcome: Outcome
    problem: str = ""
    text: str = ""
    seconds: float = Field(default=0.0, exclude=True)

    @field_serializer("prompt", "usage")
    def _by_name(self, value: Prompt | Usage) -> dict[str, Any]:
        return value._asdict()
