"""Equation 1 alone: attention masked from `start_layer` on, the ablation without global subtraction."""

from __future__ import annotations

from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.layers import PlainLayers
from bench.encode.masking import MaskedEncoder, Mixed
from bench.encode.segments import Segments


class Masked(MaskedEncoder):
    """Every token attends within the segment (and to the global token)."""

    source = "the paper, equation 1"
    all_queries = False
    skips_unseen = True

    def mix(self, attention: Attention) -> Tensor:
        """Return A_masked as it is; no saliency."""
        return attention.masked

    def follow(self, plain: PlainLayers, segments: Segments) -> Mixed:
        """Follow the segments as every variant does; those that differ in `pool` alone share what leaves the tower."""
        if self.pools_patches or not self.keeps_methods(Masked, "mix", "finish"):
            return super().follow(plain, segments)
        key = self.start_layer, self.all_queries, self.skips_unseen, segments.mask.cpu().numpy().tobytes()
        return plain.keep(key, lambda: super(Masked, self).follow(plain, segments))
