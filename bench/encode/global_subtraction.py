"""Equations 2 to 4: masked attention from which the global token's output is subtracted, the less salient the more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval
from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.masking import MaskedEncoder
from bench.encode.saliency import HeadSharing, SaliencyOf, check_saliency, compute_saliency, compute_subtraction_weight
from bench.errors import UserError


@dataclass(eq=False)
class GlobalSubtraction(MaskedEncoder):
    """A_out = A_masked - w A_0 with w = exp(-(S + 1)^2 / (2 sigma2)).

    `saliency` and `heads` say what S is of, and how heads share S and w (`bench.encode.saliency`).
    """

    sigma2: Annotated[float, Interval(ge=1e-9, le=1e6)] = 2.5
    saliency: SaliencyOf = "outputs"
    heads: HeadSharing = "concat"
    source = "the paper, equations 2 to 4"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_saliency(self.saliency, self.heads)
        if not self.sigma2 > 0:
            raise UserError(f"encode.sigma2={self.sigma2}: the variance of equation 4 must be positive")

    def mix(self, attention: Attention) -> tuple[Tensor, Tensor, Tensor]:
        """Mix by equation 3; S and w are [n, 1], or [n, H] where each head has its own."""
        saliency = compute_saliency(attention, self.saliency, self.heads)
        weight = compute_subtraction_weight(saliency, self.sigma2)
        subtracted = weight[:, :, None, None] * attention.unmasked[:, :, :1]  # w A_0 of the global token, n H 1 D
        return attention.masked - subtracted, saliency, weight
