"""No part of the paper: attention of one head over many keys on a processor, by products that give bfloat16.

Tiles of our own are faster and round less (`bench.system.attention_tiles`), but where there is a matrix unit.
Of a logit that is rounded to bfloat16 the exponential is off by up to its size / 256: of 30, by a tenth. So each row
has a number of its own subtracted before that, inside the product, by further columns of the queries, which are ones in
the keys. A softmax does not see it, nor how it is rounded. Where it is about the largest logit of the row, x = logit -
largest is rounded, and a weight is off by exp(x) |x| / 256 of the largest one: by 1 / 700 at most.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from bench.system.products import call_onednn
from bench.system.rowwise import exponentiate_

ROWS, KEYS, SAMPLE = 2048, 1024, 64
"""Queries and keys (even) of a block, whose weights, 4 MB, stay in the last cache; keys that set the first shift."""
TIMES = 4
"""A block of keys in which a row has so many times the weight that the sample lets expect is computed once more."""
FARTHEST = 4096.0
"""Logits up to which a shift is exact to 1 / 32."""


def attend_rounded(query: Tensor, key: Tensor, value: Tensor, mixed: Tensor) -> None:
    """Write softmax(Q K^T) V of [Q, D], [T, D] and [T, D] in bfloat16 to `mixed` [Q, D]; logits reach `FARTHEST`.

    Weights are summed in float32 and rounded for their product with the values, whose sum over a block is rounded, too.
    Logits x off its row's shift are rounded by |x| / 256. A key alone 5 to 10 above all that the sample has may miss
    `TIMES`, or put all others as far below: its share p of the row is then off by up to p (1 - p) / 32. Of 4096 and
    17,876 keys that made the largest error up to 13 times torch's own; elsewhere it is up to about five times.
    """
    keys, values = functional.pad(key, (0, 2), value=1.0), functional.pad(value, (0, 0, 0, len(value) % 2))
    sample = keys[:: -(-len(keys) // SAMPLE)].contiguous()
    share = min(KEYS, len(keys)) / len(sample)
    for asking, out in zip(query.split(ROWS), mixed.split(ROWS), strict=True):
        _Rows(asking, sample, share).attend(keys, values, out)


class _Rows:
    """Queries with a shift in their last two columns, and what has been summed of them: of weights and of values."""

    def __init__(self, query: Tensor, sample: Tensor, share: float) -> None:
        """Shift each row by its largest logit of a `sample` of the keys; a block has `share` times as many.

        Logits of 4096 come rounded by up to 8, so what the first shift leaves of the largest is subtracted, too.
        """
        self.query = functional.pad(query, (0, 2))
        first = _split(-call_onednn(self.query, sample, None).float().amax(-1, keepdim=True))
        self.query[:, -2:] = first
        logits = call_onednn(self.query, sample, None).float()
        most = logits.amax(-1, keepdim=True)
        self.query[:, -2:] = _split(first.float().sum(-1, keepdim=True) - most)
        self.sums = query.new_zeros(len(query), query.shape[1], dtype=torch.float32)
        self.total = query.new_zeros(len(query), 1, dtype=torch.float32)
        self.expected = exponentiate_(logits - most) * (TIMES * share)

    def attend(self, keys: Tensor, values: Tensor, out: Tensor) -> None:
        """Write the mean of the values under the weights of all keys to `out` [r, D]."""
        for block, its_values in zip(keys.split(KEYS), values.split(KEYS), strict=True):
            weights, added = _weigh(self.query, block)
            while len(rows := self._find_far(added)):
                self._shift(rows, added[rows])
                again, added[rows] = _weigh(self.query[rows], block)
                weights.index_copy_(0, rows, again)
            self.total += added
            self.sums += call_onednn(weights, its_values.t(), None)
            del weights, added  # the next ones take the same memory
        torch.div(self.sums, self.total, out=out)

    def _find_far(self, added: Tensor) -> Tensor:
        """Find rows of which a block has more weight than all before, and far more than expected: their numbers.

        What the others have far above their shift does not count beside the rest of the row.
        """
        return (added > torch.maximum(self.total, self.expected))[:, 0].nonzero()[:, 0]

    def _shift(self, rows: Tensor, added: Tensor) -> None:
        """Shift some rows by the weight [f, 1] that a block has added to them, and what has been summed with them."""
        before = self.query[rows, -2:].float().sum(-1, keepdim=True)
        self.query[rows, -2:] = _split(before - added.log())
        factor = (self.query[rows, -2:].float().sum(-1, keepdim=True) - before).exp()
        self.total[rows] *= factor
        self.sums[rows] *= factor
        self.expected[rows] = (self.expected[rows] * factor).clamp_min(TIMES)


def _split(shift: Tensor) -> Tensor:
    """Split numbers [r, 1] in their bfloat16 and what that leaves of them, which add up to 16 bits of them: [r, 2]."""
    high = shift.bfloat16()
    return torch.cat([high, (shift - high.float()).bfloat16()], dim=1)


def _weigh(query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the weights of queries [r, D + 2] for keys [c, D + 2], bfloat16 [r, c], and each row's sum, [r, 1].

    Where c is odd a column of zeros is behind them: exponentials are made by pairs.
    """
    weights = call_onednn(query, functional.pad(keys, (0, 0, 0, len(keys) % 2)), None)
    return weights, exponentiate_(weights, len(keys))
