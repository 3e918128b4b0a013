"""A run's place in its sweep: which keys it is tagged with, and which runs are one group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.run.outcomes import Outcome
from bench.tracking import sweep as sweeps
from bench.tracking.sweep import find_place, make_tracked_sweep
from tests.unit.report.fabricated import METRICS, fabricate

JOBS = [("data.subset=first:2", f"encode={name}", f"merge.threshold={tau}") for name in "ab" for tau in (0.7, 0.8)]


def test_only_changed_keys_and_words() -> None:
    place = find_place(JOBS[1], JOBS)
    assert place is not None
    assert place.keys == ("encode", "merge.threshold") and place.words == ("encode=a", "merge.threshold=0.8")
    assert place.group.startswith("encode,merge.threshold-")


def test_a_run_alone_has_no_place() -> None:
    assert find_place(JOBS[0], ()) is None and find_place(JOBS[0], [JOBS[0]]) is None
    assert find_place(JOBS[0], (), ["zgs", "run", *JOBS[0]]) is None


def test_a_sweep_that_is_extended_or_kept_elsewhere_stays_one_group() -> None:
    def find_group(*words: str, taus: tuple[float, ...] = (0.7, 0.8)) -> str:
        jobs = [(*words, f"merge.threshold={tau}") for tau in taus]
        groups = {place.group for job in jobs if (place := find_place(job, jobs))}
        assert len(groups) == 1
        return groups.pop()

    group = find_group("data=voc")
    assert find_group("data=voc", taus=(0.5, 0.7, 0.8)) == group
    assert find_group("data=voc", "out=elsewhere", "pictures=0", "executor.workers=2", "tracking=wandb") == group
    assert find_group("data=voc", "seed=1") != group != find_group()


def test_jobs_that_another_sweeper_chooses_are_told_by_the_command() -> None:
    command = ["zgs", "run", "-m", "hydra/sweeper=optuna", "data.subset=first:2", "encode.sigma2=interval(1,2)"]
    words = [(r"data.subset=first\:2", f"encode.sigma2={value}") for value in (1.2, 1.7)]
    first, second = (find_place(each, (), command) for each in words)
    assert first is not None and second is not None and first.group == second.group and first.keys == ("encode.sigma2",)
    known = find_place(words[0], words)
    assert known is not None and known.group == first.group, "the summary, which knows all jobs, is of the same group"


def test_the_group_s_name_fits_wandb_whatever_is_swept() -> None:
    jobs = [[f"score.{'x' * 40}{key}={value}" for key in range(9)] for value in (1, 2)]
    place = find_place(jobs[0], jobs)
    assert place is not None and len(place.group) <= 128 and len(place.keys) == 9


def write_a_table(folders: Sequence[Path], to: Path, pictures: int) -> None:
    """Stands in for the report of runs."""
    to.mkdir(parents=True)
    (to / "table.md").write_text(f"{len(folders)} runs")


@pytest.mark.parametrize("reported", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["quick", "whole"])
@pytest.mark.usefixtures("blank_figures")
def test_the_summary_has_every_run_and_what_failed(
    reported: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quick: without the report, of which a file of that name stands there."""
    if not reported:
        monkeypatch.setattr(sweeps, "write_report", write_a_table)
    folders = fabricate(tmp_path / "out", ["a", "b"])
    words = [("seed=0", "encode=a"), ("seed=0", "encode=b"), ("seed=0", "encode=c")]
    outcomes = [Outcome(at + 1, words[at], 0, folder=str(folder)) for at, folder in enumerate(folders)]
    outcomes.append(Outcome(3, words[2], 1, "no such weights"))
    place = find_place(words[0], words)
    assert place is not None
    sweep = make_tracked_sweep(tmp_path / "sweeps/x", outcomes, place, tmp_path / "out", 0)
    assert sweep.config["jobs"] == 3 and sweep.config["runs"] == 2
    assert sweep.config["failed"] == {"seed=0 encode=c": "no such weights"}
    assert list(sweep.table["encode"]) == ["a"] * len(METRICS) + ["b"] * len(METRICS)
    assert {"metric", "value", "low", "high", "n"} <= set(sweep.table.columns)
    assert len({item.name for item in sweep.inputs}) == len(sweep.runs) == 2
    assert "table.md" in sweep.report.files and sweep.folder == tmp_path / "out/summaries" / place.group
