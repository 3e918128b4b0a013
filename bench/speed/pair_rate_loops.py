"""Sections 3.1 and 3.2 in bfloat16: the tiles of attention alone, with nothing to fetch from beyond the first cache.

Pairs of bfloat16 are given by their bits, as uint32: x [4, 32], w [32, 64] and weights [4, 32]; all else is float32.
"""

from __future__ import annotations

from typing import Any

from bench.system.loops import F, compile_exact
from bench.system.pair_tile_loops import PAIRS, make_product, make_weighing

_add, _weigh = make_product(), make_weighing()


@compile_exact
def multiply_tiles(times: int, x: Any, w: Any, logits: Any) -> None:
    """Add the products of x and w to logits [4, 64], twice so many times: two products of a tile."""
    for _ in range(2 * times):
        _add(x, 0, w, 0, logits, 0, 0, PAIRS)


@compile_exact
def weigh_tiles(times: int, x: Any, w: Any, logits: Any, weights: Any, total: Any, shift: Any) -> None:
    """Do the same of attention: logits and their exponentials, and what the weights of a tile give, so many times."""
    for _ in range(times):
        _weigh(x, 0, w, 0, logits, weights, 0, total, 0, shift, F(1))
        _add(x, 0, w, 0, logits, 0, 0, PAIRS)
