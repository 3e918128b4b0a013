"""Who works on the images of a run: this process, or several on this machine. Workers share only the store."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol

from annotated_types import Interval

from bench.errors import UserError
from bench.models import located
from bench.run import worker
from bench.run.nested import nested, use_a_known_start_method
from bench.run.worker import Outcome
from bench.system.crew import Crew
from bench.system.resources import processors

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

        def each(name: str, ids: Sequence[str], wait: bool) -> Iterator[Outcome]:
            return (worker.work(told, name, image_id, wait) for image_id in ids)

        yield lambda name, ids: _others_first(each, name, ids)


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
        located.settle(settings["models"])
        told, crew = json.dumps(settings), _crew(self.workers, self.threads)

        def shared(name: str, ids: Sequence[str], wait: bool) -> Iterator[Outcome]:
            return crew.run(worker.work, [(told, name, i, wait) for i in ids], [f"{name} of {i}" for i in ids])

        try:
            yield lambda name, ids: _others_first(shared, name, ids)
        except BaseException as error:
            crew.end() if isinstance(error, KeyboardInterrupt) else crew.close()
            _crew.cache_clear()
            raise
        if nested():
            _crew.cache_clear()
            crew.end()


@lru_cache(maxsize=1)
def _crew(workers: int, threads: int) -> Crew:
    """The fork server imports the libraries once; a forked copy of this process would inherit its threads' locks."""
    use_a_known_start_method()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.system.quiet", "bench.run.worker"])
    return Crew(context, workers, threads)


def _others_first(
    work: Callable[[str, Sequence[str], bool], Iterator[Outcome]], name: str, ids: Iterable[str]
) -> Iterator[Outcome]:
    """Images that another run is working on come last: runs that share a store share the work."""
    busy: dict[str, Outcome] = {}
    for outcome in work(name, list(ids), False):
        if outcome.busy:
            busy[outcome.image_id] = outcome
        else:
            yield outcome
    for outcome in work(name, list(busy), True):
        outcome.account.add(busy[outcome.image_id].account)
        yield outcome
