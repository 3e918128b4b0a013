"""How a process ended, from its exit code, in words that say what to do; no part of the paper."""

from __future__ import annotations

import signal
from contextlib import suppress

ONE = "executor.workers=1"
UNKNOWN = 255
"""What the library gives as exit code where the fork server is gone, which alone could have told."""


def describe_death(code: int | None, over: str, fewer: str = ONE, advice: str = "") -> str:
    """Describe a worker by its exit code (negative: the signal) and by what it was at; ``advice`` replaces a run's."""
    code = None if code == UNKNOWN else code
    where = f"over {over}" if over else "before its first image"
    if advice:
        return f"a worker process {describe_exit(code)} {where}; {advice}"
    told, again = describe_exit(code), "what is finished is kept: run the same command again"
    if code == -signal.SIGKILL or code is None:
        return f"a worker process {told} {where}; {again}, with {fewer} if memory was short"
    if code == -signal.SIGTERM:
        return f"a worker process {told} {where}; {again}"
    return f"a worker process {told} {where}; {again}; if it ends there once more, run the others: data.subset=file:IDS"


def describe_exit(code: int | None) -> str:
    """Describe how a process ended by its exit code (negative: the signal; None where nobody knows)."""
    if code is None or code >= 0:
        return "died" if code is None else f"ended with exit code {code}"
    with suppress(ValueError):
        name = signal.Signals(-code).name
        if code == -signal.SIGKILL:
            return f"was killed ({name}: by the system when memory is short, or by somebody)"
        if code == -signal.SIGTERM:
            return f"was stopped ({name}: by somebody)"
        return f"died of {name} (a fault inside a library)"
    return f"died of signal {-code}"
