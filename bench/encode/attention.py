"""Equations 1 and 2 of the paper: one attention layer seen with and without a segment's mask.

With e = exp(logit - row maximum), masked and unmasked attention are two weighted means of the same values with weights
e*M and e. So one exponential serves both, and no masked softmax is ever written to memory:

    A = (e V) / (e 1)          A_masked = (e (M V)) / (e M)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor


class Softmax(NamedTuple):
    """exp(logit - row maximum) [s, H, Q, T] and values [s, H, T, D] of one layer, before any mask."""

    exponential: Tensor
    values: Tensor


@dataclass(frozen=True, eq=False)
class Attention:
    """The attention of one layer for n segments: letters are H heads, Q query tokens, T tokens, D dimensions a head.

    ``exponential`` float32 [s, H, Q, T]; s is n, or 1 in the first masked layer, where all segments still see the same
    tokens. ``values`` [s, H, T, D]. ``mask`` [n, T] in [0, 1], entry 0 (the global token) always 1. Query 0 is the
    global token.
    """

    exponential: Tensor
    values: Tensor
    mask: Tensor

    @cached_property
    def unmasked(self) -> Tensor:
        """A = softmax(QK/sqrt(d)) V, [s, H, Q, D]."""
        return self.exponential @ self.values / self.exponential.sum(-1, keepdim=True)

    @cached_property
    def masked(self) -> Tensor:
        """Equation 1 applied to every query: A_masked, [n, H, Q, D]."""
        mask = self.mask[:, None, :, None]
        weighted = self._times(torch.cat([mask * self.values, mask.expand(-1, self.values.shape[1], -1, 1)], dim=-1))
        return weighted[..., :-1] / weighted[..., -1:].clamp_min(torch.finfo(weighted.dtype).tiny)

    def weight_cosine(self) -> Tensor:
        """Cosine of the masked and the unmasked row of attention weights, [n, H, Q] (the reference's saliency)."""
        square = self.exponential.square()
        mask = torch.stack([self.mask, self.mask.square()], dim=-1)[:, None].expand(-1, square.shape[1], -1, -1)
        dot, masked_norm = (square @ mask).unbind(-1)
        return dot / (masked_norm.sqrt() * square.sum(-1).sqrt()).clamp_min(torch.finfo(square.dtype).tiny)

    def _times(self, columns: Tensor) -> Tensor:
        """exponential @ columns [n, H, T, C]; where all segments share it, without a copy for each of them.

        One product a segment: a wider one would make a result depend on its place among others.
        """
        if self.exponential.shape[0] == columns.shape[0]:
            return self.exponential @ columns
        return torch.stack([self.exponential[0] @ own for own in columns])
