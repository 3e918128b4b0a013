"""Where Hydra looks for launchers: those for jobs on other machines, whose work is done in `bench.commands.launchers`.

Hydra imports this file at every start, so that it loads nothing before a job is launched.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class _Elsewhere(Launcher):
    """What launchers have in common that send jobs away; ``options`` are the keys of its yaml."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives."""
        self.config, self.given = config, (hydra_context, config, task_function)

    @property
    def folder(self) -> Path:
        """The folder of the sweep."""
        return Path(str(self.config.hydra.sweep.dir))


class SubmititLauncher(_Elsewhere):
    """Jobs by submitit: processes of this machine (``where``: local) or of Slurm."""

    def __init__(self, where: Any, **options: Any) -> None:
        super().__init__(**options)
        self.where = where

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run all jobs and wait for them."""
        from bench.commands.launchers.submitted import launch_by_submitit

        return launch_by_submitit(self.given, job_overrides, initial_job_idx, self.folder, self.where, self.options)


class RayLauncher(_Elsewhere):
    """Jobs as tasks of a Ray cluster, by default one of this machine alone."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run all jobs and wait for them."""
        from bench.commands.launchers.on_ray import launch_on_ray

        return launch_on_ray(self.given, job_overrides, initial_job_idx, **self.options)
