"""A control for equation 3: the global token is subtracted once, from the finished embedding, whatever the saliency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from annotated_types import Interval
from torch import Tensor
from torch.nn import functional

from bench.encode.layers import PlainLayers, embed_global_token
from bench.encode.masked import Masked
from bench.encode.segments import Segments

if TYPE_CHECKING:
    from bench.models.clip import Clip


class ProjectedSubtraction(Masked):
    """e - weight g: unit embeddings of the masked segment and of the whole image, no equation of the paper."""

    source = "a control"

    def __init__(
        self,
        clip: Clip,
        start_layer: Annotated[int, Interval(ge=-1000, le=1000)],
        weight: Annotated[float, Interval(ge=0, le=10)] = 0.5,
        micro_batch: Annotated[int, Interval(ge=1, le=10**9)] = 1,
    ) -> None:
        super().__init__(clip, start_layer, micro_batch)
        self.weight = weight

    def pool(self, tokens: Tensor, segments: Segments, plain: PlainLayers) -> Tensor:
        """Subtract the whole image's embedding."""
        segment = functional.normalize(embed_global_token(self.clip.visual, tokens[:, :1]), dim=-1)
        return segment - self.weight * functional.normalize(plain.embedding, dim=-1)
