"""The jobs of a sweep that stay in this process are composed here, once each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig

from bench.commands import calling, launching, many
from bench.commands.many import run_many
from bench.commands.repeated import Request
from bench.errors import DONE, UsageError
from bench.run.outcomes import Outcome, write_outcome
from bench.settings.compose import resolve_config

WORDS = ("score.tau_sbert=0.1,0.2", "variant=${hydra:job.num}")


class Noted:
    """Stands for a task: notes the settings of each job, and reports that it went well."""

    seen: list[tuple[float, int]] = []

    def __init__(self, command: str, base: Any, config_dir: Any, folder: Path, jobs: Any) -> None:
        self.folder = folder

    def __call__(self, config: Any) -> None:
        settings, own = resolve_config(config), HydraConfig.get()
        self.seen.append((settings["score"]["tau_sbert"], settings["variant"]))
        write_outcome(Outcome(own.job.num + 1, tuple(own.overrides.task), DONE, "", str(self.folder)), self.folder)


@pytest.fixture(autouse=True)
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(many, "Task", Noted)
    monkeypatch.setattr(Noted, "seen", [])
    return Noted.seen


def test_jobs_of_hydras_own_launcher_are_composed_here(noted: list, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (calling, launching):
        monkeypatch.setattr(module, "call_hydra", lambda *_: pytest.fail("composed by Hydra, each job several times"))
    outcomes = run_many(Request(["-m", *WORDS, "out=o"]), "zgs run")
    assert [outcome.code for outcome in outcomes] == [DONE, DONE]
    assert noted == [(0.1, 0), (0.2, 1)]


@pytest.mark.slow
def test_a_sweep_whose_launcher_is_not_installed_is_one_line_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UsageError, match=r"submitit starts, on Slurm or here, need it: pip install 'zgs\[slurm\]'"):
        run_many(Request(["-m", "hydra/launcher=submitit_slurm", *WORDS, "out=o"]), "zgs run")
    assert not (tmp_path / "o").exists()


def test_a_number_that_the_launcher_cannot_take_ends_before_any_job_and_leaves_no_folder(
    tmp_path: Path, noted: list
) -> None:
    with pytest.raises(UsageError, match=r"^hydra\.launcher\.n_jobs=0: must be 1 or more"):
        run_many(Request(["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=0", *WORDS, "out=o"]), "zgs run")
    assert noted == [] and not (tmp_path / "o").exists()
    assert tmp_path.is_dir(), "the folder in which we work stays, though it is empty"
