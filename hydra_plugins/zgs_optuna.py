"""Where Hydra looks for sweepers: trials chosen by Optuna, whose work is done in `bench.commands.tuning`.

Hydra imports this file at every start, so that it loads nothing before a sweep begins.
"""

from __future__ import annotations

from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class OptunaSweeper(Sweeper):
    """Jobs one after the other, or some at a time, each with values that the earlier ones suggest.

    ``options`` are the keys of conf/hydra/sweeper/optuna.yaml.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives, and make the launcher."""
        from hydra.core.plugins import Plugins

        self.hydra_context, self.config, self.task = hydra_context, config, task_function
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run the trials of a study that are left; return the best value."""
        from bench.commands.tuning.sweep import search
        from bench.settings.compose import STORED

        params = [f"{key}={value}" for key, value in (self.options["params"] or {}).items()]
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*params, *arguments])

        def launch(jobs: Any, first: int) -> Any:
            self.validate_batch_is_legal(jobs)
            return self.launcher.launch(jobs, initial_job_idx=first)

        ours = self.config.hydra.job.config_name in ("config", STORED)  # others are composed by Hydra's own program
        check = getattr(self.task, "check_objective", None) if ours else None
        return search(self.options, self.config, overrides, launch, check)
