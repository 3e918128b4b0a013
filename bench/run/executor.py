"""Who works on the images of a run: this process, or several on this machine. Workers share only the store."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol

from annotated_types import Interval

from bench.errors import UserError
from bench.run.loading import list_modules
from bench.run.nested import is_nested, use_a_known_start_method
from bench.settings.device import find_device, limit_workers
from bench.settings.instantiate import make_object
from bench.system.crew import Crew
from bench.system.resources import count_processors

EARLY = ("bench.run.executors.on_ray.Ray",)
"""Executors that can begin before they are opened."""
Jobs = Sequence[tuple[Any, ...]]
Threads = Annotated[int, Interval(ge=1, le=1024)]


class Map(Protocol):
    """``function(*job)`` for each job, as they are finished or in their order, ``chunk`` jobs at a time."""

    def __call__(
        self, function: Callable[..., Any], jobs: Jobs, names: Sequence[str], chunk: int = 1, ordered: bool = False
    ) -> Iterator[Any]: ...


class Executor(Protocol):
    """Opens a session in which functions are called for many images.

    Workers on other machines share the store and the data, and nothing else: ``shares_out`` says whether a session's
    workers see the folder of the run too, so that they can score it.
    """

    shares_out: bool

    def open_session(self, settings: Mapping[str, Any]) -> Any:
        """Open a session: a context manager that gives a `Map`."""
        ...


class Serial:
    """Everything in this process, with `threads` torch threads."""

    shares_out = True

    def __init__(self, threads: Threads = 1) -> None:
        self.threads = threads

    @contextmanager
    def open_session(self, settings: Mapping[str, Any]) -> Iterator[Map]:
        """See `Executor`."""
        import torch

        torch.set_num_threads(self.threads)
        yield call_here


class Local:
    """`workers` processes on this machine, each with `threads` torch threads.

    "auto" is one a processor, but no more than have room in memory, or on a GPU.
    """

    shares_out = True

    def __init__(
        self, workers: Annotated[int, Interval(ge=1, le=10**9)] | Literal["auto"] = "auto", threads: Threads = 1
    ) -> None:
        if workers != "auto" and not (isinstance(workers, int) and workers > 0):
            raise UserError(f"executor.workers={workers}: a positive number or auto")
        self.is_automatic = workers == "auto"
        self.workers = count_processors() if workers == "auto" else int(workers)
        self.threads = threads

    @contextmanager
    def open_session(self, settings: Mapping[str, Any]) -> Iterator[Map]:
        """See `Executor`. The workers stay for the next job of a sweep, with the models they have loaded."""
        from bench.models import located
        from bench.run.worker_memory import limit_by_memory

        located.ask_hub_once(settings["models"])
        on_processor, workers = find_device(settings["device"]) == "cpu", self.workers
        if self.is_automatic:
            workers = limit_workers(settings["device"], workers)
        if self.is_automatic and on_processor:
            workers, why = limit_by_memory(settings, workers)
            print(why, end="\n" if why else "", file=sys.stderr)
        # On a GPU each worker imports them itself: a copy of a process that a library has begun to use one in cannot.
        libraries = list_modules(settings) if on_processor else ()
        with open_workers(workers, self.threads, "bench.run.predict", libraries) as work:
            yield work


def begin_executor(options: Mapping[str, Any]) -> None:
    """Let an executor that takes long to start begin with it, while this process loads what it needs itself.

    What is wrong with its options is told when it is opened, in its turn.
    """
    if str(options.get("_target_")) in EARLY:
        with suppress(Exception):
            make_object(options).begin()


@contextmanager
def open_workers(workers: int, threads: int | None, preload: str, libraries: Sequence[str] = ()) -> Iterator[Map]:
    """Give the `Map` of a pool of processes. It stays open for who asks next, but for one inside a worker.

    ``libraries``: modules of models that are imported once for all of them, where they are still to be started.
    """
    crew = _open_crew(workers, threads, preload)
    crew.libraries = libraries
    try:
        yield crew.run
    except BaseException as error:
        crew.end() if isinstance(error, KeyboardInterrupt) else crew.close()
        _open_crew.cache_clear()
        raise
    if is_nested():
        _open_crew.cache_clear()
        crew.end()


@lru_cache(maxsize=1)
def _open_crew(workers: int, threads: int | None, preload: str) -> Crew:
    """Open a crew: a fork server imports the libraries once; a forked copy would inherit our threads' locks."""
    use_a_known_start_method()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.system.quiet", preload, "bench.system.libraries"])
    return Crew(context, workers, threads)


def call_here(
    function: Callable[..., Any], jobs: Jobs, names: Sequence[str], chunk: int = 1, ordered: bool = False
) -> Iterator[Any]:
    """Call a function for each job in this process, one after the other: a `Map`."""
    return (function(*job) for job in jobs)


def bring_in_order(results: Iterator[tuple[int, Any]], number: int) -> Iterator[Any]:
    """Give numbered results, which come as they are finished, in the order of their numbers 0 to ``number`` - 1."""
    known: dict[int, Any] = {}
    for at in range(number):
        while at not in known:
            known |= dict([next(results)])
        yield known.pop(at)


def choose_scoring_map(executor: Any, work: Map) -> Map:
    """Choose who scores: the session's workers, or processes of this machine where those do not see the run's folder.

    An executor of one's own that does not say is taken to work on this machine.
    """
    if getattr(executor, "shares_out", True):
        return work
    return call_in_workers(count_processors(), "bench.run.tables")


def call_in_workers(number: int, preload: str) -> Map:
    """Make a `Map` over ``number`` processes without torch, which start with the first job; one is this process."""

    def call(
        function: Callable[..., Any], jobs: Jobs, names: Sequence[str], chunk: int = 1, ordered: bool = False
    ) -> Iterator[Any]:
        with open_workers(number, None, preload) as work:
            yield from work(function, jobs, names, chunk, ordered)

    return call if number > 1 else call_here
