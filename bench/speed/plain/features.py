"""Section 3.1, plainly: transformers' own blocks with eager attention, all of them over all tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.nn import functional

from bench.speed.plain.attention import use_eager_attention


def compute_features(dino: Any, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "f d"]:
    """Compute the keys of the layer that ``dino`` reads, for every place, of unit length, in row-major order."""
    tokens, kept = embed(dino, image), []
    projection = dino.blocks[dino.layer].attention.k_proj
    handle = projection.register_forward_hook(lambda module, given, made: kept.append(made))
    try:
        run_blocks(dino, tokens, len(dino.blocks))
    finally:
        handle.remove()
    return functional.normalize(kept[0][0, 1:].float(), dim=-1).numpy()


@torch.inference_mode()
def embed(dino: Any, image: UInt8[np.ndarray, "h w 3"]) -> Float32[Tensor, "1 t w"]:
    """Embed the patches at the small stride, with a bicubic position embedding and the class token first."""
    pixels = torch.from_numpy(dino.load(image)).permute(2, 0, 1).float() / 255
    inner = dino.model.embeddings
    projection, stored = inner.patch_embeddings.projection, inner.position_embeddings
    normed = ((pixels - dino._mean) / dino._std)[None]
    patches = functional.conv2d(normed, projection.weight, projection.bias, stride=dino.stride)  # 1 w r c
    side = round((stored.shape[1] - 1) ** 0.5)
    square = stored[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)  # 1 w side side
    dense = functional.interpolate(square, size=patches.shape[-2:], mode="bicubic", align_corners=False)
    tokens = (patches + dense).flatten(2).transpose(1, 2)  # 1 r*c w
    return torch.cat([inner.cls_token + stored[:, :1], tokens], dim=1)


@torch.inference_mode()
def run_blocks(dino: Any, tokens: Float32[Tensor, "1 t w"], count: int) -> Float32[Tensor, "1 t w"]:
    """Run the first blocks over all tokens by transformers' own code, the weights of all heads written out at once."""
    with use_eager_attention(dino.model):
        for block in dino.blocks[:count]:
            tokens = block(tokens)
    return tokens


@torch.inference_mode()
def run_block_by_heads(dino: Any, tokens: Float32[Tensor, "1 t w"]) -> Float32[Tensor, "1 t w"]:
    """Run the first block with the weights of one head at a time written out, [t, t], where all of them have no room.

    It takes less time than all at once, which go through memory several times: a lower bound of what plain takes.
    """
    block, mixed = dino.blocks[0], torch.empty_like(tokens)
    attention, normed = block.attention, block.layernorm_before(tokens)[0]
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    parts = [project(normed).split(attention.head_dim, dim=-1) for project in projections]  # each t D
    for head, (query, key, value) in enumerate(zip(*parts, strict=True)):
        weights = (query @ key.T * attention.head_dim**-0.5).softmax(dim=-1)  # t t
        mixed[0, :, head * attention.head_dim : (head + 1) * attention.head_dim] = weights @ value
    tokens = tokens + attention.o_proj(mixed)
    return tokens + block.mlp(block.layernorm_after(tokens))
