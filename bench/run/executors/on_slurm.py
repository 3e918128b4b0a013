"""`executor=slurm`: the images of one run as an array of Slurm jobs, each with a shard; they share the store alone.

A job writes each result to a file as soon as it has it, so that one that is killed loses only the image it was at: what
is left goes into another array. No part of the paper.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Interval
from tqdm import tqdm

from bench.cluster.batch import Batch, Refused, Where, require_submitit
from bench.cluster.call import TimeOver
from bench.cluster.frames import FrameReader, append_frame
from bench.cluster.last_words import Lost
from bench.cluster.place import Place, describe_place, name_host, work_there
from bench.errors import UserError
from bench.run.executor import Jobs, Map, Threads, bring_in_order

ROUNDS = 3
"""Arrays for one image: as many jobs may die over it."""
Shard = list[tuple[int, tuple[Any, ...]]]
"""Jobs with their numbers."""


class Slurm:
    """An array of ``shards`` jobs, each with ``threads`` torch threads; the other options are submitit's by our names.

    ``folder`` has to lie on a disk that all hosts see under the same path, and so have the store and the data.
    """

    shares_out = False
    """Jobs see the store and the data; the run is scored where it was started."""

    def __init__(
        self,
        folder: str,
        where: Where = "slurm",
        shards: Annotated[int, Interval(ge=1, le=100_000)] = 8,
        threads: Threads = 1,
        together: Annotated[int, Interval(ge=0, le=100_000)] = 0,
        timeout_min: Annotated[int, Interval(ge=1, le=10**6)] = 240,
        gpus: Annotated[int, Interval(ge=0, le=1024)] = 0,
        mem_gb: Annotated[float, Interval(ge=0.1, le=10**6)] | None = None,
        partition: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.where, self.shards, self.threads, self.together = folder, where, shards, threads, together
        self.options = {
            "name": "zgs", "timeout_min": timeout_min, "cpus_per_task": threads, "gpus_per_node": gpus or None,
            "mem_gb": mem_gb, "slurm_partition": partition, **dict(more or {}),
        }  # fmt: skip

    @contextmanager
    def open_session(self, settings: Mapping[str, Any]) -> Iterator[Map]:
        """See `bench.run.executor.Executor`. The folder goes when all has gone well."""
        require_submitit(self.where)
        folder = Path(self.folder).absolute() / secrets.token_hex(6)
        yield _Session(self, folder).run
        shutil.rmtree(folder, ignore_errors=True)


class _Session:
    """The arrays of one run."""

    def __init__(self, slurm: Slurm, folder: Path) -> None:
        self._slurm, self._folder, self._arrays = slurm, folder, count()

    def run(
        self, function: Callable[..., Any], jobs: Jobs, names: Sequence[str], chunk: int = 1, ordered: bool = False
    ) -> Iterator[Any]:
        """Run ``function(*job)`` for each job, as they are finished or in their order. Raises what a job raised.

        Raises UserError for jobs that are lost in `ROUNDS` arrays, and for an array of which nothing came back.
        """
        results = self._run_all(function, jobs, names)
        yield from bring_in_order(results, len(jobs)) if ordered else (result for _, result in results)

    def _run_all(self, function: Callable[..., Any], jobs: Jobs, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
        left = dict(enumerate(jobs))
        for _ in range(ROUNDS):
            if not left:
                return
            lost: dict[int, Any] = {}
            before = len(left)
            folder = self._folder / f"array-{next(self._arrays)}"
            for at, result in self._run_array(function, left, folder, lost):
                del left[at]
                yield at, result
            if left and len(left) == before:
                raise UserError(f"no job of the Slurm array came back: {_describe_loss(lost)}")
            if left:
                tqdm.write(f"{len(lost)} jobs of the array were lost; {len(left)} images go into another")
        if left:
            first = names[next(iter(left))]
            raise UserError(
                f"jobs of {ROUNDS} Slurm arrays were lost over {len(left)} images, the first: {first} "
                f"({_describe_loss(lost)}); what is finished is kept: run the same command again"
            )

    def _run_array(
        self, function: Callable[..., Any], jobs: Mapping[int, tuple[Any, ...]], folder: Path, lost: dict[int, Any]
    ) -> Iterator[tuple[int, Any]]:
        """Run one array over some jobs; give each result as it comes, note in ``lost`` what shards ended with."""
        shards = share_out(list(jobs.items()), self._slurm.shards)
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        batch = Batch(self._slurm.where, folder, self._slurm.options, self._slurm.together)
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / f"shard-{at:04}.results" for at in range(len(shards))]
        readers, place = [FrameReader(file) for file in files], describe_place()
        try:
            batch.start(
                run_shard,
                [(function, s, file, place, self._slurm.threads) for s, file in zip(shards, files, strict=True)],
            )
            while True:
                lost |= {at: result for at, result in batch.collect() if result is not None}
                over = not batch.left  # asked before reading: what a job wrote before it ended is read
                for reader in readers:
                    for at, result, error in reader.read():
                        if error is not None:
                            raise error
                        yield at, result
                if over:
                    return
                batch.wait()
        except Refused:
            _remove_unused(missing)
            raise
        except BaseException:
            batch.cancel()
            raise


def _remove_unused(made: Sequence[Path]) -> None:
    """Remove the folder of an array that Slurm did not take, and those above it that were made for it."""
    shutil.rmtree(made[0], ignore_errors=True)
    with suppress(OSError):
        for place in made[1:]:
            place.rmdir()


def run_shard(function: Callable[..., Any], shard: Shard, file: Path, place: Place, threads: int) -> None:
    """Run the jobs of a shard one after the other, in a job of Slurm's, and leave each result in ``file``.

    A frame is (number, result, error): an error of one's own ends the run, which is told here and raised there.
    """
    work_there(place)
    import torch

    torch.set_num_threads(threads)
    with file.open("ab") as results:
        for at, job in shard:
            try:
                append_frame(results, (at, function(*job), None))
            except (OSError, TimeOver):
                raise  # the disk, of which nothing can be told there; and what is left is for another array
            except Exception as error:
                append_frame(results, (at, None, name_host(error, place)))
                return


def share_out(jobs: Shard, number: int) -> list[Shard]:
    """Share jobs out among at most ``number`` shards, like cards: images of one kind lie beside each other in a list.

    >>> share_out([(0, ()), (1, ()), (2, ())], 2)
    [[(0, ()), (2, ())], [(1, ())]]
    """
    return [jobs[first::number] for first in range(min(number, len(jobs)))]


def _describe_loss(lost: Mapping[int, Any]) -> str:
    for result in lost.values():
        return result.reason if isinstance(result, Lost) else " ".join(str(result).split())[-300:]
    return "their jobs ended without a word"
