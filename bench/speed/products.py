"""Sections 3.1 to 3.3 as matrix products: FLOPs counted from the architecture, and how fast this machine multiplies.

A product i of [m, k] with [k, n] has f_i = 2 m k n floating-point operations, and r_i is the best rate at which this
machine makes one of its shape, measured in the same run (`bench.speed.rates`). A stage's share of the limit is

    share = (sum_i f_i / r_i) / seconds          share_best = (sum_i f_i) / max_i r_i / seconds  <=  share

The first says how near the stage is to what its shapes allow, the second also how good these are: small products and
those of few rows are slow however they are made. Norms, softmax and activations are not counted: they lower both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from bench.speed.rates import measure_shape


@dataclass(frozen=True)
class Product:
    """``count`` products of [m, k] with [k, n]; ``dtype`` as torch calls it.

    ``cold``: the weight of each comes from memory, since its rows are few and all weights fit into no cache.
    """

    m: int
    k: int
    n: int
    count: float = 1
    dtype: str = "float32"
    cold: bool = False

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


@dataclass(frozen=True)
class Limit:
    """How fast some products can be made here; all is 0 where there are none.

    ``flops`` of all of them, the ``seconds`` they take with each at the rate of its own shape, and the rate ``best``
    of the fastest shape (FLOP a processor second).
    """

    flops: float
    seconds: float
    best: float

    def compute_shares(self, seconds: float) -> tuple[float, float]:
        """Compute the shares of a stage that takes so many seconds: of each shape's limit, of the best shape's."""
        return self.seconds / seconds, self.flops / self.best / seconds


def measure_limit(products: Iterable[Product]) -> Limit:
    """Measure the limit of some products. A shape is measured once in a process, so that all have the same rate."""
    asked = [one for one in products if one.flops]
    rates = [_measure(one.m, one.k, one.n, one.dtype, one.cold) for one in asked]
    seconds = sum(one.flops / rate for one, rate in zip(asked, rates, strict=True))
    return Limit(count_flops(asked), seconds, max(rates, default=0.0))


_measure = cache(measure_shape)
