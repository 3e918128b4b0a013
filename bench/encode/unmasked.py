"""A floor for section 3.2: every segment gets the embedding of the whole image."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool
from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.layers import PlainLayers
from bench.encode.masking import MaskedEncoder, Mixed
from bench.encode.segments import Segments
from bench.encode.trunk import Trunk
from bench.records import Embeddings, Sample


class Unmasked(MaskedEncoder):
    """Plain attention in every layer: what CLIP says of the image, whatever the segment."""

    source = "a floor"
    cost = "one forward an image, however many segments"
    all_queries = False

    def __call__(self, sample: Sample, masks: Bool[np.ndarray, "n h w"], trunk: Trunk | None = None) -> Embeddings:
        """Embed the image once, for one mask, and give every segment that."""
        return super().__call__(sample, masks[:1], trunk).take([0] * len(masks))

    def follow(self, plain: PlainLayers, segments: Segments) -> Mixed:
        """Take the plain layers, which other variants may have opened; one after the other where `mix` is watched."""
        if self.pools_patches or not self.keeps_methods(Unmasked, "mix", "finish"):
            return super().follow(plain, segments)
        none = segments.mask[:, :0]
        return plain.global_token.expand(len(segments), -1, -1), none, none

    def mix(self, attention: Attention) -> Tensor:
        """Return A as it is, once for each segment; no saliency."""
        return attention.unmasked.expand(len(attention.segments), -1, -1, -1)
