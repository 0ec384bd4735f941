"""From a settled preset to who works: backends by name, and a model that is asked for no more than the user allows."""

import os
import time
from pathlib import Path
from typing import NamedTuple

from peeler import registry
from peeler.asking import Asker, Ledger, Limits, ReplyCache, load_prices, open_asker, reply_folder
from peeler.asking.asker import RE_ASKS
from peeler.asking.budget import nearly_spent, spent
from peeler.attempts import Engine
from peeler.dialogue import Vlm
from peeler.presets import Preset
from peeler.protocols import Vectorizer
from peeler.records import Spent
from peeler.workers import Host, aside, rest

NO_CACHE = "off"


def engine_of(preset: Preset, spending: Path, owner: str = "", host: Host | None = None) -> Engine:
    """The engine that a settled preset names.

    ``spending`` is the file by which all runs of a batch share what may be spent, ``owner`` the name of this run,
    ``host`` the process that holds what is too large for each of them.
    Raises ConfigError when a backend is unknown or lacks something.
    """
    remover = registry.remover(preset.remover or "", preset.flux, host, aside)
    fallback = None if preset.fallback is None else registry.remover(preset.fallback, preset.flux, host, aside)
    if not registry.asks_a_model(preset.analyst):
        return Engine(registry.analyst(preset.analyst or "", preset.learned), remover, fallback)
    analyst, checker = registry.listening_analyst(asker_of(preset, spending, owner), preset, aside)
    return Engine(analyst, remover, fallback, checker)


def vectorizer_of(preset: Preset, spending: Path, owner: str = "", tolerance: float | None = None) -> Vectorizer:
    """Who turns layers into paths by a preset; what that may cost is shared as with a model.

    Raises ConfigError when it is unknown or lacks something.
    """
    name = preset.vectorizer
    if name not in registry.PAID:
        return registry.vectorizer(name, tolerance)
    # The same picture would get the same answer for the same money, so an unusable one is not asked for again.
    asker = _asker(registry.service(name), preset, spending, owner, re_asks=0)
    return registry.paid_vectorizer(name, asker, preset.timeout, aside)


def asker_of(preset: Preset, spending: Path, owner: str = "") -> Asker:
    """Who asks the model that the preset names as its analyst."""
    return _asker(registry.vlm(preset.analyst or ""), preset, spending, owner)


def _asker(vlm: Vlm, preset: Preset, spending: Path, owner: str, re_asks: int = RE_ASKS) -> Asker:
    return open_asker(
        vlm,
        spending,
        limits_of(preset),
        None if preset.prices is None else load_prices(Path(preset.prices)),
        cache_of(preset),
        owner,
        sleep=rest,
        re_asks=re_asks,
    )


def limits_of(preset: Preset) -> Limits:
    """What a preset allows."""
    return Limits(
        max_cost=preset.max_cost,
        max_calls=preset.max_calls,
        requests_per_minute=preset.requests_per_minute,
        tokens_per_minute=preset.tokens_per_minute,
    )


def cache_of(preset: Preset) -> ReplyCache | None:
    """Where replies are kept, if they are."""
    if preset.cache == NO_CACHE:
        return None
    return ReplyCache(reply_folder({**os.environ, "PEELER_CACHE": preset.cache}))


class Purse(NamedTuple):
    """What a run may spend and has spent: the file that tells it, whose share (None: all of it), the limits."""

    file: Path
    owner: str | None = None
    limits: Limits = Limits()

    def open(self, force: bool = False) -> None:
        """Begin, or go on after an interruption, for the process that holds the folder; ``force`` forgets it all."""
        if force:
            self.file.unlink(missing_ok=True)
        if self.file.exists():
            Ledger(self.file).begin(time.time())

    def spent(self) -> Spent | None:
        """What was spent by now; None if no model was asked. Raises StoreError."""
        total = spent(Ledger(self.file), self.owner)
        if not total.calls and not total.cached:
            return None
        return Spent(**total._asdict() | {"money": round(total.money, 9), "reserved": round(total.reserved, 9)})

    def warning(self) -> str:
        """A word for the user when most of what all runs together may spend is spent."""
        return nearly_spent(spent(Ledger(self.file)), self.limits.max_cost, self.limits.max_calls)
