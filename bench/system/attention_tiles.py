"""No part of the paper: attention in bfloat16 on a processor that multiplies its pairs, by tiles of our own.

Logits are float32 and never leave the first cache. oneDNN's product would round them to bfloat16, and write weights to
the last cache and read them from there; its exponentials take a sixth of the time of its products, here a twentieth.
`bench.system.attention_loops` has the loops.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

from bench.system.rowwise import run_each, split_among_threads, view_array

SIZE = 64
"""Dimensions of a head: those of ViT-S, -B and -L, of DINO, DINOv2 and CLIP's towers of these sizes."""


def takes(query: Tensor, value: Tensor) -> bool:
    """Whether `attend_heads` takes these: bfloat16, heads of `SIZE`, and a processor on which it is the faster one.

    Values are not looked at: beyond some 10 ** 14 their sums overflow if logits are 80 above those of the first 64
    keys; below 10 ** -25 they are off by a twentieth and more, since 2 ** -40 times a value is no normal number.
    """
    return query.dtype == torch.bfloat16 and query.shape[-1] == value.shape[-1] == SIZE and pays()


@cache
def pays() -> bool:
    """Whether the processor multiplies pairs of bfloat16 in registers, and has no matrix unit, which oneDNN uses."""
    from llvmlite.binding import get_host_cpu_features

    from bench.system.pair_loops import HAS_PAIRS

    return HAS_PAIRS and not get_host_cpu_features().get("amx-bf16")


def attend_heads(query: Tensor, key: Tensor, value: Tensor, mixed: Tensor) -> Tensor:
    """Write softmax(Q K^T / 8) V of [H, Q, 64], [H, T, 64] and [H, T, 64] to `mixed` [Q, 64 H], all bfloat16.

    Sums are float32; weights are rounded to bfloat16 for their product with the values, and summed so. Returns which
    rows [H, Q] have no result: some logit is 83 above those of the first 64 keys, or no number, or logits are so large,
    10 ** 7 and more, that float32 does not hold the row's shift.
    """
    from bench.system import attention_loops as loops  # imports numba

    heads, queries, _ = query.shape
    count = key.shape[1]
    values, totals = np.zeros((heads, 1, -(-count // 2), SIZE), np.uint32), np.empty((heads, queries), np.float32)
    loops.pack_values(view_array(value.contiguous()), values)
    given = _pack_queries(query), _pack_keys(key), values, count, np.float32(SIZE**-0.5)
    made = view_array(mixed), totals
    run_each(loops.attend_rows, [(*given, *share, *made) for share in _split(heads, queries, count)])
    return torch.from_numpy(~((totals >= loops.SMALLEST) & (totals <= loops.FARTHEST)))


def average_heads(query: Tensor, key: Tensor, value: Tensor, masks: Tensor, made: Tensor) -> Tensor:
    """Write the means of the same values under masks [k, T], in [0, 1], to `made` [k, Q, H, 64]; both are float32.

    Weights are those of softmax(Q K^T / 8) times a mask, which is rounded to bfloat16, as its values are; the means
    under a mask of zeros are 0. Returns which rows [H, Q] have no result: as above, or since some mask sees no logit
    within 41 of the largest of the first keys.
    """
    from bench.system import attention_loops as loops  # imports numba

    heads, queries, _ = query.shape
    count, tiles = key.shape[1], -(-key.shape[1] // loops.COLUMNS)
    values = np.zeros((heads, len(masks), -(-count // 2), SIZE), np.uint32)
    under = np.zeros((len(masks), tiles * loops.COLUMNS // 2), np.uint32)
    loops.pack_masked_values(view_array(value.contiguous()), view_array(masks.contiguous()), values, under)
    totals, least = np.empty((heads, queries), np.float32), np.empty((heads, queries), np.float32)
    seen = masks.any(-1).numpy()
    given = _pack_queries(query), _pack_keys(key), values, under, seen, count, np.float32(SIZE**-0.5)
    written = view_array(made), totals, least
    run_each(loops.average_rows, [(*given, *share, *written) for share in _split(heads, queries, count)])
    return torch.from_numpy(~((totals <= loops.FARTHEST) & (least >= loops.NEAREST)))


def _pack_queries(query: Tensor) -> np.ndarray:
    """Lay queries [H, Q, 64] out in pairs, filled up to whole tiles with zeros: [H, n, 32]."""
    from bench.system import attention_loops as loops

    heads, queries, _ = query.shape
    asking = query.new_zeros(heads, -(-queries // loops.ROWS) * loops.ROWS, SIZE)
    asking[:, :queries] = query
    return view_array(asking.view(torch.uint32))


def _pack_keys(key: Tensor) -> np.ndarray:
    """Lay keys [H, T, 64] out in pairs, as tiles are multiplied by them."""
    from bench.system import attention_loops as loops

    heads, count, _ = key.shape
    keys = np.zeros((heads, -(-count // loops.COLUMNS) * loops.PAIRS, loops.COLUMNS), np.uint32)
    loops.pack_keys(view_array(key.contiguous().view(torch.uint32)), keys)
    return keys


def _split(heads: int, queries: int, keys: int) -> list[tuple[int, int]]:
    """Split queries among threads by whole tiles: where each share begins and ends."""
    from bench.system import attention_loops as loops

    shares = split_among_threads(-(-queries // loops.ROWS), heads * queries * keys)
    return [(first * loops.ROWS, last * loops.ROWS) for first, last in shares]
