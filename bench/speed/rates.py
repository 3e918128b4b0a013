"""Sections 3.1 to 3.3 as matrix products: how fast this machine makes a product of one shape, the best way it can.

The rate of [m, k] x [k, n] is the best that any of these ways reaches: torch's own library, oneDNN or our panels, the
weight as it lies, transposed or packed, or the factors swapped, on the whole and on blocks that stay in a cache
(`list_blocks`). So no stage has a low limit because it asks for its products in a slow way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, product
from typing import Any, NamedTuple

SHORTEST, TIMES, GLANCE = 0.02, 3, 0.002
"""Seconds that one measurement takes at the least, and how many of them the best is taken of; of a first glance."""
ROWS, COLUMNS, INNER = (256, 1024, 4096), (512, 2048), (1024,)
"""Of blocks."""
LONG, STEP = 4096, 16
"""From how many inner numbers on a product is also cut there, its sums given for nothing; numbers of a vector."""
MOST_NUMBERS = 1 << 23
"""Of both factors and the product of a block: more fit into no cache and are slower."""
TRIED, FAR = 3, 0.5
"""Ways that are measured in earnest: those which look best at a glance; as part of the best, what is left out there."""
UNCACHED = 1 << 28
"""Bytes that fit into no cache."""
WAYS = (
    "torch", "torch, transposed", "oneDNN", "oneDNN, transposed", "oneDNN, swapped", "oneDNN, packed", "panels",
    "panels, transposed",
)  # fmt: skip


class Side(NamedTuple):
    """How many rows, inner numbers or columns a block has, and how many of them are wanted; others fill it up."""

    made: int
    wanted: int


Block = tuple[Side, Side, Side]
"""Rows, inner numbers and columns."""


def measure_shape(m: int, k: int, n: int, dtype: str = "float32", cold: bool = False) -> float:
    """Measure the best rate (FLOP a processor second) of a product of [m, k] with [k, n] over all ways and blocks.

    ``cold``: each call has another weight, which lies in no cache. No way of making it is then faster than memory is
    read, nor than with the weight in a cache, and one might be as fast: the lower of both is its rate, if none is
    measured that is higher.
    """
    if not cold:
        return _measure_best(m, k, n, dtype)
    block = cut_columns(m, k, n)
    measured = max(_measure_way(block, way, dtype, True, SHORTEST, TIMES) for way in WAYS)
    bound = 2 * m * measure_memory_rate() / _find_type(dtype).itemsize
    if m > 1:  # a single row is never slower from a cache than memory is read
        bound = min(bound, _measure_best(m, k, block[2].made, dtype))
    return max(measured, bound)


def _measure_best(m: int, k: int, n: int, dtype: str) -> float:
    """Measure the rate of a product whose factors lie in a cache."""
    glances = _glance(list_blocks(m, k, n), dtype)
    tried = sorted(glances, key=lambda one: -glances[one])[:TRIED]
    return max(_measure_way(*one, dtype, False, SHORTEST, TIMES) for one in tried)


def _glance(blocks: Sequence[Block], dtype: str) -> dict[tuple[Block, str], float]:
    """Measure all blocks for a moment, each in all ways but those that are `FAR` behind the best on the first one."""
    first = {(blocks[0], way): _measure_way(blocks[0], way, dtype, False, GLANCE, 1) for way in WAYS}
    near = [way for (_, way), rate in first.items() if rate >= FAR * max(first.values())]
    return first | {one: _measure_way(*one, dtype, False, GLANCE, 1) for one in product(blocks[1:], near)}


def list_blocks(m: int, k: int, n: int) -> list[Block]:
    """List the blocks that a product is tried in, of those that fit into a cache, which some always do.

    They are the whole, filled up or cut to multiples of 16, and blocks of some sizes; ragged ends do not count, as if
    they were made at the same rate.
    """
    sides = product(_list_sides(m, ROWS), _list_sides(k, INNER if k > LONG else ()), _list_sides(n, COLUMNS))
    return [block for block in sides if _count_numbers(block) <= MOST_NUMBERS]


def cut_columns(m: int, k: int, n: int) -> Block:
    """Cut a product of few rows to as many columns as make a matrix that fits into a cache: the next one does not."""
    columns = min(n, max(MOST_NUMBERS // 2 // k, 1))
    return Side(m, m), Side(k, k), Side(columns, columns)


def measure_memory_rate() -> float:
    """Measure how fast one thread reads memory (bytes a processor second): the sum of what fits into no cache.

    It lies in large pages, which are read faster than small ones, where the system has them.
    """
    from bench.system.panels import draw_memory

    numbers = draw_memory(UNCACHED // 4).fill_(1)
    return measure_rate(numbers.sum, float(UNCACHED), SHORTEST, TIMES)


def measure_rate(call: Callable[[], object], amount: float, shortest: float, times: int) -> float:
    """Measure how much of an amount a call does in a processor second: the best of some measurements."""
    import torch

    rates = []
    with torch.inference_mode():
        call()  # the first call chooses a kernel
        for _ in range(times):
            begin, calls, spent = time.process_time(), 0, 0.0
            while spent < min(shortest, SHORTEST):
                call()
                calls, spent = calls + 1, time.process_time() - begin
            rates.append(amount * calls / spent)
    return max(rates)


def _measure_way(block: Block, way: str, dtype: str, cold: bool, shortest: float, times: int) -> float:
    """Measure one way of making a block, in FLOP that are wanted of it; 0 where the way is none of this block's."""
    rows, inner, columns = block
    call = make_call(way, rows.made, inner.made, columns.made, dtype, cold)
    flops = 2.0 * rows.wanted * inner.wanted * columns.wanted
    return measure_rate(call, flops, shortest, times) if call else 0.0


def make_call(way: str, m: int, k: int, n: int, dtype: str, cold: bool) -> Callable[[], object] | None:
    """Make a call of [m, k] with [k, n] in one of `WAYS`; a ``cold`` one has another weight each time.

    None where a weight of this size is not packed, or not laid out in panels.
    """
    import torch

    from bench.system import panels
    from bench.system.products import multiply, pack

    library, _, how = way.partition(", ")
    kind = _find_type(dtype)
    count = -(-UNCACHED // (k * n * kind.itemsize)) if cold else 1
    left, numbers = torch.ones(m, k, dtype=kind), torch.ones(count, n * k, dtype=kind)
    weights: Any = numbers.view(count, n, k)
    if how == "transposed":  # [n, k], as all of them, whose columns lie one after the other
        weights = numbers.view(count, k, n).transpose(1, 2)
    if library == "panels":
        matrices = [weight.t() for weight in weights] if how else weights
        if not panels.takes(matrices[0]):
            return None
        laid = [panels.Panels.lay_out(matrix) for matrix in matrices]
        return _turn(lambda made: (made.multiply if how else made.multiply_turned)(left), laid)
    if library == "torch":
        return _turn(lambda weight: torch.mm(left, weight.t()), weights)
    if how == "swapped":
        return _turn(lambda weight: multiply(weight, left), weights)
    if how == "packed":
        packed = [pack(weight, m) for weight in weights]
        like = weights[0]
        return None if packed[0] is None else _turn(lambda made: multiply(left, like, packed=made), packed)
    return _turn(partial(multiply, left), weights)


def _turn(call: Callable[[Any], object], weights: Sequence[Any]) -> Callable[[], object]:
    """Make a call that takes the next weight each time."""
    turning = cycle(weights)
    return lambda: call(next(turning))


def _list_sides(size: int, smaller: Sequence[int]) -> list[Side]:
    """List a side whole, filled up, and cut to smaller ones."""
    ends = (-(-size // STEP) * STEP, size // STEP * STEP) if size % STEP else ()
    cut = (one for one in (size, *ends, *smaller) if one)
    return [Side(one, min(one, size)) for one in cut if one in (size, *ends) or one < size]


def _count_numbers(block: Block) -> int:
    m, k, n = (side.made for side in block)
    return m * k + k * n + m * n


def _find_type(dtype: str) -> Any:
    import torch

    return getattr(torch, dtype)
