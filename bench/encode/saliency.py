"""Equations 2 and 4: how salient a segment is in a layer, and how much of the global token is subtracted for that."""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor
from torch.nn import functional

from bench.encode.attention import Attention
from bench.encode.weighing import measure_cosines
from bench.errors import UserError

SaliencyOf: TypeAlias = Literal["outputs", "weights"]
"""What S is the cosine of."""
HeadSharing: TypeAlias = Literal["concat", "per_head_mean", "per_head_separate"]
"""How heads share S and w."""
SALIENCY, HEADS = get_args(SaliencyOf), get_args(HeadSharing)


def check_saliency(saliency: str, heads: str) -> None:
    """Raise UserError for words that name no saliency."""
    if saliency not in SALIENCY or heads not in HEADS:
        raise UserError(f"encode.saliency={saliency} encode.heads={heads}: one of {SALIENCY} and one of {HEADS}")


def compute_saliency(attention: Attention, saliency: str, heads: str) -> Tensor:
    """Compute S of equation 2: [n, 1], or [n, H] with ``per_head_separate``.

    The mean over queries of the cosine of attention ``outputs``, or of attention ``weights`` (the reference, mean over
    heads). ``concat`` takes the cosine of the concatenated heads, ``per_head_mean`` averages those of each head.
    """
    if saliency == "weights":
        cosine = attention.compute_weight_cosine()  # n H Q
    elif heads == "concat":
        masked, unmasked = join_heads(attention.masked), join_heads(attention.unmasked)  # n Q H*D, s Q H*D
        measure = measure_cosines if attention.layer.splits_heads else partial(functional.cosine_similarity, dim=-1)
        cosine = measure(masked, unmasked)[:, None]  # n 1 Q
    else:
        cosine = functional.cosine_similarity(attention.masked, attention.unmasked, dim=-1)  # n H Q
    per_head = cosine.mean(-1)  # over the queries: n H, or n 1
    return per_head if heads == "per_head_separate" else per_head.mean(1, keepdim=True)


def join_heads(heads: Tensor) -> Tensor:
    """Concatenate the heads: [n, H, Q, D] to [n, Q, H * D]."""
    return heads.transpose(1, 2).flatten(2)


def compute_subtraction_weight(saliency: Tensor, sigma2: float) -> Tensor:
    """Compute w of equation 4: 1 where S = -1, falling as the segment is more salient."""
    return torch.exp(-((saliency + 1) ** 2) / (2 * sigma2))
