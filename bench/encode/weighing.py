"""Equation 1 for one sequence of tokens: means of its values under several masks, head by head in a processor's cache.

With e = exp(logit), up to a factor a row, a mean under token weights M is (e (M V)) / (e M). The values under all masks
lie side by side, so that one product serves them. Weights of all heads are never held at once: those of 577 tokens and
16 heads are 21 MB, which each of its readers would fetch from memory. A mean is exact as long as the largest logit that
its mask sees lies within 120 of the row's largest: what lies more than 146.6 below that one is taken for 146.6. In
bfloat16 exponentials that nobody else reads never leave the first cache (`average_heads`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from bench.system import attention_tiles
from bench.system.attention import exponentiate_in_product
from bench.system.products import multiply
from bench.system.rowwise import run_by_rows, view_array

NEAR = 39.0
"""Logits up to which all of exp(logit - NEAR - 8) are normal numbers: under a mask the largest may be left out."""

Weighed = tuple[Tensor, Tensor]
"""e of one head, [R, T] in the model's precision, and its sums e M under k masks, float32 [R, k]."""


def weigh_heads(query: Tensor, key: Tensor, masks: Tensor) -> Iterator[Weighed]:
    """Compute e = exp(query . key / sqrt(D)) of [H, Q, D] and [H, T, D], each row times a factor of its own: a head.

    The masks are float32 [k, T]. In bfloat16 R is Q rounded up to a multiple of 16, which costs its products less; in
    float32 it is Q.
    """
    if query.dtype == torch.bfloat16:
        yield from sum_heads(_exponentiate_rounded(query, key), masks)
        return
    for asking, keys in zip(query.contiguous(), key.contiguous(), strict=True):
        logits = multiply(asking, keys)
        yield logits, weigh_(logits, masks, query.shape[-1] ** -0.5)


def _exponentiate_rounded(query: Tensor, key: Tensor) -> Iterator[Tensor]:
    """Compute the same exponentials in bfloat16, each head's: [R, T]."""
    from bench.encode import weighing_loops  # imports numba

    factor, none = query.shape[-1] ** -0.5, query.new_empty(0, key.shape[1], dtype=torch.float32)
    asking = query.new_zeros(len(query), -(-query.shape[1] // 16) * 16, query.shape[2])
    asking[:, : query.shape[1]] = query
    centered = key.clone(memory_format=torch.contiguous_format)
    for head, (queries, keys) in enumerate(zip(asking, centered, strict=True)):
        lengths = weighing_loops.scale_rows(view_array(queries), np.float32(factor))
        lengths *= weighing_loops.center_rows(view_array(keys))  # adds the same to all logits of a row
        if lengths <= NEAR**2:
            yield exponentiate_in_product(queries, keys, math.sqrt(lengths))
        else:  # rounded once more, logits of 100 would be off by some 0.3
            weigh_(logits := multiply(query[head].float(), key[head].float()), none, factor)
            yield logits.bfloat16()


def weigh_(logits: Tensor, masks: Tensor, factor: float = 1.0) -> Tensor:
    """Replace logits x, float32 [R, T], by e = 2 ** 86 exp(factor (x - the row's largest)); return e M, [R, k].

    The k masks are M. exp(-87) stands for all that is less, NaN stays NaN.
    """
    from bench.encode import weighing_loops  # imports numba

    sums, under = logits.new_empty(len(logits), len(masks)), view_array(masks.contiguous())
    run_by_rows(
        lambda logits, sums: weighing_loops.weigh_rows(sums, logits, under, np.float32(factor)),
        view_array(logits),
        view_array(sums),
    )
    return sums


def sum_heads(exponentials: Iterable[Tensor], masks: Tensor) -> Iterator[Weighed]:
    """Sum exponentials of heads, [R, T] each in float32 or bfloat16, under k masks, float32 [k, T]."""
    for weights in exponentials:
        yield weights, sum_under(weights, masks)


def sum_under(weights: Tensor, masks: Tensor) -> Tensor:
    """Sum weights [R, T] of one head under k masks: float32 [R, k]."""
    from bench.encode import weighing_loops  # imports numba

    sums, under = masks.new_empty(len(weights), len(masks)), view_array(masks.contiguous())
    run_by_rows(
        lambda weights, sums: weighing_loops.sum_rows(sums, weights, under), view_array(weights), view_array(sums)
    )
    return sums


def average_heads(query: Tensor, key: Tensor, value: Tensor, masks: Tensor, made: Tensor) -> None:
    """Write to `made`, float32 [k, Q, H, D], the means of values under masks by exponentials that are not kept.

    They are those of `weigh_heads` and `write_means`. In bfloat16 they are made by tiles where these pay, whose masks
    are rounded, too.
    """
    if not attention_tiles.takes(query, value):
        write_means(weigh_heads(query, key, masks), value, masks, made)
        return
    far = attention_tiles.average_heads(query, key, value, masks, made)
    for head in far.any(-1).nonzero()[:, 0].tolist():
        rows, one = far[head].nonzero()[:, 0], slice(head, head + 1)
        own = made.new_empty(len(masks), len(rows), 1, made.shape[3])
        write_means(weigh_heads(query[one, rows], key[one], masks), value[one], masks, own)
        made[:, rows, head] = own[:, :, 0]


def write_means(weighed: Iterable[Weighed], value: Tensor, masks: Tensor, made: Tensor) -> None:
    """Write to `made`, float32 [k, Q, H, D], the means of values [H, T, D] under masks [k, T].

    Weights are the masks', in [0, 1] and the first of them not 0, times those of each head in the values' precision. In
    bfloat16 masked values are, too; sums are float32.
    """
    from bench.encode import weighing_loops  # imports numba

    means = view_array(made)
    for head, (weights, sums) in enumerate(weighed):
        columns = value.new_empty(value.shape[1], len(masks), value.shape[2])  # T k D
        torch.mul(value[head, :, None], masks.t()[:, :, None], out=columns)
        weighted = multiply(weights, columns.flatten(1).t())  # R k*D
        weighing_loops.divide_rows(means, head, view_array(weighted), view_array(sums))


def measure_cosines(x: Tensor, y: Tensor) -> Tensor:
    """Measure the cosines of vectors x [..., c] with the same of y, which is broadcast, in float32: [...]."""
    from bench.encode import weighing_loops  # imports numba

    cosines = x.new_empty(x.shape[:-1])
    rows = [part.reshape(-1, x.shape[-1]).contiguous() for part in (x, y.expand_as(x))]
    run_by_rows(
        lambda x, y, cosines: weighing_loops.measure_cosines(cosines, x, y),
        *map(view_array, rows),
        view_array(cosines.view(-1)),
    )
    return cosines
