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
def write_dots(made: Any, one: Any, rows: Any) -> None:
    """Write the dot product of one row with each of rows [t, k]."""
    for t in range(len(rows)):
        made[t] = dot(one, rows[t])


@compile_part
def add_mixture(made: Any, factors: Any, rows: Any) -> None:
    """Add rows [t, k], each times its own factor, to what is made."""
    for t in range(len(rows)):
        factor, row = factors[t], rows[t]
        for i in range(made.size):
            made[i] += factor * row[i]


@compile_part
def write_scaled(made: Any, factor: Any, row: Any) -> None:
    """Write a row times a factor."""
    for i in range(made.size):
        made[i] = factor * row[i]


@compile_loop
def attend_rows(packed: Any, keys: Any, values: Any, weights: Any, mixed: Any) -> None:
    """Attend to t cached tokens and the own one: softmax(k^-1/2 query . keys) values.

    The packed query, key and value are [r, 3, h, k], keys and values [r, h, t, k], weights [r, h, t+1], mixed
    [r, h, k]. The query is scaled in place; weights and mixed are written.
    """
    rows, heads, cached, width = keys.shape
    scale = F(1 / math.sqrt(width))
    for r in range(rows):
        for h in range(heads):
            own, given, made = packed[r, 0, h], weights[r, h], mixed[r, h]
            write_scaled(own, scale, own)
            write_dots(given, own, keys[r, h])
            largest = dot(own, packed[r, 1, h])
            given[cached] = largest
            for t in range(cached):
                largest = max(largest, given[t])
            total = F(0)
            for t in range(cached + 1):
                given[t] = exponentiate(given[t] - largest)
                total += given[t]
            write_scaled(given, F(1) / total, given)
            write_scaled(made, given[cached], packed[r, 2, h])
            add_mixture(made, given, values[r, h])


@compile_loop
def pull_back_rows(
    gradient: Any, packed: Any, keys: Any, values: Any, weights: Any, logits: Any, made: Any
) -> None:  # fmt: skip
    """Compute the gradients of the logits [r, h, t+1] and of the packed query, key and value from that of mixed.

    With d = weights (values . gradient - sum of weights values . gradient), which is the logits' gradient, they are
    k^-1/2 d keys of the query and, of the own key and value, d query and weights gradient.
    """
    rows, heads, cached, width = keys.shape
    scale = F(1 / math.sqrt(width))
    for r in range(rows):
        for h in range(heads):
            own, given, d, of_query = gradient[r, h], weights[r, h], logits[r, h], made[r, 0, h]
            write_dots(d, own, values[r, h])
            d[cached] = dot(own, packed[r, 2, h])
            mean = dot(given, d)
            for t in range(cached + 1):
                d[t] = given[t] * (d[t] - mean)
            write_scaled(of_query, d[cached], packed[r, 1, h])
            add_mixture(of_query, d, keys[r, h])
            write_scaled(of_query, scale, of_query)
            write_scaled(made[r, 1, h], d[cached], packed[r, 0, h])
            write_scaled(made[r, 2, h], given[cached], own)


@compile_loop
def pull_back_norms(weight: Any, gradient: Any, x: Any, means: Any, inverses: Any, residual: Any) -> None:
    """Turn the gradient of the layer norms of x [r, n] into that of x, beside a residual one, in place.

    Means and inverse deviations are [r, 1]. With g = weight gradient and z = (x - mean) inverse it is residual +
    inverse (g - mean of g - z mean of g z).
    """
    count = F(weight.size)
    for at in range(len(gradient)):
        own, row, other = gradient[at], x[at], residual[at]
        mean, inverse, total, along = means[at, 0], inverses[at, 0], F(0), F(0)
        for i in range(weight.size):
            g = weight[i] * own[i]
            total += g
            along += g * (row[i] - mean)
        of_g, slope = total / count, along * inverse * inverse / count
        for i in range(weight.size):
            own[i] = other[i] + inverse * (weight[i] * own[i] - of_g - (row[i] - mean) * slope)
