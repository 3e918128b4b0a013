"""The command that runs failed jobs again: with the launcher's words; of a search it is the search itself."""

from __future__ import annotations

import shlex

import pytest

from bench.commands.failures import print_failures
from bench.errors import FAILED
from bench.run.outcomes import Outcome


def test_a_sweeps_failed_jobs_are_repeated_with_its_launcher(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-m", "hydra/launcher=joblib", "hydra.mode=MULTIRUN", "encode.sigma2=0.5,1"]
    print_failures([Outcome(1, ("encode.sigma2=0.5",), FAILED, "boom")], words)
    told = capsys.readouterr().err.splitlines()
    assert told[-1].strip() == "zgs run -m hydra/launcher=joblib encode.sigma2=0.5"


def test_a_search_is_repeated_as_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=9", "hydra/launcher=joblib", "seed=1",
             "encode.sigma2=interval(0,1)"]  # fmt: skip
    print_failures([Outcome(1, ("encode.sigma2=0.5",), FAILED, "boom")], words)
    told = capsys.readouterr().err.splitlines()
    assert told[-2] == "the same search goes on, and tries others in their place:"
    assert shlex.split(told[-1]) == ["zgs", "run", *words]
