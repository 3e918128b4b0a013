"""What became of each job: any error is an outcome, told in a file of the sweep's folder, and none is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.errors import DONE, FAILED, SKIPS, USAGE, UsageError, UserError
from bench.run.outcomes import NOTHING_LEFT, Outcome, attempt_job, collect_outcomes, find_worst_code, write_outcome

NEVER = f"{NOTHING_LEFT}: it never began"
JOBS = [("encode=a", "n=1"), ("encode=b", "n=1"), ("encode=c", "n=1")]


@dataclass
class Ended:
    folder: Path
    skipped: int


def failing(error: BaseException, trace: Path) -> Outcome:
    def run() -> Ended:
        raise error

    return attempt_job(2, JOBS[1], run, lambda: trace)


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyError("boom"), TypeError("boom"), SystemExit("boom")])
def test_any_error_is_an_outcome_and_its_traceback_lies_in_a_file(error: BaseException, tmp_path: Path) -> None:
    outcome = failing(error, tmp_path / "new/job.txt")
    assert (outcome.job, outcome.overrides, outcome.code, outcome.failed) == (2, JOBS[1], FAILED, True)
    assert outcome.reason.startswith(type(error).__name__) and "boom" in outcome.reason
    assert outcome.traceback == str(tmp_path / "new/job.txt") and outcome.host
    assert "Traceback" in (tmp_path / "new/job.txt").read_text()


def test_what_a_user_can_mend_has_no_traceback_and_its_own_code(tmp_path: Path) -> None:
    assert failing(UserError("no\nfile"), tmp_path / "t").reason == "no file"
    assert failing(UserError("no file"), tmp_path / "t").code == FAILED
    assert failing(UsageError("no key"), tmp_path / "t").code == USAGE
    assert not (tmp_path / "t").exists()


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        failing(KeyboardInterrupt(), tmp_path / "t")


def test_a_traceback_that_cannot_be_written_is_printed(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("no folder")
    outcome = failing(RuntimeError("boom"), tmp_path / "file/t.txt")
    assert outcome.reason == "RuntimeError: boom" and outcome.traceback == ""
    assert "Traceback" in capsys.readouterr().err


def test_a_run_with_skips_is_no_failure(tmp_path: Path) -> None:
    for skipped, code in ((0, DONE), (2, SKIPS)):
        outcome = attempt_job(1, JOBS[0], lambda n=skipped: Ended(tmp_path, n), lambda: tmp_path / "t")  # type: ignore[misc]
        assert (outcome.code, outcome.folder, outcome.failed) == (code, str(tmp_path), False)


def test_outcomes_come_back_in_order_and_a_job_without_one_is_a_failure(tmp_path: Path) -> None:
    write_outcome(Outcome(3, JOBS[2], SKIPS, folder="c", seconds=1.5, host="far"), tmp_path)
    write_outcome(Outcome(1, JOBS[0], DONE, folder="a"), tmp_path)
    first, second, third = collect_outcomes(tmp_path, JOBS)
    assert (first.folder, third.folder, third.host, third.overrides) == ("a", "c", "far", JOBS[2])
    assert (second.overrides, second.code, second.reason) == (JOBS[1], FAILED, NEVER)
    assert collect_outcomes(tmp_path, JOBS, "the launcher stopped")[1].reason == f"{NEVER} (the launcher stopped)"
    assert find_worst_code(collect_outcomes(tmp_path, JOBS)) == FAILED
    assert {path.name for path in tmp_path.iterdir()} == {"job-001.json", "job-003.json"}, "nothing temporary is left"
    assert set(json.loads((tmp_path / "job-003.json").read_text())) == {
        "job", "overrides", "code", "reason", "traceback", "folder", "seconds", "host", "objective",
    }  # fmt: skip


def test_a_file_that_a_shared_disk_shows_late_is_waited_for(tmp_path: Path, monkeypatch) -> None:
    write_outcome(Outcome(1, JOBS[0], DONE, folder="a"), tmp_path)
    monkeypatch.setattr("time.sleep", lambda _: write_outcome(Outcome(2, JOBS[1], DONE, folder="b"), tmp_path))
    assert [outcome.folder for outcome in collect_outcomes(tmp_path, JOBS[:2], patience=60)] == ["a", "b"]


@pytest.mark.parametrize(
    ("codes", "code"),
    [((), DONE), ((0, 3, 0), SKIPS), ((0, 2, 3), USAGE), ((2, 1, 0), FAILED), ((3, 1), FAILED)],
)
def test_the_exit_code_of_several_jobs(codes: tuple[int, ...], code: int) -> None:
    assert find_worst_code(Outcome(at, (), value) for at, value in enumerate(codes)) == code
