"""An optimizer for the matrices inside a transformer: momentum whose singular values are all made one (Muon).

`torch.optim.Muon` with ``adjust_lr_fn="match_rms_adamw"`` is the same step but for one thing: it iterates in bfloat16,
always, by which a step moves by one to two per cent. The embedded models were trained in float32, so this one stays:
their seeds would not give their weights again with torch's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.775, 2.0315)
"""Of the quintic whose iteration drives singular values towards one."""


def orthogonalise(matrix: Tensor, rounds: int = 5) -> Tensor:
    """About U V^T of the matrix U S V^T, float32 of the same shape, by Newton and Schulz's iteration."""
    a, b, c = _COEFFICIENTS
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.T
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.T


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonal steps scaled to the root mean square of Adam's (0.2), decoupled weight decay."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no closure: no loss is asked for again
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                held = self.state[p].setdefault("momentum", torch.zeros_like(p))
                held.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonalise(p.grad.lerp(held, group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-0.2 * group["lr"] * math.sqrt(max(p.shape)))
