"""Attention of one new token a row in ZeroCap's GPT-2 (section 3.3), and its gradient written out.

Letters: b rows, t cached tokens, h heads, k channels a head, w = h k; the heads of all rows lie one after the other,
b*h.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from bench.system import rowwise

_ATEN: Any = torch.ops.aten


class Attended(NamedTuple):
    """What the gradient of one attention needs: its inputs, the query scaled, and the weights it gave the tokens."""

    query: Float[Tensor, "b h k"]
    key: Float[Tensor, "b h k"]
    value: Float[Tensor, "b h k"]
    keys: Float[Tensor, "b*h t k"]
    values: Float[Tensor, "b*h t k"]
    weights: Float[Tensor, "b h t+1"]


def attend(
    query: Float[Tensor, "b h k"],
    key: Float[Tensor, "b h k"],
    value: Float[Tensor, "b h k"],
    keys: Float[Tensor, "b*h t k"],
    values: Float[Tensor, "b*h t k"],
) -> tuple[Float[Tensor, "b w"], Attended]:
    """Attend, one query a row, to the cached tokens and to the row's own token: heads side by side."""
    rows, heads, width = query.shape
    if rowwise.takes(query, key, value, keys, values):
        return _attend_by_loop(query, key, value, keys, values)
    query = query * width**-0.5
    to_cache = torch.bmm(keys, query.view(-1, width, 1)).view(rows, heads, -1)  # logits of the cached tokens, b h t
    to_own = (key * query).sum(dim=-1, keepdim=True)  # and of the row's own one, b h 1
    weights = torch.cat([to_cache, to_own], dim=-1).softmax(dim=-1)  # b h t+1
    of_cache = weights[..., :-1].reshape(len(keys), 1, -1)  # b*h 1 t
    mixed = torch.bmm(of_cache, values).view(rows, heads, width) + weights[..., -1:] * value  # b h k
    return mixed.view(rows, -1), Attended(query, key, value, keys, values, weights)


def pull_back_attention(
    mixed: Float[Tensor, "b h k"], attended: Attended, lowest: bool, cache: Float[Tensor, "2 b*h t k"]
) -> Float[Tensor, "b 3w"] | None:
    """Compute the gradient of queries, keys and values of the rows' own tokens from that of `attend`'s output.

    Write the gradient of the cached keys and values into ``cache``; where the block is the ``lowest``, that is all.
    """
    query, key, value, keys, values, weights = attended
    rows, heads, width = query.shape
    packed = mixed.new_empty(rows, 3, heads, width)
    if rowwise.takes(mixed, *attended, cache):
        _pull_back_by_loop(mixed, attended, cache, packed)
        return None if lowest else packed.view(rows, -1)
    to_cache = torch.bmm(values, mixed.view(-1, width, 1)).view(rows, heads, -1)  # of cached tokens' weights, b h t
    to_own = (mixed * value).sum(dim=-1, keepdim=True)  # and of the row's own one, b h 1
    logits = _ATEN._softmax_backward_data(torch.cat([to_cache, to_own], dim=-1), weights, -1, weights.dtype)  # b h t+1
    own = logits[..., -1:]  # b h 1
    of_cache = logits[..., :-1].reshape(len(keys), -1, 1)  # b*h t 1
    torch.mul(of_cache, query.view(-1, 1, width), out=cache[0])  # b*h t k
    torch.mul(weights[..., :-1].reshape(len(keys), -1, 1), mixed.view(-1, 1, width), out=cache[1])  # b*h t k
    if lowest:
        return None
    scaled = torch.bmm(of_cache.transpose(1, 2), keys).view(rows, heads, width) + own * key  # of the scaled query
    torch.mul(scaled, width**-0.5, out=packed[:, 0])
    torch.mul(own, query, out=packed[:, 1])
    torch.mul(weights[..., -1:], mixed, out=packed[:, 2])
    return packed.view(rows, -1)


def _attend_by_loop(
    query: Float[Tensor, "b h k"], key: Tensor, value: Tensor, keys: Float[Tensor, "b*h t k"], values: Tensor
) -> tuple[Float[Tensor, "b w"], Attended]:
    """As `attend`, by one loop over rows and heads; the query is scaled in place."""
    from bench.caption.block_loops import attend_rows  # imports numba

    rows, heads, _ = query.shape
    weights, mixed = query.new_empty(rows, heads, keys.shape[1] + 1), torch.empty_like(query)
    split = [part.unflatten(0, (rows, heads)) for part in (keys, values)]
    rowwise.run_by_rows(attend_rows, *map(rowwise.view_array, (query, key, value, *split, weights, mixed)))
    return mixed.view(rows, -1), Attended(query, key, value, keys, values, weights)


def _pull_back_by_loop(
    mixed: Float[Tensor, "b h k"], attended: Attended, cache: Float[Tensor, "2 b*h t k"],
    packed: Float[Tensor, "b 3 h k"],
) -> None:  # fmt: skip
    """As `pull_back_attention`, by one loop, which writes the gradients of the own tokens to ``packed``."""
    from bench.caption.block_loops import pull_back_rows

    query, key, value, keys, values, weights = attended
    split = [part.unflatten(0, query.shape[:2]) for part in (keys, values, *cache)]  # each b h t k
    parts = (mixed, query, key, value, *split[:2], weights, *split[2:], packed)
    rowwise.run_by_rows(pull_back_rows, *map(rowwise.view_array, parts))
