"""The search itself: trials are asked for, launched as jobs of a sweep, and told their value (appendix E)."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.commands.tuning.space import Space
from bench.commands.tuning.study import PROCESS, describe_process, tell_value
from bench.run.outcomes import PATIENCE, Outcome, name_outcome_file, read_outcome
from bench.run.sweep_status import read_plan, write_plan

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

Launch = Callable[[Sequence[Sequence[str]], int], object]
"""Runs some jobs, the first of which has that number from 0, wherever a launcher puts them."""
_HOPELESS = 3
FOLDER = "folder"
"""What a trial keeps beside its value: where its run is."""


@dataclass(frozen=True)
class Search:
    """``trials`` that are to have a value in all, ``together`` at a time; ``folder`` is the sweep's."""

    study: Study
    space: Space
    folder: Path
    trials: int
    together: int = 1

    def run(self, launch: Launch) -> None:
        """Run the trials that are left. One that fails stays so; the same command tries others in its place.

        Where the first `_HOPELESS` all fail, what is wrong is most likely wrong in every trial: no more are launched.
        """
        before = count_done(self.study)
        left, begun = self.trials - before, 0
        self._expect(max(left, 0))
        while begun < left:
            if begun >= _HOPELESS and count_done(self.study) == before:
                print(f"the search stops: its first {begun} trials have all failed, {left - begun} were not begun")
                self._expect(begun)
                return
            batch = [self._ask() for _ in range(min(self.together, left - begun))]
            launch([self.space.make_words(trial.params) for trial in batch], begun)
            for at, trial in enumerate(batch, begun + 1):
                self._tell(trial, self._read_outcome(at))
            begun += len(batch)

    def _ask(self) -> Trial:
        trial = self.study.ask(dict(self.space.chosen))
        trial.set_user_attr(PROCESS, describe_process())
        return trial

    def _tell(self, trial: Trial, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.folder:
            trial.set_user_attr(FOLDER, outcome.folder)
        tell_value(self.study, trial, None if outcome is None else outcome.objective)

    def _read_outcome(self, job: int) -> Outcome | None:
        """Read what a job has told of itself: what launchers say is not believed. A shared disk may show it late."""
        path, until = name_outcome_file(job, self.folder), time.monotonic() + PATIENCE
        while not path.is_file() and time.monotonic() < until:
            time.sleep(0.1)
        return read_outcome(path) if path.is_file() else None

    def _expect(self, trials: int) -> None:
        """Say how many jobs are to come and what they share, for whoever asks how far the sweep is."""
        if plan := read_plan(self.folder):
            write_plan(self.folder, replace(plan, expected=trials, fixed=self.space.fixed))


def count_done(study: Study) -> int:
    """Count the trials that have a value."""
    from optuna.trial import TrialState

    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def name_study(question: Any) -> str:
    """Name a study by what it asks, so that the same command goes on with it and another begins another."""
    return f"tuning-{hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:8]}"
