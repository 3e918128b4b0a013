"""Jobs that worker processes of tests do: quick, harmful to their own process only."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def double(number: int) -> int:
    """Something that works."""
    return 2 * number


def list_loaded(*modules: str) -> list[str]:
    """Which of some modules this process has imported."""
    return [name for name in modules if name in sys.modules]


def end_by(number: int, name: str, place: Path) -> int:
    """Job 3 ends its own process by a signal of that name, or with that exit code, when job 1 has been done."""
    if number == 3:
        while not (place / "1").exists():
            time.sleep(0.01)
        if name.isdigit():
            os._exit(int(name))
        os.kill(os.getpid(), getattr(signal, name))
        time.sleep(50)
    (place / str(number)).write_text("done")
    return number


def end_beside(first: bool, place: Path) -> None:
    """The first ends its own process by SIGTERM when the other is at its job, which it never ends."""
    if not first:
        (place / "begun").write_text("")
    while first and not (place / "begun").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM if first else 0)
    time.sleep(50)


def stay(place: Path) -> None:
    """Say which process this is and never return."""
    (place / f"{os.getpid()}").write_text("")
    time.sleep(50)


def stuck(place: Path) -> None:
    """The same, in a call of a C library that lets no other thread of Python run."""
    import ctypes

    (place / f"{os.getpid()}").write_text("")
    ctypes.PyDLL(None).sleep(50)


def fail(number: int) -> int:
    """An error of a job's own."""
    raise ValueError(f"job {number}")
