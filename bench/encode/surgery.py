"""CLIP Surgery (Li et al., 2023, arXiv 2304.05653): a second path of v-v attention beside the last layers."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.encode.dense import DenseEncoder
from bench.encode.layers import Layer, PlainLayers
from bench.encode.returned import HEADS, check_tensor
from bench.records import Sample


class Surgery(DenseEncoder):
    """What enters `start_layer`, plus softmax(v v / sqrt(D)) V projected of each layer from there on, without its MLP.

    The layers themselves go on as they are. As in the authors' code, which opens the last six layers (`start_layer`
    -6); there the global token is the plain one. Feature surgery, which takes away what all class texts share, needs a
    class list and is left out.
    """

    source = "arXiv 2304.05653"

    def compute_tokens(self, plain: PlainLayers, sample: Sample) -> Tensor:
        """Add up the second path."""
        attended = [check_tensor(self, "attend", self.attend(layer), layer.values.shape, HEADS) for layer in plain]
        paths = [layer.project(heads) for layer, heads in zip(plain, attended, strict=True)]
        return plain.first.tokens + torch.stack(paths).sum(0)

    def attend(self, layer: Layer) -> Tensor:
        """Return the heads [1, H, T, D] of a layer's second path: self-attention of the values."""
        return layer.attend(layer.values, layer.values)
