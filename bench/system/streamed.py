"""No part of the paper: products of rows, few or many, with matrices that lie in memory, read once and never copied.

Few rows are multiplied faster than a processor reads matrices. Of four rows oneDNN reads one of [1024, 4096] numbers at
13 GB/s, and turned at 21, where a thread can read 45; it may also round by the number of rows. Here it is 34 to 42, and
a row has the same bits among any others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.system import products
from bench.system.rowwise import run_each, split_among_threads

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
    """Compute x W^T + b of what it `takes`: x [r, i], W [o, i], b [o] to [r, o]."""
    made = x.new_zeros(len(x), len(weight)) if bias is None else bias.expand(len(x), -1).clone()
    turned = not _lies_in_rows(weight)
    depth = TURNED_DEPTH if turned else DEPTH
    for start in range(0, x.shape[1], depth):
        part = torch.zeros_like(made) if turned and start else made
        _add_products(x[:, start : start + depth].contiguous(), weight, start, part)
        if part is not made:
            made += part
    return made


def _add_products(x: Tensor, weight: Tensor, start: int, made: Tensor) -> None:
    """Add x [r, d] times a part of W, from the inner number ``start`` on, to what is made [r, o]."""
    from bench.system import product_loops as loops  # imports numba

    left, out, turned = x.detach().numpy(), made.numpy(), not _lies_in_rows(weight)
    matrix = (weight.t() if turned else weight).detach().numpy()
    tiles, size = -(-len(weight) // WIDTH), weight.numel()
    bounds = [(first * WIDTH, min(last * WIDTH, len(weight))) for first, last in split_among_threads(tiles, size)]
    many = len(x) >= loops.MANY
    if turned and many:
        panels = torch.empty(len(bounds), PANEL, WIDTH).numpy()
        parts = [(left, matrix, start, *span, panel, out) for span, panel in zip(bounds, panels, strict=True)]
        return run_each(loops.add_rows_of_copy, parts)
    loop = loops.add_rows if turned else loops.add_dots_of_many if many else loops.add_dots
    return run_each(loop, [(left, matrix, start, *span, out) for span in bounds])
