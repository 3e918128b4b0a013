"""SCLIP (Wang et al., ECCV 2024, arXiv 2312.01597): correlative self-attention in the last layer."""

from __future__ import annotations

from torch import Tensor

from bench.encode.dense import LastLayerEncoder
from bench.encode.layers import Layer
from bench.records import Sample


class SClip(LastLayerEncoder):
    """softmax(q q / sqrt(D)) + softmax(k k / sqrt(D)) over the values: rows add up to 2; residual and MLP stay.

    As in the authors' code (`custom_attn` with ``csa``). Their sliding windows over a larger image are left out: there
    is one squashed image here.
    """

    source = "arXiv 2312.01597"

    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return the sum of both attentions."""
        return layer.attend(layer.query, layer.query) + layer.attend(layer.key, layer.key)

    def finish(self, layer: Layer, heads: Tensor) -> Tensor:
        """Add the residual and the MLP."""
        return layer.finish(heads)
