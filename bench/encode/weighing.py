"""Equation 1 for one sequence of tokens: means of its values under several masks, head by head in a processor's cache.

With e = exp(logit), up to a factor a row, a mean under token weights M is (e (M V)) / (e M). The values under all masks
lie side by side, so that one product serves them. Weights of all heads are never held at once: those of 577 tokens and
16 heads are 21 MB, which each of its readers would fetch from memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.system.attention import LOG_2, center, exponentiate, scale
from bench.system.products import multiply

NEAR = 39.0
"""Logits up to which all of exp(logit - NEAR - 8) are normal numbers: under a mask the largest may be left out."""


def average_values(
    query: Tensor, key: Tensor, value: Tensor, masks: Tensor, made: Tensor, known: Tensor | None = None
) -> None:
    """Write to `made`, float32 [k, Q, H, D], the means of values [H, T, D] for queries [H, Q, D] under masks [k, T].

    A mask has weights in [0, 1], the first of them not 0. Query, key and value are in the model's precision; in
    bfloat16 so are exponentials and masked values; sums are float32. `known` exponentials, [H, Q, T] of the values'
    type, are not computed again.
    """
    masks = masks.clone()  # MKL adds up in another order where a vector begins elsewhere in memory
    for head in range(len(query)):
        exponential = compute_exponential(query[head], key[head]) if known is None else known[head]  # Q T
        write_means(exponential, value[head], masks, made[:, :, head])


def compute_exponential(query: Tensor, key: Tensor) -> Tensor:
    """Compute exp(query . key / sqrt(D)) of [Q, D] and [T, D], each row times a factor of its own: [Q, T]."""
    scaled, centered = scale(query), center(key)
    most = (scaled.norm(dim=-1).amax() * centered.norm(dim=-1).amax()).item()
    if query.dtype == torch.bfloat16 and most <= NEAR:
        return exponentiate(scaled, centered, most)
    return exponentiate(scaled.float() / LOG_2, centered.float(), most).to(query.dtype)


def write_means(exponential: Tensor, value: Tensor, masks: Tensor, made: Tensor) -> None:
    """Write to `made` [k, Q, D] the means of values [T, D] by the weights `exponential` [Q, T] under masks [k, T]."""
    columns = (value[:, None] * masks.t()[:, :, None]).to(value.dtype).flatten(1)  # T k*D
    sums = multiply(exponential.float(), masks).clamp_min_(torch.finfo(torch.float32).tiny)  # Q k
    means = multiply(exponential, columns.t()).unflatten(1, (len(masks), -1))  # Q k D
    torch.div(means, sums[:, :, None], out=made.transpose(0, 1))
