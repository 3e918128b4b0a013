"""No part of the paper: large matrices laid out in memory such that products of few rows read them at memory's rate.

Few rows are multiplied faster than a processor reads a matrix, and it reads fast what lies in one piece and in large
pages: of four rows oneDNN reads a matrix of [1024, 4096] numbers at 13 GB/s, or turned at 21; tiles that go through it
as it lies read 30. In panels, 64 columns row after row, it is 45 from either side, of 50 that a thread reads at all.
Twenty rows are multiplied at 190 and, from the other side, 140 GFLOP/s, where tiles in a matrix as it lies make 125
and 138. A row has the same bits among any others.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.system.rowwise import run_each, split_among_threads, view_array

LEAST = 1 << 18
"""Numbers of a matrix from which it is worth a call."""
WIDTH = 64
"""Columns of a panel (`bench.system.tile_loops`): a matrix has a multiple of them."""
DEPTH = 4096
"""Products that are added up before their sum is added to that of the ones before: 50,257 are off by 3 times what
torch's are, which adds up in more parts, and not by more."""
PAGE = 1 << 21
"""Bytes of a large page, where the system has them: it finds each of them as fast as one of 4 KiB."""


def takes(weight: Tensor) -> bool:
    """Whether a matrix [i, o] is laid out: large, float32, in one piece on a processor, no gradient of it wanted."""
    if weight.numel() < LEAST or weight.device.type != "cpu" or weight.dtype != torch.float32:
        return False
    return weight.is_contiguous() and weight.shape[1] % WIDTH == 0 and not weight.requires_grad


@dataclass(frozen=True, eq=False)
class Panels:
    """A matrix W [i, o] in panels of 64 columns, row after row: ``numbers`` [o / 64, i, 64]."""

    numbers: Tensor

    @staticmethod
    def lay_out(weight: Tensor) -> Panels:
        """Copy a matrix [i, o] that we take."""
        rows, columns = weight.shape
        made = draw_memory(weight.numel()).view(columns // WIDTH, rows, WIDTH)
        return Panels(made.copy_(weight.detach().view(rows, -1, WIDTH).transpose(0, 1)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of W."""
        panels, rows, _ = self.numbers.shape
        return rows, panels * WIDTH

    def multiply(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Compute x W + b of x [..., i] and b [o] to [..., o], float32; ValueError for another x."""
        from bench.system import product_loops as loops  # imports numba

        self._check(x, 0)
        rows, columns = x.reshape(-1, x.shape[-1]), self.shape[1]
        made = x.new_zeros(len(rows), columns) if bias is None else x.new_empty(len(rows), columns).copy_(bias)
        numbers, spans = view_array(self.numbers), split_among_threads(len(self.numbers), self.numbers.numel())
        for start in range(0, rows.shape[1], DEPTH):
            part = torch.zeros_like(made) if start else made
            left, out = view_array(rows[:, start : start + DEPTH].contiguous()), view_array(part)
            run_each(loops.add_rows, [(left, numbers, start, *span, out) for span in spans])
            if start:
                made += part
        return made.view(*x.shape[:-1], columns)

    def multiply_turned(self, x: Tensor) -> Tensor:
        """Compute x W^T of x [..., o] to [..., i], float32; ValueError for another x."""
        from bench.system import product_loops as loops

        self._check(x, 1)
        rows, (count, _) = x.reshape(-1, x.shape[-1]).contiguous(), self.shape
        made, spans = x.new_zeros(len(rows), count), split_among_threads(-(-count // WIDTH), self.numbers.numel())
        left, numbers, out = map(view_array, (rows, self.numbers, made))
        run_each(loops.add_dots, [(left, numbers, a * WIDTH, min(b * WIDTH, count), out) for a, b in spans])
        return made.view(*x.shape[:-1], count)

    def _check(self, x: Tensor, side: int) -> None:
        """Refuse what the loops, which look at no bounds, would read beyond."""
        if x.dtype != torch.float32 or x.device.type != "cpu" or x.shape[-1] != self.shape[side]:
            raise ValueError(
                f"{x.dtype} {tuple(x.shape)} on {x.device}: a matrix of {self.shape} takes float32 beside it"
            )


def draw_memory(numbers: int) -> Tensor:
    """Draw memory for so many float32 that is no part of the allocator's: in large pages, where the system has them.

    It goes back to the system with the last tensor over it.
    """
    size = max(numbers, 1) * 4 + PAGE
    if os.name == "posix":
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    else:
        memory = mmap.mmap(-1, size)
    with suppress(AttributeError, OSError):  # Linux has the word, and not every kernel of it has the pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    made = torch.frombuffer(memory, dtype=torch.float32)
    first = -made.data_ptr() % PAGE // 4
    return made[first : first + numbers]
