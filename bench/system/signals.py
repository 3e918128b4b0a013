"""How a command is stopped: Ctrl-C, SIGTERM and SIGHUP say one line and end the same way; no part of the paper.

A signal becomes a `KeyboardInterrupt`, so that locks, temporary files and workers are let go on the way out. Where that
cannot be trusted the process ends at once instead: while a module is imported (libraries answer an interrupt there with
errors of their own), in a callback whose errors nobody sees, at a second signal, and after `PATIENCE`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

STOPPED = "stopped; what is finished is kept, the same command continues"
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 5.0
"""Seconds that an orderly end may take."""
AGAIN = 0.3
"""Seconds within which a second signal is the same one: `timeout` and batch systems send it to process and group."""
FAILED = 1
_UNWRITABLE = (OSError, ValueError, AttributeError, RuntimeError)
"""What a stream answers that is broken, closed, missing, or in the middle of a print."""
_IMPORTING = "<frozen importlib._bootstrap>"


class _State:
    """When a stop was asked for, its line, whether it was said, the exit code once all is over, runs that are done."""

    asked: float | None = None
    line = STOPPED
    kept: list[str] = []
    said = False
    over: int | None = None
    listens = False


def listen() -> None:
    """Take the signals of this process, for good; what it was started to ignore (nohup) stays ignored."""
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    signal.signal(signal.SIGALRM, lambda *_: _leave())
    sys.unraisablehook = _handle_unraisable
    _State.listens = True


def listen_again() -> None:
    """Take the signals back that a library has taken, where this process listens; only its main thread can."""
    if _State.listens and threading.current_thread() is threading.main_thread():
        listen()


def is_stopping() -> bool:
    """Whether this process was told to stop; any error after that may be an answer to it."""
    return _State.asked is not None


def raise_if_stopping() -> None:
    """Stop here where an interrupt was swallowed by a library that took it for an error of its own."""
    if is_stopping():
        raise KeyboardInterrupt


def note_finished(folder: object) -> None:
    """Name a finished run, to be told of should the command be stopped later."""
    _State.kept.append(str(folder))


def tell_at_stop(line: str) -> None:
    """Say this line should the command be stopped from now on: `STOPPED` is true of a command that goes on later."""
    _State.line = line


def make_stop_line() -> str:
    """Make the line that is shown."""
    return f"{_State.line}; finished: zgs report {' '.join(_State.kept)}" if _State.kept else _State.line


def print_stop_line() -> None:
    """Print the line, once."""
    if not _State.said:
        _State.said = True
        with suppress(*_UNWRITABLE):
            print(f"zgs: {make_stop_line()}", file=sys.stderr, flush=True)


def mark_over(code: int) -> None:
    """Mark the command as done: a signal from now on ends the process without a word."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    _State.over = code


def _stop(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _State.asked is not None and _State.over is None and now - _State.asked < AGAIN:
        return
    if _State.asked is not None or _State.over is not None or _is_importing(frame):
        _leave()
    _State.asked = now
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False


def _leave() -> NoReturn:
    """End now. Workers notice by themselves (`bench.system.crew`); a store has whole files at any moment."""
    if _State.over is None:
        print_stop_line()
    for stream in (sys.stdout, sys.stderr):
        with suppress(*_UNWRITABLE):
            stream.flush()
    os._exit(FAILED if _State.over is None else _State.over)


def _handle_unraisable(caught: Any) -> None:
    """End on an interrupt that arrives in a destructor or a callback, which Python would print and forget."""
    if issubclass(caught.exc_type, KeyboardInterrupt) and is_stopping():
        _leave()
    sys.__unraisablehook__(caught)
