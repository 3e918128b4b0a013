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
    """Whether `attend_heads` takes these: bfloat16, heads of `SIZE`, and a processor on which it is the faster one."""
    return query.dtype == torch.bfloat16 and query.shape[-1] == value.shape[-1] == SIZE and pays()


@cache
def pays() -> bool:
    """Whether the processor multiplies pairs of bfloat16 in registers, and has no matrix unit, which oneDNN uses."""
    from llvmlite.binding import get_host_cpu_features

    features = get_host_cpu_features()
    return bool(features.get("avx512bf16")) and not features.get("amx-bf16")


def attend_heads(query: Tensor, key: Tensor, value: Tensor, mixed: Tensor) -> Tensor:
    """Write softmax(Q K^T / 8) V of [H, Q, 64], [H, T, 64] and [H, T, 64] to `mixed` [Q, 64 H], all bfloat16.

    Sums are float32; weights, within 0.0018 of exact before that, are rounded to bfloat16 for their product with the
    values. Returns which rows [H, Q] have no result: some logit is 83 above those of the first 64 keys, or no number.
    """
    from bench.system import attention_loops as loops  # imports numba

    heads, queries, _ = query.shape
    groups = -(-queries // loops.ROWS)
    asking = query.new_zeros(heads, groups * loops.ROWS, SIZE)
    asking[:, :queries] = query
    keys, values = _pack(key, value)
    totals = np.empty((heads, queries), np.float32)
    shares = split_among_threads(groups, heads * queries * key.shape[1])
    given = view_array(asking.view(torch.uint32)), keys, values, key.shape[1], np.float32(SIZE**-0.5)
    run_each(loops.attend_rows, [
        (*given, first * loops.ROWS, last * loops.ROWS, view_array(mixed), totals) for first, last in shares
    ])  # fmt: skip
    return torch.from_numpy(~(totals <= loops.FARTHEST))


def _pack(key: Tensor, value: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Lay keys and values [H, T, 64] out in pairs, as tiles are multiplied by them."""
    from bench.system import attention_loops as loops

    heads, count, _ = key.shape
    keys = np.zeros((heads, -(-count // loops.COLUMNS) * loops.PAIRS, loops.COLUMNS), np.uint32)
    values = np.zeros((heads, -(-count // 2), loops.COLUMNS), np.uint32)
    loops.pack_keys(view_array(key.contiguous().view(torch.uint32)), keys)
    loops.pack_values(view_array(value.contiguous()), values)
    return keys, values
