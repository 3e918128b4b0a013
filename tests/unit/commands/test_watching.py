"""The launcher's terminal: one line a job as it ends, and one for the whole with an estimate, wherever the job ran."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.commands import status, watching
from bench.commands.sweep_lines import describe_sweep, make_status_table
from bench.commands.watching import watch_sweep
from bench.errors import DONE, USAGE
from bench.run.job_progress import JobProgress, Process, name_progress_file
from bench.run.outcomes import Outcome, write_outcome
from bench.run.sweep_status import PLAN, JobStatus, Plan, read_plan, write_plan

JOBS = [("encode=a", "n=1"), ("encode=b", "n=1")]
FAR = Process("far", 1)


def test_each_job_is_one_line_and_the_whole_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with watch_sweep(tmp_path, "zgs run -m", JOBS):
        progress = JobProgress(1, JOBS[0], FAR, "done", 4, 4, 10.0)
        name_progress_file(1, tmp_path).write_text(json.dumps(asdict(progress)))
        write_outcome(Outcome(1, JOBS[0], DONE, folder="a", seconds=12.0, host="far"), tmp_path)
        write_outcome(Outcome(2, JOBS[1], USAGE, "b has no n", host="far"), tmp_path)
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines == [
        "sweep: job 1 of 2 (encode=a): done, 4 of 4 images, 12 s",
        "sweep: job 2 of 2 (encode=b): refused: b has no n",
        "sweep: 2 jobs: 1 done, 1 refused",
    ]
    plan = read_plan(tmp_path)
    assert plan is not None and plan.ended == watching.ENDED and plan.jobs == tuple(JOBS)


def test_lines_come_while_jobs_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watcher = watching._Watcher(tmp_path, Plan("c", tuple(JOBS), Process.find_own()))
    watcher.look()
    assert capsys.readouterr().err == "", "nothing has happened"
    write_outcome(Outcome(1, JOBS[0], DONE, seconds=10.0), tmp_path)
    watcher.look()
    told = capsys.readouterr().err.splitlines()
    assert told == ["sweep: job 1 of 2 (encode=a): done, 10 s", "sweep: 2 jobs: 1 done, 1 waiting; about 10 s left"]
    watcher.look()
    assert capsys.readouterr().err == "", "said once"


def test_a_sweep_that_is_stopped_says_so_in_its_plan(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), watch_sweep(tmp_path, "c", JOBS):
        raise KeyboardInterrupt
    plan = read_plan(tmp_path)
    assert plan is not None and plan.ended == watching.STOPPED


def test_a_table_has_a_line_a_job_and_the_whole() -> None:
    plan = Plan("c", tuple(JOBS), FAR)
    jobs = [JobStatus(1, JOBS[0], "running", 3, 12, 6.0, 18.0, "far"), JobStatus(2, JOBS[1], "waiting")]
    assert make_status_table(jobs, plan) == [
        "job  state     images  time  left  host  what",
        "  1  running  3 of 12   6 s  18 s  far   encode=a",
        "  2  waiting                             encode=b",
        "sweep: 2 jobs: 1 running, 1 waiting; about 42 s left",
    ]
    scoring = [JobStatus(1, JOBS[0], "running", 12, 12, 6.0, 0.0, "far"), JobStatus(2, JOBS[1], "done", seconds=5.0)]
    assert describe_sweep(scoring, plan) == "sweep: 2 jobs: 1 running, 1 done; almost done"
    assert describe_sweep(scoring[1:], Plan("c", (), FAR)) == "sweep: 1 jobs: 1 done; nothing is left to do"
    assert describe_sweep([], Plan("c", (), FAR, expected=20)) == (
        "sweep: 20 jobs: 20 to come; nobody can say yet how long it will take"
    )


def test_status_finds_the_sweeps_that_go_on_else_the_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, ended in (("1", "ended"), ("2", "ended"), ("3", "")):
        (tmp_path / "sweeps" / name).mkdir(parents=True)
        plan = Plan(f"zgs run {name}", tuple(JOBS), FAR, ended=ended)
        (tmp_path / "sweeps" / name / PLAN).write_text(json.dumps(asdict(plan)))
    assert [sweep.folder.name for sweep in status.find_sweeps(tmp_path)] == ["3"]
    (tmp_path / "sweeps/3" / PLAN).unlink()
    assert [sweep.folder.name for sweep in status.find_sweeps(tmp_path)] == ["2"]
    os.utime(tmp_path / "sweeps/2" / PLAN, (1e9, 1e9))
    assert [sweep.folder.name for sweep in status.find_sweeps(tmp_path)] == ["1"], "by the disk's clock, not by names"
    assert status.main([str(tmp_path / "sweeps/1")]) == DONE
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("sweeps/1: zgs run 1") and told[-1] == "sweep: 2 jobs: 2 not begun"


def test_what_a_sweeper_wrote_since_the_last_look_stays(tmp_path: Path) -> None:
    """A search that has all its trials says so and ends in less time than between two looks."""
    with watch_sweep(tmp_path, "zgs run -m", ()):
        plan = read_plan(tmp_path)
        assert plan is not None
        write_plan(tmp_path, replace(plan, expected=0, fixed=("a=1",)))
    ended = read_plan(tmp_path)
    assert ended is not None and (ended.expected, ended.fixed, ended.ended) == (0, ("a=1",), watching.ENDED)
