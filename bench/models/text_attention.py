"""The attention of CLIP's text tower (section 3.3): of rows to a prefix that they share, and to the few before them.

A row's result has the same bits whatever else is computed beside it. On a processor it is a loop over rows
(`text_loops`), elsewhere products of many rows at once (`text_levels`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from bench.models.text_rows import Asking
from bench.system.rowwise import run_by_rows

Attention = Callable[[Float[Tensor, "r 3w"], Sequence[Float[Tensor, "2 h p k"]]], Float[Tensor, "A w"]]
"""Queries, keys and values of the rows of a pack, and those of its prefixes, to what the rows that ask get, filled up
with rows of zeros."""


def open_attention(asking: Asking, filled: int, heads: int, longest: int, most: int, device: torch.device) -> Attention:
    """Open the attention of the rows that ask, ``filled`` up to so many, of all blocks.

    ``longest`` is the longest prefix of all, ``most`` the largest pack. It computes in float32, as fused attention
    sums, and gives the type that it was given.
    """
    if device.type == "cpu":
        return partial(attend, asking, filled, heads)
    from bench.models.text_levels import LevelAttention

    return LevelAttention(asking, filled, heads, longest, most, device)


def attend(
    asking: Asking, filled: int, heads: int, packed: Float[Tensor, "r 3w"], caches: Sequence[Float[Tensor, "2 h p k"]]
) -> Float[Tensor, "A w"]:
    """Attend the rows that ask to their prefixes, whose keys and values ``caches`` has, and to rows of the pack."""
    from bench.models.text_loops import attend_rows  # imports numba

    of_pack = packed.float().contiguous().view(len(packed), 3, heads, -1).numpy()
    mixed = packed.new_empty(filled, heads, of_pack.shape[-1], dtype=torch.float32)
    mixed[len(asking.rows) :] = 0
    for prefix, start, stop in asking.spans:
        keys, values = caches[prefix].float().numpy()  # each h p k
        of_rows = (mixed.numpy(), asking.rows, asking.seen, asking.counts, asking.shared)
        run_by_rows(partial(attend_rows, of_pack, keys, values), *(part[start:stop] for part in of_rows))
    return mixed.flatten(1).to(packed.dtype)
