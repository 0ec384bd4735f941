"""Many tasks on all cores: processes that survive each other's death and do not survive their parent's."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
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
    """What a worker process has from its parent: whether to stop, and where to say what it does."""

    stop: Any
    stages: "Connection[tuple[str, str], tuple[str, str]]"


_here: list[Worker] = []
"""The worker that this process is, if it is one: the pool offers no other way to hand it to its tasks."""


def do_all(
    work: Callable[[Task, Tell], Result],
    tasks: Mapping[str, Task],
    workers: int,
    on_stage: Callable[[str, str], None],
    on_done: Callable[[str], None],
) -> dict[str, Result | BaseException]:
    """Do ``work`` on each named task in up to ``workers`` processes; what a task raised stands in place of its result.

    ``on_stage`` hears (name, stage), ``on_done`` the name of a finished task. A task whose process dies gets a
    BackendError. KeyboardInterrupt lets the tasks at work stop at their next stage and drops the others.
    """
    results: dict[str, Result | BaseException] = {}

    def finish(name: str, result: Result | BaseException) -> None:
        results[name] = result
        on_done(name)

    while left := [name for name in tasks if name not in results]:
        _do_in_pool(work, {name: tasks[name] for name in left}, workers, on_stage, finish)
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
) -> None:
    """Do the tasks until they are done or a process dies."""
    context = get_context("spawn")
    stop = context.RawValue(c_bool, False)
    # Several writers need no lock, since a message this short is one write; so none can die holding it.
    listener, speaker = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _become_worker, (Worker(stop, speaker),))
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

    return work(task, tell)
