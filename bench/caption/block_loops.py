"""Section 3.3: what lies between the products of a block of GPT-2, and its gradient, as loops that numba compiles.

Float32, row by row; `bench.caption.language_block` and `token_attention` are their doors. Letters: r rows, h heads, t
cached tokens, k channels a head.
"""

from __future__ import annotations

import math
from typing import Any

from bench.system.loops import F, compile_loop, compile_part, exponentiate

SLOPE, CUBIC = F(2 * math.sqrt(2 / math.pi)), F(0.044715)
"""GELU by tanh is x / (1 + exp(-z)) with z = SLOPE (x + CUBIC x^3)."""
LARGEST = F(80)
"""exp(80) is no longer told from infinity here: x / exp(80) is nothing beside 1e-30."""


@compile_part
def compute_sigmoid(x: Any) -> Any:
    """Compute 1 / (1 + exp(-z)) of GELU's x."""
    z = SLOPE * (x + CUBIC * x * x * x)
    return F(1) / (F(1) + exponentiate(min(-z, LARGEST)))


@compile_loop
def write_gelu_rows(hidden: Any, made: Any) -> None:
    """Write GELU of hidden [r, n]."""
    for at in range(len(hidden)):
        row, own = hidden[at], made[at]
        for i in range(own.size):
            own[i] = row[i] * compute_sigmoid(row[i])


@compile_loop
def pull_back_gelu_rows(hidden: Any, gradient: Any) -> None:
    """Turn the gradient of GELU's output into that of hidden [r, n] in place: by s + x s (1 - s) z'."""
    for at in range(len(hidden)):
        row, own = hidden[at], gradient[at]
        for i in range(own.size):
            x = row[i]
            s = compute_sigmoid(x)
            own[i] *= s + x * s * (F(1) - s) * SLOPE * (F(1) + F(3) * CUBIC * x * x)


@compile_part
def dot(one: Any, other: Any) -> Any:
    """Compute the dot product of two rows of as many numbers."""
    total = F(0)
    for i in range(one.size):
        total += one[i] * other[i]
    return total


@compile_part
def add_scaled(made: Any, factor: Any, row: Any) -> None:
    """Add a row times a factor to what is made."""
    for i in range(made.size):
        made[i] += factor * row[i]


@compile_part
def write_scaled(made: Any, factor: Any, row: Any) -> None:
    """Write a row times a factor."""
    for i in range(made.size):
        made[i] = factor * row[i]


@compile_loop
def attend_rows(query: Any, key: Any, value: Any, keys: Any, values: Any, weights: Any, mixed: Any) -> None:
    """Attend to t cached tokens and the own one: softmax(k^-1/2 query . keys) values.

    query, key, value and mixed are [r, h, k], keys and values [r, h, t, k], weights [r, h, t+1]. The query is scaled in
    place; weights and mixed are written.
    """
    rows, heads, cached, width = keys.shape
    scale = F(1 / math.sqrt(width))
    for r in range(rows):
        for h in range(heads):
            own, given, made = query[r, h], weights[r, h], mixed[r, h]
            write_scaled(own, scale, own)
            largest = dot(own, key[r, h])
            given[cached] = largest
            for t in range(cached):
                given[t] = dot(own, keys[r, h, t])
                largest = max(largest, given[t])
            total = F(0)
            for t in range(cached + 1):
                given[t] = exponentiate(given[t] - largest)
                total += given[t]
            write_scaled(given, F(1) / total, given)
            write_scaled(made, given[cached], value[r, h])
            for t in range(cached):
                add_scaled(made, given[t], values[r, h, t])


@compile_loop
def pull_back_rows(
    gradient: Any, query: Any, key: Any, value: Any, keys: Any, values: Any, weights: Any, keys_made: Any,
    values_made: Any, made: Any,
) -> None:  # fmt: skip
    """Compute the gradients of keys, values and of the packed query, key and value [r, 3, h, k] from that of mixed.

    With d = weights (values . gradient - sum of weights values . gradient), which is the logits' gradient, they are
    d query, weights gradient and, of the query, k^-1/2 d keys.
    """
    rows, heads, cached, width = keys.shape
    scale = F(1 / math.sqrt(width))
    for r in range(rows):
        for h in range(heads):
            own, asked, given, of_query = gradient[r, h], query[r, h], weights[r, h], made[r, 0, h]
            of_own = dot(own, value[r, h])
            mean = given[cached] * of_own
            for t in range(cached):
                mean += given[t] * dot(own, values[r, h, t])
            logit = given[cached] * (of_own - mean)
            write_scaled(of_query, logit * scale, key[r, h])
            write_scaled(made[r, 1, h], logit, asked)
            write_scaled(made[r, 2, h], given[cached], own)
            for t in range(cached):
                logit = given[t] * (dot(own, values[r, h, t]) - mean)
                add_scaled(of_query, logit * scale, keys[r, h, t])
                write_scaled(keys_made[r, h, t], logit, asked)
                write_scaled(values_made[r, h, t], given[t], own)
