"""Loaded by the fork server alone, for what it does: workers that start when their parent has just gone end quietly.

Their parent took the semaphores and pipes that they were to open with it; nobody is left whom a traceback would help.
The server itself ends without taking its libraries down, of which triton's would print what it finds left over
(nanobind: "leaked 514 functions!"). Workers end by themselves, as multiprocessing ends them.
"""

from __future__ import annotations

import atexit
import os
import sys
from types import TracebackType

_GONE = (EOFError, FileNotFoundError, ConnectionError)


def _print_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, _GONE):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _print_error


def _end() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


atexit.register(_end)
