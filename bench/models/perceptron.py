"""Sections 3.2 and 3.3: the two linear layers of a block with what stands before, between and behind them.

On a processor the activation is computed behind the first product, before that leaves the cache. oneDNN has no
QuickGELU, u sigmoid(a u) with a = 1.702, but silu(v) = v sigmoid(v). So the norm in front of the first layer, and that
layer's bias, are multiplied by a: it then gives v = a u, silu(v) is a times QuickGELU(u), and that factor is divided
out where the second product is added to the tokens. No weight is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from bench.system.products import Activation, Linear
from bench.system.tokens import Norm, is_plain

QUICK = 1.702
"""a of QuickGELU."""


@dataclass(frozen=True, eq=False)
class Perceptron:
    """A norm, a linear layer, an activation and a linear layer.

    `factor` is what the norm and both biases are to be multiplied by, and what is behind is to be divided by.
    """

    norm: nn.LayerNorm
    first: nn.Linear
    second: nn.Linear
    activation: Activation
    factor: float

    @staticmethod
    def read(norm: nn.Module, mlp: nn.Module) -> Perceptron | None:
        """Read the layers where they are such; None for others, which then are called as they are."""
        parts: list[Any] = list(mlp.children())
        if not (isinstance(mlp, nn.Sequential) and len(parts) == 3 and is_plain(norm)):
            return None
        known = _read_activation(parts[1])
        if known is None or not all(type(part) in (nn.Linear, Linear) for part in parts[::2]):
            return None
        return Perceptron(norm, parts[0], parts[2], *known)

    @cached_property
    def biases(self) -> tuple[Tensor | None, Tensor | None]:
        """The biases of both layers, times `factor`."""
        first, second = (bias if bias is None else bias * self.factor for bias in (self.first.bias, self.second.bias))
        return first, second

    @cached_property
    def scaled_norm(self) -> Norm:
        """The norm on a processor, times `factor`, which is rounded with its output."""
        return Norm(self.norm, self.factor)


def _read_activation(activation: nn.Module) -> tuple[Activation, float] | None:
    """Read which activation oneDNN computes in its place, and by what factor its input is to be multiplied."""
    if isinstance(activation, nn.GELU):
        return ("gelu", 1.0) if activation.approximate == "none" else ("gelu_tanh", 1.0)
    if type(activation).__name__ == "QuickGELU":
        return "silu", QUICK
    return None
