"""ProxyCLIP (Lan et al., ECCV 2024, arXiv 2408.04883): DINO's similarities in place of CLIP's last attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import torch
from annotated_types import Interval
from torch import Tensor

from bench.encode.dense import LastLayerEncoder
from bench.encode.layers import Layer
from bench.encode.segments import average_to_grid
from bench.records import Sample

if TYPE_CHECKING:
    from bench.models.dino import Dino


@dataclass(eq=False)
class ProxyClip(LastLayerEncoder):
    """softmax(gamma (cosine - beta mean cosine)) V of the last layer, what is below 0 left out; no residual, no MLP.

    As in the authors' code, but DINO's features are averaged to CLIP's grid (there CLIP's values go to DINO's).
    """

    dino: Dino
    beta: Annotated[float, Interval(ge=-100, le=100)] = 1.2
    gamma: Annotated[float, Interval(ge=1e-6, le=1e6)] = 3.0
    source, cost = "arXiv 2408.04883", "one forward of CLIP and one of DINO an image"

    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return the values of the patches, weighed by DINO: [1, H, T, D]; the global token keeps its own value."""
        patches = average_to_grid(*self.dino.compute_features(sample.image)[:2], self.clip.grid)  # P d
        cosine = patches @ patches.T  # P P
        logits = (cosine - self.beta * cosine.mean()) * self.gamma
        kept = (logits >= 0) | torch.eye(len(logits), dtype=torch.bool)  # a patch unlike all the others keeps itself
        weights = logits.masked_fill(~kept, float("-inf")).softmax(-1).to(layer.values.device)
        return torch.cat([layer.values[:, :, :1], weights @ layer.values[:, :, 1:]], dim=2)
