"""Equation 1 alone: attention masked from `start_layer` on, the ablation without global subtraction."""

from __future__ import annotations

from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.masking import MaskedEncoder


class Masked(MaskedEncoder):
    """Every token attends within the segment (and to the global token)."""

    source = "the paper, equation 1"
    all_queries = False
    skips_unseen = True

    def mix(self, attention: Attention) -> Tensor:
        """Return A_masked as it is; no saliency."""
        return attention.masked
