"""Sections 3.1 and 3.2 in bfloat16: a stage's fast form beside float32, and what their ratio can be at most.

Products in bfloat16 are about twice as fast, the exponentials of a softmax are hardly faster where they are a pass of
their own: they are computed in float32 in both. So a stage at the limit of its products gains less than they do. Where
attention is made by tiles of our own (`bench.system.attention_tiles`), its products have the rate
of these, and exponentials take what the same tiles take longer with than without them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bench.speed.clock import measure
from bench.speed.products import Product, measure_limit

TYPES = ("float32", "bfloat16")
ROWS, COLUMNS, CALLS = 1024, 512, 20
"""Exponentials of one measurement, as many as stay in a cache, and how many measurements the best is taken of."""
TILES = 10_000
"""Tiles of one measurement."""


def compare_bfloat16(
    call: Callable[[], Any], seconds: float, multiplied: Sequence[Product], exponentials: float
) -> dict[str, Any]:
    """Compare the call of a stage in bfloat16 with the ``seconds`` that float32 takes for the same products.

    Each takes no less than its products, each at the rate of its own shape or of tiles that make it, and the
    ``exponentials`` of its softmax. So `ratio`, of what both take, is at most `most`: what float32 takes over the least
    that bfloat16 can. `share_most` is the share of the products' rate that float32 can reach.
    """
    exact = measure_limit(replace(p, dtype="float32") for p in multiplied).seconds
    rounded = sum(_measure_rounded(replace(p, dtype="bfloat16")) for p in multiplied)
    raised, lower = (exponentials * measure_exponential(kind) for kind in TYPES)
    spent = measure(call)[1].seconds
    return {
        "seconds": spent,
        "ratio": seconds / spent,
        "products_ratio": exact / rounded,
        "products_bfloat16_s": rounded,
        "exponentials": exponentials,
        "exponentials_s": raised,
        "exponentials_bfloat16_s": lower,
        "most": seconds / (rounded + lower),
        "share_most": exact / (exact + raised),
    }


def _measure_rounded(product: Product) -> float:
    """Measure the seconds of some products in bfloat16; those of attention may be made by tiles."""
    from bench.system import attention_tiles

    spent = measure_limit([product]).seconds
    of_heads = attention_tiles.SIZE in (product.k, product.n)
    return min(spent, product.flops * measure_tiles()[0]) if of_heads and attention_tiles.pays() else spent


@cache
def measure_tiles() -> tuple[float, float]:
    """Measure the tiles of attention, the fastest of `CALLS`: processor seconds of an operation of their products.

    And of an exponential between them: what both products of a tile take longer with its exponentials than without.
    """
    from bench.speed import pair_rate_loops as loops

    x, w, weights = (np.zeros(shape, np.uint32) for shape in ((4, 32), (32, 64), (4, 32)))
    logits, total, shift = (np.zeros(shape, np.float32) for shape in ((4, 64), (4, 16), 4))
    alone, both = list[float](), list[float]()
    for _ in range(CALLS + 1):  # the first compiles them
        for spent, loop, given in (
            (alone, loops.multiply_tiles, (logits,)),
            (both, loops.weigh_tiles, (logits, weights, total, shift)),
        ):
            begin = time.process_time()
            loop(TILES, x, w, *given)
            spent.append(time.process_time() - begin)
    operation = min(alone) / (2 * TILES * 2 * x.size * w.shape[1] * 2)  # of each pair two products and two additions
    return operation, max(min(both) - min(alone), 0.0) / (TILES * logits.size)


def measure_exponential(kind: str) -> float:
    """Measure the processor seconds of one exponential of a softmax and of its addition, the fastest of `CALLS`."""
    import torch

    from bench.system import attention_tiles

    if kind == "bfloat16" and attention_tiles.pays():
        return measure_tiles()[1]

    from bench.system.rowwise import exponentiate_

    logits, spent = torch.linspace(-20, 0, ROWS * COLUMNS, dtype=getattr(torch, kind)).view(ROWS, COLUMNS), []
    exponentiate_(logits.clone())  # compiles it
    for _ in range(CALLS):
        numbers = logits.clone()
        begin = time.process_time()
        exponentiate_(numbers)
        spent.append(time.process_time() - begin)
    return min(spent) / logits.numel()


def has_bfloat16() -> bool:
    """Whether this processor multiplies in bfloat16 and torch says so."""
    import torch

    from bench.system.products import takes

    one = torch.zeros(1024, 1024, dtype=torch.bfloat16)
    return takes(one, one, one.numel() * len(one))


def write_bfloat16(stage: str, made: Mapping[str, float]) -> str:
    """Write the line of a stage for the page; rows of earlier versions lack the bound, or had another in its place."""
    spent = made["exponentials_s"]
    lower = made.get("exponentials_bfloat16_s", spent)
    bound = "what it can be at most was not measured by that version"
    if "products_bfloat16_s" in made:
        bound = f"if these were all that bfloat16 takes, it would be {made['most']:.2f} times as fast"
    return (
        f"- {stage}: {made['seconds']:.3g} s, {made['ratio']:.2f} times as fast as float32. Products of its shapes are "
        f"{made['products_ratio']:.2f} times as fast, the {made['exponentials'] / 1e9:.3g} billion exponentials of its "
        f"softmax take {lower:.3g} s where float32 takes {spent:.3g} s: {bound}. Of the limit of products float32 can "
        f"reach {made['share_most']:.2f}."
    )
