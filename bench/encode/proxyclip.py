"""ProxyCLIP (Lan et al., ECCV 2024, arXiv 2408.04883): DINO's similarities in place of CLIP's last attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch
from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.dense import LastLayerEncoder
from bench.encode.layers import Layer
from bench.records import Sample

if TYPE_CHECKING:
    from bench.models.clip import Clip
    from bench.models.dino import Dino


class ProxyClip(LastLayerEncoder):
    """softmax(gamma (cosine - beta mean cosine)) V of the last layer, what is below 0 left out; no residual, no MLP.

    As in the authors' code, except that DINO's features are averaged to CLIP's grid of patches (there CLIP's values are
    brought to DINO's), and that they are those of the configured DINO and facet.
    """

    source = "arXiv 2408.04883"
    cost = "one forward of CLIP and one of DINO an image"

    def __init__(
        self,
        clip: Clip,
        start_layer: Annotated[int, Interval(ge=-1000, le=1000)],
        dino: Dino,
        beta: Annotated[float, Interval(ge=-100, le=100)] = 1.2,
        gamma: Annotated[float, Interval(ge=1e-6, le=1e6)] = 3.0,
    ) -> None:
        super().__init__(clip, start_layer)
        self.dino, self.beta, self.gamma = dino, beta, gamma

    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return the values of the patches, weighed by DINO: [1, H, T, D]; the global token keeps its own value."""
        weights = self._weigh_patches(sample).to(layer.values.device)
        return torch.cat([layer.values[:, :, :1], weights @ layer.values[:, :, 1:]], dim=2)

    def _weigh_patches(self, sample: Sample) -> Tensor:
        """Compute what each patch takes from each other one: float32 [P, P], rows that add up to 1."""
        features, (rows, columns), _ = self.dino.compute_features(sample.image)
        maps = torch.from_numpy(features).float().T.reshape(1, -1, rows, columns)
        patches = functional.normalize(functional.adaptive_avg_pool2d(maps, self.clip.grid)[0].flatten(1).T, dim=-1)
        cosine = patches @ patches.T  # P P
        logits = (cosine - self.beta * cosine.mean()) * self.gamma
        # A patch is at least as like itself as any other, so a row is empty only where all of it is: it keeps itself.
        kept = (logits >= 0) | torch.eye(len(logits), dtype=torch.bool)
        return logits.masked_fill(~kept, float("-inf")).softmax(-1)
