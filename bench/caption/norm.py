"""Layer norms of ZeroCap's GPT-2 (section 3.3), each with the residual sum before it, and their gradients."""

from __future__ import annotations

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
    """A layer norm's output and what its gradient needs: its input [b, w], mean and inverse deviation [b, 1]."""

    output: Float[Tensor, "b w"]
    input: Float[Tensor, "b w"]
    mean: Float[Tensor, "b 1"]
    inverse_deviation: Float[Tensor, "b 1"]


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
        added.add_(x)
        output, *statistics = torch.native_layer_norm(added, self.weight.shape, self.weight, self.bias, self.epsilon)
        return Normed(output, added, *statistics)

    def pull_back(
        self, gradient: Float[Tensor, "b w"], normed: Normed, residual: Float[Tensor, "b w"]
    ) -> Float[Tensor, "b w"]:
        """Compute the gradient of the sum from that of the norm, which may be used up, and of the sum otherwise."""
        if not rowwise.takes(gradient, residual):
            known = (normed.input, self.weight.shape, normed.mean, normed.inverse_deviation, self.weight, self.bias)
            made: Tensor = _ATEN.native_layer_norm_backward(gradient, *known, [True, False, False])[0]
            return made.add_(residual)
        from bench.caption.block_loops import pull_back_norms  # imports numba

        parts = map(rowwise.view_array, (gradient, *normed[1:], residual))
        rowwise.run_by_rows(partial(pull_back_norms, self._array), *parts)
        return gradient

    @cached_property
    def _array(self) -> np.ndarray:
        return rowwise.view_array(self.weight)
