"""No part of the paper: exact attention on a processor, by blocks of queries and keys that stay in its cache."""

from __future__ import annotations

import math
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from bench.system.products import call_onednn, multiply, takes

BLOCK = 1024
"""Queries and keys whose attention weights are held at once: 4.2 MB, which stay in a core's share of the cache."""
LOG_2, SAFE = math.log(2), 39.0
"""exp(-2 * 39 - 8), the smallest of all weights, is a normal number; sums of exp(39) times values do not overflow."""


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute softmax(Q K^T / sqrt(D)) V of [b, H, Q, D] and [b, H, T, D], on a processor head by head by `multiply`.

    The n x n weights are never held at once: those of DINO's 17,876 places would be 7.7 GB. Where
    a head's product is small (`LEAST`), and elsewhere, it is torch's own.
    """
    if not takes(query, key, query.shape[-2] * query.shape[-1] * key.shape[-2]):
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
    return call_onednn(query, keys, shift, "sigmoid")
