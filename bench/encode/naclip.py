"""NACLIP (Hajimiri et al., WACV 2025, arXiv 2404.08181): k-k attention near each patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.dense import LastLayerEncoder
from bench.encode.layers import Layer
from bench.records import Sample


@dataclass(eq=False)
class NAClip(LastLayerEncoder):
    """softmax(k k / sqrt(D) + window) V of the last layer, projected; no residual and no MLP.

    The window is exp(-|i - j|^2 / (2 std^2)), at most 1, over patches i and j on their grid; the global token has none.
    `std` is in patches, 5 in the authors' code (``arch`` reduced), whose refinement of masks (PAMR) and sliding windows
    are left out.
    """

    std: Annotated[float, Interval(ge=1e-3, le=1e6)] = 5.0
    source = "arXiv 2404.08181"

    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return self-attention of the keys with the window added to its logits."""
        window = compute_gaussian_window(self.clip.grid, self.std).to(layer.key.device)
        return layer.attend(layer.key, layer.key, functional.pad(window, (1, 0, 1, 0)))


def compute_gaussian_window(grid: tuple[int, int], std: float) -> Tensor:
    """Compute exp(-|i - j|^2 / (2 std^2)) of all pairs of places on a grid: float32 [P, P]."""
    rows, columns = torch.meshgrid(*(torch.arange(side, dtype=torch.float32) for side in grid), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()], dim=-1)  # P 2
    return torch.exp(-(places[:, None] - places).square().sum(-1) / (2 * std**2))
