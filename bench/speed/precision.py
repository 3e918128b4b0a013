"""Sections 3.1 and 3.2 in bfloat16: a stage's fast form beside float32, and what the ratio can be at most.

Products in bfloat16 are faster, the exponentials of a softmax are not: torch and oneDNN make them in float32 in both.
So a stage at the limit of its products gains less than they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.speed import rates
from bench.speed.clock import measure
from bench.speed.products import Product, measure_limit

TYPES = ("float32", "bfloat16")
NUMBERS = 1 << 19
"""Exponentials of one measurement: 2 MB, as many as stay in a cache."""


def compare_bfloat16(
    call: Callable[[], Any], seconds: float, multiplied: Sequence[Product], exponentials: float
) -> dict[str, Any]:
    """Compare the call of a stage in bfloat16 with the ``seconds`` that float32 takes for the same products.

    Both are bounded by their products, each at the rate of its own shape, and by the ``exponentials`` of its
    softmax: `most` is the ratio of these bounds, `share_most` the share of the products' rate that float32 can reach.
    """
    exact, rounded = (measure_limit(replace(p, dtype=kind) for p in multiplied).seconds for kind in TYPES)
    raised = exponentials * measure_exponential()
    spent = measure(call)[1].seconds
    return {
        "seconds": spent,
        "ratio": seconds / spent,
        "products_ratio": exact / rounded,
        "exponentials": exponentials,
        "exponentials_s": raised,
        "most": (exact + raised) / (rounded + raised),
        "share_most": exact / (exact + raised),
    }


def measure_exponential() -> float:
    """Measure the processor seconds of one exponential to base 2 of torch in float32, the fastest of `TIMES`."""
    import torch

    numbers, made, spent = torch.linspace(-20, 20, NUMBERS), torch.empty(NUMBERS), []
    torch.exp2(numbers, out=made)
    for _ in range(rates.TIMES):
        begin, calls = time.process_time(), 0
        while time.process_time() - begin < rates.SHORTEST or not calls:
            torch.exp2(numbers, out=made)
            calls += 1
        spent.append((time.process_time() - begin) / calls)
    return min(spent) / NUMBERS


def has_bfloat16() -> bool:
    """Whether this processor multiplies in bfloat16 and torch says so."""
    import torch

    from bench.system.products import takes

    one = torch.zeros(1024, 1024, dtype=torch.bfloat16)
    return takes(one, one, one.numel() * len(one))


def write_bfloat16(stage: str, made: Mapping[str, float]) -> str:
    """Write the line of a stage for the page."""
    return (
        f"- {stage}: {made['seconds']:.3g} s, {made['ratio']:.2f} times as fast as float32. Products of its shapes are "
        f"{made['products_ratio']:.2f} times as fast, the {made['exponentials'] / 1e9:.3g} billion exponentials of its "
        f"softmax are not ({made['exponentials_s']:.3g} s in either): at most {made['most']:.2f} times, and of the "
        f"limit of products float32 can reach {made['share_most']:.2f}."
    )
