"""Layer norms of ZeroCap's GPT-2 (section 3.3), each with the residual sum before it, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from bench.system import rowwise

_ATEN: Any = torch.ops.aten


class Normed(NamedTuple):
    """A layer norm's output, and its input, of which its gradient finds mean and deviation again."""

    output: Float[Tensor, "b w"]
    input: Float[Tensor, "b w"]


@dataclass(frozen=True, eq=False)
class Norm:
    """A layer norm of a sum."""

    weight: Float[Tensor, " w"]
    bias: Float[Tensor, " w"]
    epsilon: float

    @staticmethod
    def read(owner: nn.Module, name: str) -> Norm:
        """Read one of a module's norms."""
        norm: Any = owner.get_submodule(name)
        return Norm(norm.weight, norm.bias, norm.eps)

    def __call__(self, x: Float[Tensor, "b w"], added: Float[Tensor, "b w"]) -> Normed:
        """Normalize x + added, which is written over ``added``."""
        if not rowwise.takes(x, added):
            return Normed(self._normalize(added.add_(x))[0], added)
        from bench.system.token_loops import add_and_normalize_rows  # imports numba

        made = torch.empty_like(x)
        rowwise.run_by_rows(partial(self._run, add_and_normalize_rows), *map(rowwise.view_array, (made, added, x)))
        return Normed(made, added)

    def pull_back(
        self, gradient: Float[Tensor, "b w"], normed: Normed, residual: Float[Tensor, "b w"]
    ) -> Float[Tensor, "b w"]:
        """Compute the gradient of the sum from that of the norm, which may be used up, and of the sum otherwise."""
        if not rowwise.takes(gradient, residual):
            known = (normed.input, self.weight.shape, *self._normalize(normed.input)[1:], self.weight, self.bias)
            made: Tensor = _ATEN.native_layer_norm_backward(gradient, *known, [True, False, False])[0]
            return made.add_(residual)
        from bench.caption.block_loops import pull_back_norms  # imports numba

        parts = map(rowwise.view_array, (gradient, normed.input, residual))
        rowwise.run_by_rows(partial(self._run, pull_back_norms), *parts)
        return gradient

    def _normalize(self, x: Float[Tensor, "b w"]) -> tuple[Tensor, Tensor, Tensor]:
        """Normalize by torch: the output [b, w], mean and inverse deviation [b, 1]."""
        return torch.native_layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.float32]:
        return rowwise.view_array(self.weight), rowwise.view_array(self.bias), np.float32(self.epsilon)

    def _run(self, loop: Callable[..., None], *rows: np.ndarray) -> None:
        loop(*rows, *self._arrays)
