"""Section 3.2 by other means: tokens of patches, computed once an image, averaged over each segment.

Methods of dense inference change the last layers of CLIP so that every patch says what lies there. The authors compare
each patch with texts; the mean over a segment of these cosines is the product with the mean of unit patch embeddings,
so that mean stands for the segment here.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor
from torch.nn import functional

from bench.encode.layers import Layer, PlainLayers
from bench.encode.returned import HEADS, TOKENS, check_tensor
from bench.encode.segments import make_segments
from bench.encode.trunk import Trunk, TrunkEncoder
from bench.records import Embeddings, Sample


class DenseEncoder(TrunkEncoder):
    """A variant that embeds patches: `compute_tokens` says how; `start_layer` is the first layer it looks into."""

    cost = "one forward an image, however many segments"

    @abstractmethod
    def compute_tokens(self, plain: PlainLayers, sample: Sample) -> Tensor:
        """Return the tokens [1, T, w] that take the place of those that leave the last layer, the global one first."""

    @torch.inference_mode()
    def __call__(self, sample: Sample, masks: Bool[np.ndarray, "n h w"], trunk: Trunk | None = None) -> Embeddings:
        """Embed the segments given by `masks`; `trunk` saves its recomputation. An empty mask means the whole image."""
        plain = self.open_layers(sample, trunk)
        tokens = check_tensor(
            self, "compute_tokens", self.compute_tokens(plain, sample), plain.first.tokens.shape, TOKENS
        )
        patches = functional.normalize(embed_every_token(self.clip.visual, tokens)[0, 1:].float(), dim=-1)  # P d
        shares = make_segments(sample, masks, self.clip.grid, self.clip.device).compute_shares()  # n P
        # One product a segment: a wider one would make a result depend on its place among others.
        vectors = [(row @ patches).cpu().numpy() for row in shares]
        none = np.zeros((len(masks), 0), np.float32)
        return Embeddings(np.stack(vectors) if vectors else np.zeros((0, self.clip.dim), np.float32), none, none)


class LastLayerEncoder(DenseEncoder):
    """A dense variant that leaves all layers but the last as they are and says what becomes of its attention."""

    @abstractmethod
    def attend(self, layer: Layer, sample: Sample) -> Tensor:
        """Return the heads [1, H, T, D] of the last layer before the output projection."""

    def finish(self, layer: Layer, heads: Tensor) -> Tensor:
        """Return the tokens [1, T, w] that leave the last layer: here the projected heads, no residual and no MLP."""
        return layer.project(heads)

    def compute_tokens(self, plain: PlainLayers, sample: Sample) -> Tensor:
        """Run the last layer in the variant's way."""
        heads = check_tensor(self, "attend", self.attend(plain.last, sample), plain.last.values.shape, HEADS)
        return check_tensor(self, "finish", self.finish(plain.last, heads), plain.last.tokens.shape, TOKENS)


def embed_every_token(visual: Any, tokens: Tensor) -> Tensor:
    """Put every token [n, T, w] through the last norm and the projection, as CLIP does its global one: [n, T, d]."""
    projected: Tensor = visual.ln_post(tokens) @ visual.proj
    return projected
