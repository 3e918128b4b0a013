"""A control for equation 3: the global token is subtracted once, from the finished embedding, whatever the saliency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.layers import PlainLayers, embed_global_token
from bench.encode.masked import Masked
from bench.encode.segments import Segments


@dataclass(eq=False)
class ProjectedSubtraction(Masked):
    """e - weight g: unit embeddings of the masked segment and of the whole image, no equation of the paper."""

    weight: Annotated[float, Interval(ge=0, le=10)] = 0.5
    source = "a control"

    def pool(self, tokens: Tensor, segments: Segments, plain: PlainLayers) -> Tensor:
        """Subtract the whole image's embedding."""
        segment = functional.normalize(embed_global_token(self.clip.visual, tokens[:, :1]), dim=-1)
        return segment - self.weight * functional.normalize(plain.embedding, dim=-1)
