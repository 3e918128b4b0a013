"""Section 3.3: the loss of ZeroCap's guidance, row by row over a vocabulary, as loops that numba compiles for float32.

`bench.caption.loss` is their door. Letters: r rows, v tokens of the vocabulary, n candidates.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.system.loops import I32, LEAST, ONE, F, compile_loop, compile_part, exponentiate, order, restore

BLOCK = 16
"""Numbers of a row whose largest one is found first."""


@compile_part
def find_place(row: Any) -> Any:
    """Find what `order` makes of the largest number of a row: NaN where one is, but for -NaN, which is the least."""
    largest = LEAST
    for i in range(row.size):
        place = order(row[i])
        largest = place if place > largest else largest
    return largest


@compile_loop
def write_normalizers(logits: Any, made: Any) -> None:
    """Write the largest logit of each row [r, v] and log(sum(exp(logit - largest))) to made [r, 2]."""
    for at in range(len(logits)):
        row = logits[at]
        largest, total = restore(find_place(row)), F(0)
        for i in range(row.size):
            total += exponentiate(row[i] - largest)
        made[at, 0], made[at, 1] = largest, F(math.log(total))


@compile_loop
def write_loss_gradients(
    clip_scale: Any, fluency_scale: Any, logits: Any, unmodified: Any, normalizers: Any, before: Any, candidates: Any,
    target: Any, gradient: Any, losses: Any,
) -> None:  # fmt: skip
    """Write the gradient [r, v] of `bench.caption.loss`, and the two losses [r, 2].

    ``normalizers`` are those of the logits, ``before`` of the unmodified ones. log p - log p_before is what the logits
    differ by and what the normalizers do, each of which is exactly 0 where nothing was shifted yet.
    """
    for at in range(len(logits)):
        row, known, own = logits[at], unmodified[at], gradient[at]
        largest, normalizer = normalizers[at, 0], normalizers[at, 1]
        apart = (before[at, 0] - largest) + (before[at, 1] - normalizer)
        total, divergence, clip_loss = F(0), F(0), F(0)
        for i in range(row.size):
            own[i] = exponentiate(row[i] - largest)
            total += own[i]
        scale = ONE / total
        for i in range(row.size):
            own[i] *= scale
            divergence += own[i] * ((row[i] - known[i]) + apart)
        for i in range(row.size):
            own[i] *= clip_scale + fluency_scale * ((row[i] - known[i]) + apart - divergence)
        for i in range(target.shape[1]):
            token, wanted = candidates[at, i], target[at, i]
            own[token] -= clip_scale * wanted
            clip_loss -= wanted * (row[token] - largest - normalizer)
        losses[at, 0], losses[at, 1] = clip_scale * clip_loss, fluency_scale * divergence


@compile_part
def find_threshold(places: Any, count: Any) -> Any:
    """Find the largest whole number that at least ``count`` of some of 32 bits reach, by halving where it may be."""
    low, high = np.int64(-(2**31)), np.int64(2**31)
    while high - low > 1:
        middle, reached = (low + high) >> 1, I32(0)
        for i in range(places.size):
            reached = I32(reached + I32(places[i] >= I32(middle)))
        if reached >= count:
            low = middle
        else:
            high = middle
    return I32(low)


@compile_part
def find_reaching(row: Any, size: Any, maxima: Any, least: Any, kept: Any) -> Any:
    """Write where the numbers of a row that reach a place are, in their order, and tell how many.

    ``maxima`` are those of its blocks of ``size``: of one that does not reach it nothing is read.
    """
    some = 0
    for block in range(maxima.size):
        if maxima[block] >= least:
            for i in range(block * size, min(block * size + size, row.size)):
                kept[some] = i  # written over by the next one where it does not count
                some += order(row[i]) >= least
    return some


@compile_loop
def choose_largest(logits: Any, chosen: Any) -> None:
    """Write where the n largest of each row [v] are to chosen [r, n], in their order; of equal ones the first ones.

    Of at least n blocks n have a number that reaches the n-th largest of their maxima. So it is found among those that
    do: few more than n, if the row is in no order. -0 is less than 0 here.
    """
    count, width = chosen.shape[1], logits.shape[1]
    size = max(1, min(BLOCK, width // count))
    maxima, kept, places = np.empty(-(-width // size), I32), np.empty(width, I32), np.empty(width, I32)
    for at in range(len(logits)):
        row, own = logits[at], chosen[at]
        for block in range(maxima.size):
            maxima[block] = find_place(row[block * size : block * size + size])
        some = find_reaching(row, size, maxima, find_threshold(maxima, count), kept)
        for i in range(some):
            places[i] = order(row[kept[i]])
        threshold, equal, made = find_threshold(places[:some], count), count, 0
        for i in range(some):
            equal -= places[i] > threshold
        for i in range(some):
            if places[i] > threshold or (places[i] == threshold and equal > 0):
                equal -= places[i] == threshold
                own[made] = kept[i]
                made += 1
