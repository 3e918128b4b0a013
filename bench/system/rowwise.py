"""No part of the paper: what is done row by row between matrix products on a processor, by loops that numba compiles.

A row's numbers depend on no other row, so rows are shared out where torch has several threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

TYPES = (torch.float32, torch.bfloat16)
LEAST = 1 << 15
"""Numbers of a thread's rows at the least: it takes some microseconds to ask one."""


def exponentiate_(logits: Tensor, columns: int | None = None) -> Tensor:
    """Replace logits x [r, c] by exp(x) in float32 or bfloat16, on a processor: the sum of each row, float32 [r, 1].

    In float32, of x from -87 to 88, it is exact to 4e-7; less counts as -87, NaN stays NaN. In bfloat16 it is exact to
    0.0007 before it is rounded, -87 and 80 stand for all beyond, NaN among them, c is even, and what is behind the
    first `columns` (None: c) becomes 0. Sums are those before rounding. Raises TypeError for another type.
    """
    from bench.system import loops  # imports numba

    if logits.dtype not in TYPES:
        raise TypeError(f"{logits.dtype}: exponentiate_ takes float32 or bfloat16")
    sums = np.empty(len(logits), dtype=np.float32)
    if logits.dtype == torch.float32:
        run_by_rows(loops.exponentiate_rows, view_array(logits), sums)
    else:
        loop = partial(loops.exponentiate_bfloat16_pairs, logits.shape[1] if columns is None else columns)
        run_by_rows(loop, view_array(logits.view(torch.uint32)), sums)
    return torch.from_numpy(sums)[:, None]


def takes(*numbers: Tensor) -> bool:
    """Whether loops take all of some tensors: float32 on a processor, in one piece, no gradient wanted.

    It is asked a thousand times a pass of a language model, beside loops of a microsecond.
    """
    for part in numbers:
        if part.dtype is not torch.float32 or not part.is_cpu or not part.is_contiguous():
            return False
    return not torch.is_grad_enabled() or not any(part.requires_grad for part in numbers)


def view_array(numbers: Tensor) -> np.ndarray:
    """View a tensor on a processor as an array: bfloat16, which NumPy does not know, by its bits as uint16."""
    plain = numbers.detach() if numbers.requires_grad else numbers
    return (plain.view(torch.uint16) if plain.dtype == torch.bfloat16 else plain).numpy()


def run_by_rows(loop: Callable[..., Any], *arrays: np.ndarray) -> None:
    """Run a loop over the rows that arrays have alike; where torch has several threads, each takes a share of them."""
    if torch.get_num_threads() == 1:
        loop(*arrays)
        return
    parts = split_among_threads(len(arrays[0]), arrays[0].size)
    run_each(loop, [[array[first:last] for array in arrays] for first, last in parts])


def split_among_threads(count: int, size: int) -> list[tuple[int, int]]:
    """Split so many rows or columns, which are ``size`` numbers, among torch's threads: where each share is."""
    threads = max(1, min(torch.get_num_threads(), size // LEAST, count))
    return [(count * at // threads, count * (at + 1) // threads) for at in range(threads)]


def run_each(loop: Callable[..., Any], parts: Sequence[Sequence[Any]]) -> None:
    """Run a loop with each of some lists of arguments, all at once where there are several."""
    if len(parts) == 1:
        loop(*parts[0])
        return
    for made in [_start_threads(os.getpid(), len(parts)).submit(loop, *part) for part in parts]:
        made.result()


@cache
def _start_threads(process: int, threads: int) -> ThreadPoolExecutor:
    """Start the threads of one process: a forked one has none of its parent's."""
    return ThreadPoolExecutor(threads, thread_name_prefix="zgs-rows")
