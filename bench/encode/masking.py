"""Section 3.2: the masked layers of a segment, from `start_layer` to the last.

A variant says only what becomes of attention (`mix`); everything else is here and may be overridden. Segments are
encoded in micro-batches of one fixed shape, several side by side (`bench.encode.together`). With `micro_batch` 1 every
segment passes through products whose rows have the same bits, so that it is the same to the last bit whatever its
neighbours; larger ones (for a GPU) agree within rounding.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.knobs import MicroBatch
from bench.encode.layers import Layer, PlainLayers, embed_global_token
from bench.encode.returned import HEADS, TOKENS, VECTORS, check_columns, check_tensor, check_three
from bench.encode.segments import Segments, make_segments
from bench.encode.together import count_together, finish_together, split_together
from bench.encode.trunk import Trunk, TrunkEncoder
from bench.records import Embeddings, Sample
from bench.system.memory import fit_batch, run_in_halves, run_in_parts

Mixed = tuple[Tensor, Tensor, Tensor]
"""Output of attention [n, H, Q, D] before its projection, saliency S [n, k], weight w [n, k]."""


@dataclass(eq=False)
class MaskedEncoder(TrunkEncoder):
    """A masking variant: the plain forward up to layer `start_layer` - 1, `mix` in place of attention from there on.

    `micro_batch` segments are encoded at once, fewer where memory does not suffice.
    """

    micro_batch: MicroBatch = 1
    cost = "the layers from start_layer on, for each segment"
    all_queries = True
    """Whether `mix` reads the attention of every token; if not, the last layer computes the global token's alone."""
    skips_unseen = False
    """Whether a token whose mask is 0 influences nothing and is left out; not where `mix` reads every token."""
    pools_patches = False
    """Whether `pool` reads patch tokens; if not, only the global token leaves the last layer."""

    @abstractmethod
    def mix(self, attention: Attention) -> Tensor | Mixed:
        """Return the attention output [n, H, Q, D] before the output projection.

        A variant that has them returns with it saliency S [n, k] and weight w [n, k]: k is 1, or H where each head has
        its own.
        """

    def finish(self, layer: Layer, heads: Tensor) -> Tensor:
        """Return the tokens that leave a layer, [n, Q, w], of the mixed heads [n, H, Q, D]: residual and MLP."""
        return layer.finish(heads)

    def pool(self, tokens: Tensor, segments: Segments, plain: PlainLayers) -> Tensor:
        """Return the embeddings [n, d] of the last layer's tokens [n, Q, w]: the global token's."""
        return embed_global_token(self.clip.visual, tokens[:, :1])

    @torch.inference_mode()
    def __call__(self, sample: Sample, masks: Bool[np.ndarray, "n h w"], trunk: Trunk | None = None) -> Embeddings:
        """Embed the segments given by `masks`; `trunk` saves its recomputation. Empty masks keep the global token."""
        plain = self.open_layers(sample, trunk, self._count_queries(self.start_layer))
        segments = make_segments(sample, masks, self.clip.grid, self.clip.device)
        size = fit_batch(self.micro_batch, self._estimate_bytes(plain.first), self.clip.device)
        groups = self._group(plain, list(segments.split(size)))
        parts = [mixed for group in groups for mixed in run_in_halves(partial(self._encode_group, plain), group)]
        vectors, saliency, weight = (torch.cat(p)[: len(masks)].float().cpu().numpy() for p in zip(*parts, strict=True))
        return Embeddings(vectors, saliency, weight)

    def encode(self, plain: PlainLayers, segments: Segments) -> Mixed:
        """Embed one micro-batch: embeddings [n, d], saliency and weight [n, k * masked layers].

        A variant that does not go layer by layer overrides this.
        """
        tokens, saliency, weight = self.follow(plain, segments)
        return self.pool_checked(tokens, segments, plain), saliency, weight

    def follow(self, plain: PlainLayers, segments: Segments) -> Mixed:
        """Follow one micro-batch to the tokens that leave the last layer, [n, Q, w], with saliency and weight.

        In the first masked layer all segments still see the same tokens, those of the plain layer.
        """
        return self._follow_group(plain, [segments])[0]

    def keeps_methods(self, owner: type, *names: str) -> bool:
        """Whether these methods are those of ``owner``: neither its class nor the object has others in their place."""
        return all(getattr(getattr(self, name), "__func__", None) is getattr(owner, name) for name in names)

    def pool_checked(self, tokens: Tensor, segments: Segments, plain: PlainLayers) -> Tensor:
        """Return what `pool` makes of the tokens, [n, d]; raises UserError for another shape."""
        expected = (len(segments), self.clip.dim)
        return check_tensor(self, "pool", self.pool(tokens, segments, plain), expected, VECTORS)

    def _estimate_bytes(self, layer: Layer) -> int:
        """Estimate what a segment takes: activations of its tokens, and attention of all to all, in float32."""
        tokens, width = layer.tokens.shape[1:]
        return 4 * (8 * tokens * width + layer.block.attention.num_heads * tokens**2)

    def _group(self, plain: PlainLayers, parts: list[Segments]) -> list[list[Segments]]:
        """Group micro-batches that share products, as many as can; those that see unequal tokens go alone."""
        usual = self.keeps_methods(MaskedEncoder, "encode", "follow", "finish") and not self.skips_unseen
        groups, at = [], 0
        while at < len(parts):
            count = count_together(plain.first, len(parts) - at, len(parts[0])) if usual else 1
            groups.append(parts[at : at + count])
            at += count
        return groups

    def _encode_group(self, plain: PlainLayers, parts: Sequence[Segments]) -> list[Mixed]:
        """Embed micro-batches side by side, or one alone, whose rows are halved where memory does not suffice."""
        if len(parts) == 1:
            return run_in_parts(partial(self._encode_part, plain, parts[0]), range(len(parts[0])))
        followed = zip(parts, self._follow_group(plain, parts), strict=True)
        return [(self.pool_checked(tokens, part, plain), s, w) for part, (tokens, s, w) in followed]

    def _follow_group(self, plain: PlainLayers, parts: Sequence[Segments]) -> list[Mixed]:
        """Follow micro-batches side by side, layer by layer: `follow` of each."""
        layers, seen = map(list, zip(*(self._skip_unseen(plain.first, part) for part in parts), strict=True))
        traces: list[list[tuple[Tensor, Tensor]]] = [[] for _ in parts]
        for number in range(self.start_layer, self.clip.depth + 1):
            if len(layers) > 1 and layers[0] is not plain.first:
                split_together(layers)
            mixed = [self._mix_layer(*pair, plain) for pair in zip(layers, seen, strict=True)]
            for kept, (_, saliency, weight) in zip(traces, mixed, strict=True):
                kept.append((saliency, weight))
            tokens = self._finish_group(layers, [heads for heads, *_ in mixed])
            layers = [Layer(plain.first.tower, number + 1, part, self._count_queries(number + 1)) for part in tokens]
        joined = [[torch.cat(column, dim=1) for column in zip(*kept, strict=True)] for kept in traces]  # n k*l
        return [(part, saliency, weight) for part, (saliency, weight) in zip(tokens, joined, strict=True)]

    def _mix_layer(self, layer: Layer, segments: Segments, plain: PlainLayers) -> Mixed:
        """Mix one layer of one micro-batch: of the last one mostly the global token alone is read and goes on."""
        attention = Attention(layer, segments, plain, self.skips_unseen)
        heads, saliency, weight = self._check_mixed(layer, segments, self.mix(attention))
        return heads[:, :, :1] if layer.is_last and not self.pools_patches else heads, saliency, weight

    def _finish_group(self, layers: Sequence[Layer], heads: Sequence[Tensor]) -> list[Tensor]:
        """Finish one layer of all; one by one where each has one row, which would not keep its bits beside others."""
        if len(layers) > 1 and heads[0].shape[2] > 1:
            return finish_together(layers, heads)
        return [self._finish(layer, part) for layer, part in zip(layers, heads, strict=True)]

    def _encode_part(self, plain: PlainLayers, batch: Segments, rows: range) -> Mixed:
        """Embed rows of a micro-batch by `encode`, whoever wrote it; raises UserError for shapes that do not fit."""
        part = batch.take(rows)
        vectors, *traces = check_three(self, "encode", self.encode(plain, part))
        check_tensor(self, "encode", vectors, (len(part), self.clip.dim), VECTORS)
        saliency, weight = (
            check_columns(self, "encode", trace, len(part), name)
            for trace, name in zip(traces, ("saliency", "weight"), strict=True)
        )
        return vectors, saliency, weight

    def _finish(self, layer: Layer, heads: Tensor) -> Tensor:
        expected = (len(heads), heads.shape[2], layer.tokens.shape[-1])
        return check_tensor(self, "finish", self.finish(layer, heads), expected, TOKENS)

    def _skip_unseen(self, first: Layer, segments: Segments) -> tuple[Layer, Segments]:
        """Leave out the tokens that no segment of the micro-batch sees: their weights in eq. 1 are exactly 0."""
        if not self.skips_unseen:
            return first, segments
        seen = segments.mask.amax(0) > 0
        seen[0] = True  # also of the empty masks that fill a micro-batch up
        kept = seen.nonzero()[:, 0]
        return replace(first, tokens=first.tokens[:, kept]), replace(segments, mask=segments.mask[:, kept])

    def _count_queries(self, number: int) -> int | None:
        """Count the tokens that ask in a layer: in the last one only the global token, unless more is read of it."""
        return 1 if number == self.clip.depth and not (self.all_queries or self.pools_patches) else None

    def _check_mixed(self, layer: Layer, segments: Segments, mixed: Tensor | Mixed) -> Mixed:
        """Give what `mix` returned its three parts; raises UserError for a shape that does not fit the layer."""
        where = f" in layer {layer.number}"
        none = segments.mask[:, :0]
        parts = (mixed, none, none) if isinstance(mixed, Tensor) else mixed
        heads, *traces = check_three(self, "mix", parts, where)
        _, count, queries, dim = layer.shape
        check_tensor(self, "mix", heads, (len(segments), count, layer.queries or queries, dim), HEADS, where)
        for trace, name in zip(traces, ("saliency", "weight"), strict=True):
            check_columns(self, "mix", trace, len(segments), name, where)
        return heads, traces[0], traces[1]
