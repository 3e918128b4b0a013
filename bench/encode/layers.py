"""Section 3.2: the layers of CLIP's image tower opened up: queries, keys, values and exponentials of each.

Letters in shapes: s token sequences, H heads, Q query tokens, T tokens (0 is the global one), D dimensions a head, w
the width of a token, n segments.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from bench.encode.tower import Tower
from bench.encode.weighing import average_heads, sum_heads, weigh_heads, write_means
from bench.models.blocks import Block
from bench.system.attention import attend
from bench.system.products import multiply_each, takes

Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the `tower` and what it computes of the `tokens` [s, T, w] that enter it.

    `number` counts from 1. `queries` is how many tokens ask, from the global one on (None: all). Everything is computed
    when first read and kept. What attention gives is float32 at any precision of the model; where it is made head by
    head, its exponentials and masked values have the model's precision (`bench.encode.weighing`).
    """

    tower: Tower
    number: int
    tokens: Tensor
    queries: int | None = None

    @property
    def depth(self) -> int:
        """Number of layers of the tower."""
        return len(self.tower.visual.transformer.resblocks)

    @property
    def is_last(self) -> bool:
        """Whether no layer follows."""
        return self.number == self.depth

    @property
    def block(self) -> Block:
        """The parts of this layer."""
        return self.tower.block(self.number)

    def ask(self, queries: int | None) -> Layer:
        """Return this layer asked by the first `queries` tokens, with the queries, keys and values of this one."""
        if queries == self.queries:
            return self
        asked = replace(self, queries=queries)
        vars(asked).update(_parts=self._parts, _split_heads=self._split_heads)
        return asked

    @property
    def query(self) -> Tensor:
        """Queries of all tokens, float32 [s, H, T, D], not scaled."""
        return self._split_heads[0]

    @property
    def key(self) -> Tensor:
        """Keys, float32 [s, H, T, D]."""
        return self._split_heads[1]

    @property
    def values(self) -> Tensor:
        """Values, float32 [s, H, T, D]."""
        return self._split_heads[2]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape of queries, keys and values: sequences s, heads H, tokens T, dimensions a head D."""
        heads = self.block.attention.num_heads
        return (*self.tokens.shape[:1], heads, self.tokens.shape[1], self.tokens.shape[2] // heads)

    @cached_property
    def exponential(self) -> Tensor:
        """exp(logit - row maximum) of every asking token before any mask, float32 [s, H, Q, T]."""
        # The row maximum is over all tokens, masked or not: it cancels in eq. 1 and lets one exponential serve both.
        return self.compute_exponential(self.query[:, :, : self.queries], self.key)

    @cached_property
    def unmasked(self) -> Tensor:
        """A = softmax(QK/sqrt(d)) V of every asking token, float32 [s, H, Q, D]."""
        if not self.splits_heads:
            return self.exponential @ self.values / self.exponential.sum(-1, keepdim=True)
        ones = self.tokens.new_ones(1, *self.tokens.shape[:2], dtype=torch.float32)
        return self.average(ones, shared="_shared" in vars(self))[0]

    @property
    def splits_heads(self) -> bool:
        """Whether attention is made head by head (`average`): on a processor, where a head's products are not small."""
        sequences, _, tokens, size = self.shape
        return sequences > 0 and takes(self.tokens, self.tokens, (self.queries or tokens) * tokens * size)

    @property
    def keeps_exponential(self) -> bool:
        """Whether the exponentials of all heads have been read, and are held."""
        return "exponential" in vars(self)

    def average(self, masks: Tensor, shared: bool) -> Tensor:
        """Average the values under k masks for each of n segments, [k, n, T]: float32 [k, n, H, Q, D].

        The segments have tokens of their own, or share those of one sequence: of what is `shared`, by these segments or
        by later ones, exponentials are kept.
        """
        sequences, heads, tokens, size = self.shape
        made = torch.empty(masks.shape[1], len(masks), self.queries or tokens, heads, size)  # heads side by side
        kept = self.exponential if self.keeps_exponential else self._shared if shared else None
        for at, under in enumerate(masks.unbind(1)):
            query, key, value = (part[at % sequences] for part in self._parts)
            if kept is None:
                average_heads(query[:, : self.queries], key, value, under, made[at])
            else:
                exact = value.float() if self.keeps_exponential else value
                write_means(sum_heads(kept[at % sequences], under), exact, under, made[at])
        return made.permute(1, 0, 3, 2, 4)

    @cached_property
    def _shared(self) -> list[list[Tensor]]:
        """The exponentials of each sequence and head in the model's precision."""
        query, key, _ = self._parts
        none = self.tokens.new_empty(0, self.tokens.shape[1], dtype=torch.float32)
        pairs = zip(query, key, strict=True)
        return [[weights for weights, _ in weigh_heads(q[:, : self.queries], k, none)] for q, k in pairs]

    def compute_exponential(self, query: Tensor, key: Tensor) -> Tensor:
        """Compute exp(query . key / sqrt(D) - row maximum), [s, H, Q, T], of queries and keys [s, H, *, D]."""
        scaled = query * (query.shape[-1] ** -0.5 / math.log(2))  # torch raises 2 to a power four times as fast as e
        logits = multiply_each(scaled, key.transpose(-1, -2))
        return logits.sub_(logits.amax(-1, keepdim=True)).exp2_()

    def attend(self, query: Tensor, key: Tensor, added: Tensor | None = None) -> Tensor:
        """Compute softmax(query . key / sqrt(D) + added [Q, T]) V, [s, H, Q, D], of any queries and keys."""
        if added is None:
            return attend(query, key, self.values)
        return functional.scaled_dot_product_attention(query, key, self.values, attn_mask=added)

    def project(self, heads: Tensor) -> Tensor:
        """Concatenate heads [n, H, Q, D] and put them through the output projection: [n, Q, w]."""
        return self.block.join(self.concatenate(heads))

    def concatenate(self, heads: Tensor) -> Tensor:
        """Concatenate heads [n, H, Q, D] in the model's precision: [n, Q, H * D]."""
        n, count, queries, dim = heads.shape
        return heads.to(self.tokens.dtype).transpose(1, 2).reshape(n, queries, count * dim)

    def hold(self, parts: tuple[Tensor, Tensor, Tensor]) -> None:
        """Hold queries, keys and values [s, H, T, D] that were made of these tokens elsewhere."""
        vars(self)["_parts"] = parts

    def finish(self, heads: Tensor) -> Tensor:
        """Make the tokens that leave the layer, [n, Q, w], of attention's `heads` [n, H, Q, D]: residual and MLP."""
        return self.block.add_mlp(self.block.add(self.tokens[:, : heads.shape[2]], self.project(heads)))

    def run(self) -> Tensor:
        """Run the layer over its tokens without any mask, [s, T, w]; queries, keys and values that are there serve."""
        parts = vars(self).get("_parts") or self.block.split(self.tokens)  # not kept: most layers are only passed
        return self.block.leave(self.tokens, attend(*parts).transpose(1, 2).flatten(2))

    @cached_property
    def _parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values in the model's precision, each [s, H, T, D]."""
        return self.block.split(self.tokens)

    @cached_property
    def _split_heads(self) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = (part.float() for part in self._parts)
        return query, key, value


class PlainLayers:
    """The image as CLIP sees it without any mask: its layers from `first` on, each computed when first read.

    Variants that look at one image share them by `start_at`: what one of them has opened is opened for all.
    """

    def __init__(self, first: Layer) -> None:
        self.first = first
        # Both are shared by all that `start_at` gives.
        self._opened = [first]  # behind the last layer, what leaves it
        self._kept = dict[Hashable, Any]()

    def start_at(self, number: int, queries: int | None = None) -> PlainLayers:
        """Return the same layers from `number` on, the first asked by `queries` tokens; IndexError as `[number]`."""
        later = copy.copy(self)
        later.first = self[number].ask(queries)
        return later

    def keep(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what `make` gives, made once for a `key`: what variants of one image share besides its layers."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: Kept = self._kept[key]
        return kept

    @property
    def last(self) -> Layer:
        """The tower's last layer."""
        return self[self.first.depth]

    def __getitem__(self, number: int) -> Layer:
        """The layer of that number, counted from 1; raises IndexError for one before the first or beyond the tower."""
        if not self.first.number <= number <= self.first.depth:
            raise IndexError(f"layer {number} of {self.first.number} to {self.first.depth}")
        return self.first if number == self.first.number else self._open(number)

    def __iter__(self) -> Iterator[Layer]:
        """The layers in order."""
        return (self[number] for number in range(self.first.number, self.first.depth + 1))

    @property
    def output(self) -> Tensor:
        """The tokens that leave the last layer, [1, T, w]."""
        return self._open(self.first.depth + 1).tokens

    @property
    def global_token(self) -> Tensor:
        """The global token that leaves the last layer, [1, 1, w]; of that layer no other is computed."""
        last = self.last.ask(1)
        return self.keep("global token", lambda: last.finish(last.unmasked))

    @property
    def embedding(self) -> Tensor:
        """CLIP's own embedding of the whole image, [1, d]."""
        return self.keep("embedding", lambda: embed_global_token(self.first.tower.visual, self.global_token))

    def _open(self, number: int) -> Layer:
        while (before := self._opened[-1]).number < number:
            self._opened.append(Layer(before.tower, before.number + 1, before.run()))
        return self._opened[number - self._opened[0].number]


def embed_global_token(visual: Any, tokens: Tensor) -> Tensor:
    """Embed the global token of `tokens` [n, T, w] in the joint space: [n, d]."""
    pooled: Tensor = visual._pool(tokens)[0]
    return pooled @ visual.proj
