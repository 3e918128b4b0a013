"""A floor for section 3.2: every segment gets the embedding of the whole image."""

from __future__ import annotations

from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.trunk import MaskedEncoder


class Unmasked(MaskedEncoder):
    """Plain attention in every layer: what CLIP says of the image, whatever the segment."""

    all_queries = False

    def mix(self, attention: Attention) -> tuple[Tensor, Tensor, Tensor]:
        """Return A as it is, once for each segment; no saliency."""
        none = attention.mask[:, :0]
        return attention.unmasked.expand(len(attention.mask), -1, -1, -1), none, none
