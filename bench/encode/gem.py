"""GEM (Bousselham et al., CVPR 2024, arXiv 2312.00878): self-self attention of q, k and v, averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch
from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.dense import DenseEncoder
from bench.encode.layers import Layer, PlainLayers
from bench.records import Sample

if TYPE_CHECKING:
    from bench.models.clip import Clip


class Gem(DenseEncoder):
    """A second path beside the last layers, as in CLIP Surgery, of the mean of three self-self attentions.

    Each of q, k and v is normalised and attends to itself `iterations` times before it weighs the values. The inverse
    temperature is the mean length of the layer's normed tokens over sqrt(D), as in the authors' code, which opens the
    last six layers (`start_layer` -6; its ``depth`` of 7 counts one more).
    """

    source = "arXiv 2312.00878"

    def __init__(
        self,
        clip: Clip,
        start_layer: Annotated[int, Interval(ge=-1000, le=1000)],
        iterations: Annotated[int, Interval(ge=0, le=100)] = 1,
    ) -> None:
        super().__init__(clip, start_layer)
        self.iterations = iterations

    def compute_tokens(self, plain: PlainLayers, sample: Sample) -> Tensor:
        """Add up the second path."""
        updates = [layer.project(self._attend(layer)) for layer in plain]
        return plain.first.tokens + torch.stack(updates).sum(0)

    def _attend(self, layer: Layer) -> Tensor:
        """Average the three self-self attentions over the values: [1, H, T, D]."""
        length = float(layer.block.before_attention(layer.tokens).float().norm(dim=-1).mean())
        sharpness, attended = length * layer.values.shape[-1] ** -0.5, []
        for own in (layer.query, layer.key, layer.values):
            for _ in range(self.iterations):
                unit = functional.normalize(own, dim=-1)
                own = functional.scaled_dot_product_attention(unit, unit, unit, scale=sharpness)
            unit = functional.normalize(own, dim=-1)
            attended.append(functional.scaled_dot_product_attention(unit, unit, layer.values, scale=sharpness))
        return torch.stack(attended).mean(0)
