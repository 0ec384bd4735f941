"""Many tasks on all cores: processes that survive each other's death and do not survive their parent's.

There may be more processes than cores: one that waits for an answer from afar steps aside, and another one works.
"""

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from ctypes import c_bool
from itertools import islice
from multiprocessing import connection, forkserver, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext, ForkServerContext, SpawnContext
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

import cv2

from peeler.errors import BackendError

Task = TypeVar("Task")
Result = TypeVar("Result")
Tell = Callable[[str], None]
"""Says which stage a task is in."""

AHEAD = 4
"""Tasks for each worker that are with the pool."""
TICK = 0.1
"""Seconds between looks at what the workers say."""


class Worker(NamedTuple):
    """What a worker process has from its parent: whether to stop, a core to work on, a place to wait at, where to say
    what it does."""

    stop: Any
    cores: Any
    places: Any
    stages: "Connection[tuple[str, str], tuple[str, str]]"


_here: list[Worker] = []
"""The worker that this process is, if it is one: the pool offers no other way to hand it to its tasks."""


def cores_here() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def do_all(
    work: Callable[[Task, Tell], Result],
    tasks: Mapping[str, Task],
    cores: int,
    on_stage: Callable[[str, str], None],
    on_done: Callable[[str], None],
    waiting: int = 0,
    modules: Sequence[str] = (),
) -> dict[str, Result | BaseException]:
    """Do ``work`` on each named task, on ``cores`` at a time; what a task raised stands in place of its result.

    Up to ``waiting`` tasks more are ``aside`` meanwhile. ``modules`` are what the work imports, to be loaded but once.

    ``on_stage`` hears (name, stage), ``on_done`` the name of a finished task. A task whose process dies gets a
    BackendError. KeyboardInterrupt lets the tasks at work stop at their next stage and drops the others. Raises
    BackendError when no process can be started.
    """
    context = _context([work.__module__, *modules])
    results: dict[str, Result | BaseException] = {}

    def finish(name: str, result: Result | BaseException) -> None:
        results[name] = result
        on_done(name)

    while left := [name for name in tasks if name not in results]:
        _do_in_pool(context, work, {name: tasks[name] for name in left}, cores, waiting, on_stage, finish)
        # A dead process breaks its whole pool. The first tasks left were at work then; each is tried once more, alone.
        for name in [name for name in left if name not in results][: cores + waiting + 1]:
            _do_in_pool(context, work, {name: tasks[name]}, 1, 0, on_stage, finish)
            if name not in results:
                finish(name, BackendError("the process that worked on it died; it may have run out of memory"))
    return results


class Host(NamedTuple):
    """Where a process that works for the others listens, and the word that it wants to hear first."""

    address: Any
    key: bytes


@contextmanager
def beside(work: Callable[..., None], given: tuple[Any, ...], modules: Sequence[str]) -> Iterator[Host]:
    """A process that works for the others as long as the context lasts: ``work(tell, *given)``, which tells its place.

    ``modules`` are what the others import; the server that starts them all loads these once. Raises BackendError when
    the process dies before it has told.
    """
    context = _context([work.__module__, *modules])
    listener, speaker = context.Pipe(duplex=False)
    process = context.Process(target=_work_beside, args=(work, speaker, dict(os.environ), given), daemon=True)
    try:
        process.start()
        speaker.close()
        try:
            host: Host = listener.recv()
        except EOFError as problem:
            raise BackendError("a process died as it began; what was said above may tell why") from problem
        yield host
    finally:
        listener.close()
        if process.pid:
            process.terminate()
            process.join()


def _work_beside(
    work: Callable[..., None], speaker: "Connection[Host, Host]", environment: Mapping[str, str], given: tuple[Any, ...]
) -> None:
    _become_independent(environment)
    work(speaker.send, *given)


def _context(modules: list[str]) -> ForkServerContext | SpawnContext:
    """What starts processes: a server that has imported ``modules`` and forks, or where that is unsafe, Python anew.

    The server stays for the next call, with the modules of the first.
    """
    if sys.platform in ("darwin", "win32"):
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(modules)
    # It imports from where this process does, and not from the current folder, which may be full of downloads.
    with _environment({"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONSAFEPATH": "1"}):
        forkserver.ensure_running()
    return context


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _do_in_pool(
    context: BaseContext,
    work: Callable[[Task, Tell], Result],
    tasks: Mapping[str, Task],
    cores: int,
    waiting: int,
    on_stage: Callable[[str, str], None],
    finish: Callable[[str, Result | BaseException], None],
) -> None:
    """Do the tasks until they are done or a process dies."""
    stop = context.RawValue(c_bool, False)
    # Several writers need no lock, since a message this short is one write; so none can die holding it.
    listener, speaker = context.Pipe(duplex=False)
    worker = Worker(stop, context.Semaphore(cores), context.Semaphore(waiting or cores), speaker)
    workers = min(cores + waiting, len(tasks))
    pool = ProcessPoolExecutor(workers, context, _become_worker, (worker, dict(os.environ)))
    done: SimpleQueue[Future[Result]] = SimpleQueue()
    running: dict[Future[Result], str] = {}
    ahead = iter(tasks.items())
    try:
        while True:
            for name, task in islice(ahead, AHEAD * workers - len(running)):
                try:
                    running[_submit(pool, work, name, task, done.put)] = name
                except BrokenProcessPool:
                    ahead = iter(())
            if not running:
                break
            for future in _next(done):
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


def _submit(
    pool: ProcessPoolExecutor,
    work: Callable[[Task, Tell], Result],
    name: str,
    task: Task,
    on_end: "Callable[[Future[Result]], None]",
) -> "Future[Result]":
    """Raises BackendError when the server from which processes are forked fails at its imports."""
    with _uninterrupted():
        try:
            future = pool.submit(_do, work, name, task)
        except (EOFError, OSError) as problem:
            raise BackendError("no process can be started; what was said above may tell why") from problem
        future.add_done_callback(on_end)
    return future


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the end: amid what the pool does it may leave a lock taken, on which that waits for ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = []
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        signal.raise_signal(signal.SIGINT)


def _next(done: "SimpleQueue[Future[Result]]") -> "Iterator[Future[Result]]":
    """What is done, or will be within a tick.

    Not by ``concurrent.futures.wait``: it takes the locks of all futures, and Ctrl-C in between leaves some taken, on
    which the pool then waits for ever as it shuts down.
    """
    with suppress(Empty):
        yield done.get(timeout=TICK)
        while True:
            yield done.get_nowait()


def _hand_over(future: "Future[Result]", name: str, finish: Callable[[str, Result | BaseException], None]) -> None:
    error = future.exception()
    if error is None:
        finish(name, future.result())
    elif not isinstance(error, BrokenProcessPool):
        finish(name, error)


def _become_worker(worker: Worker, environment: Mapping[str, str]) -> None:
    _here.append(worker)
    _become_independent(environment)
    cv2.setNumThreads(1)


def _become_independent(environment: Mapping[str, str]) -> None:
    """Of the terminal and of the server's environment, which is as old as the server; but not of the parent's life."""
    _set_environment(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
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
        try:
            return work(task, tell)
        except Exception as problem:
            _refuse_what_cannot_cross(problem)
            raise


def _refuse_what_cannot_cross(problem: Exception) -> None:
    """Raises BackendError in place of an error that cannot be made again in the parent, which would break the pool."""
    try:
        pickle.loads(pickle.dumps(problem))
    except Exception:
        raise BackendError(f"unexpected {type(problem).__name__}: {problem}") from problem


@contextmanager
def aside() -> Iterator[None]:
    """Let another worker have this one's core while this one waits, at first until there is a place to wait at.

    Raises KeyboardInterrupt when it is to stop.
    """
    if not _here:
        yield
        return
    worker = _here[0]
    worker.cores.release()
    try:
        with worker.places:
            yield
    finally:
        worker.cores.acquire()
    if worker.stop.value:
        raise KeyboardInterrupt


def rest(seconds: float) -> None:
    """Sleep. Raises KeyboardInterrupt as soon as this worker is to stop."""
    until = time.monotonic() + seconds
    while not (_here and _here[0].stop.value):
        if (left := until - time.monotonic()) <= 0:
            return
        time.sleep(min(left, TICK))
    raise KeyboardInterrupt
