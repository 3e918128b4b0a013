"""Attention of one new token a row in ZeroCap's GPT-2 (section 3.3), and its gradient written out.

Letters: b rows, t cached tokens, h heads, k channels a head; the 3 are the packed query, key and value.
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

    packed: Float[Tensor, "b 3 h k"]
    weights: Float[Tensor, "b h t+1"]
    keys: Float[Tensor, "b h t k"]
    values: Float[Tensor, "b h t k"]


class CacheGradient(NamedTuple):
    """The gradient of cached keys and values, of one layer or, with a dimension more, of all.

    In each head it is an outer product, that of the logits' gradient with the query, the first of the packed ones, for
    the keys, of the weights with the gradient of what they mix for the values. Of t+1 the last is the own token's.
    """

    logits: Float[Tensor, "*l b h t+1"]
    packed: Float[Tensor, "*l b 3 h k"]
    weights: Float[Tensor, "*l b h t+1"]
    mixed: Float[Tensor, "*l b h k"]

    @property
    def factors(self) -> list[tuple[Float[Tensor, "*l b h t"], Float[Tensor, "*l b h k"]]]:
        """The two factors of the keys' gradient, and of the values'."""
        return [(self.logits[..., :-1], self.packed[..., 0, :, :]), (self.weights[..., :-1], self.mixed)]

    def expand(self) -> Float[Tensor, "*l 2 b h t k"]:
        """Multiply the factors out."""
        (left, right), (other, mixed) = self.factors
        *outer, rows, heads, tokens = left.shape
        made = left.new_empty(*outer, 2, rows, heads, tokens, right.shape[-1])
        torch.mul(left.unsqueeze(-1), right.unsqueeze(-2), out=made.select(-5, 0))
        torch.mul(other.unsqueeze(-1), mixed.unsqueeze(-2), out=made.select(-5, 1))
        return made


def attend(
    packed: Float[Tensor, "b 3 h k"], keys: Float[Tensor, "b h t k"], values: Float[Tensor, "b h t k"]
) -> tuple[Float[Tensor, "b h k"], Attended]:
    """Attend, one query a row, to the cached tokens and to the row's own token. The query is scaled in place."""
    if rowwise.takes(packed, keys, values):
        return _attend_by_loop(packed, keys, values)
    query, key, value = packed.unbind(1)  # each b h k
    query.mul_(query.shape[-1] ** -0.5)
    to_cache = (keys @ query.unsqueeze(-1)).squeeze(-1)  # logits of the cached tokens, b h t
    to_own = (key * query).sum(dim=-1, keepdim=True)  # and of the row's own one, b h 1
    weights = torch.cat([to_cache, to_own], dim=-1).softmax(dim=-1)  # b h t+1
    of_cache = (weights[..., :-1].unsqueeze(-2) @ values).squeeze(-2)  # b h k
    return of_cache + weights[..., -1:] * value, Attended(packed, weights, keys, values)


def pull_back_attention(
    mixed: Float[Tensor, "b h k"], attended: Attended
) -> tuple[Float[Tensor, "b 3 h k"], CacheGradient]:
    """Compute the gradient of the rows' packed queries, keys and values, and of the cache, from that of the output."""
    packed, weights, keys, values = attended
    if rowwise.takes(mixed, packed, keys, values):
        return _pull_back_by_loop(mixed, attended)
    query, key, value = packed.unbind(1)  # each b h k
    to_cache = (values @ mixed.unsqueeze(-1)).squeeze(-1)  # of cached tokens' weights, b h t
    to_own = (mixed * value).sum(dim=-1, keepdim=True)  # and of the row's own one, b h 1
    logits = _ATEN._softmax_backward_data(torch.cat([to_cache, to_own], dim=-1), weights, -1, weights.dtype)  # b h t+1
    of_cache, own = logits[..., :-1], logits[..., -1:]
    scaled = (of_cache.unsqueeze(-2) @ keys).squeeze(-2) + own * key  # of the scaled query, b h k
    made = torch.empty_like(packed)
    torch.mul(scaled, query.shape[-1] ** -0.5, out=made[:, 0])
    torch.mul(own, query, out=made[:, 1])
    torch.mul(weights[..., -1:], mixed, out=made[:, 2])
    return made, CacheGradient(logits, packed, weights, mixed)


def _attend_by_loop(
    packed: Float[Tensor, "b 3 h k"], keys: Float[Tensor, "b h t k"], values: Float[Tensor, "b h t k"]
) -> tuple[Float[Tensor, "b h k"], Attended]:
    """As `attend`, by one loop over rows and heads."""
    from bench.caption.block_loops import attend_rows  # imports numba

    rows, _, heads, width = packed.shape
    weights, mixed = packed.new_empty(rows, heads, keys.shape[2] + 1), packed.new_empty(rows, heads, width)
    rowwise.run_by_rows(attend_rows, *map(rowwise.view_array, (packed, keys, values, weights, mixed)))
    return mixed, Attended(packed, weights, keys, values)


def _pull_back_by_loop(
    mixed: Float[Tensor, "b h k"], attended: Attended
) -> tuple[Float[Tensor, "b 3 h k"], CacheGradient]:
    """As `pull_back_attention`, by one loop."""
    from bench.caption.block_loops import pull_back_rows  # imports numba

    packed, weights, keys, values = attended
    logits, made = torch.empty_like(weights), torch.empty_like(packed)
    parts = (mixed, packed, keys, values, weights, logits, made)
    rowwise.run_by_rows(pull_back_rows, *map(rowwise.view_array, parts))
    return made, CacheGradient(logits, packed, weights, mixed)
