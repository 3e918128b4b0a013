"""GEM (Bousselham et al., CVPR 2024, arXiv 2312.00878): self-self attention of q, k and v, averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.layers import Layer
from bench.encode.surgery import Surgery
from bench.system.attention import attend


@dataclass(eq=False)
class Gem(Surgery):
    """A second path beside the last layers, as in CLIP Surgery, of the mean of three self-self attentions.

    Each of q, k and v is normalised and attends to itself `iterations` times before it weighs the values. The inverse
    temperature is the mean length of the layer's normed tokens over sqrt(D), as in the authors' code, which opens the
    last six layers (`start_layer` -6; its ``depth`` of 7 counts one more).
    """

    iterations: Annotated[int, Interval(ge=0, le=100)] = 1
    source = "arXiv 2312.00878"

    def attend(self, layer: Layer) -> Tensor:
        """Average the three self-self attentions over the values: [1, H, T, D]."""
        length, attended = float(layer.block.before_attention(layer.tokens).float().norm(dim=-1).mean()), []
        for own in (layer.query, layer.key, layer.values):
            for turn in range(self.iterations + 1):
                unit = functional.normalize(own, dim=-1)
                values = layer.values if turn == self.iterations else unit
                own = attend(length * unit, unit, values)
            attended.append(own)
        return torch.stack(attended).mean(0)
