"""The status of a sweep, read from what its launcher and jobs left: states, images, and a hand-worked estimate."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.errors import DONE, FAILED, SKIPS, UserError
from bench.run import sweep_status
from bench.run.job_progress import JobProgress, Process, name_progress_file
from bench.run.outcomes import Outcome, write_outcome
from bench.run.sweep_status import GONE, NEVER, RUNNING, WAITING, JobStatus, Plan, estimate_rest, open_sweep, write_plan

JOBS = (("a=1",), ("a=2",), ("a=3",))
FAR = Process("far", 1)


def tell(folder: Path, job: int, **more: object) -> JobProgress:
    told = replace(JobProgress(job, (f"a={job}",), FAR, "predict", 3, 12, 6.0, 1), **more)  # type: ignore[arg-type]
    name_progress_file(job, folder).write_text(json.dumps(asdict(told)))
    return told


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    write_plan(tmp_path, Plan("zgs run -m a=1,2,3", JOBS, FAR))
    return tmp_path


def test_a_job_waits_works_and_ends(sweep: Path) -> None:
    reader = open_sweep(sweep)
    assert [each.state for each in reader.read()] == [WAITING] * 3
    tell(sweep, 1)
    first = reader.read()[0]
    assert (first.state, first.done, first.images, first.seconds, first.host) == (RUNNING, 3, 12, 6.0, "far")
    assert first.left == 18.0, "9 images as the first 3, of 2 s each"
    tell(sweep, 1, stage="overlap", done=1)
    assert (reader.read()[0].done, reader.read()[0].left) == (12, 0.0), "all are predicted"
    tell(sweep, 1, stage="done", done=11)
    write_outcome(Outcome(1, JOBS[0], SKIPS, folder="f", seconds=8.0, host="far"), sweep)
    first = reader.read()[0]
    assert (first.state, first.done, first.images, first.seconds, first.left) == ("skips", 11, 12, 8.0, None)
    write_outcome(Outcome(2, JOBS[1], FAILED, "boom"), sweep)
    assert [(each.state, each.reason) for each in reader.read()[1:]] == [("failed", "boom"), (WAITING, "")]


def test_when_the_launcher_has_ended_nothing_waits_any_more(sweep: Path) -> None:
    tell(sweep, 2)
    reader = open_sweep(sweep)
    write_plan(sweep, replace(reader.plan, ended="stopped"))
    assert [each.state for each in reader.read()] == [NEVER, RUNNING, NEVER], "a job may outlive its launcher"


def test_a_killed_job_is_gone_where_its_host_can_tell(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(sweep, 2)
    monkeypatch.setattr("platform.node", lambda: "far")
    monkeypatch.setattr("os.kill", lambda *_: (_ for _ in ()).throw(ProcessLookupError))
    status = open_sweep(sweep).read()
    assert [each.state for each in status] == [NEVER, GONE, NEVER] and "without a word" in status[1].reason


def test_who_looks_twice_sees_that_a_job_is_silent_by_his_own_clock(sweep: Path, monkeypatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(sweep_status.time, "monotonic", lambda: clock[0])
    told = tell(sweep, 1)
    reader = open_sweep(sweep)
    assert reader.read()[0].reason == ""
    clock[0] += 45
    assert reader.read()[0].reason == "no word for 45 s"
    tell(sweep, 1, beat=told.beat + 1)
    assert reader.read()[0].reason == ""


def test_jobs_that_are_not_known_beforehand_are_those_that_have_told(sweep: Path) -> None:
    write_plan(sweep, Plan("zgs run", (), FAR, expected=5))
    tell(sweep, 2)
    write_outcome(Outcome(1, ("a=9",), DONE), sweep)
    assert [(each.job, each.state) for each in open_sweep(sweep).read()] == [(1, "done"), (2, RUNNING)]


def test_a_folder_without_a_plan_is_no_sweep(tmp_path: Path) -> None:
    for content in (None, "", "[]", '{"jobs": 1}'):
        if content is not None:
            (tmp_path / "sweep.json").write_text(content)
        with pytest.raises(UserError, match="no folder of a sweep"):
            open_sweep(tmp_path)


def make(state: str, seconds: float = 0.0, left: float | None = None) -> JobStatus:
    return JobStatus(1, (), state, seconds=seconds, left=left)


@pytest.mark.parametrize(
    ("statuses", "unknown", "rest"),
    [
        ([make(WAITING)], 0, None),
        ([make(RUNNING, 5)], 0, None),
        ([make("done", 10)], 0, 0.0),
        ([], 0, 0.0),
        ([make("done", 10), make("failed", 20), make(RUNNING, 4), make(WAITING)], 0, 26.0),  # 15-4, then 15
        ([make("done", 10), make(RUNNING, 4, left=2), make(WAITING), make(WAITING)], 0, 22.0),  # 2, 10, 10
        ([make(RUNNING, 4, left=6), make(RUNNING, 4, left=2), make(WAITING)], 0, 8.0),  # (6 + 2 + (10 + 6) / 2) / 2
        ([make(RUNNING, 4, left=30), make("done", 2)], 0, 30.0),
        ([make(RUNNING, 40), make("done", 2), make(WAITING)], 0, 2.0),  # it should have ended: no negative time
        ([make("done", 10)], 3, 30.0),
        ([make("done", 10), make(GONE, 1), make(NEVER)], 0, 0.0),
    ],
)
def test_the_estimate(statuses: list[JobStatus], unknown: int, rest: float | None) -> None:
    assert estimate_rest(statuses, unknown) == rest
