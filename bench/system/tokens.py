"""No part of the paper: what a transformer's block does with its tokens between the products, in one pass each.

torch takes twice as long in float32, and two to five times in bfloat16, where it makes copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import numpy as np
import torch
from torch import Tensor, nn

from bench.system.products import takes
from bench.system.rowwise import run_by_rows, view_array


def takes_between(x: Tensor, weight: Tensor) -> bool:
    """Whether what lies between the products of tokens x [..., i] is done here: where theirs with W [o, i] is oneDNN's.

    Then a row is treated alike wherever its products are. `torch.compile`, which fuses by itself, gets torch's own.
    """
    return takes(x, weight, x.numel() * len(weight)) and not torch.compiler.is_compiling()


def is_plain(norm: nn.Module) -> TypeGuard[nn.LayerNorm]:
    """Whether a module is a layer norm over the last dimension with weight and bias."""
    plain = isinstance(norm, nn.LayerNorm) and len(norm.normalized_shape) == 1
    return plain and norm.weight is not None and norm.bias is not None


def add_(made: Tensor, x: Tensor, factor: float = 1.0) -> Tensor:
    """Replace `made` [..., w] by x + factor made, and return it: float32, or bfloat16 rounded once, on a processor.

    `made` is contiguous, and `x` is of its shape or broadcast to it.
    """
    from bench.system import token_loops  # imports numba

    width = made.shape[-1]
    rows = [view_array(made.view(-1, width)), view_array(x.expand_as(made).reshape(-1, width))]
    run_by_rows(lambda made, x: token_loops.add_rows(made, x, np.float32(factor)), *rows)
    return made


class Norm:
    """A layer norm that `is_plain`, times a factor, as loops take it: made once for all tokens."""

    def __init__(self, norm: nn.LayerNorm, factor: float = 1.0) -> None:
        self.weight, self.bias = (view_array(factor * part.float()) for part in (norm.weight, norm.bias))
        self.epsilon = np.float32(norm.eps)

    def __call__(self, x: Tensor) -> Tensor:
        """Put tokens [..., w] through the norm: float32, or bfloat16 rounded once."""
        from bench.system import token_loops  # imports numba

        rows = x.reshape(-1, x.shape[-1]).contiguous()
        normed = rows.new_empty(rows.shape)
        self._run(token_loops.normalize_rows, normed, rows)
        return normed.view(x.shape)

    def add_(self, made: Tensor, x: Tensor) -> Tensor:
        """Replace `made` [..., w] by x + made, as `add_` does, and return it put through the norm, in one pass."""
        from bench.system import token_loops

        rows, width = made.view(-1, made.shape[-1]), made.shape[-1]
        normed = rows.new_empty(rows.shape)
        self._run(token_loops.add_and_normalize_rows, normed, rows, x.expand_as(made).reshape(-1, width))
        return normed.view(made.shape)

    def _run(self, loop: Callable[..., None], *rows: Tensor) -> None:
        def run(*arrays: np.ndarray) -> None:
            loop(*arrays, self.weight, self.bias, self.epsilon)

        run_by_rows(run, *map(view_array, rows))
