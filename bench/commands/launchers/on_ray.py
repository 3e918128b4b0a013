"""`hydra/launcher=ray`: each job of a sweep is a task of a Ray cluster.

hydra-ray-launcher waits for the results in order and raises at the first task that is lost, and Ray by itself gives a
task on a lost node four tries. Here a job is tried once, and all others go on: the sweep's folder says what became of
it. No part of the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.cluster.ray_cluster import connect, measure_room
from bench.commands.launchers.parcel import Given, make_return, pack_jobs, run_parcel
from bench.errors import UserError


def launch_on_ray(
    given: Given, jobs: Sequence[Sequence[str]], first: int, address: str, cpus: float, gpus: float
) -> list[Any]:
    """Run the jobs (their overrides; ``first`` is the number of the first) and return what Hydra wants of each."""
    ray = connect(address, "hydra.launcher.address")
    if not measure_room(ray, cpus, gpus):  # Ray itself would wait for it for ever
        whole = ray.cluster_resources()
        raise UserError(
            f"hydra.launcher.address={address}: no room for a job of {cpus:g} CPU and {gpus:g} GPU: the cluster has "
            f"{whole.get('CPU', 0):g} and {whole.get('GPU', 0):g}; change hydra.launcher.cpus or hydra.launcher.gpus"
        )
    task = ray.remote(run_parcel).options(num_cpus=cpus, num_gpus=gpus, max_retries=0)
    shared = ray.put(pack_jobs(*given))
    tasks = [task.remote(shared, list(words), first + at) for at, words in enumerate(jobs)]
    results: dict[Any, Any] = {}
    try:
        while len(results) < len(tasks):
            ready, _ = ray.wait([ref for ref in tasks if ref not in results], num_returns=1, timeout=1.0)
            results |= {ref: _read_result(ray, ref) for ref in ready}
    except BaseException:
        for ref in tasks:
            ray.cancel(ref, force=True)
        raise
    return [make_return(given[-1], words, results[ref]) for ref, words in zip(tasks, jobs, strict=True)]


def _read_result(ray: Any, ref: Any) -> Any:
    try:
        return ray.get(ref)
    except Exception as error:
        return error
