"""No part of the paper: matrix products on a processor by oneDNN, whose kernels use what the processor has.

torch's own float32 products are MKL's, which on a processor of another vendor than Intel takes its AVX2 kernels even
where there is AVX-512: on a Zen 5 core 107 GFLOP/s of 250, and 85 of 150 to 240 with 16 rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_ONEDNN: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
"""What torch.compile calls for a linear layer; absent where torch was built without oneDNN."""


LEAST = 1_000_000
"""Multiplications from which a product is oneDNN's: a call of it takes 13 us on that core, of torch's own 2."""

BLOCK = 1024
"""Queries and keys whose attention weights are held at once: 4.2 MB, which stay in a core's share of the cache."""
LOG_2, SAFE = math.log(2), 39.0
"""exp(-2 * 39 - 8), the smallest of all weights, is a normal number; sums of exp(39) times values do not overflow."""


_LEFT_TO_TORCH = False


@contextmanager
def leave_to_torch() -> Iterator[None]:
    """Leave all products to torch's own library within this context: what `multiply` is measured against."""
    global _LEFT_TO_TORCH
    before, _LEFT_TO_TORCH = _LEFT_TO_TORCH, True
    try:
        yield
    finally:
        _LEFT_TO_TORCH = before


def multiply(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute x W^T + b of x [..., i] and W [o, i], on a processor by oneDNN; it has no gradient there.

    W may be a transposed view. Elsewhere, for other types and for small products (`LEAST`) it is `linear`.
    """
    if not _takes(x, weight, x.numel() * weight.shape[0]):
        return functional.linear(x, weight, bias)
    if not (weight.is_contiguous() or weight.t().is_contiguous()):
        weight = weight.contiguous()  # oneDNN takes a thousand times as long for rows that lie apart
    if (short := _count_missing_rows(x, weight)) == 0:
        made: Tensor = _ONEDNN(x, weight, bias, "none", [], "")
        return made
    rows = functional.pad(x.reshape(-1, x.shape[-1]), (0, 0, 0, short))
    return multiply(rows, weight, bias)[:-short].view(*x.shape[:-1], -1)


def _count_missing_rows(x: Tensor, weight: Tensor) -> int:
    """Count the rows of zeros that make x's a multiple of 16, where that pays: of 577 oneDNN makes blocks of one."""
    rows = x.numel() // x.shape[-1]
    return -rows % 16 if rows > 64 and weight.numel() >= 1 << 18 else 0


def multiply_each(left: Tensor, right: Tensor) -> Tensor:
    """Compute the products left @ right of [..., m, k] and [..., k, n], on a processor one by one by `multiply`.

    Small ones (`LEAST`) are made by one call of torch's own.
    """
    if not _takes(left, right, left.shape[-2] * left.shape[-1] * right.shape[-1]):
        return left @ right
    batch = torch.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left, right = left.expand(*batch, -1, -1), right.expand(*batch, -1, -1)  # views
    made = left.new_empty(*batch, left.shape[-2], right.shape[-1])
    for at in product(*map(range, batch)):
        made[at] = multiply(left[at], right[at].t())
    return made


class Linear(nn.Linear):
    """A linear layer that multiplies by `multiply`."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """Compute x W^T + b."""
        return multiply(input, self.weight, self.bias)


def use_multiply(model: nn.Module) -> None:
    """Let every plain linear layer of a model multiply by `multiply`; weights and names stay as they are."""
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = Linear


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute softmax(Q K^T / sqrt(D)) V of [b, H, Q, D] and [b, H, T, D], on a processor head by head by `multiply`.

    The n x n weights are never held at once: those of DINO's 17,876 places would be 7.7 GB. Where
    a head's product is small (`LEAST`), and elsewhere, it is torch's own.
    """
    if not _takes(query, key, query.shape[-2] * query.shape[-1] * key.shape[-2]):
        return functional.scaled_dot_product_attention(query, key, value)
    images, heads, queries, dim = query.shape
    mixed = query.new_empty(images, queries, heads, dim).transpose(1, 2)  # so that heads lie side by side
    for at in product(range(images), range(heads)):
        _attend_in_blocks(scale(query[at]), center(key[at]), value[at].contiguous(), mixed[at])
    return mixed


def _attend_in_blocks(query: Tensor, key: Tensor, value: Tensor, mixed: Tensor) -> None:
    """Write softmax(Q K^T) V of [Q, D] and [T, D] to `mixed` [Q, D], by blocks of queries and keys that fit the cache.

    The sums over keys of weights and of weighted values grow block by block and are divided at the end. Weights of all
    keys have the same factor as long as no exponential can overflow, so no running maximum is needed; where one could,
    a block has all keys.
    """
    most = (query.norm(dim=-1).amax() * key.norm(dim=-1).amax()).item()
    columns = BLOCK if most <= SAFE else len(key)
    rows = max(BLOCK**2 // max(columns, BLOCK) // 16, 1) * 16
    for asking, out in zip(query.split(rows), mixed.split(rows), strict=True):  # r D
        sums, total = torch.zeros(()), torch.zeros(())
        for keys, values in zip(key.split(columns), value.split(columns), strict=True):  # c D
            weights = exponentiate(asking, keys, most)  # r c
            sums = sums + multiply(weights, values.t())  # r D
            total = total + weights.sum(-1, keepdim=True, dtype=torch.float32)  # r 1
        torch.div(sums, total, out=out)


def scale(queries: Tensor) -> Tensor:
    """Divide queries [Q, D] by sqrt(D)."""
    return (queries.float() * queries.shape[-1] ** -0.5).to(queries.dtype)


def center(keys: Tensor) -> Tensor:
    """Subtract their mean from keys [T, D]: it adds the same to all logits of a query, which no softmax sees."""
    return (keys - keys.mean(0, dtype=torch.float32)).to(keys.dtype)


def exponentiate(query: Tensor, keys: Tensor, most: float) -> Tensor:
    """Compute exp(Q K^T) of [Q, D] and [T, D], each row times a factor of its own: [Q, T].

    No logit is larger than `most`, nor smaller than -`most`. If that is at most `SAFE`, the factor is the same for all
    rows; else it makes each row's largest 1. torch raises 2 to a power four times as fast as e.
    """
    if query.dtype == torch.bfloat16:
        return _exponentiate_in_product(query, keys, most)
    logits = multiply(query / LOG_2, keys)
    if not most <= SAFE:
        logits -= logits.amax(-1, keepdim=True)
    return logits.exp2_()


def _exponentiate_in_product(query: Tensor, keys: Tensor, most: float) -> Tensor:
    """Compute exp(Q K^T - most - 8) in bfloat16, by oneDNN from float32 sums, before they are rounded.

    oneDNN has no exponential behind a product, but the logistic function 1 / (1 + exp(-x)): below -8 it is exp(x)
    within 0.0004, a fifth of what bfloat16 rounds by.
    """
    if not most <= SAFE:
        return exponentiate(query.float(), keys.float(), most).bfloat16()
    shift = query.new_full((len(keys),), -most - 8)
    made: Tensor = _ONEDNN(query, keys, shift, "sigmoid", [], "")
    return made


def _takes(x: Tensor, weight: Tensor, multiplications: int) -> bool:
    """Whether oneDNN takes the product: a type of `_list_types`, not small, no gradient wanted.

    `multiplications` are those of one product: its rows, inner numbers and columns multiplied.
    """
    if multiplications < LEAST:  # nothing too
        return False
    usable = (
        _ONEDNN is not None
        and not _LEFT_TO_TORCH
        and torch.backends.mkldnn.is_available()
        and torch.backends.mkldnn.enabled
    )
    plain = x.device.type == "cpu" and x.dtype == weight.dtype in _list_types()
    return bool(usable and plain and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)))


@cache
def _list_types() -> tuple[torch.dtype, ...]:
    """List the types that oneDNN multiplies well on this processor: bfloat16 where torch says that it can."""
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return (torch.float32, torch.bfloat16) if supported is not None and supported() else (torch.float32,)
