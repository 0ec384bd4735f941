"""Seconds, stage by stage."""

import time


class Laps:
    """Seconds spent in each named stage, from mark to mark."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._first = self._last = time.perf_counter()

    @property
    def total(self) -> float:
        """Seconds since the first moment."""
        return time.perf_counter() - self._first

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now
