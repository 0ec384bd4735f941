"""What a run keeps on disk, as types: ``run.json``, ``step.json`` and ``timings.json``."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from peeler.errors import StoreError
from peeler.files import as_json, replacing
from peeler.geometry import Box
from peeler.graph import Edge
from peeler.presets import Preset
from peeler.stack import Role
from peeler.text import plural


class StopReason(StrEnum):
    """Why a run ended."""

    BACKGROUND = "background"
    """Only the background is left."""
    NOTHING_MORE = "nothing_more"
    """The analyst names elements, but none of them shows on the canvas."""
    MAX_STEPS = "max_steps"
    STUCK = "stuck"
    """Every attempt at a removal was rejected."""
    TARGETS = "targets"
    """Nothing is left of what the user named."""
    BUDGET = "budget"
    """What the user allowed does not pay for the next call; the same command with more goes on."""
    UNREADABLE = "unreadable"
    """The analyst's replies could not be used; the same command asks once more."""


EARLY = {StopReason.MAX_STEPS, StopReason.STUCK, StopReason.BUDGET, StopReason.UNREADABLE}
"""A run that ended so did not come to its end."""
GOES_ON = {StopReason.BUDGET, StopReason.UNREADABLE}
"""A run that ended so goes on when the same command is given again."""


class Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(Stored):
    """A judgement of one removal.

    ``changed_inside`` is the share of the removed elements' pixels that was repainted, ``drift_outside`` the share of
    the pixels outside their surroundings that changed visibly, ``left`` the largest share of one element that is still
    there (for given layers: the share of repainted pixels that the layers do not explain). All are 0–1.
    """

    accepted: bool
    reason: str
    changed_inside: float
    drift_outside: float
    left: float


class Spent(Stored):
    """What was asked of a model: requests sent, questions answered from the cache, US dollars, tokens.

    ``money`` leaves out calls without a known price, and ``unsettled`` ones of which nobody knows what they cost:
    at most ``reserved`` US dollars.
    """

    calls: int = 0
    cached: int = 0
    money: float = 0.0
    input: int = 0
    output: int = 0
    unsettled: int = 0
    reserved: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        both = ((name, getattr(self, name), getattr(other, name)) for name in type(self).model_fields)
        return Spent(**{name: one + two for name, one, two in both})

    def __str__(self) -> str:
        told = [plural(self.calls, "call"), f"{self.input} + {self.output} tokens", f"${self.money:.4f}"]
        if self.reserved:
            told.append(f"up to ${self.reserved:.4f} more for {plural(self.unsettled, 'call')} of unknown cost")
        if self.cached:
            told.append(f"{plural(self.cached, 'answer')} from the cache")
        return ", ".join(told)


def spent_in(exchanges: Iterable[Mapping[str, Any]]) -> Spent | None:
    """What the exchanges of a step cost together; None if there are none."""
    kept = list(exchanges)
    if not kept:
        return None
    sent = [exchange for exchange in kept if not exchange["cached"]]
    lost = [exchange for exchange in sent if exchange.get("outcome") == "unavailable" and exchange["money"]]
    return Spent(
        calls=len(sent),
        cached=len(kept) - len(sent),
        money=_money(exchange for exchange in sent if exchange not in lost),
        input=sum(exchange["usage"]["input"] for exchange in sent),
        output=sum(exchange["usage"]["output"] for exchange in sent),
        unsettled=len(lost),
        reserved=_money(lost),
    )


def _money(exchanges: Iterable[Mapping[str, Any]]) -> float:
    return round(sum(exchange["money"] or 0.0 for exchange in exchanges), 9)


class PictureRecord(Stored):
    name: str
    sha256: str
    size: tuple[int, int]
    alpha: bool


class EngineRecord(Stored):
    analyst: str
    remover: str
    fallback: str | None
    why: str


class ResidualRecord(Stored):
    """By how much the layers without the residual miss the picture: grey levels, and pixels past the tolerance."""

    max: int
    pixels: int


class RunRecord(Stored):
    """``run.json``."""

    format: Literal[1] = 1
    status: Literal["running", "ok", "stopped", "failed"] = "running"
    stop_reason: StopReason | None = None
    note: str = ""
    picture: PictureRecord
    preset: Preset
    engine: EngineRecord
    versions: dict[str, str]
    steps: int = 0
    layers: int = 0
    residual: ResidualRecord | None = None
    spent: Spent | None = None


class LayerRecord(Stored):
    """A lifted layer of a step; ``file`` is relative to the step's folder and cropped to ``box``."""

    id: str
    name: str
    file: str
    sha256: str
    box: Box
    role: Role
    opacity: float
    part_of: str | None
    ink: str | None
    origin: str


class AttemptRecord(Stored):
    """One try of a removal; rejected canvases lie in ``attempts/`` by their number.

    ``words`` and ``steps`` are what the remover was asked with; ``checked`` is what a second opinion says.
    """

    seed: int
    remover: str
    elements: tuple[str, ...]
    words: str = ""
    steps: int = 0
    verdict: Verdict
    account: dict[str, Any] = {}
    checked: dict[str, Any] = {}


class StepRecord(Stored):
    """``step.json``. Hashes of canvases are of their pixels, those in ``files`` of the files."""

    index: int
    canvas_sha256: str
    after_sha256: str
    graph_sha256: str
    seed: int
    removed: tuple[str, ...]
    layers: tuple[LayerRecord, ...]
    attempts: tuple[AttemptRecord, ...]
    cut_edges: tuple[Edge, ...]
    note: str
    spent: Spent | None = None
    files: dict[str, str]


class Timings(BaseModel):
    """``timings.json``: every date and duration of a run, in seconds."""

    model_config = ConfigDict(extra="forbid")

    started: str
    seconds: dict[str, float] = {}
    steps: list[dict[str, float]] = []


def read_record(folder: Path) -> RunRecord:
    """The ``run.json`` of a run. Raises StoreError."""
    try:
        return RunRecord.model_validate_json((folder / "run.json").read_bytes())
    except OSError as problem:
        raise StoreError(f"{folder}: the run cannot be read ({problem.strerror})") from problem
    except ValidationError as problem:
        raise StoreError(f"{folder}: run.json is damaged or of another version; use --force to start anew") from problem


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record to the file ``path``, at once or not at all. Raises StoreError."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(as_json(record.model_dump(mode="json")))
