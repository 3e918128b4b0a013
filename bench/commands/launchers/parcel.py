"""A job of Hydra's as it travels to another process or host, and what runs it there; no part of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cloudpickle
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from omegaconf import open_dict

from bench.cluster.last_words import Lost
from bench.cluster.place import Place, describe_place, work_there
from bench.run.crash import describe_error

Given = tuple[Any, Any, Any]
"""What Hydra gives to a launcher: its context, the configuration of the sweep, and what each job calls, a `Task`."""


@dataclass(frozen=True)
class Parcel:
    """All that the jobs of a sweep share, as bytes, with the place of the launching process.

    ``contents`` are read when the import path is known: a job may name code that lies on it.
    """

    contents: bytes
    place: Place


def pack_jobs(context: Any, config: Any, task: Any) -> Parcel:
    """Pack what Hydra gives to a launcher (`Given`), as this process has it."""
    contents = cloudpickle.dumps((context, config, task, Singleton.get_state()))
    return Parcel(contents, describe_place())


def run_parcel(parcel: Parcel, overrides: Sequence[str], number: int) -> JobReturn:
    """Compose and run one job as Hydra's own launcher does; ``number`` is its place in the sweep, from 0."""
    work_there(parcel.place)
    context, config, task, state = cloudpickle.loads(parcel.contents)
    setup_globals()
    Singleton.set_state(state)
    own = context.config_loader.load_sweep_config(config, list(overrides))
    with open_dict(own):
        own.hydra.job.id = own.hydra.job.num = number
    HydraConfig.instance().set_config(own)
    return run_job(
        hydra_context=context, config=own, task_function=task,
        job_dir_key="hydra.sweep.dir", job_subdir_key="hydra.sweep.subdir",
    )  # fmt: skip


def make_return(task: Any, overrides: Sequence[str], result: Any) -> JobReturn:
    """Make what Hydra wants of a job. One that was lost is told in the sweep's folder, and has given nothing."""
    if isinstance(result, JobReturn):
        return result
    reason, log = (result.reason, result.log) if isinstance(result, Lost) else (describe_error(result), "")
    task.tell_loss([word for word in overrides if not word.startswith(("hydra.", "hydra/"))], reason, log)
    job = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
    job.return_value = None
    return job
