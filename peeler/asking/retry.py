"""Asking again what may work later."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from peeler.dialogue import Reply
from peeler.errors import ConfigError, Unavailable

log = logging.getLogger(__name__)


class Patience(NamedTuple):
    """How often and how long something unavailable is asked again; times are in seconds.

    The wait doubles from ``first`` up to ``longest``, and its second half is left to chance, so that those who were
    turned away together do not come back together (A. Brooker, "Exponential Backoff And Jitter", 2015). Who is told
    when to come back comes then, or not at all if that is beyond ``total``, which bounds all waits for one request.
    """

    attempts: int = 6
    first: float = 1.0
    longest: float = 30.0
    total: float = 180.0

    def wait(self, failures: int, after: float | None, chance: float) -> float:
        """Seconds to wait after so many failures; ``chance`` is from 0 to 1."""
        backoff = min(self.longest, self.first * 2.0 ** (failures - 1)) * (1 + chance) / 2
        return backoff if after is None else max(backoff, after + self.first * chance)


def asking_again(
    patience: Patience, sleep: Callable[[float], None], random: Callable[[], float]
) -> Callable[[Callable[[], Reply]], Reply]:
    """A function that calls what it is given until it does not raise Unavailable, or patience ends.

    The last Unavailable is raised then. Raises ConfigError when tenacity is not installed.
    """
    try:
        import tenacity
    except ImportError as problem:
        raise ConfigError('asking a model lacks tenacity: pip install "peeler[vlm]"') from problem

    def wait(state: tenacity.RetryCallState) -> float:
        problem = state.outcome.exception() if state.outcome else None
        return patience.wait(state.attempt_number, getattr(problem, "after", None), random())

    def stop(state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= patience.attempts or state.idle_for + state.upcoming_sleep > patience.total

    def tell(state: tenacity.RetryCallState) -> None:
        problem = state.outcome.exception() if state.outcome else None
        log.info("%s; asked again in %.1f s", problem, state.upcoming_sleep)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Unavailable),
        wait=wait,
        stop=stop,
        sleep=sleep,
        before_sleep=tell,
        reraise=True,
    )
