"""A process over a job: it tells by which signal the job ended, hands signals on, and takes the job with it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.cluster import witness
from bench.cluster.last_words import read_last_words

SAYS = "import os, signal; print(os.getpid(), flush=True); "


def start(code: str) -> subprocess.Popen[str]:
    """Start Python code below a witness, as submitit does; its first line is its process."""
    command = [sys.executable, "-I", witness.__file__, "-c", SAYS + code]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.thinned(2)
@pytest.mark.parametrize(("code", "exit_code", "said"), [
    ("", 0, ""),
    ("raise SystemExit(144)", 144, ""),
    ("os.kill(os.getpid(), signal.SIGKILL)", 137, "\nended by signal 9\n"),
    ("os.abort()", 134, "\nended by signal 6\n"),
])  # fmt: skip
def test_the_end_of_a_job_is_told_as_it_was(code: str, exit_code: int, said: str) -> None:
    process = start(code)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (exit_code, said)


def test_the_signal_is_read_behind_a_progress_bar_that_has_not_ended_its_line(tmp_path: Path) -> None:
    bar = "from tqdm import tqdm; bar = tqdm(range(9), desc='predict '); next(iter(bar)); bar.refresh(); "
    _, err = start(bar + "os.kill(os.getpid(), signal.SIGKILL)").communicate(timeout=30)
    assert "predict : " in err.rpartition("\nended")[0]
    (tmp_path / "log").write_text(err, encoding="utf-8")
    assert read_last_words(tmp_path / "log").reason.startswith("was killed (SIGKILL: ")


@pytest.mark.thinned(2)
@pytest.mark.parametrize("number", witness.PASSED_ON)
def test_signals_reach_the_job(number: signal.Signals) -> None:
    process = start(f"signal.signal({int(number)}, lambda *_: os._exit(7)); print(flush=True); signal.pause()")
    assert process.stdout is not None and [process.stdout.readline() for _ in range(2)]
    process.send_signal(number)
    assert process.wait(timeout=30) == 7


def test_a_job_ends_with_its_witness() -> None:
    process = start("signal.pause()")
    assert process.stdout is not None
    job = Path("/proc", process.stdout.readline().strip())
    process.kill()
    process.wait(timeout=30)
    until = time.monotonic() + 10
    while job.exists() and "State:\tZ" not in (job / "status").read_text() and time.monotonic() < until:
        time.sleep(0.05)
    assert not job.exists() or "State:\tZ" in (job / "status").read_text()
