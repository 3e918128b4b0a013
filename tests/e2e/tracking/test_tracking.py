"""`zgs run tracking=wandb`: one whole W&B run a job under a launcher, one summary a sweep, however often it is told."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.tracking.content import read_tracked_run
from tests.shared_runs import FULL, find_run
from tests.unit.tracking.wandb_file import OfflineRun, find_offline_runs, read_offline_run

JOIN = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def sweep(tmp: Path, full: Path, *words: str) -> dict[str, OfflineRun]:
    """All W&B runs below ``out`` after a sweep over a threshold; each id once."""
    if not (tmp / "store").exists():
        shutil.copytree(full / "store", tmp / "store")
    told = [f"store={tmp / 'store'}", f"out={tmp / 'out'}", "pictures=1", "tracking=wandb", *words]
    assert main(["run", "-m", *FULL, *told, "merge.threshold=0.7,0.8"]) == 0
    runs = [read_offline_run(file) for file in find_offline_runs(tmp / "out")]
    assert len({run.run.run_id for run in runs}) == len(runs), "no run is there twice"
    return {run.run.display_name: run for run in runs}


def check_sweep(runs: dict[str, OfflineRun]) -> None:
    """Two jobs and their summary, whole, in one group, tagged by what they change."""
    kinds = sorted(run.run.job_type for run in runs.values())
    assert kinds == ["run", "run", "summary"] and all(run.exits == [0] for run in runs.values())
    groups = {run.run.run_group for run in runs.values()}
    assert len(groups) == 1 and groups.pop().startswith("merge.threshold-")
    assert all(list(run.run.tags) == ["merge.threshold"] for run in runs.values())
    (summary,) = [run for run in runs.values() if run.run.job_type == "summary"]
    own = [run.config["sweep"] for run in runs.values() if run is not summary]
    assert sorted(words["merge.threshold"] for words in own) == ["0.7", "0.8"]
    table = summary.read_table("scores")
    at = table["columns"].index("merge.threshold")
    assert {row[at] for row in table["data"]} == {"0.7", "0.8"}
    jobs = [run.artifacts for run in runs.values() if run.run.job_type == "run"]
    made = {name for artifacts in jobs for name in artifacts if name.startswith("scores-")}
    assert {name for name, item in summary.artifacts.items() if item.use_after_commit} == made, "its inputs"
    assert any(item.type == "report" for item in summary.artifacts.values())


@pytest.mark.usefixtures("blank_figures")
@pytest.mark.slow
def test_a_sweep_here_once_and_again(full: Path, tmp_path: Path, capfd: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("bench.tracking.wandb_run.read_picture", lambda path: path.name)  # blank figures are none
    first = sweep(tmp_path, full)
    check_sweep(first)
    again = sweep(tmp_path, full)
    check_sweep(again)
    assert {run.run.run_id for run in again.values()} == {run.run.run_id for run in first.values()}
    assert "warning" not in capfd.readouterr().err


@pytest.mark.slow
def test_a_sweep_under_joblib(full: Path, tmp_path: Path, capfd: Any) -> None:
    check_sweep(sweep(tmp_path, full, *JOIN))
    assert "warning" not in capfd.readouterr().err


def test_a_run_without_the_package_is_whole_and_says_so_once(
    full: Path, tmp_path: Path, capfd: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    shutil.copytree(full / "store", tmp_path / "store")
    words = (*FULL, f"store={tmp_path / 'store'}", f"out={tmp_path / 'out'}", "pictures=0", "tracking=wandb")
    assert main(["run", *words]) == 0
    lines = [line for line in capfd.readouterr().err.splitlines() if "warning" in line]
    assert len(lines) == 1 and "tracking failed" in lines[0]
    assert (find_run(tmp_path) / "scores.csv").read_bytes() == (find_run(full) / "scores.csv").read_bytes()


@pytest.mark.slow
def test_scores_alone_name_the_predictions_that_they_are_of(full: Path, tmp_path: Path) -> None:
    run, out = find_run(full), tmp_path / "out"
    words = ("score.mapping=[exact]", "score.resamples=10", f"out={out}")
    assert main(["score", str(run), *words]) == 0 and not find_offline_runs(out), "nobody asked for a tracker"
    assert main(["score", str(run), *words, "tracking=wandb", "pictures=0"]) == 0
    (file,) = find_offline_runs(out)
    told = read_offline_run(file)
    used = {name for name, item in told.artifacts.items() if item.use_after_commit}
    assert told.run.job_type == "score" and used == {read_tracked_run(run).predictions.name}
    assert f"scores-{told.run.run_id}" in told.artifacts and told.exits == [0]
