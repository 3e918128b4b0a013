"""Section 3.2, plainly: the whole image tower anew for every segment, softmax of masked logits written out.

Equation 1 as weights that are masked and divided by their sum, equations 2 to 4 head by head and query by query.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor
from torch.nn import functional


@torch.inference_mode()
def embed_segment(
    clip: Any, image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], start_layer: int, sigma2: float | None
) -> Float32[np.ndarray, " d"]:
    """Embed one segment by global subtraction, or by masks alone where ``sigma2`` is None."""
    visual, blocks = clip.visual, clip.visual.transformer.resblocks
    tokens = visual._embeds(clip.preprocess(image))  # 1 T w
    share = functional.interpolate(torch.from_numpy(mask)[None, None].float(), size=clip.grid, mode="area").flatten()
    weight = torch.cat([torch.ones(1), share])  # T, the global token first
    for number, block in enumerate(blocks, start=1):
        mixed = attend(block, block.ln_1(tokens), weight if number >= start_layer else None, sigma2)
        tokens = tokens + block.ls_1(block.attn.out_proj(mixed))
        tokens = tokens + block.ls_2(block.mlp(block.ln_2(tokens)))
    embedded: Tensor = visual.ln_post(tokens)[:, 0] @ visual.proj
    return embedded[0].float().numpy()


def attend(
    block: Any, normed: Float[Tensor, "1 t w"], weight: Float[Tensor, " t"] | None, sigma2: float | None
) -> Float[Tensor, "1 t w"]:
    """Attend plainly (``weight`` None), or by equations 1 to 4: heads side by side, before the output projection."""
    attention, width = block.attn, normed.shape[-1]
    packed = functional.linear(normed[0], attention.in_proj_weight, attention.in_proj_bias)  # T 3w
    heads = packed.reshape(len(packed), 3, attention.num_heads, -1).permute(1, 2, 0, 3)  # 3 H T D
    logits = heads[0] @ heads[1].transpose(1, 2) * heads.shape[-1] ** -0.5  # H T T
    probabilities = logits.softmax(-1)
    whole = probabilities @ heads[2]  # H T D
    if weight is None:
        return whole.transpose(0, 1).reshape(1, -1, width)
    masked = probabilities * weight
    mixed = (masked / masked.sum(-1, keepdim=True)) @ heads[2]  # equation 1
    if sigma2 is not None:
        one, other = (part.transpose(0, 1).reshape(len(packed), -1) for part in (mixed, whole))  # T H*D
        saliency = functional.cosine_similarity(one, other, dim=-1).mean()  # equation 2
        mixed = mixed - torch.exp(-((saliency + 1) ** 2) / (2 * sigma2)) * whole[:, :1]  # equations 3 and 4
    return mixed.transpose(0, 1).reshape(1, -1, width)
