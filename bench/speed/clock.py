"""No part of the paper: processor seconds and peak memory of a call, on one thread."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.system.resources import read_own_memory

LONG_ENOUGH, ONCE = 0.5, 60.0
"""Seconds of all calls after which none is repeated, but for a single one below the second of them: the first call maps
weights from their files and lets libraries choose their kernels, which a run does once."""
_RESET, MB = Path("/proc/self/clear_refs"), 1 << 20


@dataclass(frozen=True)
class Cost:
    """Processor seconds of the fastest of ``times`` calls, and the most memory that the process held in them (MB).

    ``mapped_mb`` of it are files such as weights and libraries, which all processes of a machine share.
    """

    seconds: float
    peak_mb: float
    times: int
    mapped_mb: float = 0.0


@contextmanager
def use_one_thread() -> Iterator[None]:
    """Keep torch, BLAS and OpenMP to one thread, and give them back what they had."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def measure(call: Callable[[], Any], most: int = 5) -> tuple[Any, Cost]:
    """Measure a call on one thread: what it gives, and its cost. Short calls are repeated, at most ``most`` times."""
    _reset_peak()
    spent: list[float] = []
    while not has_enough(spent, most):
        with use_one_thread():  # each anew: what a call loads or imports may have asked for more
            begin = time.process_time()
            made = call()
            spent.append(time.process_time() - begin)
    return made, Cost(min(spent), _read_peak(), len(spent), (read_own_memory("RssFile") or 0) / MB)


def has_enough(spent: Sequence[float], most: int) -> bool:
    """Whether calls that took these seconds are enough, of at most ``most``."""
    is_first = not spent or (len(spent) == 1 and spent[0] < ONCE)
    return len(spent) >= most or (sum(spent) >= LONG_ENOUGH and not is_first)


def _reset_peak() -> None:
    """Let the peak begin anew where the system can (Linux); else it is that of the whole process."""
    try:
        _RESET.write_text("5")
    except OSError:
        return


def _read_peak() -> float:
    """Read the peak in MB; where the system does not say, that of the whole process."""
    peak = read_own_memory("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if peak is None else peak / MB
