"""Figure 2: where the global token looks in each masked layer, with the mask of a segment and in the whole image."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.masking import MaskedEncoder, Mixed
from bench.records import Sample


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """Attention of the global token to each patch, mean over heads, a row of maps for each of l masked layers.

    ``layers`` are their numbers, from 1. ``plain`` is of the image without any mask, ``masked`` of each of n segments;
    weights of a map add up to 1 less what the global token keeps for itself.
    """

    layers: tuple[int, ...]
    plain: Float32[np.ndarray, "l gh gw"]
    masked: Float32[np.ndarray, "n l gh gw"]


@torch.inference_mode()
def trace_attention(encoder: MaskedEncoder, sample: Sample, masks: Bool[np.ndarray, "n h w"]) -> AttentionMaps:
    """Encode segments one by one and keep where the global token looks: equation 1 beside attention without a mask.

    Needs at least one segment. Tokens outside of a segment are computed, too: their weights are exactly 0.
    """
    grid, seen = encoder.clip.grid, dict[int, Tensor]()
    rows = [_trace_segment(encoder, sample, mask, seen) for mask in masks]
    layers = tuple(sorted(seen))
    plain = torch.stack([seen[number] for number in layers])
    masked = torch.stack([torch.stack([row[number] for number in layers]) for row in rows])
    return AttentionMaps(layers, _to_grid(plain, grid), _to_grid(masked, grid))


def _trace_segment(
    encoder: MaskedEncoder, sample: Sample, mask: Bool[np.ndarray, "h w"], plain: dict[int, Tensor]
) -> dict[int, Tensor]:
    """Encode one segment; return its map in each layer, and fill in those of the image without a mask."""
    traced, found = copy.copy(encoder), dict[int, Tensor]()
    traced.micro_batch, traced.skips_unseen = 1, False

    def mix(attention: Attention) -> Tensor | Mixed:
        number = attention.layer.number
        found[number] = average_heads(attention.exponential * attention.mask[:, None, None, :])[0]
        plain.setdefault(number, average_heads(attention.plain[number].exponential)[0])
        return encoder.mix(attention)

    traced.mix = mix  # type: ignore[method-assign]
    traced(sample, mask[None])
    return found


def average_heads(weights: Tensor) -> Tensor:
    """Average the global token's weights over heads: of weights [s, H, Q, T], not normalised, the patches' [s, P]."""
    row = weights[:, :, 0].float()  # s H T
    return (row / row.sum(-1, keepdim=True)).mean(1)[:, 1:]


def _to_grid(maps: Tensor, grid: tuple[int, int]) -> Float32[np.ndarray, "... gh gw"]:
    shaped: np.ndarray = maps.reshape(*maps.shape[:-1], *grid).cpu().numpy()
    return shaped
