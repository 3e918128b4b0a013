"""Section 3.3: the shift of ZeroCap's guidance, row by row, as loops that numba compiles for float32.

`bench.caption.guidance` is their door. A row's bits do not depend on how many there are; those of torch's power do.
Letters: r rows, h heads, t cached tokens, k channels a head.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.caption.block_loops import dot
from bench.system.loops import F, compile_loop, compile_part


@compile_part
def square_norm(left: Any, right: Any) -> Any:
    """Add up the squares of some heads' outer products, of left [h, t+1] without its last and right [h, k]."""
    total = 0.0
    for h in range(len(left)):
        own, row = left[h, :-1], right[h]
        total += np.float64(dot(own, own)) * np.float64(dot(row, row))
    return total


@compile_part
def add_products(context: Any, scale: Any, left: Any, right: Any) -> None:
    """Add the outer products of some heads, times a scale, to a context [h, t, k]."""
    heads, cached, width = context.shape
    for h in range(heads):
        row = right[h]
        for t in range(cached):
            own, factor = context[h, t], scale * left[h, t]
            for i in range(width):
                own[i] += factor * row[i]


@compile_loop
def shift_rows(
    step: Any, power: Any, keys: Any, values: Any, logits: Any, packed: Any, weights: Any, mixed: Any
) -> None:  # fmt: skip
    """Shift keys and values [r, h, t, k] against their gradients g: by step * g / |g|^power, in place.

    g is the outer product of logits with the query, the first of the packed ones, and of weights with mixed.
    """
    for at in range(len(keys)):
        for context, left, right in ((keys[at], logits[at], packed[at, 0]), (values[at], weights[at], mixed[at])):
            norm = math.sqrt(square_norm(left, right)) + 1e-15
            add_products(context, F(-step / norm**power), left, right)
