"""Equations 1 and 2 row by row: exponentials of logits and their sums under masks, means, cosines.

Letters: r rows (queries), c columns (tokens), k masks. bfloat16 is given by its bits (`bench.system.token_loops`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.system.loops import (
    LEAST,
    LOG_2,
    LOWEST,
    ONE,
    F,
    compile_loop,
    compile_part,
    exponentiate_times,
    order,
    restore,
)
from bench.system.token_loops import read, store

TINY = F(2.0**-126)
"""The smallest normal number: a mask without any token, which fills a micro-batch up, has means of 0."""
LARGEST = F(2.0**86)
"""A row's largest weight, some exp(60), of which sums with values of 10 ** 7 do not overflow."""
FARTHEST = F(LOWEST - F(86) * LOG_2)
"""Logits so far below the row's largest, 146.6, and all beyond have the smallest weight, exp(-87)."""
SHORTEST = F(1e-8)
"""What torch's cosine_similarity takes a length for at the least."""


@compile_part
def sum_under(row: Any, masks: Any, sums: Any) -> None:
    """Write to `sums` [k] the sum of a `row` [c] under each of the `masks` [k, c]."""
    for k in range(len(masks)):
        mask, total = masks[k], F(0)
        for i in range(row.size):
            total += read(row, i) * mask[i]
        sums[k] = total


@compile_loop
def sum_rows(sums: Any, weights: Any, masks: Any) -> None:
    """Write to `sums` [r, k] e M: those of each row of `weights` [r, c] under the `masks` [k, c]."""
    for at in range(len(weights)):
        sum_under(weights[at], masks, sums[at])


@compile_loop
def weigh_rows(sums: Any, logits: Any, masks: Any, factor: Any) -> None:
    """Replace logits x, float32 [r, c], by e = `LARGEST` exp(factor (x - the row's largest)).

    `sums` [r, k] become e M under the `masks` [k, c]. The `factor` is not negative.
    """
    for at in range(len(logits)):
        row, first = logits[at], LEAST
        for i in range(row.size):
            first = max(first, order(row[i]))
        largest = restore(first)
        for i in range(row.size):
            row[i] = exponentiate_times(F(factor * (row[i] - largest)), FARTHEST, LARGEST)
        sum_under(row, masks, sums[at])


@compile_loop
def divide_rows(means: Any, head: Any, weighted: Any, sums: Any) -> None:
    """Write to one `head` of `means` [k, r, H, d] the k parts of each row of `weighted` [r, k d], divided by `sums`."""
    parts, rows, _, size = means.shape
    for at in range(rows):
        for k in range(parts):
            out, row, scale = means[k, at, head], weighted[at, k * size : (k + 1) * size], ONE / max(sums[at, k], TINY)
            for i in range(size):
                out[i] = read(row, i) * scale


@compile_loop
def measure_cosines(cosines: Any, x: Any, y: Any) -> None:
    """Write to `cosines` [r] that of each row of `x` and the same row of `y`, float32 [r, c]."""
    for at in range(len(x)):
        one, other, product, left, right = x[at], y[at], F(0), F(0), F(0)
        for i in range(one.size):
            product += one[i] * other[i]
            left += one[i] * one[i]
            right += other[i] * other[i]
        lengths = max(F(math.sqrt(left)), SHORTEST) * max(F(math.sqrt(right)), SHORTEST)
        cosines[at] = product / lengths


@compile_loop
def scale_rows(x: Any, factor: Any) -> Any:
    """Multiply `x` [r, c] by a factor; return the square of the largest length of a row, float32."""
    longest = F(0)
    for at in range(len(x)):
        row, square = x[at], F(0)
        for i in range(row.size):
            scaled = F(read(row, i) * factor)
            store(row, i, scaled)
            square += scaled * scaled
        longest = max(longest, square)
    return longest


@compile_loop
def center_rows(x: Any) -> Any:
    """Subtract their mean from the rows of `x` [r, c]; return the square of the largest length of a row, float32."""
    rows, columns = x.shape
    mean, longest = np.zeros(columns, F), F(0)
    for at in range(rows):
        for i in range(columns):
            mean[i] += read(x[at], i)
    for i in range(columns):
        mean[i] /= F(rows)
    for at in range(rows):
        row, square = x[at], F(0)
        for i in range(columns):
            centered = F(read(row, i) - mean[i])
            store(row, i, centered)
            square += centered * centered
        longest = max(longest, square)
    return longest
