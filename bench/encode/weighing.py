"""Equation 1 for one sequence of tokens: means of its values under several masks, head by head in a processor's cache.

With e = exp(logit), up to a factor a row, a mean under token weights M is (e (M V)) / (e M). The values under all masks
lie side by side, so that one product serves them. Weights of all heads are never held at once: those of 577 tokens and
16 heads are 21 MB, which each of its readers would fetch from memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from bench.system.attention import exponentiate, exponentiate_in_product
from bench.system.products import multiply

NEAR = 39.0
"""Logits up to which all of exp(logit - NEAR - 8) are normal numbers: under a mask the largest may be left out."""


def exponentiate_heads(query: Tensor, key: Tensor) -> Iterator[Tensor]:
    """Compute exp(query . key / sqrt(D)) of [H, Q, D] and [H, T, D], each row times a factor of its own: [R, T] a head.

    In bfloat16 R is Q rounded up to a multiple of 16, which costs its products less; in float32 it is Q.
    """
    scaled = query.contiguous().float() * query.shape[-1] ** -0.5
    centered = key.contiguous().float()
    centered = centered - centered.mean(-2, keepdim=True)  # adds the same to all logits of a row
    if short := -query.shape[1] % 16 if query.dtype == torch.bfloat16 else 0:
        scaled = functional.pad(scaled, (0, 0, 0, short))
    most = scaled.square().sum(-1).amax(-1).sqrt() * centered.square().sum(-1).amax(-1).sqrt()
    for asking, keys, bound in zip(scaled, centered, most.tolist(), strict=True):
        if query.dtype == torch.bfloat16 and bound <= NEAR:
            yield exponentiate_in_product(asking.bfloat16(), keys.bfloat16(), bound)
        else:
            yield exponentiate(asking, keys, bound)[0].to(query.dtype)


def write_means(exponentials: Iterable[Tensor], value: Tensor, masks: Tensor, made: Tensor) -> None:
    """Write to `made`, float32 [k, Q, H, D], the means of values [H, T, D] under masks [k, T].

    Weights are the masks', in [0, 1] and the first of them not 0, times the `exponentials` of each head, [Q or more, T]
    in the values' precision. In bfloat16 masked values are, too; sums are float32.
    """
    masks = masks.clone()  # MKL adds up in another order where a vector begins elsewhere in memory
    for head, exponential in enumerate(exponentials):
        columns = (value[head, :, None] * masks.t()[:, :, None]).to(value.dtype).flatten(1)  # T k*D
        sums = multiply(exponential.float(), masks).clamp_min_(torch.finfo(torch.float32).tiny)  # R k
        means = multiply(exponential, columns.t()).unflatten(1, (len(masks), -1))  # R k D
        queries = made.shape[1]
        torch.div(means[:queries], sums[:queries, :, None], out=made[:, :, head].transpose(0, 1))
