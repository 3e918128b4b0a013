"""The attention of CLIP's text tower (section 3.3) on a GPU: the rows of a pack at once, by products and gathers.

The prefix is one product for all rows that share it, head by head, so that its keys are not copied for every text. What
a text has of its own are a few products and sums, number by number: first those of the first token behind each row's
prefix, then of the second, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from bench.models.text_rows import Asking, Span

STEP = 16
"""Places are counted in steps of a vector of float32: sums over places keep their bits, whatever the longest text."""


class LevelAttention:
    """The attention of rows that ask, all at once; no pack has more than ``most`` rows, no prefix is ``longest``er."""

    def __init__(self, asking: Asking, filled: int, heads: int, longest: int, most: int, device: torch.device) -> None:
        self.missing, self.heads, self.most, self.spans = filled - len(asking.rows), heads, most, asking.spans
        rows, shared, seen = (torch.from_numpy(part) for part in (asking.rows, asking.shared, asking.seen))
        self.rows = rows.to(device)
        length = -(-max(longest, int((asking.shared + asking.counts).max())) // STEP) * STEP
        self.hidden = (torch.arange(length) >= shared[:, None])[:, None].to(device)  # a 1 l
        self.levels = []  # the rows that have so many of their own, the row each looks at, its place: each [n]
        for level, column in enumerate(seen.t()):
            own = (column >= 0).nonzero()[:, 0]
            self.levels.append([part.to(device) for part in (own, column[own], shared[own] + level)])

    def __call__(
        self, packed: Float[Tensor, "r 3w"], caches: Sequence[Float[Tensor, "2 h p k"]]
    ) -> Float[Tensor, "A w"]:
        """Attend to the prefixes, whose keys and values ``caches`` has, and to rows of the pack; sums in float32."""
        queries, keys, values = packed.float().view(len(packed), 3, self.heads, -1).unbind(1)  # each r h k
        queries = queries.index_select(0, self.rows)  # a h k; several times as fast as an index
        used = [span for span in self.spans if caches[span.prefix].numel()]
        shared = [_Shared(span, caches[span.prefix].float(), self.most) for span in used]
        logits = self._compare(queries, keys, shared)  # a h l
        weights = logits.mul_(queries.shape[-1] ** -0.5).softmax(dim=-1)
        mixed = self._mix(weights, values, shared).flatten(1).to(packed.dtype)
        return F.pad(mixed, (0, 0, 0, self.missing)) if self.missing else mixed

    def _compare(
        self, queries: Float[Tensor, "a h k"], keys: Float[Tensor, "r h k"], prefixes: Sequence[_Shared]
    ) -> Float[Tensor, "a h l"]:
        """Compute the products of queries with the keys that they see, at their places; elsewhere minus infinity."""
        logits = queries.new_full((*queries.shape[:2], self.hidden.shape[-1]), -torch.inf)
        for prefix in prefixes:
            logits[prefix.rows, :, : prefix.length] = prefix.multiply(queries, prefix.keys)
        logits.masked_fill_(self.hidden, -torch.inf)
        for asking, asked, places in self.levels:
            own = queries.index_select(0, asking) * keys.index_select(0, asked)  # n h k
            logits[asking, :, places] = own.sum(dim=-1)
        return logits

    def _mix(
        self, weights: Float[Tensor, "a h l"], values: Float[Tensor, "r h k"], prefixes: Sequence[_Shared]
    ) -> Float[Tensor, "a h k"]:
        """Compute the sums of the values, weighted; at a place that is hidden in the prefix lies a row of the pack."""
        mixed = values.new_zeros(*weights.shape[:2], values.shape[2])
        shared = weights.masked_fill(self.hidden, 0)
        for prefix in prefixes:
            mixed[prefix.rows] = prefix.multiply(shared[..., : prefix.length], prefix.values)
        for asking, asked, places in self.levels:
            weight = weights[asking, :, places].unsqueeze(-1)  # n h 1
            mixed.index_add_(0, asking, weight * values.index_select(0, asked))
        return mixed


class _Shared:
    """The keys and values of a prefix that some rows share, and the products with them."""

    def __init__(self, span: Span, cache: Float[Tensor, "2 h p k"], most: int) -> None:
        self.rows, self.length = slice(span.start, span.stop), cache.shape[2]
        self.keys, self.values = cache[0], cache[1].transpose(1, 2)  # h p k, h k p
        self.count = span.stop - span.start
        self.size = -(-most // STEP) * STEP

    def multiply(self, x: Float[Tensor, "a h i"], weights: Float[Tensor, "h o i"]) -> Float[Tensor, "n h o"]:
        """Multiply the rows, filled up with zeros to one number, so that every row keeps its bits."""
        filled = F.pad(x[self.rows], (0, 0, 0, 0, 0, self.size - self.count))
        return multiply_heads(filled, weights)[: self.count]


def multiply_heads(x: Float[Tensor, "n h i"], weight: Float[Tensor, "h o i"]) -> Float[Tensor, "n h o"]:
    """Compute x W^T head by head."""
    return torch.bmm(x.transpose(0, 1), weight.transpose(1, 2)).transpose(0, 1)
