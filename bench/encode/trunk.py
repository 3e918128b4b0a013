"""Section 3.2: the trunk that all segments of an image, and all variants with the same start layer, share."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from bench.encode.knobs import StartLayer
from bench.encode.layers import Layer, PlainLayers
from bench.encode.tower import Tower
from bench.errors import UserError
from bench.models.blocks import Block
from bench.records import Sample

if TYPE_CHECKING:
    from bench.models.clip import Clip

Trunk: TypeAlias = Float32[np.ndarray, "t w"] | PlainLayers
"""The tokens that enter `start_layer`, or the plain layers of the image from there or an earlier layer on."""


@dataclass(eq=False)
class TrunkEncoder(ABC):  # noqa: B024 - its variants have a method each of their own
    """An encoder that leaves the layers before `start_layer` as they are.

    `start_layer` counts from 1, or from the end where it is negative: -1 is the last layer, -4 the first of the last
    four, which for the paper's CLIP of 24 layers is its 21.
    """

    clip: Clip
    start_layer: StartLayer
    training_free = True

    def __post_init__(self) -> None:
        self.start_layer = number_layer(self.start_layer, self.clip.depth)

    @torch.inference_mode()
    def compute_trunk(
        self, sample: Sample, earlier: tuple[int, Float32[np.ndarray, "t w"]] | None = None
    ) -> Float32[np.ndarray, "t w"]:
        """Compute the tokens that enter layer `start_layer`, the same for all segments: float32 [tokens, width].

        `earlier` is a layer not behind it and the tokens that enter that one: what lies before is not computed again.
        """
        return self.run_trunk(sample, earlier)[0].float().cpu().numpy()

    def run_trunk(self, sample: Sample, earlier: tuple[int, Float32[np.ndarray, "t w"]] | None = None) -> Tensor:
        """Run the trunk where the model is: `compute_trunk`'s tokens in the model's precision, [1, T, w]."""
        visual, (first, tokens) = self.clip.visual, (1, None)
        if earlier is not None:
            first, tokens = earlier[0], self._load_tokens(earlier[1])
        if tokens is None:
            tokens = visual._embeds(self.clip.preprocess(sample.image))  # 1 T w, the global token first
        for block in visual.transformer.resblocks[first - 1 : self.start_layer - 1]:
            tokens = Block.read(block).run(tokens)
        return tokens

    def _load_tokens(self, tokens: Float32[np.ndarray, "t w"]) -> Tensor:
        return torch.from_numpy(tokens)[None].to(self.clip.device, self.clip.dtype)

    @torch.inference_mode()
    def open_layers(self, sample: Sample, trunk: Trunk | None = None, queries: int | None = None) -> PlainLayers:
        """Open the plain layers from `start_layer` on, the first asked by `queries` tokens (None: by all).

        What is opened here may be the `trunk` of every variant of this CLIP that starts at this layer or behind it: all
        share what any of them has computed of the image, to the same bits. Raises UserError for layers that begin
        behind `start_layer`, or of another CLIP.
        """
        if isinstance(trunk, PlainLayers):
            self._check_opened(trunk)
            return trunk.start_at(self.start_layer, queries)
        tokens = self._load_tokens(self.compute_trunk(sample) if trunk is None else trunk)
        return PlainLayers(Layer(Tower(self.clip.visual), self.start_layer, tokens, queries))

    def _check_opened(self, opened: PlainLayers) -> None:
        if opened.first.tower.visual is not self.clip.visual:
            raise UserError(f"{type(self).__name__}: these layers are of another CLIP: open those of its own")
        if opened.first.number > self.start_layer:
            raise UserError(
                f"{type(self).__name__}: these layers begin at {opened.first.number}, behind its start_layer "
                f"{self.start_layer}: open those of the variant that starts first"
            )


def number_layer(start_layer: int, depth: int) -> int:
    """Number the layer that ``start_layer`` names in a tower of ``depth`` layers, from 1; UserError for one beyond."""
    number = depth + 1 + start_layer if start_layer < 0 else start_layer
    if not 1 <= number <= depth:
        raise UserError(
            f"encode.start_layer={start_layer}: the image tower has layers 1 to {depth}, or -1 to -{depth} from its end"
        )
    return number
