"""Sections 3.1 to 3.3 as matrix products: FLOPs counted from the architecture, and how fast this machine multiplies.

A product of [m, k] with [k, n] has 2 m k n floating-point operations. A stage's share of the limit is its FLOPs divided
by its seconds and by the best rate that a product of one of its own shapes reaches here, measured in the same run.
Norms, softmax and activations are not counted, so their time lowers the share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MOST_ROWS = 1024
"""Rows of a product that are measured: more are no faster, and the result of all would not fit into a cache."""
SHORTEST, TIMES = 0.02, 3
"""Seconds that one measurement takes at the least, and how many of them the best is taken of."""

_UNCACHED = 1 << 28
"""Bytes."""


@dataclass(frozen=True)
class Product:
    """``count`` products of [m, k] with [k, n]; ``dtype`` as torch calls it."""

    m: int
    k: int
    n: int
    count: float = 1
    dtype: str = "float32"

    @property
    def flops(self) -> float:
        """Floating-point operations of all of them."""
        return 2.0 * self.m * self.k * self.n * self.count


def count_flops(products: Iterable[Product]) -> float:
    """Count the operations of all products."""
    return sum(product.flops for product in products)


def list_block(
    tokens: int, width: int, heads: int, hidden: int, count: float = 1, asking: int | None = None
) -> list[Product]:
    """List the products of a transformer block over ``tokens``, of which ``asking`` (None: all) leave it."""
    asking = tokens if asking is None else asking
    size = width // heads
    return [
        Product(tokens, width, 3 * width, count),
        Product(asking, size, tokens, heads * count),  # queries with keys
        Product(asking, tokens, size, heads * count),  # weights with values
        Product(asking, width, width, count),
        Product(asking, width, hidden, count),
        Product(asking, hidden, width, count),
    ]


def measure_rate(products: Iterable[Product]) -> float:
    """Measure the best rate (FLOP a processor second) over the shapes of some products; 0 where there is none."""
    shapes = {(min(p.m, MOST_ROWS), p.k, min(p.n, 8 * MOST_ROWS), p.dtype) for p in products if p.m and p.count}
    return max((_measure_shape(*shape) for shape in sorted(shapes)), default=0.0)


def measure_memory_rate() -> float:
    """Measure how fast one thread reads memory (bytes a processor second): the sum of what fits into no cache."""
    import torch

    numbers = torch.ones(_UNCACHED // 4)
    return _measure_rate(numbers.sum, float(_UNCACHED))


def _measure_shape(m: int, k: int, n: int, dtype: str) -> float:
    """Measure torch's own library of products (MKL, OpenBLAS) and oneDNN, which the stages use; take the best one.

    oneDNN with its weight as it lies and, where that may pay, packed.
    """
    import torch

    from bench.system.products import multiply, pack

    kind = getattr(torch, dtype)
    left, right, out = torch.ones(m, k, dtype=kind), torch.ones(n, k, dtype=kind), torch.empty(m, n, dtype=kind)
    with torch.inference_mode():
        packed = pack(right, m)
        calls = [lambda: torch.mm(left, right.t(), out=out), lambda: multiply(left, right)]
        calls += [] if packed is None else [lambda: multiply(left, right, packed=packed)]
        return max(_measure_rate(call, 2.0 * m * k * n) for call in calls)


def _measure_rate(call: Callable[[], object], amount: float) -> float:
    """Measure how much of an amount a call does in a processor second."""
    call()  # the first call chooses a kernel
    rates = []
    for _ in range(TIMES):
        begin, calls, spent = time.process_time(), 0, 0.0
        while spent < SHORTEST:
            call()
            calls, spent = calls + 1, time.process_time() - begin
        rates.append(amount * calls / spent)
    return max(rates)
