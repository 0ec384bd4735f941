"""One model for all processes of a batch.

A model of 34 GB is held by one process, the host. The others send it what is to be edited and wait; what waits at the
same time, and is of one size and kind, is worked on together.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from queue import Empty, Queue
from typing import Any, NamedTuple

from peeler.errors import BackendError, PeelerError
from peeler.geometry import RGB
from peeler.nets.editor import editor_of
from peeler.nets.flux import Edit, Sampling
from peeler.presets import FluxSettings
from peeler.workers import Host, beside, rest

log = logging.getLogger(__name__)

LINGER = 0.02
"""Seconds for which the host waits for more to work on together; a removal takes a hundred times as long."""
TICK = 0.1
"""Seconds between looks at whether the waiting process is to stop."""


class Job(NamedTuple):
    """Edits that a process waits for."""

    edits: Sequence[Edit]
    sampling: Sampling
    reply: "Connection[Any, Any]"

    @property
    def kind(self) -> tuple[Sampling, tuple[int, ...]]:
        """Jobs of one kind can be worked on together."""
        return self.sampling, self.edits[0].picture.shape


def hosted(settings: FluxSettings, modules: Sequence[str]) -> AbstractContextManager[Host]:
    """A host of the model that ``settings`` name, for as long as the context lasts; it is opened when it is needed.

    ``modules`` are what the other processes of the batch import. Raises BackendError when no process can be started.
    """
    return beside(_serve, (settings,), modules)


class SharedEdits:
    """Edits pictures by a host; meanwhile its process is ``aside``, so that others can use its core.

    Raises what the host raises, and BackendError when the host is gone.
    """

    def __init__(self, host: Host, aside: Callable[[], AbstractContextManager[None]]) -> None:
        self._host, self._aside = host, aside

    def edit(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        """The pictures after what is to be done to them, in their order."""
        try:
            with self._aside(), Client(self._host.address, authkey=self._host.key) as line:
                line.send((edits, sampling))
                while not line.poll(TICK):
                    rest(0)
                told = line.recv()
        except (OSError, EOFError) as problem:
            raise BackendError("the process that holds FLUX died; it may have run out of memory") from problem
        if isinstance(told, Exception):
            raise told
        painted: list[RGB] = told
        return painted


def _serve(tell: Callable[[Host], None], settings: FluxSettings) -> None:
    """Say where to ask, and work on what is asked until the process is ended."""
    key = os.urandom(32)
    jobs: Queue[Job] = Queue()
    with Listener(authkey=key) as listener:
        threading.Thread(target=_listen, args=(listener, jobs), daemon=True).start()
        tell(Host(listener.address, key))
        for some in together(jobs, settings.at_once):
            _answer(settings, some)


def _listen(listener: Listener, jobs: "Queue[Job]") -> None:
    """Take in what is asked; who asks does so at once after it was let in."""
    while True:
        try:
            line = listener.accept()
            edits, sampling = line.recv()
            jobs.put(Job(edits, sampling, line))
        except (OSError, EOFError, AuthenticationError):
            continue  # who asked is gone, or is none of ours


def together(jobs: "Queue[Job]", at_once: int) -> Iterator[list[Job]]:
    """Jobs in turn, each with those of its kind that wait too, while they are not more than ``at_once`` edits."""
    waiting: list[Job] = []
    while True:
        if not waiting:
            waiting.append(jobs.get())
        while sum(len(job.edits) for job in waiting) < at_once:
            try:
                waiting.append(jobs.get(timeout=LINGER))
            except Empty:
                break
        some = [job for job in waiting if job.kind == waiting[0].kind]
        waiting = [job for job in waiting if job not in some]
        yield some


def _answer(settings: FluxSettings, some: Sequence[Job]) -> None:
    """Work on jobs of one kind and tell each its part, or what went wrong."""
    told: list[list[RGB] | PeelerError]
    try:
        painted = iter(_edited(settings, [edit for job in some for edit in job.edits], some[0].sampling))
        told = [[next(painted) for _ in job.edits] for job in some]
    except PeelerError as problem:
        told = [problem] * len(some)
    for job, one in zip(some, told, strict=True):
        try:
            job.reply.send(one)
            job.reply.close()
        except OSError:
            continue  # who asked is gone


def _edited(settings: FluxSettings, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
    """Raises PeelerError alone: what goes wrong with some pictures must not end the host."""
    try:
        return editor_of(settings).edit(edits, sampling)
    except PeelerError:
        raise
    except Exception as problem:
        log.exception("FLUX failed")
        raise BackendError(f"unexpected {type(problem).__name__} in FLUX: {problem}") from problem
