"""Section 3.2: the trunk every segment shares, and the masked layers from `start_layer` to the last.

A variant says only what becomes of attention (`mix`); everything else is here. Segments are encoded in micro-batches of
one fixed shape. With `micro_batch` 1 every segment passes through the same products on the same shapes, so that it is
the same to the last bit whatever its neighbours; larger ones (for a GPU) agree within rounding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from annotated_types import Interval
from jaxtyping import Bool, Float32
from torch import Tensor
from torch.nn import functional

from bench.encode.attention import Attention, Softmax
from bench.errors import UserError
from bench.models.blocks import Block
from bench.records import Embeddings, Sample

if TYPE_CHECKING:
    from bench.models.clip import Clip


class MaskedEncoder(ABC):
    """A masking variant: the plain forward up to layer `start_layer` - 1, `mix` in place of attention from there on.

    `start_layer` counts from 1 (the paper's 21 of 24 masks the last four). `micro_batch` segments are encoded at once.
    """

    all_queries = True
    """Whether `mix` reads the attention of every token; if not, the last layer computes the global token's alone."""

    def __init__(
        self,
        clip: Clip,
        start_layer: Annotated[int, Interval(ge=1, le=1000)],
        micro_batch: Annotated[int, Interval(ge=1, le=10**9)] = 1,
    ) -> None:
        if not 1 <= start_layer <= clip.depth:
            raise UserError(f"encode.start_layer={start_layer}: the image tower has layers 1 to {clip.depth}")
        self.clip, self.start_layer, self.micro_batch = clip, start_layer, micro_batch

    @abstractmethod
    def mix(self, attention: Attention) -> tuple[Tensor, Tensor, Tensor]:
        """Return the attention output [n, H, Q, D] before the output projection, saliency S [n, s] and weight w [n, s].

        s is 1, or H where each head has its own, or 0 where a variant has no saliency.
        """

    @torch.inference_mode()
    def compute_trunk(self, sample: Sample) -> Float32[np.ndarray, "t w"]:
        """Compute the tokens that enter layer `start_layer`, the same for all segments: float32 [tokens, width]."""
        visual = self.clip.visual
        tokens = visual._embeds(self.clip.preprocess(sample.image))  # 1 T w, the global token first
        for block in visual.transformer.resblocks[: self.start_layer - 1]:
            tokens = block(tokens)
        return tokens[0].float().cpu().numpy()

    @torch.inference_mode()
    def __call__(
        self, sample: Sample, masks: Bool[np.ndarray, "n h w"], trunk: Float32[np.ndarray, "t w"] | None = None
    ) -> Embeddings:
        """Embed the segments given by `masks`; `trunk` saves its recomputation. Empty masks keep the global token."""
        tokens = torch.from_numpy(self.compute_trunk(sample) if trunk is None else trunk)[None]
        tokens = tokens.to(self.clip.device, self.clip.dtype)
        shared = attend(self._read_block(self.start_layer), tokens, self._count_queries(self.start_layer))
        parts = [self._run_tail(tokens, shared, mask) for mask in self._make_micro_batches(masks)]
        vectors, saliency, weight = (torch.cat(p)[: len(masks)].float().cpu().numpy() for p in zip(*parts, strict=True))
        return Embeddings(vectors, saliency, weight)

    def _make_micro_batches(self, masks: Bool[np.ndarray, "n h w"]) -> list[Tensor]:
        """Make token masks in chunks of exactly [micro_batch, T], the last one filled up with empty masks."""
        grid = make_token_masks(masks, self.clip.grid).to(self.clip.device)
        missing = -len(grid) % self.micro_batch or (self.micro_batch if len(grid) == 0 else 0)
        return list(functional.pad(grid, (0, 0, 0, missing)).split(self.micro_batch))

    def _read_block(self, layer: int) -> Block:
        """Read the parts of a layer; layers are counted from 1."""
        return Block.read(self.clip.visual.transformer.resblocks[layer - 1])

    def _count_queries(self, layer: int) -> int | None:
        """Count the queries a layer computes: of the last one only the global token is read, unless `mix` reads all."""
        return 1 if layer == self.clip.depth and not self.all_queries else None

    def _run_tail(self, tokens: Tensor, shared: Softmax, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run the masked layers for one micro-batch; in the first of them all segments still see the same tokens."""
        visual, traces = self.clip.visual, []
        for layer in range(self.start_layer, self.clip.depth + 1):
            block, last = self._read_block(layer), layer == self.clip.depth
            softmax = shared if layer == self.start_layer else attend(block, tokens, self._count_queries(layer))
            mixed, saliency, weight = self.mix(Attention(softmax.exponential, softmax.values, mask))  # n H Q D
            traces.append((saliency, weight))
            # Of the last layer only the global token is read, so only it is projected and passed through the MLP.
            mixed, tokens = (mixed[:, :, :1], tokens[:, :1]) if last else (mixed, tokens)
            tokens = tokens + block.after_attention(project(block, mixed.to(tokens.dtype)))  # n T w, at last n 1 w
            tokens = tokens + block.after_mlp(block.mlp(block.before_mlp(tokens)))
        pooled, _ = visual._pool(tokens)  # n w
        saliency, weight = (torch.cat(column, dim=1) for column in zip(*traces, strict=True))  # n l
        return pooled @ visual.proj, saliency, weight  # n d


def attend(block: Block, tokens: Tensor, queries: int | None) -> Softmax:
    """Compute exponentials and values of one block for `tokens` [s, T, w], in float32 at any precision."""
    normed, attention = block.before_attention(tokens), block.attention  # s T w
    batch, length, width = normed.shape
    split = (batch, length, attention.num_heads, width // attention.num_heads)
    packed = functional.linear(normed, attention.in_proj_weight, attention.in_proj_bias)  # s T 3w
    query, key, value = (part.reshape(split).transpose(1, 2).float() for part in packed.chunk(3, dim=-1))  # s H T D
    logits = (query[:, :, :queries] * split[-1] ** -0.5) @ key.transpose(-1, -2)  # s H Q T
    # The row maximum is over all tokens, masked or not: it cancels in eq. 1 and lets one exponential serve both.
    return Softmax(logits.sub_(logits.amax(-1, keepdim=True)).exp_(), value)


def project(block: Block, heads: Tensor) -> Tensor:
    """Concatenate heads [n, H, Q, D] and put them through the output projection: [n, Q, w]."""
    n, count, queries, dim = heads.shape
    return block.attention.out_proj(heads.transpose(1, 2).reshape(n, queries, count * dim))


def make_token_masks(masks: Bool[np.ndarray, "n h w"], grid: tuple[int, int]) -> Tensor:
    """Average masks by area to the token grid, with a leading 1 for the global token: float32 [n, 1 + rows * columns].

    torch's ``area``: a cell averages every pixel it touches, whole; linear, so a union is the sum of its parts.
    """
    if len(masks) == 0:
        return torch.zeros(0, 1 + grid[0] * grid[1])
    reduced = functional.interpolate(torch.from_numpy(masks.astype(np.float32))[None], size=grid, mode="area")[0]
    return functional.pad(reduced.flatten(1), (1, 0), value=1.0)  # n rows*columns to n T
