"""No part of the paper: exact attention on a processor, by blocks of queries and keys that stay in its cache."""

from __future__ import annotations

import math
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from bench.system import attention_tiles
from bench.system.attention_bfloat16 import FARTHEST, attend_rounded
from bench.system.products import call_onednn, multiply, takes
from bench.system.rowwise import exponentiate_

HELD, KEYS = 1 << 22, 512
"""Bytes of attention weights that are held at once, which stay in the last cache also beside other work, and of about
how many keys: 2048 queries with 512 keys in float32, 4096 in bfloat16."""
MANY = 4096
"""Keys from which `attend_rounded` is the faster one in bfloat16, whatever the logits."""
SAFE = 60.0
"""No logit is beyond `SAFE`: sums of exp(60) times values of 10 ** 7 do not overflow. The largest of a query is 0 or
more, for keys are centered, so weights below exp(-60 - 8 - 19), the smallest normal number, are nothing beside it."""


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute softmax(Q K^T / sqrt(D)) V of [b, H, Q, D] and [b, H, T, D], on a processor head by head by `multiply`.

    The n x n weights are never held at once: those of DINO's 17,876 places would be 7.7 GB. Where a head's product is
    small (`LEAST`) or a gradient is wanted, and elsewhere, it is torch's own. In bfloat16, where our own tiles pay, it
    is off by about what torch's own attention is. Else by about twice, at most by about three times that: keys are
    rounded once more when they are centered; of `MANY` keys logits are rounded instead: there it is at most about five
    times, and more with one key far above the others (`attend_rounded`).
    """
    taken = takes(query, key, query.shape[-2] * query.shape[-1] * key.shape[-2])
    if not taken or (torch.is_grad_enabled() and value.requires_grad):
        return functional.scaled_dot_product_attention(query, key, value)
    images, heads, queries, dim = query.shape
    mixed = query.new_empty(images, queries, heads, dim).transpose(1, 2)  # so that heads lie side by side
    if attention_tiles.takes(query, value):
        for parts in zip(query, key, value, mixed, strict=True):
            _attend_by_tiles(*parts)
        return mixed
    for at in product(range(images), range(heads)):
        _attend_in_blocks(query[at], key[at], value[at].contiguous(), mixed[at])
    return mixed


def _attend_by_tiles(query: Tensor, key: Tensor, value: Tensor, mixed: Tensor) -> None:
    """Write softmax(Q K^T / sqrt(D)) V of [H, Q, D] and [H, T, D] to `mixed`, far logits and no numbers in float32."""
    far = attention_tiles.attend_heads(query, key, value, mixed.transpose(0, 1).flatten(1))
    for head in far.any(-1).nonzero()[:, 0].tolist():
        rows = far[head].nonzero()[:, 0]
        made = query.new_empty(len(rows), value.shape[-1], dtype=torch.float32)
        _attend_in_blocks(query[head, rows].float(), key[head].float(), value[head].float(), made)
        mixed[head, rows] = made.bfloat16()


def _attend_in_blocks(query: Tensor, key: Tensor, value: Tensor, mixed: Tensor) -> None:
    """Write softmax(Q K^T / sqrt(D)) V of [Q, D] and [T, D] to `mixed` [Q, D], by blocks that fit the cache.

    The sums over keys of weights and of weighted values grow block by block, in float32, and are divided at the end.
    Weights of all keys have the same factor as long as no exponential can overflow, so no running maximum is needed;
    where one could, a block has all keys. In bfloat16 from `MANY` keys on it is `attend_rounded`.
    """
    asked, known = scale(query), center(key)
    most = bound(asked, known)
    if value.dtype == torch.bfloat16 and len(key) >= MANY and bound(asked, key) <= _find_farthest(query.shape[-1]):
        return attend_rounded(asked, key, value, mixed)
    if not most <= SAFE:  # rounded to bfloat16 once more, logits of 100 would be off by some 0.3
        asked, known = scale(query.float()), center(key.float())
    columns = -(-len(key) // max(round(len(key) / KEYS), 1)) if most <= SAFE else len(key)  # blocks alike
    columns = -(-columns // 16) * 16
    rows = max(HELD // value.element_size() // columns // 16, 1) * 16
    for asking, out in zip(asked.split(rows), mixed.split(rows), strict=True):  # r D
        sums = asking.new_zeros(len(asking), value.shape[-1], dtype=torch.float32)
        total = asking.new_zeros(len(asking), 1, dtype=torch.float32)
        for keys, values in zip(known.split(columns), value.split(columns), strict=True):  # c D
            weights, added = exponentiate(asking, keys, most)  # r c and r 1
            total += added
            sums += call_onednn(weights.to(value.dtype), values.t(), None)  # r D
            del weights  # the next ones take the same memory: other pages would have to be cleared first
        torch.div(sums, total, out=out)
    return None


def _find_farthest(dim: int) -> float:
    """Find up to which logits bfloat16 may hold a query / sqrt(D): any that need no rounding, D being a power of 4."""
    return FARTHEST if math.frexp(dim**-0.5)[0] == 0.5 else SAFE


def bound(query: Tensor, keys: Tensor) -> float:
    """Compute what no logit of queries [Q, D] and keys [T, D] passes: the product of their largest lengths."""
    return (query.norm(dim=-1).amax() * keys.norm(dim=-1).amax()).item()


def scale(queries: Tensor) -> Tensor:
    """Divide queries [Q, D] by sqrt(D)."""
    return (queries.float() * queries.shape[-1] ** -0.5).to(queries.dtype)


def center(keys: Tensor) -> Tensor:
    """Subtract their mean from keys [T, D]: it adds the same to all logits of a query, which no softmax sees."""
    return (keys - keys.mean(0, dtype=torch.float32)).to(keys.dtype)


def exponentiate(query: Tensor, keys: Tensor, most: float) -> tuple[Tensor, Tensor]:
    """Compute exp(Q K^T) of [Q, D] and [T, D], each row times a factor of its own: [Q, T], and each row's sum [Q, 1].

    No logit is larger than `most`, nor smaller than -`most`. If that is at most `SAFE`, the factor is the same for all
    rows; else, in float32, it makes each row's largest 1.
    """
    if query.dtype == torch.bfloat16:
        weights = exponentiate_in_product(query, keys, most)
        return weights, multiply(weights, weights.new_ones(1, weights.shape[1]))  # torch copies to float32 to sum
    logits = call_onednn(query, keys, None)
    if not most <= SAFE:
        logits -= logits.amax(-1, keepdim=True)
    sums = exponentiate_(logits)
    return logits, sums


def exponentiate_in_product(query: Tensor, keys: Tensor, most: float) -> Tensor:
    """Compute exp(Q K^T - most - 8) in bfloat16, by oneDNN from float32 sums, before they are rounded.

    oneDNN has no exponential behind a product, but the logistic function 1 / (1 + exp(-x)): below -8 it is exp(x)
    within 0.0004, a fifth of what bfloat16 rounds by.
    """
    return call_onednn(query, keys, query.new_full((len(keys),), -most - 8), "sigmoid")
