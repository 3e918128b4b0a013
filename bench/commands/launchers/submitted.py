"""`hydra/launcher=submitit_local` and `submitit_slurm`: each job of a sweep is a job of submitit's.

hydra-submitit-launcher 1.2.0, of 2022, reads the results in order and stops at the first job that left none, while
others still run and wait in the queue. This one waits for all of them, and ends them when it is stopped. No part of
the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cluster.batch import Batch, Where
from bench.commands.launchers.parcel import Given, make_return, pack_jobs, run_parcel


def launch_by_submitit(
    given: Given, jobs: Sequence[Sequence[str]], first: int, folder: Path, where: Where, options: Mapping[str, Any]
) -> list[Any]:
    """Run the jobs (their overrides; ``first`` is the number of the first) and return what Hydra wants of each."""
    own, parcel = dict(options), pack_jobs(*given)
    together, more = int(own.pop("array_parallelism", 0)), own.pop("more", None) or {}
    batch = Batch(where, folder / ".submitit", {**own, **more}, together)
    results: dict[int, Any] = {}
    try:
        batch.start(run_parcel, [(parcel, list(words), first + at) for at, words in enumerate(jobs)])
        while batch.left:
            results |= dict(batch.collect())
            if batch.left:
                batch.wait()
    except BaseException:
        batch.cancel()
        raise
    return [make_return(given[-1], words, results[at]) for at, words in enumerate(jobs)]
