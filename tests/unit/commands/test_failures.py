"""The command that runs failed jobs again: with the launcher's words, without those of who chose the jobs."""

from __future__ import annotations

import pytest

from bench.commands.failures import print_failures
from bench.errors import FAILED
from bench.run.outcomes import Outcome


def test_who_chose_the_jobs_is_not_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=9", "hydra/launcher=joblib", "a=interval(0,1)"]
    print_failures([Outcome(1, ("encode.sigma2=0.5",), FAILED, "boom")], words)
    told = capsys.readouterr().err.splitlines()
    assert told[-1].strip() == "zgs run -m hydra/launcher=joblib encode.sigma2=0.5"
