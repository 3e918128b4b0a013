"""Section 3.1: the network that self-distillation trains, a ViT with prototypes for the picture and for places."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import ViTConfig, ViTModel

SIDE, PATCH = 128, 4
"""Pixels of the picture that the position embedding spans, and of a patch."""


class Prototypes(nn.Module):
    """Cosines of features with learned unit vectors; ``dim`` of the features, maybe coded by a small network first."""

    def __init__(self, dim: int, count: int, coded: bool) -> None:
        super().__init__()
        self.code = nn.Sequential(nn.Linear(dim, 256), nn.GELU(), nn.Linear(256, 64)) if coded else nn.Identity()
        self.directions = nn.Parameter(torch.randn(count, 64 if coded else dim))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return functional.normalize(self.code(features), dim=-1) @ functional.normalize(self.directions, dim=-1).T


class Network(nn.Module):
    """The ViT; the class token is scored through a small network, keys of the last layer's patches directly.

    Directly, because those keys as they are (unit length) are what section 3.1 clusters.
    """

    def __init__(self, config: ViTConfig, prototypes: int) -> None:
        super().__init__()
        self.vit: Any = ViTModel(config, add_pooling_layer=False)
        self.whole = Prototypes(config.hidden_size, prototypes, coded=True)
        self.place = Prototypes(config.hidden_size, prototypes, coded=False)
        self.hidden = nn.Parameter(torch.zeros(config.hidden_size))
        with torch.no_grad():
            self.vit.embeddings.position_embeddings[0, 1:] = make_waves(SIDE // PATCH, config.hidden_size)

    def forward(
        self, views: torch.Tensor, corners: torch.Tensor, hide: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of views [n, p], and of their patches [n, p, s, s].

        ``corners`` int64 [n, 2]: row and column of the full grid at which a view is put; ``hide`` bool [n, s * s]:
        patches that the network must guess.
        """
        tokens = self._tokens(views, corners, hide)
        for layer in self.vit.layers[:-1]:
            tokens = layer(tokens, None)
        keys, seen = _run_last_block(self.vit.layers[-1], tokens)
        side = math.isqrt(tokens.shape[1] - 1)
        return self.whole(self.vit.layernorm(seen)), self.place(keys).transpose(1, 2).unflatten(2, (side, side))

    def _tokens(self, views: torch.Tensor, corners: torch.Tensor, hide: torch.Tensor | None) -> torch.Tensor:
        embeddings = self.vit.embeddings
        patches = embeddings.patch_embeddings.projection(views)
        side = patches.shape[-1]
        patches = patches.flatten(2).transpose(1, 2)
        if hide is not None:
            patches = torch.where(hide[:, :, None], self.hidden, patches)
        positions = embeddings.position_embeddings
        square = positions[0, 1:].unflatten(0, (SIDE // PATCH, SIDE // PATCH))
        steps = torch.arange(side, device=views.device)
        rows, columns = corners[:, :1] + steps, corners[:, 1:] + steps
        places = square[rows[:, :, None], columns[:, None, :]].flatten(1, 2)
        first = (embeddings.cls_token + positions[:, :1]).expand(len(views), -1, -1)
        return torch.cat([first, patches + places], dim=1)


def _run_last_block(layer: Any, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys of the patches [n, s * s, d] and the class token's output [n, d]: nothing else of the last layer is used."""
    attention = layer.attention
    normed = layer.layernorm_before(tokens)
    keys = attention.k_proj(normed)
    query, key, value = (
        x.unflatten(2, (-1, attention.head_dim)).transpose(1, 2)
        for x in (attention.q_proj(normed[:, :1]), keys, attention.v_proj(normed))
    )
    mixed = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    first = tokens[:, :1] + attention.o_proj(mixed)
    return keys[:, 1:], (first + layer.mlp(layer.layernorm_after(first)))[:, 0]


def make_waves(side: int, dim: int) -> torch.Tensor:
    """Sines and cosines of row and column, float32 [side * side, dim]: a start from which nearness is soon learned."""
    periods = 4.0 * 16.0 ** (torch.arange(dim // 4) / (dim // 4))
    angle = torch.arange(side)[:, None] * 2 * math.pi / periods
    line = torch.cat([angle.sin(), angle.cos()], dim=1)
    rows, columns = line[:, None].expand(-1, side, -1), line[None].expand(side, -1, -1)
    return 0.5 * torch.cat([rows, columns], dim=2).flatten(0, 1)


def make_config(width: int, layers: int) -> ViTConfig:
    """Make the architecture; a head has 32 dimensions."""
    return ViTConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        intermediate_size=4 * width,
        image_size=SIDE,
        patch_size=PATCH,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
