"""What a job that left no result is said to have said, and options that nobody can use."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cluster.batch import Batch, Lost, _describe_refusal, _describe_unknown, _read_last_words
from bench.errors import UsageError, UserError

KILLED = "slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-29T20:00:00 DUE TO TIME LIMIT ***"
TRACKER = (
    "/usr/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 6 "
    "leaked semaphore objects to clean up at shutdown\n  warnings.warn('resource_tracker: There appear to be %d '\n"
)
GENERIC = "(non-prefixed) parameters are: {'name': <class 'str'>, 'timeout_min': <class 'int'>}."
"""How submitit 1.5.4 ends when it does not know a parameter."""


@pytest.mark.parametrize(("said", "told"), [
    (f"Parameter 'acount' need to be prefixed by an executor name.\nKnown executors: slurm\n{GENERIC}",
     "options for Slurm: more.acount: submitit knows no such parameter; did you mean more.slurm_account?"),
    ("Unknown argument 'acount' for executor 'slurm' in parameter 'slurm_acount'. Valid arguments: qos, account\n"
     + GENERIC,
     "options for Slurm: more.slurm_acount: submitit knows no such parameter; did you mean more.slurm_account?"),
    (f"Parameter 'zzz' need to be prefixed by an executor name.\n{GENERIC}",
     "options for Slurm: more.zzz: submitit knows no such parameter; "
     "Slurm's own begin with slurm_: more.slurm_account"),
])  # fmt: skip
def test_an_unknown_parameter_is_told_shortly_and_by_its_nearest_name(said: str, told: str) -> None:
    assert _describe_unknown(said) == told


def test_a_slurm_that_does_not_answer_is_told_with_what_to_ask() -> None:
    said = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    assert _describe_refusal(said) == (
        "Slurm took no job (Batch job submission failed: Unable to contact slurm controller (connect failure)); does "
        "it answer, and do partition, account and limits fit? ask: scontrol ping; sinfo"
    )


@pytest.mark.parametrize(("log", "words"), [
    ("a\nRuntimeError: boom\n", "its last words: RuntimeError: boom"),
    ("RuntimeError: boom\npredict :   8%|8         | 1/12 [00:19<00:03]\r", "its last words: RuntimeError: boom"),
    (f"a\n{KILLED}\nsrun: error: Timed out waiting for job step to complete\n", f"its last words: {KILLED}"),
    ("predict :   0%|          | 0/2 [00:00<?, ?img/s]", "killed without a word"),
    (f"boom\n{TRACKER}", "its last words: boom"),
    (TRACKER, "killed without a word"),
    ("\xff" * 500, f"its last words: {chr(0xff) * 200}"),
])  # fmt: skip
def test_the_last_line_that_says_something_is_told(log: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(log, encoding="utf-8")
    assert _read_last_words(tmp_path / "log") == Lost(words, str(tmp_path / "log"))


def test_no_log_is_told_too(tmp_path: Path) -> None:
    assert _read_last_words(tmp_path / "none") == Lost("it has left no log")


@pytest.mark.extra
def test_a_host_without_slurm_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no sbatch here"):
        Batch("slurm", tmp_path, {})


@pytest.mark.extra
def test_an_option_that_submitit_does_not_know_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    with pytest.raises(UsageError, match="^options for Slurm: more.nonsense: submitit knows no such .{,70}$"):
        Batch("local", tmp_path, {"nonsense": 1})


def test_without_submitit_the_line_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "submitit", None)
    with pytest.raises(UsageError, match=r"pip install 'zgs\[slurm\]'"):
        Batch("local", tmp_path, {})


@pytest.mark.extra
def test_jobs_that_sbatch_refuses_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An sbatch that is there, and a controller that is not."""
    pytest.importorskip("submitit")
    (tmp_path / "bin").mkdir()
    refuse = "#!/bin/sh\necho 'sbatch: error: Unable to contact slurm controller' >&2\nexit 1\n"
    for name in ("sbatch", "srun", "squeue"):
        (tmp_path / "bin" / name).write_text(refuse)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(UserError, match="^Slurm took no job .Unable to contact slurm controller.; does it"):
        Batch("slurm", tmp_path / "jobs", {}).start(print, [("a",)])
