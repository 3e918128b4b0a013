"""Equation 1 alone: attention masked from `start_layer` on, the ablation without global subtraction."""

from __future__ import annotations

from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.trunk import MaskedEncoder


class Masked(MaskedEncoder):
    """Every token attends within the segment (and to the global token)."""

    all_queries = False

    def mix(self, attention: Attention) -> tuple[Tensor, Tensor, Tensor]:
        """Return A_masked as it is; no saliency."""
        none = attention.mask[:, :0]
        return attention.masked, none, none
