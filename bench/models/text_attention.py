"""The attention of CLIP's text tower (section 3.3): of rows to a prefix that they share, and to the few before them.

The prefix is one product for all rows that share it, head by head, so that its keys are not copied for every text. What
a text has of its own is a few products and sums, number by number. A row's result has the same bits whatever else is
computed beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from bench.models.text_rows import Asking, Span
from bench.system.rows import round_up


def attend(
    packed: Float[Tensor, "r 3w"],
    heads: int,
    caches: Sequence[Float[Tensor, "2 h p k"]],
    asking: Asking,
    most: int,
) -> Float[Tensor, "a w"]:
    """Attend the rows that ask to their prefixes, whose keys and values ``caches`` has, and to rows of the pack.

    No pack has more than ``most`` rows. Half precision is widened: fused attention sums in float32 too.
    """
    queries, keys, values = packed.float().view(len(packed), 3, heads, -1).unbind(1)  # each r h k
    queries = queries.index_select(0, asking.rows)  # a h k; several times as fast as an index
    shared = [_Shared(span, caches[span.prefix].float(), most) for span in asking.spans if caches[span.prefix].numel()]
    logits = _compare(queries, keys, shared, asking)  # a h l
    weights = logits.mul_(queries.shape[-1] ** -0.5).softmax(dim=-1)
    return _mix(weights, values, shared, asking).flatten(1).to(packed.dtype)


class _Shared:
    """The keys and values of a prefix that some rows share, and the products with them."""

    def __init__(self, span: Span, cache: Float[Tensor, "2 h p k"], most: int) -> None:
        self.rows, self.length = slice(span.start, span.stop), cache.shape[2]
        self.keys, self.values = cache[0], cache[1].transpose(1, 2)  # h p k, h k p
        self.count = span.stop - span.start
        self.size = round_up(self.count, -(-most // 16) * 16, [self.keys, self.values], product=multiply_heads)

    def multiply(self, x: Float[Tensor, "a h i"], weights: Float[Tensor, "h o i"]) -> Float[Tensor, "n h o"]:
        """Multiply the rows, filled up with zeros to a number at which every row keeps its bits."""
        filled = F.pad(x[self.rows], (0, 0, 0, 0, 0, self.size - self.count))
        return multiply_heads(filled, weights)[: self.count]


def _compare(
    queries: Float[Tensor, "a h k"], keys: Float[Tensor, "r h k"], prefixes: Sequence[_Shared], asking: Asking
) -> Float[Tensor, "a h l"]:
    """Compute the products of queries with the keys that they see, at their places; elsewhere minus infinity."""
    logits = queries.new_full((*queries.shape[:2], asking.hidden.shape[-1]), -torch.inf)
    for prefix in prefixes:
        logits[prefix.rows, :, : prefix.length] = prefix.multiply(queries, prefix.keys)
    logits.masked_fill_(asking.hidden, -torch.inf)
    for level in asking.levels:
        own = queries.index_select(0, level.asking) * keys.index_select(0, level.asked)  # n h k
        logits[level.asking, :, level.places] = own.sum(dim=-1)
    return logits


def _mix(
    weights: Float[Tensor, "a h l"], values: Float[Tensor, "r h k"], prefixes: Sequence[_Shared], asking: Asking
) -> Float[Tensor, "a h k"]:
    """Compute the sums of the values, weighted; at a place that is hidden in the prefix lies a row of the pack."""
    mixed = values.new_zeros(*weights.shape[:2], values.shape[2])
    shared = weights.masked_fill(asking.hidden, 0)
    for prefix in prefixes:
        mixed[prefix.rows] = prefix.multiply(shared[..., : prefix.length], prefix.values)
    for level in asking.levels:
        weight = weights[level.asking, :, level.places].unsqueeze(-1)  # n h 1
        mixed.index_add_(0, level.asking, weight * values.index_select(0, level.asked))
    return mixed


def multiply_heads(x: Float[Tensor, "n h i"], weight: Float[Tensor, "h o i"]) -> Float[Tensor, "n h o"]:
    """Compute x W^T head by head."""
    return torch.bmm(x.transpose(0, 1), weight.transpose(1, 2)).transpose(0, 1)
