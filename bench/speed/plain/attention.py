"""Sections 3.1 to 3.3, plainly: attention of other libraries' models with all its weights written out, never fused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


@contextmanager
def use_eager_attention(model: Any) -> Iterator[None]:
    """Let a model of transformers write its attention weights out within this context."""
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


@contextmanager
def write_out_text_attention(clip: Any) -> Iterator[None]:
    """Let the text tower of open_clip write its attention weights out within this context: `attend` in each block.

    open_clip asks `MultiheadAttention` for no weights, which torch then takes for leave to fuse.
    """
    blocks = getattr(clip.model, "text", clip.model).transformer.resblocks
    for block in blocks:
        block.attention = partial(attend, block.attn)
    try:
        yield
    finally:
        for block in blocks:
            del block.attention  # the method of its class shows again


def attend(
    attention: nn.MultiheadAttention,
    q_x: Float[Tensor, "n t w"],
    k_x: Tensor | None = None,
    v_x: Tensor | None = None,
    attn_mask: Float[Tensor, "t t"] | None = None,
) -> Float[Tensor, "n t w"]:
    """Attend of tokens to themselves by softmax(q k^T / sqrt(D) + mask) v, with the weights [n H, t, t] in memory.

    The arguments are those of open_clip's own method; keys and values of other tokens are no case of a text.
    """
    assert k_x is None and v_x is None, "a text attends to itself"
    count, length, width = q_x.shape
    packed = functional.linear(q_x, attention.in_proj_weight, attention.in_proj_bias)  # n t 3w
    heads = packed.view(count, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4).flatten(1, 2)  # 3 nH t D
    query, key, value = heads
    mask = packed.new_zeros(length, length) if attn_mask is None else attn_mask
    weights = torch.baddbmm(mask, query, key.transpose(1, 2), alpha=query.shape[-1] ** -0.5).softmax(-1)  # nH t t
    mixed = (weights @ value).view(count, -1, length, query.shape[-1]).transpose(1, 2).reshape(count, length, width)
    return functional.linear(mixed, attention.out_proj.weight, attention.out_proj.bias)
