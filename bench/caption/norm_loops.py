"""Section 3.3: GPT-2's residual sums and layer norms, and their gradients, as loops that numba compiles for float32.

`bench.caption.norm` is their door. Letters: r rows, w numbers of a row.
"""

from __future__ import annotations

import math
from typing import Any

from bench.system.loops import ONE, F, compile_loop


@compile_loop
def normalize_sums(
    epsilon: Any, weight: Any, bias: Any, x: Any, summed: Any, made: Any, means: Any, inverses: Any
) -> None:
    """Replace summed [r, w] by x + summed, and write (summed - mean) inverse weight + bias of each row to made.

    Means and inverses, 1 / sqrt(variance + epsilon), are [r, 1]; the variance is that of a row's numbers, divided by w.
    """
    width = F(weight.size)
    for at in range(len(x)):
        row, own, out, total, squares = x[at], summed[at], made[at], F(0), F(0)
        for i in range(weight.size):
            own[i] += row[i]
            total += own[i]
        mean = total / width
        for i in range(weight.size):
            squares += (own[i] - mean) ** 2
        inverse = ONE / F(math.sqrt(squares / width + epsilon))
        for i in range(weight.size):
            out[i] = (own[i] - mean) * inverse * weight[i] + bias[i]
        means[at, 0], inverses[at, 0] = mean, inverse


@compile_loop
def pull_back_norms(weight: Any, gradient: Any, summed: Any, means: Any, inverses: Any, residual: Any) -> None:
    """Replace the gradient of the norms [r, w] of `normalize_sums` by that of summed, beside the residual one's.

    With g = weight gradient and n = (summed - mean) inverse it is residual + inverse (g - mean of g - n mean of g n).
    """
    width = F(weight.size)
    for at in range(len(gradient)):
        own, row, other = gradient[at], summed[at], residual[at]
        mean, inverse, total, along = means[at, 0], inverses[at, 0], F(0), F(0)
        for i in range(weight.size):
            g = weight[i] * own[i]
            total += g
            along += g * (row[i] - mean)
        common, slope = total / width, along * inverse * inverse / width
        for i in range(weight.size):
            own[i] = other[i] + inverse * (weight[i] * own[i] - common - (row[i] - mean) * slope)
