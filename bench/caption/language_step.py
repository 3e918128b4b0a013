"""ZeroCap's language model (section 3.3): GPT-2, one token at a time over keys and values that can be shifted.

Written over the weights of a `GPT2LMHeadModel`, because ZeroCap needs the gradient with respect to cached keys and
values. The cache is one tensor [layers, 2, rows, heads, tokens, channels]; the 2 are keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from bench.errors import UserError

_TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")


@dataclass(frozen=True, eq=False)
class Affine:
    """A matrix product with a bias. GPT-2 keeps its matrices as (in, out)."""

    weight: Float[Tensor, "i o"]
    bias: Float[Tensor, " o"]

    @staticmethod
    def read(block: nn.Module, name: str) -> Affine:
        """Read the weights of one of a block's layers."""
        return Affine(block.get_parameter(f"{name}.weight"), block.get_parameter(f"{name}.bias"))

    def __call__(self, x: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        return torch.addmm(self.bias, x, self.weight)


@dataclass(frozen=True, eq=False)
class Block:
    """The parts of one block of GPT-2, typed: torch knows of a submodule only that it is one."""

    before_attention: nn.Module
    query_key_value: Affine
    after_attention: Affine
    before_mlp: nn.Module
    into_mlp: Affine
    out_of_mlp: Affine

    @staticmethod
    def read(block: nn.Module) -> Block:
        """Read the parts of a `GPT2Block`."""
        norms = block.get_submodule("ln_1"), block.get_submodule("ln_2")
        names = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
        packed, out, into, back = (Affine.read(block, name) for name in names)
        return Block(norms[0], packed, out, norms[1], into, back)


class LanguageStep:
    """Forward passes of a GPT-2 for a single new token; its weights get no gradient."""

    def __init__(self, model: nn.Module) -> None:
        config: Any = model.config  # a `GPT2Config`; transformers is not read for types
        plain = config.scale_attn_weights and not config.scale_attn_by_inverse_layer_idx
        if config.activation_function not in (*_TANH_GELUS, "gelu") or not plain:
            raise UserError(f"language model with {config.activation_function} or unusual attention: use a plain GPT-2")
        self.approximate = "none" if config.activation_function == "gelu" else "tanh"
        model.requires_grad_(False)
        self.embedding: Tensor = model.get_parameter("transformer.wte.weight")
        self.positions: Tensor = model.get_parameter("transformer.wpe.weight")
        self.blocks = [Block.read(block) for block in model.get_submodule("transformer.h").children()]
        self.ln_f = model.get_submodule("transformer.ln_f")
        self.output: Tensor = model.get_parameter("lm_head.weight")
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
        """Compute the cache of a text that all rows begin with."""
        width = self.embedding.shape[1]
        cache = self.embedding.new_zeros(len(self.blocks), 2, 1, self.heads, 0, width // self.heads)
        for token in tokens:
            _, new = self(cache, torch.tensor([token], device=self.device))
            cache = torch.cat([cache, new], dim=4)
        return cache

    def __call__(
        self, cache: Float[Tensor, "layers 2 b h t k"], tokens: Int64[Tensor, " b"]
    ) -> tuple[Float[Tensor, "b v"], Float[Tensor, "layers 2 b h 1 k"]]:
        """Compute the logits after one more token a row, float32, and that token's keys and values (no gradient)."""
        x = self.embedding[tokens] + self.positions[cache.shape[4]]
        new = []
        for block, (keys, values) in zip(self.blocks, (layer.unbind(0) for layer in cache.unbind(0)), strict=True):
            packed = block.query_key_value(block.before_attention(x)).view(x.shape[0], 3, self.heads, -1)  # b 3 h k
            query, key, value = packed.unbind(1)  # each b h k
            x = x + block.after_attention(_attend(query, key, value, keys, values))  # b w
            hidden = F.gelu(block.into_mlp(block.before_mlp(x)), approximate=self.approximate)  # b 4w
            x = x + block.out_of_mlp(hidden)
            new.append(packed.detach()[:, 1:].transpose(0, 1))  # keys and values of this token: 2 b h k
        return F.linear(self.ln_f(x), self.output).float(), torch.stack(new).unsqueeze(4)


def _attend(
    query: Float[Tensor, "b h k"],
    key: Float[Tensor, "b h k"],
    value: Float[Tensor, "b h k"],
    keys: Float[Tensor, "b h t k"],
    values: Float[Tensor, "b h t k"],
) -> Float[Tensor, "b w"]:
    """Attend, one query a row, to the cached tokens and to the row's own token."""
    query = query * query.shape[-1] ** -0.5
    to_cache = (keys @ query.unsqueeze(3)).squeeze(3)  # logits of the cached tokens, b h t
    to_own = (key * query).sum(dim=-1, keepdim=True)  # and of the row's own one, b h 1
    weights = torch.cat([to_cache, to_own], dim=-1).softmax(dim=-1)  # b h t+1
    mixed = (weights[..., None, :-1] @ values).squeeze(2) + weights[..., -1:] * value  # b h k
    return mixed.flatten(1)  # heads side by side, b w
