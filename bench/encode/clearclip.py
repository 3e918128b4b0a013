"""ClearCLIP (Lan et al., ECCV 2024, arXiv 2407.12442): q-q attention, no residual and no MLP at the end."""

from __future__ import annotations

from torch import Tensor

from bench.encode.dense import LastLayerEncoder
from bench.encode.layers import Layer
from bench.records import Sample


class ClearClip(LastLayerEncoder):
    """softmax(q q / sqrt(D)) V of the last layer, projected, is what leaves it.

    As in the authors' code (`model_type` ClearCLIP with ``ignore_residual`` and one last layer), without its sliding
    windows.
    """

    source = "arXiv 2407.12442"

    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return self-attention of the queries."""
        return layer.attend(layer.query, layer.query)
