"""What a job that left no result is said to have said, and options that nobody can use."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cluster.batch import Batch, Lost, _read_last_words
from bench.errors import UsageError

KILLED = "slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-29T20:00:00 DUE TO TIME LIMIT ***"


@pytest.mark.parametrize(("log", "words"), [
    ("a\nRuntimeError: boom\n", "its last words: RuntimeError: boom"),
    ("RuntimeError: boom\npredict :   8%|8         | 1/12 [00:19<00:03]\r", "its last words: RuntimeError: boom"),
    (f"a\n{KILLED}\nsrun: error: Timed out waiting for job step to complete\n", f"its last words: {KILLED}"),
    ("predict :   0%|          | 0/2 [00:00<?, ?img/s]", "killed without a word"),
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
    with pytest.raises(UsageError, match="options for Slurm: .*nonsense"):
        Batch("local", tmp_path, {"nonsense": 1})


def test_without_submitit_the_line_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "submitit", None)
    with pytest.raises(UsageError, match=r"pip install 'zgs\[slurm\]'"):
        Batch("local", tmp_path, {})
