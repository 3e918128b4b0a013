"""Equations 2 to 4: masked attention from which the global token's output is subtracted, the less salient the more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch
from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.attention import Attention
from bench.encode.masking import MaskedEncoder
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.models.clip import Clip

SALIENCY = ("outputs", "weights")
HEADS = ("concat", "per_head_mean", "per_head_separate")


class GlobalSubtraction(MaskedEncoder):
    """A_out = A_masked - w A_0 with w = exp(-(S + 1)^2 / (2 sigma2)).

    `saliency` is the cosine of attention ``outputs`` (equation 2) or of attention ``weights`` (the reference, mean over
    heads). `heads` says how heads share S and w: ``concat`` takes the cosine of the concatenated heads,
    ``per_head_mean`` averages the cosine of each head, ``per_head_separate`` gives each head its own S and w.
    """

    source = "the paper, equations 2 to 4"

    def __init__(
        self,
        clip: Clip,
        start_layer: Annotated[int, Interval(ge=-1000, le=1000)],
        sigma2: Annotated[float, Interval(ge=1e-9, le=1e6)] = 2.5,
        saliency: str = "outputs",
        heads: str = "concat",
        micro_batch: Annotated[int, Interval(ge=1, le=10**9)] = 1,
    ) -> None:
        super().__init__(clip, start_layer, micro_batch)
        if saliency not in SALIENCY or heads not in HEADS:
            raise UserError(f"encode.saliency={saliency} encode.heads={heads}: one of {SALIENCY} and one of {HEADS}")
        if not sigma2 > 0:
            raise UserError(f"encode.sigma2={sigma2}: the variance of equation 4 must be positive")
        self.sigma2, self.saliency, self.heads = sigma2, saliency, heads

    def mix(self, attention: Attention) -> tuple[Tensor, Tensor, Tensor]:
        """Mix by equation 3; S and w are [n, 1], or [n, H] with ``per_head_separate``."""
        saliency = self._compute_saliency(attention)
        weight = compute_subtraction_weight(saliency, self.sigma2)
        subtracted = weight[:, :, None, None] * attention.unmasked[:, :, :1]  # w A_0 of the global token, n H 1 D
        return attention.masked - subtracted, saliency, weight

    def _compute_saliency(self, attention: Attention) -> Tensor:
        """Compute S of equation 2: [n, 1] or [n, H]."""
        if self.saliency == "weights":
            cosine = attention.compute_weight_cosine()  # n H Q
        elif self.heads == "concat":
            masked, unmasked = join_heads(attention.masked), join_heads(attention.unmasked)  # n Q H*D, s Q H*D
            cosine = functional.cosine_similarity(masked, unmasked, dim=-1)[:, None]  # n 1 Q
        else:
            cosine = functional.cosine_similarity(attention.masked, attention.unmasked, dim=-1)  # n H Q
        per_head = cosine.mean(-1)  # over the queries: n H, or n 1
        return per_head if self.heads == "per_head_separate" else per_head.mean(1, keepdim=True)


def join_heads(heads: Tensor) -> Tensor:
    """Concatenate the heads: [n, H, Q, D] to [n, Q, H * D]."""
    return heads.transpose(1, 2).flatten(2)


def compute_subtraction_weight(saliency: Tensor, sigma2: float) -> Tensor:
    """Compute w of equation 4: 1 where S = -1, falling as the segment is more salient."""
    return torch.exp(-((saliency + 1) ** 2) / (2 * sigma2))
