"""Equations 1 and 2 of the paper: one attention layer seen with and without a segment's mask.

With e = exp(logit - row maximum), masked and unmasked attention are two weighted means of the same values with weights
e*M and e. So one exponential serves both, and no masked softmax is ever written to memory:

    A = (e V) / (e 1)          A_masked = (e (M V)) / (e M)

A masked mean is exact while the largest logit that its mask sees lies within 87 of the row's largest, e being a normal
number of float32; on a processor, head by head, within 120 (`bench.encode.weighing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from bench.encode.layers import Layer, PlainLayers
from bench.encode.segments import Segments


@dataclass(frozen=True, eq=False)
class Attention:
    """The attention of one `layer` for n `segments`. Letters: H heads, Q query tokens, T tokens, D dimensions a head.

    s in the shapes of a layer is n, or 1 in the first masked layer, where all segments still see the same tokens. Query
    0 is the global token. `plain` is the same image without any mask, layer by layer.
    """

    layer: Layer
    segments: Segments
    plain: PlainLayers
    skips_unseen: bool = False
    """Whether tokens that no segment sees are left out, so that nobody reads the unmasked attention of what is left."""

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
        return self._means[1] if self._means is not None and len(self._means) == 2 else self.layer.unmasked

    @property
    def masked(self) -> Tensor:
        """Equation 1 applied to every query: A_masked, [n, H, Q, D]."""
        return self._masked if self._means is None else self._means[0]

    @cached_property
    def _means(self) -> Tensor | None:
        """A_masked and, where it is of this segment's own tokens and read, A: [1 or 2, n, H, Q, D].

        None where heads are not made one by one (`Layer.splits_heads`). Exponentials that several segments share, or
        that the variant has read, are kept; all others are never held together.
        """
        if not self.layer.splits_heads:
            return None
        shared = self.plain.first is self.layer
        alone = self.skips_unseen or shared or self.layer.keeps_exponential
        masks = [self.mask] if alone else [self.mask, torch.ones_like(self.mask)]
        return self.layer.average(torch.stack(masks), shared)

    @cached_property
    def _masked(self) -> Tensor:
        mask = self.mask[:, None, :, None]  # n 1 T 1
        exponential = self.exponential  # s H Q T
        denominator = exponential @ mask  # e M, n H Q 1
        return exponential @ (mask * self.values) / denominator.clamp_min(torch.finfo(denominator.dtype).tiny)

    def compute_weight_cosine(self) -> Tensor:
        """Compute the cosine of the masked and the unmasked row of weights, [n, H, Q] (the reference's saliency).

        With rows e M and e, each divided by its own sum, which cancels: sum(e e M) / (|e M| |e|).
        """
        square = self.exponential.square()  # s H Q T
        mask = torch.stack([self.mask, self.mask.square()], dim=-1)[:, None]  # n 1 T 2: M and M squared
        dot, masked_square = (square @ mask.expand(-1, square.shape[1], -1, -1)).unbind(-1)  # each n H Q
        return dot / (masked_square.sqrt() * square.sum(-1).sqrt()).clamp_min(torch.finfo(square.dtype).tiny)
