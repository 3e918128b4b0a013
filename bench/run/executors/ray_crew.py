"""Workers of a Ray cluster, and what each of them holds.

A worker is an actor: it loads its models once, for all images and for the next job of a sweep. It holds two images at
most, one at work and one behind it, so that a queue never grows with the run. An image whose worker died goes to
another; one that ends three workers ends the run. Ray itself tries nothing again, for it would not tell. No part of
the paper.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from bench.cluster.place import Place, describe_place, name_host, work_there
from bench.cluster.ray_cluster import has_node
from bench.errors import UserError
from bench.run.executor import Jobs, bring_in_order

DEEP = 2
"""Images that a worker holds: while it hands one over the next is there already."""
TRIES = 3
"""Workers that may die over one image."""
LINE = 160
"""Characters of what Ray says."""
PATIENCE = 120
"""Seconds to wait for a first worker, as long as the cluster's nodes are busy or starting."""

NO_NODE = (
    "no node of the Ray cluster is alive that has processors; what is finished is kept: start one (ray start "
    "--address=HEAD:6379) and run the same command again, which continues"
)


class Worker:
    """What runs on a node, in a process of its own."""

    def __init__(self, place: Place, threads: int) -> None:
        work_there(place)
        self._place = place
        import torch

        import bench.run.predict  # noqa: F401  # while the first process is still about what is to be done

        torch.set_num_threads(threads)

    def run(self, function: Callable[..., Any], job: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
        """Run one job; return its result, or the error that it raised."""
        try:
            return function(*job), None
        except Exception as error:
            return None, name_host(error, self._place)

    def answer(self) -> None:
        """Answer that this worker has started."""


@dataclass(frozen=True)
class Back:
    """A job that came back from a worker: with its outcome, or from a worker that ``died``, ``over`` this very job."""

    at: int
    outcome: tuple[Any, BaseException | None] = (None, None)
    died: Exception | None = None
    over: bool = False


class Crew:
    """Workers of a cluster, and what each of them holds: (job, its reference), the one at work first."""

    def __init__(self, ray: Any, number: int, threads: int, gpus: float) -> None:
        self._ray, self._number = ray, number
        self._options = {"num_cpus": threads, "num_gpus": gpus, "max_restarts": 0, "max_task_retries": 0}
        self._given = describe_place(), threads
        self._held: dict[Any, deque[tuple[int, Any]]] = {}
        self._starting: dict[Any, Any] = {}

    def begin(self) -> None:
        """Ask for all workers before there is any job."""
        self._start_missing(self._number)

    def run(
        self, function: Callable[..., Any], jobs: Jobs, names: Sequence[str], chunk: int = 1, ordered: bool = False
    ) -> Iterator[Any]:
        """Run ``function(*job)`` for each job, as they are finished or in their order; ``names`` say what a job is.

        Raises what a job raised, and UserError where one has ended `TRIES` workers or no worker can be had.
        """
        results = self._run_all(function, jobs, names)
        yield from bring_in_order(results, len(jobs)) if ordered else (result for _, result in results)

    def end(self) -> None:
        """End all workers now. The store has whole files at any moment."""
        for worker in [*self._held, *self._starting.values()]:
            self._ray.kill(worker, no_restart=True)
        self._held.clear()
        self._starting.clear()

    def _run_all(self, function: Callable[..., Any], jobs: Jobs, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
        todo, deaths = deque(range(len(jobs))), [0] * len(jobs)
        while todo or any(self._held.values()):
            self._start_missing(len(todo))
            self._hand_out(function, jobs, todo)
            for back in self._wait():
                if back.died is None:
                    yield back.at, _require(*back.outcome)
                    continue
                todo.appendleft(back.at)
                if back.over:
                    deaths[back.at] += 1
                    _tell_death(names[back.at], deaths[back.at], back.died)

    def _start_missing(self, left: int) -> None:
        """Ask for the workers that are missing; the cluster starts each where there is room, or when there will be."""
        have = len(self._held) + len(self._starting)
        for _ in range(min(self._number, len(self._held) + left) - have):
            worker = self._ray.remote(Worker).options(**self._options).remote(*self._given)
            self._starting[worker.answer.remote()] = worker

    def _hand_out(self, function: Callable[..., Any], jobs: Jobs, todo: deque[int]) -> None:
        """Give every worker a job to be at, then each of them one behind it."""
        for depth in range(DEEP):
            for worker, held in self._held.items():
                if todo and len(held) == depth:
                    at = todo.popleft()
                    held.append((at, worker.run.remote(function, jobs[at])))

    def _wait(self) -> list[Back]:
        """Wait for the next results, workers that have started and workers that died; return the jobs that came back.

        Raises UserError where nobody works and nobody starts.
        """
        flying = {ref: worker for worker, held in self._held.items() for _, ref in held}
        ready, _ = self._ray.wait([*self._starting, *flying], num_returns=1, timeout=None if self._held else PATIENCE)
        if not ready:
            raise UserError(self._describe_room())
        backs: list[Back] = []
        for ref in ready:
            if ref in self._starting:
                self._welcome(ref)
            elif flying[ref] in self._held:
                backs += self._take_back(ref, flying[ref])
        return backs

    def _welcome(self, ref: Any) -> None:
        worker = self._starting.pop(ref)
        try:
            self._ray.get(ref)
            self._held[worker] = deque()
        except self._ray.exceptions.RayError as error:
            if not self._held and not self._starting:
                raise UserError(f"no worker could start on the Ray cluster: {_shorten(error)}") from error

    def _take_back(self, ref: Any, worker: Any) -> list[Back]:
        """Take the job of a reference from its worker; all that it holds where it is dead, the last one first."""
        held = self._held[worker]
        try:
            outcome = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            del self._held[worker]
            return [Back(at, died=error, over=place == 0) for place, (at, _) in enumerate(held)][::-1]
        at = next(at for at, own in held if own == ref)
        held.remove((at, ref))
        return [Back(at, outcome)]

    def _describe_room(self) -> str:
        if not has_node(self._ray):
            return NO_NODE
        free, asked = self._ray.available_resources(), self._options
        return (
            f"no node of the Ray cluster has had room for a worker for {PATIENCE} s (one takes {asked['num_cpus']} CPU "
            f"and {asked['num_gpus']} GPU; free are {free.get('CPU', 0):g} and {free.get('GPU', 0):g}); change "
            "executor.threads or executor.gpus, or wait until the cluster is free"
        )


def _require(result: Any, error: BaseException | None) -> Any:
    if error is not None:
        raise error
    return result


def _tell_death(name: str, times: int, error: Exception) -> None:
    """Tell which image a worker died over; raise UserError where it is not the first."""
    if times >= TRIES:
        raise UserError(
            f"{times} Ray workers died over {name} ({_shorten(error)}); what is finished is kept: run the same command "
            "again, with more memory for a worker (fewer workers), or without that image: data.subset=file:IDS"
        )
    tqdm.write(f"a Ray worker died over {name}, which goes to another ({_shorten(error)})")


def _shorten(error: BaseException) -> str:
    return " ".join(str(error).split())[:LINE] or type(error).__name__
