"""What a job that left no result is said to have said: the signal that ended it, and the last line with words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cluster.last_words import Lost, read_last_words

KILLED = "slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-29T20:00:00 DUE TO TIME LIMIT ***"
TRACKER = (
    "/usr/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 6 "
    "leaked semaphore objects to clean up at shutdown\n  warnings.warn('resource_tracker: There appear to be %d '\n"
)


@pytest.mark.parametrize(("log", "words"), [
    ("a\nRuntimeError: boom\n", "its last words: RuntimeError: boom"),
    ("RuntimeError: boom\npredict :   8%|8         | 1/12 [00:19<00:03]\r", "its last words: RuntimeError: boom"),
    (f"a\n{KILLED}\nsrun: error: Timed out waiting for job step to complete\n", f"its last words: {KILLED}"),
    ("predict :   0%|          | 0/2 [00:00<?, ?img/s]", "killed without a word"),
    (f"boom\n{TRACKER}", "its last words: boom"),
    (TRACKER, "killed without a word"),
    ("a\nended by signal 9\n", "was killed (SIGKILL: by the system when memory is short, or by somebody); "
     "its last words: a"),
    ("predict :   0%|          | 0/2 [00:00<?, ?img/s]\nended by signal 11\n",
     "died of SIGSEGV (a fault inside a library)"),
    ("it ended by signal 9 of mine\n", "its last words: it ended by signal 9 of mine"),
    ("\xff" * 500, f"its last words: {chr(0xff) * 200}"),
])  # fmt: skip
def test_the_last_line_that_says_something_is_told(log: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(log, encoding="utf-8")
    assert read_last_words(tmp_path / "log") == Lost(words, str(tmp_path / "log"))


def test_no_log_is_told_too(tmp_path: Path) -> None:
    assert read_last_words(tmp_path / "none") == Lost("it has left no log")
