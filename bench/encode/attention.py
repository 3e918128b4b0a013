"""Equations 1 and 2 of the paper: one attention layer seen with and without a segment's mask.

With e = exp(logit - row maximum), masked and unmasked attention are two weighted means of the same values with weights
e*M and e. So one exponential serves both, and no masked softmax is ever written to memory:

    A = (e V) / (e 1)          A_masked = (e (M V)) / (e M)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from bench.encode.layers import Layer, PlainLayers
from bench.encode.segments import Segments
from bench.system.products import multiply, multiply_each


@dataclass(frozen=True, eq=False)
class Attention:
    """The attention of one `layer` for n `segments`. Letters: H heads, Q query tokens, T tokens, D dimensions a head.

    s in the shapes of a layer is n, or 1 in the first masked layer, where all segments still see the same tokens. Query
    0 is the global token. `plain` is the same image without any mask, layer by layer.
    """

    layer: Layer
    segments: Segments
    plain: PlainLayers

    @property
    def exponential(self) -> Tensor:
        """exp(logit - row maximum), float32 [s, H, Q, T], before any mask."""
        return self.layer.exponential

    @property
    def values(self) -> Tensor:
        """Values, float32 [s, H, T, D]."""
        return self.layer.values

    @property
    def mask(self) -> Tensor:
        """Weights of tokens [n, T] in [0, 1], entry 0 (the global token) always 1."""
        return self.segments.mask

    @property
    def unmasked(self) -> Tensor:
        """A = softmax(QK/sqrt(d)) V, [s, H, Q, D]; in the first masked layer computed once for all segments."""
        return self.layer.unmasked

    @cached_property
    def masked(self) -> Tensor:
        """Equation 1 applied to every query: A_masked, [n, H, Q, D]."""
        mask = self.mask[:, None, :, None]  # n 1 T 1
        numerator = self._multiply(mask * self.values)  # e (M V), n H Q D
        # e M by a product of its own: a column more beside those of the values costs oneDNN a third of them
        shared = self.exponential.expand(len(self.mask), -1, -1, -1)  # n H Q T, a view
        # a copy of the mask, since MKL adds up in another order where a vector begins elsewhere in memory
        sums = [multiply(rows.flatten(0, 1), row[None].clone()) for rows, row in zip(shared, self.mask, strict=True)]
        denominator = torch.stack(sums).view(*shared.shape[:-1], 1)  # n H Q 1
        return numerator / denominator.clamp_min(torch.finfo(numerator.dtype).tiny)

    def compute_weight_cosine(self) -> Tensor:
        """Compute the cosine of the masked and the unmasked row of weights, [n, H, Q] (the reference's saliency).

        With rows e M and e, each divided by its own sum, which cancels: sum(e e M) / (|e M| |e|).
        """
        square = self.exponential.square()  # s H Q T
        mask = torch.stack([self.mask, self.mask.square()], dim=-1)[:, None]  # n 1 T 2: M and M squared
        dot, masked_square = (square @ mask.expand(-1, square.shape[1], -1, -1)).unbind(-1)  # each n H Q
        return dot / (masked_square.sqrt() * square.sum(-1).sqrt()).clamp_min(torch.finfo(square.dtype).tiny)

    def _multiply(self, columns: Tensor) -> Tensor:
        """Multiply exponential @ columns [n, H, T, C]: [n, H, Q, C], without a copy of what all segments share.

        One product a segment: a wider one would make a result depend on its place among others.
        """
        if self.exponential.shape[0] == columns.shape[0]:
            return multiply_each(self.exponential, columns)
        return torch.stack([multiply_each(self.exponential[0], segment_columns) for segment_columns in columns])
