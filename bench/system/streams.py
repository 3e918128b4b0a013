"""Standard input, output and error as terminals, pipes and batch systems leave them; no part of the paper."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def prepare() -> None:
    """Make the three streams safe to write to.

    One that is closed becomes the null device: else the next file opened takes its number, and what is printed lands in
    a result. A character that the terminal cannot show is written as \\u2026 instead of being an error.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    show_all()


def show_all() -> None:
    """Show what cannot be shown escaped; lone surrogates too, which UTF-8 cannot show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a captured stream may have none
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def silence(*names: str) -> None:
    """Silence a stream that nobody reads: what is in its buffer goes nowhere, instead of failing at the exit."""
    for name in names:
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, getattr(sys, name).fileno())
            os.close(null)
