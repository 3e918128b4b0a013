"""Section 3.1: the network that self-distillation trains, a ViT with a head for the picture and one for places."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import ViTConfig, ViTModel


class Head(nn.Module):
    """From features to scores of prototypes; cosine of a small code with unit prototypes."""

    def __init__(self, dim: int, prototypes: int) -> None:
        super().__init__()
        self.code = nn.Sequential(nn.Linear(dim, 256), nn.GELU(), nn.Linear(256, 64))
        self.prototypes = nn.Parameter(torch.randn(prototypes, 64))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return functional.normalize(self.code(features), dim=-1) @ functional.normalize(self.prototypes, dim=-1).T


class Network(nn.Module):
    """The ViT with a head for the class token and one for the keys of the last layer's patches."""

    def __init__(self, config: ViTConfig, prototypes: int) -> None:
        super().__init__()
        self.vit: Any = ViTModel(config, add_pooling_layer=False)
        self.whole, self.place = Head(config.hidden_size, prototypes), Head(config.hidden_size, prototypes)

    def forward(self, views: torch.Tensor, places: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores of views [n, p], and of their patches [n, p, s, s] where asked."""
        tokens = self.vit.embeddings(views, interpolate_pos_encoding=True)
        for layer in self.vit.layers[:-1]:
            tokens = layer(tokens, None)
        last = self.vit.layers[-1]
        keys = last.attention.k_proj(last.layernorm_before(tokens[:, 1:])) if places else None
        whole = self.whole(self.vit.layernorm(last(tokens, None)[:, 0]))
        if keys is None:
            return whole, None
        side = math.isqrt(keys.shape[1])
        return whole, self.place(keys).transpose(1, 2).unflatten(2, (side, side))


def config() -> ViTConfig:
    """The architecture of the shipped folder."""
    return ViTConfig(
        hidden_size=96,
        num_hidden_layers=6,
        num_attention_heads=3,
        intermediate_size=384,
        image_size=96,
        patch_size=8,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
