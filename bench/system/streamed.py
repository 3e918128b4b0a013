"""No part of the paper: products of rows, few or many, with matrices that lie in memory, read once and never copied.

Few rows are multiplied faster than a processor reads matrices. Of four rows oneDNN reads one of [1024, 4096] numbers at
13 GB/s, and turned at 21, where a thread can read 45; it may also round by the number of rows. Here it is 30 to 35, of
a single row 42, and a row has the same bits among any others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.system import products
from bench.system.rowwise import run_each, split_among_threads, view_array

LEAST = 1 << 18
"""Numbers of a matrix from which it is worth a call."""
DEPTH, TURNED_DEPTH = 1024, 4096
"""Products that are added up before their sum is added to that of the ones before. So long parts of some rows of x and
of W stay in the first cache, and long sums do not lose digits."""
PANEL = 128
"""Rows of a part of W that is copied into the cache: by 64 columns they are 32 kB."""
WIDTH = 64
"""Of this the numbers that a row has, or is made of, are a multiple."""


def takes(x: Tensor, weight: Tensor) -> bool:
    """Whether `multiply` takes x W^T of x [..., i] and W [o, i] or a transposed view, whatever the number of rows.

    Float32 on a processor, W large and its rows or columns in one piece, no gradient wanted.
    """
    plain = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32
    if not plain or weight.numel() < LEAST or products.are_left_to_torch():
        return False
    wanted = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    return not wanted and (_lies_in_rows(weight) or _lies_in_rows(weight.t()))


def _lies_in_rows(matrix: Tensor) -> bool:
    return matrix.is_contiguous() and matrix.shape[1] % WIDTH == 0


def multiply(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute x W^T + b of what it `takes`: x [..., i], W [o, i], b [o] to [..., o]."""
    rows, outputs = x.reshape(-1, x.shape[-1]), weight.shape[0]
    made = x.new_zeros(len(rows), outputs) if bias is None else x.new_empty(len(rows), outputs).copy_(bias)
    (_add_dots if _lies_in_rows(weight) else _add_rows)(rows, weight, made)
    return made.view(*x.shape[:-1], outputs)


def _add_dots(x: Tensor, weight: Tensor, made: Tensor) -> None:
    """Add x W^T to what is made, by dot products with the rows of W."""
    from bench.system import product_loops as loops  # imports numba

    matrix, out, spans = view_array(weight), view_array(made), _split(weight)
    if x.shape[0] < loops.MANY:
        left = view_array(x.contiguous())
        return run_each(loops.add_dots, [(left, matrix, *span, DEPTH, out) for span in spans])
    for start in range(0, x.shape[1], DEPTH):  # 80 rows that lie 4096 numbers apart would not stay in a cache
        left = view_array(x[:, start : start + DEPTH].contiguous())
        run_each(loops.add_dots_of_many, [(left, matrix, start, *span, out) for span in spans])
    return None


def _add_rows(x: Tensor, weight: Tensor, made: Tensor) -> None:
    """Add x W^T to what is made, by adding up the columns of W, which lie in one piece each."""
    from bench.system import product_loops as loops

    matrix, spans = view_array(weight.t()), _split(weight)
    panels = view_array(torch.empty(len(spans), PANEL, WIDTH)) if x.shape[0] >= loops.MANY else None
    for start in range(0, x.shape[1], TURNED_DEPTH):
        part = torch.zeros_like(made) if start else made
        left, out = view_array(x[:, start : start + TURNED_DEPTH].contiguous()), view_array(part)
        if panels is None:
            run_each(loops.add_rows, [(left, matrix, start, *span, out) for span in spans])
        else:
            whole = zip(spans, panels, strict=True)
            run_each(loops.add_rows_of_copy, [(left, matrix, start, *span, panel, out) for span, panel in whole])
        if start:
            made += part


def _split(weight: Tensor) -> list[tuple[int, int]]:
    """Split the outputs of a weight among threads, by whole tiles."""
    outputs = weight.shape[0]
    tiles = split_among_threads(-(-outputs // WIDTH), weight.numel())
    return [(first * WIDTH, min(last * WIDTH, outputs)) for first, last in tiles]
