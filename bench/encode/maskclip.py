"""MaskCLIP (Zhou et al., ECCV 2022, arXiv 2112.01071): the last layer's values in place of attention."""

from __future__ import annotations

from torch import Tensor

from bench.encode.dense import LastLayerEncoder
from bench.encode.layers import Layer
from bench.records import Sample


class MaskClip(LastLayerEncoder):
    """Every patch keeps its own value: queries and keys of the last layer are left out (the paper's figure 2).

    As in the authors' code for vision transformers (`return_qkv` of its ``vit.py``) the residual and the MLP stay. Key
    smoothing and prompt denoising, which work on class scores, have no place in an embedding and are left out.
    """

    source = "arXiv 2112.01071"

    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return the values."""
        return layer.values

    def finish(self, layer: Layer, heads: Tensor) -> Tensor:
        """Add the residual and the MLP."""
        return layer.finish(heads)
