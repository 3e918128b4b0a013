"""Sections 3.1 and 3.2 in bfloat16: a stage's fast form beside float32, and what the ratio can be at most.

Products in bfloat16 are about twice as fast, the exponentials of a softmax are hardly faster: they are computed in
float32 in both. So a stage at the limit of its products gains less than they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.speed.clock import measure
from bench.speed.products import Product, measure_limit

TYPES = ("float32", "bfloat16")
ROWS, COLUMNS, CALLS = 1024, 512, 20
"""Exponentials of one measurement, as many as stay in a cache, and how many measurements the best is taken of."""


def compare_bfloat16(
    call: Callable[[], Any], seconds: float, multiplied: Sequence[Product], exponentials: float
) -> dict[str, Any]:
    """Compare the call of a stage in bfloat16 with the ``seconds`` that float32 takes for the same products.

    Both are bounded by their products, each at the rate of its own shape, and by the ``exponentials`` of its
    softmax: `most` is the ratio of these bounds, `share_most` the share of the products' rate that float32 can reach.
    """
    exact, rounded = (measure_limit(replace(p, dtype=kind) for p in multiplied).seconds for kind in TYPES)
    raised, lower = (exponentials * measure_exponential(kind) for kind in TYPES)
    spent = measure(call)[1].seconds
    return {
        "seconds": spent,
        "ratio": seconds / spent,
        "products_ratio": exact / rounded,
        "exponentials": exponentials,
        "exponentials_s": raised,
        "exponentials_bfloat16_s": lower,
        "most": (exact + raised) / (rounded + lower),
        "share_most": exact / (exact + raised),
    }


def measure_exponential(kind: str) -> float:
    """Measure the processor seconds of one exponential of a softmax and of its addition, the fastest of `CALLS`."""
    import torch

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
    """Write the line of a stage for the page."""
    spent = made["exponentials_s"]
    lower = made.get("exponentials_bfloat16_s", spent)  # rows of an earlier version do not have it
    return (
        f"- {stage}: {made['seconds']:.3g} s, {made['ratio']:.2f} times as fast as float32. Products of its shapes are "
        f"{made['products_ratio']:.2f} times as fast, the {made['exponentials'] / 1e9:.3g} billion exponentials of its "
        f"softmax take {lower:.3g} s where float32 takes {spent:.3g} s: at most {made['most']:.2f} times, and of the "
        f"limit of products float32 can reach {made['share_most']:.2f}."
    )
