"""No part of the paper: the clock and the memory of a GPU, which works on while the processor has already gone on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.speed.clock import LONG_ENOUGH

MIB = 2**20
SIDE = 8192
"""Rows and columns of the matrices whose product says how fast a device multiplies."""


@dataclass(frozen=True)
class Probe:
    """A device that is watched: its name, what waits for it, and what forgets and reads its peak memory (bytes)."""

    name: str
    device: str
    synchronize: Callable[[], None]
    reset_peak: Callable[[], None]
    read_peak: Callable[[], int]
    release: Callable[[], None]

    def measure(self, call: Callable[[], Any], most: int = 5) -> tuple[Any, float, int, float]:
        """Measure a call behind one that is not counted: what it gives, seconds of the fastest, times, peak in MiB.

        The call before compiles, records and chooses kernels. Seconds are by the clock, from idle to idle.
        """
        call()
        self.synchronize()
        self.reset_peak()
        spent: list[float] = []
        while not spent or (sum(spent) < LONG_ENOUGH and len(spent) < most):
            begin = time.perf_counter()
            made = call()
            self.synchronize()
            spent.append(time.perf_counter() - begin)
        return made, min(spent), len(spent), self.read_peak() / MIB

    def measure_rate(self, dtype: str, side: int = SIDE) -> float:
        """Measure the rate (FLOP a second) of a product of two large matrices by torch's library of the device."""
        import torch

        left, right = (torch.ones(side, side, dtype=getattr(torch, dtype), device=self.device) for _ in range(2))
        _, seconds, _, _ = self.measure(lambda: left @ right)
        return 2.0 * side**3 / seconds


def open_cuda(device: str) -> Probe:
    """Watch a CUDA device, which has to be there."""
    import torch

    index = torch.device(device)
    return Probe(
        name=torch.cuda.get_device_name(index),
        device=device,
        synchronize=lambda: torch.cuda.synchronize(index),
        reset_peak=lambda: torch.cuda.reset_peak_memory_stats(index),
        read_peak=lambda: int(torch.cuda.max_memory_allocated(index)),
        release=torch.cuda.empty_cache,
    )
