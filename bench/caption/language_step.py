"""ZeroCap's language model (section 3.3): GPT-2, one token at a time over keys and values that can be shifted.

Written over the weights of a `GPT2LMHeadModel`, because ZeroCap needs the gradient with respect to cached keys and
values. The cache is one tensor [layers, 2, rows, heads, tokens, channels]; the 2 are keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from bench.errors import UserError

_TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")


class LanguageStep:
    """Forward passes of a GPT-2 for a single new token; its weights get no gradient."""

    def __init__(self, model: nn.Module) -> None:
        config = model.config
        plain = config.scale_attn_weights and not config.scale_attn_by_inverse_layer_idx
        if config.activation_function not in (*_TANH_GELUS, "gelu") or not plain:
            raise UserError(f"language model with {config.activation_function} or unusual attention: use a plain GPT-2")
        self.approximate = "none" if config.activation_function == "gelu" else "tanh"
        model.requires_grad_(False)
        self.embedding: Tensor = model.transformer.wte.weight
        self.positions: Tensor = model.transformer.wpe.weight
        self.blocks = model.transformer.h
        self.ln_f: nn.Module = model.transformer.ln_f
        self.output: Tensor = model.lm_head.weight
        self.heads: int = config.n_head

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        return self.output.shape[0]

    @property
    def longest(self) -> int:
        """The longest context in tokens."""
        return self.positions.shape[0]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embedding.device

    @torch.no_grad()
    def read(self, tokens: Sequence[int]) -> Float[Tensor, "layers 2 1 h t k"]:
        """The cache of a text that all rows begin with."""
        width = self.embedding.shape[1]
        cache = self.embedding.new_zeros(len(self.blocks), 2, 1, self.heads, 0, width // self.heads)
        for token in tokens:
            _, new = self(cache, torch.tensor([token], device=self.device))
            cache = torch.cat([cache, new], dim=4)
        return cache

    def __call__(
        self, cache: Float[Tensor, "layers 2 b h t k"], tokens: Int64[Tensor, " b"]
    ) -> tuple[Float[Tensor, "b v"], Float[Tensor, "layers 2 b h 1 k"]]:
        """Logits after one more token for each row, in float32, and that token's own keys and values (no gradient)."""
        x = self.embedding[tokens] + self.positions[cache.shape[4]]
        new = []
        for block, (keys, values) in zip(self.blocks, (layer.unbind(0) for layer in cache.unbind(0)), strict=True):
            packed = _affine(block.attn.c_attn, block.ln_1(x)).view(x.shape[0], 3, self.heads, -1)
            query, key, value = packed.unbind(1)
            x = x + _affine(block.attn.c_proj, _attend(query, key, value, keys, values))
            hidden = F.gelu(_affine(block.mlp.c_fc, block.ln_2(x)), approximate=self.approximate)
            x = x + _affine(block.mlp.c_proj, hidden)
            new.append(packed.detach()[:, 1:].transpose(0, 1))
        return F.linear(self.ln_f(x), self.output).float(), torch.stack(new).unsqueeze(4)


def _affine(layer: nn.Module, x: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
    """GPT-2 keeps its matrices as (in, out)."""
    return torch.addmm(layer.bias, x, layer.weight)


def _attend(
    query: Float[Tensor, "b h k"],
    key: Float[Tensor, "b h k"],
    value: Float[Tensor, "b h k"],
    keys: Float[Tensor, "b h t k"],
    values: Float[Tensor, "b h t k"],
) -> Float[Tensor, "b w"]:
    """One query a row, over the cached tokens and the row's own token."""
    query = query * query.shape[-1] ** -0.5
    to_cache = (keys @ query.unsqueeze(3)).squeeze(3)
    to_own = (key * query).sum(dim=-1, keepdim=True)
    weights = torch.cat([to_cache, to_own], dim=-1).softmax(dim=-1)
    mixed = (weights[..., None, :-1] @ values).squeeze(2) + weights[..., -1:] * value
    return mixed.flatten(1)
