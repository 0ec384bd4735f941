"""What the user allows."""

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """What a run, or all runs of a batch together, may use; None sets no limit.

    ``max_cost`` is in US dollars; ``max_calls`` counts requests that were sent, retries included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_cost: float | None = Field(default=None, ge=0)
    max_calls: int | None = Field(default=None, ge=0)
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
