"""`executor=ray`: the images of one run over a Ray cluster. Workers share the store and nothing else.

Starting a cluster of this machine takes seconds, so that it begins while this process still imports and looks through
the data. No part of the paper.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Annotated, Any, Literal

from annotated_types import Interval

from bench.cluster.ray_cluster import LOCAL, connect, has_node, import_ray, measure_room
from bench.errors import UserError
from bench.run.executor import Map, Threads
from bench.run.executors.ray_crew import NO_NODE, PATIENCE, Crew
from bench.system import signals
from bench.system.ahead import Ahead

Asked = tuple[str, int | str, int, float]
"""What a crew is made from: address, workers, threads and GPUs of each."""
_begun: dict[Asked, Ahead[Crew] | None] = {}
"""The crew that this process has begun before it was asked for; None when it was."""


class Ray:
    """`workers` actors ("auto": as many as the cluster has room for), each with `threads` torch threads.

    ``address`` is local (this machine alone), auto, or HOST:PORT of a cluster's head. ``gpus`` is a worker's number of
    GPUs, or its share of one: 0.25 puts four workers on each.
    """

    shares_out = False
    """A worker sees the store and the data, but not the folder of the run, which is scored on this machine."""

    def __init__(
        self,
        address: str = LOCAL,
        workers: Annotated[int, Interval(ge=1, le=10**9)] | Literal["auto"] = "auto",
        threads: Threads = 1,
        gpus: Annotated[float, Interval(ge=0, le=1024)] = 0,
    ) -> None:
        self.address, self.workers, self.threads, self.gpus = address, workers, threads, gpus

    def begin(self) -> None:
        """Begin to start a cluster of this machine and its workers, once a process: it takes seconds."""
        if self.address == LOCAL and not _begun:
            _begun[self._asked] = Ahead(partial(_start_crew, *self._asked))

    @property
    def _asked(self) -> Asked:
        return self.address, self.workers, self.threads, self.gpus

    @contextmanager
    def open_session(self, settings: Mapping[str, Any]) -> Iterator[Map]:
        """See `bench.run.executor.Executor`. The workers stay for the next job of a sweep."""
        crew = _open_crew(*self._asked)
        try:
            yield crew.run
        except BaseException:
            crew.end()
            _open_crew.cache_clear()
            raise


@lru_cache(maxsize=1)
def _open_crew(*asked: *Asked) -> Crew:
    """Open the crew that has been begun, or a new one."""
    begun = _begun.get(asked)
    _begun[asked] = None
    crew = begun.get() if begun else _make_crew(*asked)
    signals.listen_again()  # Ray takes SIGTERM for itself
    return crew


def _start_crew(*asked: *Asked) -> Crew:
    """Make a crew of this machine with all its workers, in a thread beside the main one.

    A command that ends meanwhile waits for it: Ray ends what it has started when it is done with starting.
    """
    import_ray(f"executor.address={asked[0]}")
    if begun := _begun[asked]:
        atexit.register(begun.wait, PATIENCE)
    crew = _make_crew(*asked)
    crew.begin()
    return crew


def _make_crew(address: str, workers: int | str, threads: int, gpus: float) -> Crew:
    ray = connect(address)
    number = measure_room(ray, threads, gpus) if workers == "auto" else int(workers)
    if number < 1 and not has_node(ray):
        raise UserError(f"executor.address={address}: {NO_NODE}")
    if number < 1:
        raise UserError(f"executor.address={address}: no room for a worker of {threads} CPU and {gpus} GPU")
    return Crew(ray, number, threads, gpus)
