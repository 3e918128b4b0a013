"""No part of the paper: attention in bfloat16 by tiles of logits that never leave a processor's first cache.

Pairs of neighbours are given by their bits, as uint32. Letters: H heads, n queries, T keys, 64 dimensions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.system.loops import LEAST, U32, F, compile_exact, compile_part, narrow, order, restore, widen
from bench.system.pair_tile_loops import COLUMNS, LANES, PAIRS, ROWS, make_product, make_summing, make_weighing

KEYS = 2 * COLUMNS
"""Keys of a block: with their values they are 32 kB, which stay in the first cache."""
QUERIES = 1024
"""Queries that go by a block of keys: with their sums they stay in the second cache."""
LOG2_E = 1 / math.log(2)
FIRST = F(-40)
"""The logarithm to base 2 of the largest weight that a row has among its first keys."""
SMALLEST = F(2.0**-41)
"""Half the least sum of a row's weights: of logits of 10 ** 7 and more the rounding of its shift may make it 0."""
FARTHEST = F(2.0**80)
"""The largest sum of a row's weights: logits are up to 83 larger than those of its first keys."""
NEAREST = F(2.0**-100)
"""The least sum of a row's weights under a mask: some have no less than 2 ** -126, which is 2 ** -26 of that."""
NOTHING = F(-3e38)
"""The logit of no key."""

_add, _weigh, _sum = make_product(), make_weighing(), make_summing()


@compile_exact
def pack_keys(keys: Any, packed: Any) -> None:
    """Lay keys [H, T, 32] out as tiles: the pair p of dimensions of key 64 t + j is at [32 t + p, j] of each head."""
    for head in range(len(keys)):
        for first in range(0, keys.shape[1], COLUMNS):
            rows, tile = keys[head, first : first + COLUMNS], packed[head, first // COLUMNS * PAIRS :]
            for p in range(PAIRS):
                for j in range(len(rows)):
                    tile[p, j] = rows[j, p]


@compile_exact
def pack_values(values: Any, packed: Any) -> None:
    """Bring values [H, T, 64], bfloat16 by their bits, of two keys side by side: [H, 1, T / 2, 64], zeros before."""
    for head in range(len(values)):
        for at in range(values.shape[1]):
            row, pairs, places = values[head, at], packed[head, 0, at // 2], U32(16 * (at % 2))
            for d in range(COLUMNS):
                pairs[d] |= U32(U32(row[d]) << places)


@compile_exact
def pack_masked_values(values: Any, masks: Any, packed: Any, packed_masks: Any) -> None:
    """Do the same of values times each of the `masks` [k, T], to [H, k, T / 2, 64], and of the masks, to [k, T / 2].

    Values are multiplied by the masks as these are rounded: the sums that means are divided by are of those.
    """
    for k in range(len(masks)):
        for at in range(masks.shape[1]):
            bits, places = narrow(masks[k, at]), U32(16 * (at % 2))
            weight = widen(bits)
            packed_masks[k, at // 2] |= U32(U32(bits) << places)
            for head in range(len(values)):
                row, pairs = values[head, at], packed[head, k, at // 2]
                for d in range(COLUMNS):
                    pairs[d] |= U32(U32(narrow(F(widen(row[d]) * weight))) << places)


@compile_exact
def attend_rows(
    asking: Any, keys: Any, values: Any, count: Any, scale: Any, begin: Any, end: Any, made: Any, totals: Any
) -> None:
    """Write softmax(scale Q K^T) V of queries [H, n, 32], from `begin` to `end`, whole tiles, to `made` [Q, 64 H].

    Q of the n queries are there, `made` is bfloat16 by its bits. Keys and values are packed, and so many as `count`. A
    row whose total [H, Q] is not between `SMALLEST` and `FARTHEST` has no result: a logit is too large, or too far
    above those of its first keys, or no number.
    """
    none = np.empty((0, 0), U32)
    for head in range(len(asking)):
        for start in range(begin, end, QUERIES):
            asked = asking[head, start : min(start + QUERIES, end)]
            sums, total, _ = _attend(asked, keys[head], values[head], none, count, scale)
            out = made[start : start + len(asked), head * COLUMNS : (head + 1) * COLUMNS]
            for row in range(len(out)):
                whole = _add_lanes(total[row])
                totals[head, start + row] = whole
                _store_rounded(sums[0, row], F(F(1) / whole), out[row])


@compile_exact
def average_rows(
    asking: Any, keys: Any, values: Any, masks: Any, seen: Any, count: Any, scale: Any, begin: Any, end: Any,
    made: Any, totals: Any, least: Any,
) -> None:  # fmt: skip
    """Write the means of values under k masks, weighed as in `attend_rows`, to `made` [k, Q, H, 64], float32.

    `totals` as there, and to `least` [H, Q] the least that a row's weights are under a mask that has any token `seen`
    [k]; means under another are 0.
    """
    for head in range(len(asking)):
        for start in range(begin, end, QUERIES):
            asked = asking[head, start : min(start + QUERIES, end)]
            sums, total, under = _attend(asked, keys[head], values[head], masks, count, scale)
            for row in range(min(len(asked), totals.shape[1] - start)):
                totals[head, start + row] = _add_lanes(total[row])
                smallest = F(np.inf)
                for k in range(len(masks)):
                    whole = _add_lanes(under[k, row])
                    if seen[k]:
                        smallest = min(smallest, whole)
                    factor = F(F(1) / whole) if seen[k] else F(0)
                    out, of = made[k, start + row, head], sums[k, row]
                    for d in range(COLUMNS):
                        out[d] = of[d] * factor
                least[head, start + row] = smallest


@compile_part
def _attend(asked: Any, keys: Any, values: Any, masks: Any, count: Any, scale: Any) -> Any:
    """Sum up what all keys give to queries [n, 32]: weighted values [k, n, 64], weights [n, 16] and under masks.

    The values are k times as many, [k, T / 2, 64], each for one of the masks [k, T / 2] whose sums [k, n, 16] are asked
    for, or for none.
    """
    logits, weights, rows = np.empty((ROWS, KEYS), F), np.empty((ROWS, KEYS // 2), U32), len(asked)
    sums, total = np.zeros((len(values) * rows, COLUMNS), F), np.zeros((rows, LANES), F)
    under, shift = np.zeros((len(masks) * rows, LANES), F), np.empty(rows, F)
    pairs = values.reshape(-1, COLUMNS)  # all in two dimensions: to take parts of an array takes a while
    for first in range(0, count, KEYS):
        here = min(KEYS, count - first)
        _attend_block(asked, keys, pairs, masks, first, here, scale, logits, weights, sums, total, under, shift)
    return sums.reshape(-1, rows, COLUMNS), total, under.reshape(-1, rows, LANES)


@compile_part
def _attend_block(
    asked: Any, keys: Any, values: Any, masks: Any, first: Any, here: Any, scale: Any, logits: Any, weights: Any,
    sums: Any, total: Any, under: Any, shift: Any,
) -> None:  # fmt: skip
    """Add what the keys from the `first` one on, so many as are `here`, give to the sums and totals of all queries.

    Four queries at a time: the exponentials of their logits are made while the logits of the next four are.
    """
    factor, tile, last = F(scale * F(LOG2_E)), first // COLUMNS * PAIRS, len(asked) - ROWS
    columns = -(-here // COLUMNS) * COLUMNS  # of whole tiles
    rows, pairs, at = len(asked), len(values) * len(asked) // len(sums), first // 2
    logits[:] = 0
    for column in range(0, columns, COLUMNS):
        _add(asked, 0, keys, tile + column // 2, logits, 0, column, PAIRS)
    for row in range(0, rows, ROWS):
        for i in range(here, columns):
            for r in range(ROWS):
                logits[r, i] = NOTHING
        if first == 0:
            _set_shift(logits, factor, row, shift)
        following = min(row + ROWS, last)
        for column in range(0, columns, COLUMNS):
            _weigh(asked, following, keys, tile + column // 2, logits, weights, column, total, row, shift, factor)
        for k in range(len(sums) // rows):
            _add(weights, 0, values, k * pairs + at, sums, k * rows + row, 0, (here + 1) // 2)
        for k in range(len(masks)):
            _sum(weights, masks, k, at, under, k * rows + row, columns // 2 // LANES)


@compile_part
def _set_shift(logits: Any, factor: Any, row: Any, shift: Any) -> None:
    """Set the shift of four rows such that the largest weight of their first tile is 2 ** `FIRST`."""
    for r in range(ROWS):
        largest = LEAST
        for i in range(COLUMNS):
            largest = max(largest, order(logits[r, i]))
        shift[row + r] = F(FIRST - restore(largest) * factor)


@compile_part
def _add_lanes(total: Any) -> Any:
    """Add up the 16 sums of a register, from left to right."""
    whole = F(0)
    for lane in range(LANES):
        whole += total[lane]
    return whole


@compile_part
def _store_rounded(sums: Any, scale: Any, out: Any) -> None:
    """Write sums [64] times a scale to `out`, rounded to bfloat16."""
    for d in range(COLUMNS):
        out[d] = narrow(F(sums[d] * scale))
