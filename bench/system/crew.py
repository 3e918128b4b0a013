"""Worker processes on this machine: none outlives this process, and one that dies is told of; no part of the paper.

A worker ends when the process that asked for it does, however that ends: a thread waits for the end of a pipe that the
parent holds, and on Linux the system kills it with the fork server, should a library never let that thread run. (A fork
server ends when nobody holds its pipe any more; Python gives it to workers too, so these let go of it.) Ctrl-C and a
closed terminal reach every process of a terminal, so workers and fork server leave both to the parent.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cached_property, partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from typing import Any

from tqdm import tqdm

from bench.errors import UserError
from bench.system import streams
from bench.system.exits import ONE, describe_death
from bench.system.libraries import name_libraries
from bench.system.start import keep_freed_memory

LEFT_TO_US = (signal.SIGINT, signal.SIGHUP)
SEATS = 1 << 14
"""Jobs whose workers are noted at a time: job ``i`` in seat ``i % SEATS``, far more than are ever under way."""
TOGETHER = 0.3
"""Seconds after which a SIGTERM to the whole group has reached this process too."""
END = 2.0
"""Seconds that the pool may take to notice that its workers are gone."""
_DEATH = 1
"""prctl's PR_SET_PDEATHSIG."""
_marks: Any = None
_open: weakref.WeakSet[Crew] = weakref.WeakSet()


class _Pool(ProcessPoolExecutor):
    """Notes whom it ends when it breaks: by SIGTERM, which a worker that somebody stopped has died of too."""

    def __init__(self, *arguments: Any) -> None:
        self.ended: set[int | None] = set()
        super().__init__(*arguments)

    def _spawn_process(self) -> None:
        super()._spawn_process()  # type: ignore[misc]
        process: Any = list(self._processes.values())[-1]
        process.terminate = partial(self._end, process)

    def _end(self, process: Any) -> None:
        self.ended |= {process.pid} if process.exitcode is None else set()
        type(process).terminate(process)


class Crew:
    """``workers`` processes; ``context`` is a fork server's, ``fewer`` the option that asks for one process only.

    ``advice`` is what to do where one died, if that is not to continue a run.

    The first work starts them: a fork server takes a second, which who finds everything in the store does not pay.
    ``libraries`` are modules that the server imports for all of them, if it is not running yet.
    """

    libraries: Sequence[str] = ()

    def __init__(
        self, context: Any, workers: int, threads: int | None = None, fewer: str = ONE, advice: str = ""
    ) -> None:
        self._told, self._wanted = (fewer, advice), (context, workers, threads)
        self._processes: MutableMapping[int, Any] = {}
        _open.add(self)

    @cached_property
    def _pool(self) -> _Pool:
        context, workers, threads = self._wanted
        with name_libraries(self.libraries):
            _start_server()
        self._marks = context.RawArray("l", SEATS)
        pool = _Pool(workers, context, _start_worker, (self._marks, threads))
        self._processes = pool._processes  # the pool forgets them when it breaks
        return pool

    def run(
        self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], names: Sequence[str], chunk: int = 1,
        ordered: bool = False,
    ) -> Iterator[Any]:  # fmt: skip
        """Run ``function(*job)`` for each job, as they are finished or in their order; ``names`` say what a job is.

        Raises UserError where a worker died: of what, and over which job.
        """
        futures: list[Future[Any]] = []
        try:
            self._submit(function, jobs, chunk, futures)
            for future in futures if ordered else as_completed(futures):
                yield from future.result()
        except (BrokenProcessPool, EOFError, ConnectionError) as error:
            raise UserError(self._describe_death(names, futures, chunk)) from error

    def _submit(
        self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], chunk: int, futures: list[Future[Any]]
    ) -> None:
        for first in range(0, len(jobs), chunk):
            try:
                futures.append(self._pool.submit(_run_jobs, function, first, jobs[first : first + chunk]))
            except OSError as error:  # a worker is to be started, and the pool has closed its pipes: one has just died
                if self._pool._broken:
                    raise BrokenProcessPool(self._pool._broken) from error
                raise

    def close(self) -> None:
        """Take no more work; workers finish what they are at."""
        if self._started:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def end(self) -> None:
        """End the workers now. The store has whole files at any moment."""
        if not self._started:
            return
        thread: Any = self._pool._executor_manager_thread  # forgotten by shutdown
        for process in list(self._processes.values()):
            with suppress(OSError, ValueError):
                process.kill()
        self._pool.shutdown(wait=False)
        if thread is not None:  # else it races with the end of the interpreter
            thread.join(END)

    @property
    def _started(self) -> bool:
        return "_pool" in vars(self)

    def _wait_for_end(self) -> None:
        """Wait for the end of all workers of a broken pool.

        A worker that was being started while the pool ended the others is missed by it, and waited for without an end.
        """
        thread: Any = self._pool._executor_manager_thread  # forgotten by shutdown
        self._pool.shutdown(wait=False)
        while thread is not None and thread.is_alive():
            thread.join(END)
            for process in list(self._processes.values()):
                with suppress(OSError, ValueError):
                    process.terminate()

    def _describe_death(self, names: Sequence[str], futures: Sequence[Future[Any]], chunk: int) -> str:
        """Describe how a worker died, over what. The pool ends the others by SIGTERM as soon as one is gone."""
        self._wait_for_end()
        codes = {process.pid: process.exitcode for process in self._processes.values()}
        guilty = {pid: code for pid, code in codes.items() if code not in (0, None, -signal.SIGTERM)}
        dead = {pid: code for pid, code in codes.items() if code}
        guilty = guilty or {pid: code for pid, code in dead.items() if pid not in self._pool.ended} or dead
        if set(guilty.values()) <= {-signal.SIGTERM}:
            time.sleep(TOGETHER)  # our own signal, if there is one, ends us here
        seats = {at for at, pid in enumerate(self._marks) if pid in guilty}
        lost = [
            i for i in range(len(names)) if i % SEATS in seats and not _has_result(futures[i // chunk : i // chunk + 1])
        ]
        return describe_death(next(iter(guilty.values()), None), ", ".join(names[i] for i in lost[:3]), *self._told)


def _has_result(futures: Sequence[Future[Any]]) -> bool:
    """Whether a job came back."""
    return all(future.done() and not future.cancelled() and future.exception() is None for future in futures)


def end_all() -> None:
    """End all workers of this process, which are idle or no longer wanted."""
    for crew in list(_open):
        crew.end()


def _start_server() -> None:
    """With the signals that are left to us blocked, which all its children inherit: there is no first moment without.

    The resource tracker goes first, for starting it lets them through.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, LEFT_TO_US)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(marks: Any, threads: int | None) -> None:
    """Start what a worker does first. ``threads`` of torch, None where torch is not to be loaded."""
    global _marks
    _marks = marks
    streams.show_all()
    # Else each worker makes a semaphore for its progress bars, which counts as lost when the worker is ended.
    tqdm.set_lock(threading.RLock())
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()
    if sys.platform == "linux":
        _end_with_server()
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
        keep_freed_memory()


def _end_with_server() -> None:
    own, name = forkserver._forkserver, "_forkserver_alive_fd"
    if (pipe := getattr(own, name, None)) is not None:
        setattr(own, name, None)
        os.close(pipe)
    ctypes.CDLL(None).prctl(_DEATH, signal.SIGKILL)


def _end_after(parent: int) -> None:
    wait([parent])
    os._exit(1)


def _run_jobs(function: Callable[..., Any], first: int, jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
    found = []
    for at, job in enumerate(jobs, first):
        _marks[at % SEATS] = os.getpid()
        found.append(function(*job))
        _marks[at % SEATS] = 0
    return found
