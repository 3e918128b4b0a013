"""Section 3.2 between the products of a transformer's block: loops over its tokens, in float32 or bfloat16.

bfloat16, which NumPy does not know, is given by its bits as uint16; what is computed is float32, rounded once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from bench.system.loops import ONE, F, compile_loop, compile_part, narrow, widen


def read(array: Any, at: Any) -> Any:
    """Read an entry of an array [n] as a float32."""
    return widen(array[at]) if array.dtype == np.uint16 else array[at]


def store(array: Any, at: Any, x: Any) -> None:
    """Store a float32 as an entry of an array [n], rounded to its type."""
    array[at] = narrow(x) if array.dtype == np.uint16 else x


@overload(read)
def compile_read(array: Any, at: Any) -> Any:
    """Choose what a loop is compiled with for `read`: the one branch that the type of its array takes."""

    def read_bits(array: Any, at: Any) -> Any:
        return widen(array[at])

    def read_number(array: Any, at: Any) -> Any:
        return array[at]

    return read_bits if array.dtype == types.uint16 else read_number


@overload(store)
def compile_store(array: Any, at: Any, x: Any) -> Any:
    """Choose it for `store`."""

    def store_bits(array: Any, at: Any, x: Any) -> None:
        array[at] = narrow(x)

    def store_number(array: Any, at: Any, x: Any) -> None:
        array[at] = x

    return store_bits if array.dtype == types.uint16 else store_number


@compile_loop
def add_rows(made: Any, x: Any, factor: Any) -> None:
    """Replace `made` [r, c] by x + factor made, `x` of the same shape."""
    for at in range(len(made)):
        out, row = made[at], x[at]
        for i in range(row.size):
            store(out, i, F(read(row, i) + factor * read(out, i)))


@compile_part
def _normalize_row(out: Any, row: Any, weight: Any, bias: Any, epsilon: Any) -> None:
    """Write to `out` (x - mean) / sqrt(variance + epsilon) weight + bias of a row x, all [c]."""
    count, total, squares = F(row.size), F(0), F(0)
    for i in range(row.size):
        total += read(row, i)
    mean = total / count
    for i in range(row.size):
        squares += (read(row, i) - mean) ** 2
    scale = ONE / F(math.sqrt(squares / count + epsilon))
    for i in range(row.size):
        store(out, i, F((read(row, i) - mean) * scale * weight[i] + bias[i]))


@compile_loop
def normalize_rows(normed: Any, x: Any, weight: Any, bias: Any, epsilon: Any) -> None:
    """Write to `normed` (x - mean) / sqrt(variance + epsilon) weight + bias of each row of `x`, [r, c].

    `weight` and `bias` [c] are float32; the variance is that of the row's numbers, divided by c.
    """
    for at in range(len(x)):
        _normalize_row(normed[at], x[at], weight, bias, epsilon)


@compile_loop
def add_and_normalize_rows(normed: Any, made: Any, x: Any, weight: Any, bias: Any, epsilon: Any) -> None:
    """Do what `add_rows` does, the factor 1, and `normalize_rows` of that, while each row is in the cache."""
    for at in range(len(made)):
        out, row = made[at], x[at]
        for i in range(row.size):
            store(out, i, F(read(row, i) + read(out, i)))
        _normalize_row(normed[at], out, weight, bias, epsilon)
