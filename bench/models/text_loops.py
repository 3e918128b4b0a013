"""The attention of CLIP's text tower (section 3.3) as a loop that numba compiles: few keys a row, too few for products.

See `bench.system.loops` for how it is compiled and what its sums are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.system.loops import F, compile_loop, exponentiate

LEAST = F(-np.inf)


@compile_loop
def attend_rows(
    packed: Any, keys: Any, values: Any, mixed: Any, rows: Any, seen: Any, counts: Any, shared: Any
) -> None:
    """Write softmax(q K^T / sqrt(k)) V of each row that asks to ``mixed`` [a, h, k], all in float32.

    Its q is that of row ``rows[a]`` of ``packed`` [r, 3, h, k]. It sees the first ``shared[a]`` keys and values [h, p,
    k] of its prefix, then those of the first ``counts[a]`` rows that ``seen`` [a, m] lists. A sum runs over k or over
    the places of one text, in their order, so it has the same bits in any company.
    """
    heads, longest, size = keys.shape
    scale, logits = F(1 / math.sqrt(size)), np.empty(longest + seen.shape[1], np.float32)
    for at in range(len(rows)):
        own, places = shared[at], shared[at] + counts[at]  # the first place that is not the prefix's, and all of them
        for head in range(heads):
            query, out, most, total = packed[rows[at], 0, head], mixed[at, head], LEAST, F(0)
            for place in range(places):
                key = keys[head, place] if place < own else packed[seen[at, place - own], 1, head]
                logit = F(0)
                for i in range(size):
                    logit += query[i] * key[i]
                logits[place] = logit * scale
                most = max(most, logits[place])
            out[:] = F(0)
            for place in range(places):
                weight = exponentiate(logits[place] - most)
                value = values[head, place] if place < own else packed[seen[at, place - own], 2, head]
                total += weight
                for i in range(size):
                    out[i] += weight * value[i]
            for i in range(size):
                out[i] /= total
