"""A call ahead: its result or its error is there when asked for, and its thread stays, with what it has started."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time

import pytest

from bench.system.ahead import Ahead


def test_the_result_is_waited_for_and_may_be_asked_for_again() -> None:
    begin = threading.Event()
    ahead = Ahead(lambda: begin.wait(30) and 7)
    ahead.wait(0.01)
    begin.set()
    assert [ahead.get(), ahead.get()] == [7, 7]


def test_an_error_is_raised_where_it_is_asked_for() -> None:
    ahead = Ahead(lambda: 1 // 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ahead.get()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end a process with its parent")
def test_a_process_that_ends_with_its_parent_outlives_the_call() -> None:
    """Linux counts the thread that started it as the parent: one that had ended would have taken it along."""

    def start() -> subprocess.Popen[bytes]:
        code = [sys.executable, "-c", "import time; time.sleep(60)"]
        return subprocess.Popen(code, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))

    process = Ahead(start).get()
    time.sleep(0.3)
    assert process.poll() is None
    process.kill()
    process.wait(10)
