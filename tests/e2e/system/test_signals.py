"""Ctrl-C, SIGTERM and SIGHUP: one line and exit code 1, wherever they arrive; each command runs in its own process."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.command import ended, launch, start, words

LINE = "zgs: stopped; what is finished is kept, the same command continues\n"
WAITS = """
import time
def main(words):
    print("ready", flush=True)
    time.sleep(50)
"""
CLEANS_UP = """
import time
def main(words):
    try:
        print("ready", flush=True)
        time.sleep(50)
    finally:
        print("cleaned", flush=True)
"""
IMPORTS = """
import importlib, sys
def main(words):
    importlib.import_module("slow_library")
"""
LIBRARY = """
import time
try:
    print("ready", flush=True)
    time.sleep(50)
except BaseException as error:
    raise ImportError("DLL load failed") from error
"""
TURNED = """
import time
from bench.errors import UsageError
def main(words):
    try:
        print("ready", flush=True)
        time.sleep(50)
    except BaseException as error:
        raise UsageError("something else") from error
"""
SWALLOWED = """
import time
class Thing:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(5)
def main(words):
    thing = Thing()
    del thing
    time.sleep(50)
"""
NEVER_ENDS = """
import time
from bench.system import signals
signals.PATIENCE = 0.2
def main(words):
    while True:
        try:
            print("ready", flush=True)
            time.sleep(50)
        except KeyboardInterrupt:
            time.sleep(50)
"""


def stop(process, number: signal.Signals = signal.SIGTERM) -> None:
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_says_the_same_line_and_lets_cleaning_up_happen(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, CLEANS_UP)
    stop(process, number)
    assert ended(process) == (1, "cleaned\n", LINE)


def test_while_a_library_is_imported_the_process_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "slow_library.py").write_text(LIBRARY)
    process = start(tmp_path, f"import sys\nsys.path.append({str(tmp_path)!r})\n{IMPORTS}")
    stop(process, signal.SIGINT)
    assert ended(process) == (1, "", LINE)


@pytest.mark.parametrize("source", [TURNED, SWALLOWED, NEVER_ENDS], ids=["turned", "swallowed", "never ends"])
def test_what_a_library_makes_of_an_interrupt_changes_nothing(tmp_path: Path, source: str) -> None:
    process = start(tmp_path, source)
    stop(process)
    assert ended(process) == (1, "", LINE)


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    source = CLEANS_UP.replace('print("cleaned", flush=True)', 'print("cleaning", flush=True); time.sleep(50)')
    process = start(tmp_path, f"from bench.system import signals\nsignals.AGAIN = 0\nsignals.PATIENCE = 40\n{source}")
    stop(process)
    assert process.stdout is not None and process.stdout.readline() == "cleaning\n"
    os.kill(process.pid, signal.SIGTERM)
    assert ended(process) == (1, "", LINE)


def test_the_same_signal_sent_twice_is_one(tmp_path: Path) -> None:
    """As `timeout` does, which sends it to the process and to its group."""
    source = CLEANS_UP.replace('print("cleaned", flush=True)', 'time.sleep(0.2); print("cleaned", flush=True)')
    process = start(tmp_path, f"from bench.system import signals\nsignals.AGAIN = 40\n{source}")
    stop(process)
    os.kill(process.pid, signal.SIGTERM)
    assert ended(process) == (1, "cleaned\n", LINE)


def test_nohup_stays_in_force(tmp_path: Path) -> None:
    quiet = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    process = launch([sys.executable, "-c", quiet, *words(tmp_path, WAITS)])
    stop(process, signal.SIGHUP)
    os.kill(process.pid, signal.SIGTERM)
    assert ended(process) == (1, "", LINE)


def test_runs_that_are_finished_are_named(tmp_path: Path) -> None:
    kept = "from bench.system import signals\nsignals.note_finished('out/a')\nsignals.note_finished('out/b')\n"
    process = start(tmp_path, kept + WAITS)
    stop(process)
    assert ended(process) == (1, "", LINE.rstrip() + "; finished: zgs report out/a out/b\n")


def test_after_the_command_a_signal_is_silent(tmp_path: Path) -> None:
    late = "import atexit, time\ndef late():\n    print('ready', flush=True)\n    time.sleep(50)\n"
    process = start(tmp_path, late + "def main(words):\n    atexit.register(late)\n    return 3\n")
    stop(process, signal.SIGINT)
    assert ended(process) == (3, "", "")
