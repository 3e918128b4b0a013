"""Mask class tokens (Ding, Wang and Tu, ICML 2023, arXiv 2208.08984): a copy of the class token for each segment."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.layers import Layer, PlainLayers
from bench.encode.masking import MaskedEncoder, Mixed
from bench.encode.segments import Segments


class MaskTokens(MaskedEncoder):
    """Copies of the class token that attend to it and to the patches their segment touches; nothing attends to them.

    So patches and class token stay those of the plain image, and a segment costs one row a layer. As in the authors'
    code a patch counts whole where the segment touches it. There the copies start before the first layer (`start_layer`
    1) and the masks are refined by trained weights (relative mask attention), which are left out.
    """

    source = "arXiv 2208.08984"
    cost = "one forward an image, and one token's row for each segment"

    def encode(self, plain: PlainLayers, segments: Segments) -> Mixed:
        """Follow the segments' own tokens [n, 1, w] through the plain layers."""
        tokens, none = plain.first.tokens[:, :1].expand(len(segments), -1, -1), segments.mask[:, :0]
        for layer in plain:
            own = Layer(layer.tower, layer.number, tokens)
            heads, *_ = self._check_mixed(own, segments, self.mix(Attention(own, segments, plain)))
            tokens = self._finish(own, heads)
        return self.pool_checked(tokens, segments, plain), none, none

    def mix(self, attention: Attention) -> Tensor:
        """Return what the plain layer's tokens within a segment give to its own token: [n, H, 1, D]."""
        layer = attention.plain[attention.layer.number]
        exponential = layer.compute_exponential(attention.layer.query, layer.key)  # n H 1 T
        weights = exponential * (attention.mask > 0).float()[:, None, None]
        return weights @ layer.values / weights.sum(-1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)
