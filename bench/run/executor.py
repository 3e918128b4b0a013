"""Who works on the images of a run: this process, or several on this machine. Workers share only the store."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol

from annotated_types import Interval

from bench.errors import UserError
from bench.resources import processors
from bench.run import worker
from bench.run.worker import Outcome

Map = Callable[[str, Iterable[str]], Iterator[Outcome]]
Threads = Annotated[int, Interval(ge=1, le=1024)]


class Executor(Protocol):
    """Opens a session in which one pass (a name of `worker.PASSES`) after the other runs over many images."""

    def session(self, settings: Mapping[str, Any]) -> Any:
        """A context manager that gives `map(pass_name, image_ids)`; outcomes come as they are finished."""
        ...


class Serial:
    """Everything in this process, with `threads` torch threads."""

    def __init__(self, threads: Threads = 1) -> None:
        self.threads = threads

    @contextmanager
    def session(self, settings: Mapping[str, Any]) -> Iterator[Map]:
        """See `Executor`."""
        told = json.dumps(settings)
        worker.start(self.threads)
        yield lambda name, ids: (worker.work(told, name, image_id) for image_id in ids)


class Local:
    """`workers` processes on this machine ("auto": one a processor), each with `threads` torch threads."""

    def __init__(
        self, workers: Annotated[int, Interval(ge=1, le=10**9)] | Literal["auto"] = "auto", threads: Threads = 1
    ) -> None:
        if workers != "auto" and not (isinstance(workers, int) and workers > 0):
            raise UserError(f"executor.workers={workers}: a positive number or auto")
        self.workers = processors() if workers == "auto" else int(workers)
        self.threads = threads

    @contextmanager
    def session(self, settings: Mapping[str, Any]) -> Iterator[Map]:
        """See `Executor`. The workers stay for the next job of a sweep, with the models they have loaded."""
        told, pool = json.dumps(settings), _pool(self.workers, self.threads)
        try:
            yield lambda name, ids: _collect(pool, told, name, ids)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _pool.cache_clear()
            raise


@lru_cache(maxsize=1)
def _pool(workers: int, threads: int) -> ProcessPoolExecutor:
    """The fork server imports the libraries once; a forked copy of this process would inherit its threads' locks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.run.worker"])
    return ProcessPoolExecutor(workers, context, _start, (threads,))


def _start(threads: int) -> None:
    """Ctrl-C reaches every process of a terminal; the parent alone tells of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.start(threads)


def _collect(pool: ProcessPoolExecutor, settings: str, name: str, ids: Iterable[str]) -> Iterator[Outcome]:
    try:
        for future in as_completed([pool.submit(worker.work, settings, name, image_id) for image_id in ids]):
            yield future.result()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died (out of memory, or killed); what is finished is kept: run the same command again, "
            "perhaps with executor.workers=1"
        ) from error
