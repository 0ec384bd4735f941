"""What can go wrong, as types.

    PeelerError
    ├── ConfigError       an unknown name, a bad setting, a missing package or key
    ├── InputError        the picture cannot be used
    ├── BackendError      an analyst, remover or another backend failed
    │   ├── Unavailable   it may work later: retried with backoff
    │   ├── Rejected      it said no: neither retried nor cached
    │   ├── ReplyError    it answered, but unusably
    │   └── OutputError   it broke its contract
    ├── StoreError        the run on disk cannot be read or written
    └── BudgetSpent       what the user allowed does not pay for the next call

A failed removal is a verdict and an early end is a stop reason; neither is an error.
"""


class PeelerError(Exception):
    """Base of every error that is told to the user in one line."""


class ConfigError(PeelerError):
    """A setting, name, package or key is wrong or missing; the message names the fix."""


class InputError(PeelerError):
    """A picture cannot be used; the message says which and why."""


class BackendError(PeelerError):
    """A backend failed."""


class Unavailable(BackendError):
    """A backend cannot answer now; trying again later may help.

    ``after`` are the seconds that it asks to wait, None when it does not say; ``free`` is True when it surely charged
    nothing, as it answered with an error. After a timeout or half an answer nobody knows.
    """

    def __init__(self, message: str, after: float | None = None, free: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.free = free


class Rejected(BackendError):
    """A backend refused; trying again will not help."""


class ReplyError(BackendError):
    """A backend answered, but the answer cannot be used."""


class OutputError(BackendError):
    """A backend broke its contract: wrong size, type or range."""


class StoreError(PeelerError):
    """A run on disk cannot be read, written or locked."""


class BudgetSpent(PeelerError):
    """The next call does not fit into what the user allowed; what is finished stays."""
