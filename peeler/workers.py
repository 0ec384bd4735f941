"""Many tasks on all cores: processes that survive each other's death and do not survive their parent's.

There may be more processes than cores: one that waits for an answer from afar steps aside, and another one works.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_bool
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, TypeVar

import cv2

from peeler.errors import BackendError

Task = TypeVar("Task")
Result = TypeVar("Result")
Tell = Callable[[str], None]
"""Says which stage a task is in."""

TICK = 0.1
"""Seconds between looks at what the workers say."""


class Worker(NamedTuple):
    """What a worker process has from its parent: whether to stop, a core to work on, where to say what it does."""

    stop: Any
    cores: Any
    stages: "Connection[tuple[str, str], tuple[str, str]]"


_here: list[Worker] = []
"""The worker that this process is, if it is one: the pool offers no other way to hand it to its tasks."""


def do_all(
    work: Callable[[Task, Tell], Result],
    tasks: Mapping[str, Task],
    workers: int,
    on_stage: Callable[[str, str], None],
    on_done: Callable[[str], None],
    cores: int | None = None,
) -> dict[str, Result | BaseException]:
    """Do ``work`` on each named task in up to ``workers`` processes; what a task raised stands in place of its result.

    With ``cores``, only so many of them work at a time, and the others are ``aside``.

    ``on_stage`` hears (name, stage), ``on_done`` the name of a finished task. A task whose process dies gets a
    BackendError. KeyboardInterrupt lets the tasks at work stop at their next stage and drops the others.
    """
    results: dict[str, Result | BaseException] = {}

    def finish(name: str, result: Result | BaseException) -> None:
        results[name] = result
        on_done(name)

    while left := [name for name in tasks if name not in results]:
        _do_in_pool(work, {name: tasks[name] for name in left}, workers, on_stage, finish, cores)
        # A dead process breaks its whole pool. The first tasks left were at work then; each is tried once more, alone.
        for name in [name for name in left if name not in results][: workers + 1]:
            _do_in_pool(work, {name: tasks[name]}, 1, on_stage, finish)
            if name not in results:
                finish(name, BackendError("the process that worked on it died; it may have run out of memory"))
    return results


def _do_in_pool(
    work: Callable[[Task, Tell], Result],
    tasks: Mapping[str, Task],
    workers: int,
    on_stage: Callable[[str, str], None],
    finish: Callable[[str, Result | BaseException], None],
    cores: int | None = None,
) -> None:
    """Do the tasks until they are done or a process dies."""
    context = get_context("spawn")
    stop = context.RawValue(c_bool, False)
    # Several writers need no lock, since a message this short is one write; so none can die holding it.
    listener, speaker = context.Pipe(duplex=False)
    worker = Worker(stop, context.Semaphore(cores or workers), speaker)
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _become_worker, (worker,))
    try:
        running = {pool.submit(_do, work, name, task): name for name, task in tasks.items()}
        while running:
            for future in wait(running, TICK, FIRST_COMPLETED).done:
                _hand_over(future, running.pop(future), finish)
            while listener.poll():
                on_stage(*listener.recv())
    except BaseException:
        stop.value = True
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        listener.close()
        speaker.close()


def _hand_over(future: "Future[Result]", name: str, finish: Callable[[str, Result | BaseException], None]) -> None:
    error = future.exception()
    if error is None:
        finish(name, future.result())
    elif not isinstance(error, BrokenProcessPool):
        finish(name, error)


def _become_worker(worker: Worker) -> None:
    _here.append(worker)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    cv2.setNumThreads(1)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A worker that outlived its parent would keep its run locked."""
    if (parent := parent_process()) is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _do(work: Callable[[Task, Tell], Result], name: str, task: Task) -> Result:
    worker = _here[0]

    def tell(stage: str) -> None:
        if worker.stop.value:
            raise KeyboardInterrupt
        worker.stages.send((name, stage))

    with worker.cores:
        return work(task, tell)


@contextmanager
def aside() -> Iterator[None]:
    """Let another worker have this one's core while this one waits. Raises KeyboardInterrupt when it is to stop."""
    if not _here:
        yield
        return
    worker = _here[0]
    worker.cores.release()
    try:
        yield
    finally:
        worker.cores.acquire()
    if worker.stop.value:
        raise KeyboardInterrupt


def rest(seconds: float) -> None:
    """Sleep. Raises KeyboardInterrupt as soon as this worker is to stop."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, TICK))
        if _here and _here[0].stop.value:
            raise KeyboardInterrupt
