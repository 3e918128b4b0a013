"""CLIP's text tower (section 3.3), exact at a text's true length, with the keys and values of a prefix computed once.

The tower is causal, so neither padding after the end token nor the split into a prefix and a rest changes a text's
feature. Texts go through in chunks of a fixed shape: a text's feature does not depend on what else is in the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from bench.errors import UserError
from bench.models.blocks import Block

NOT_PLAIN = "this CLIP text tower is not a plain causal transformer: use one in OpenAI CLIP's layout"


@dataclass(frozen=True, eq=False)
class Prefix:
    """Tokens that texts may begin with, and their keys and values: a [2, heads, P, dim / heads] for each block."""

    tokens: tuple[int, ...]
    cache: tuple[Tensor, ...]

    def count_shared(self, text: tuple[int, ...]) -> int:
        """Count the leading tokens that a text has in common with the prefix; at least one of its own is left over."""
        limit = min(len(self.tokens), len(text) - 1)
        return next((i for i in range(limit) if self.tokens[i] != text[i]), limit)


class TextTower:
    """The text half of an open_clip model (`CLIP` or `CustomTextCLIP`), which stays where its weights are.

    ``chunk`` is the number of texts in one forward pass: it trades padding against speed and, like any change of
    shape, may change the last bit of a feature. Raises `UserError` for towers that are not causal or pool otherwise.
    """

    def __init__(self, model: nn.Module, chunk: int = 64) -> None:
        tower: nn.Module = getattr(model, "text", model)
        self.pooling: str = getattr(tower, "text_pool_type", getattr(tower, "pool_type", "argmax"))
        _check(tower, self.pooling)
        self.blocks = [Block.read(block) for block in tower.get_submodule("transformer.resblocks").children()]
        self.embedding: Tensor = tower.get_parameter("token_embedding.weight")
        self.positions: Tensor = tower.get_parameter("positional_embedding")
        self.ln_final = tower.get_submodule("ln_final")
        self.projection = _read_projection(tower)
        self.end_id: int | None = getattr(tower, "text_eos_id", getattr(tower, "eos_id", None))
        self.chunk = chunk
        self.derived: dict[Any, Any] = {}  # stores of features that others keep for, and free with, this tower

    @property
    def context(self) -> int:
        """The longest text in tokens; longer ones lose their tail but keep their end token, as in open_clip."""
        return self.positions.shape[0]

    @property
    def dim(self) -> int:
        """The dimension d of the joint space."""
        if self.projection is None:
            return self.embedding.shape[1]
        return self.projection.shape[1] if isinstance(self.projection, Tensor) else self.projection.out_features

    @property
    def device(self) -> torch.device:
        """Where features are computed and returned."""
        return self.embedding.device

    def encode(self, texts: Sequence[Sequence[int]], prefix: Prefix | None = None) -> Float[Tensor, "n d"]:
        """Compute features, not normalised, of texts given as token ids with start and end token and without padding.

        A text may leave the prefix early: it reuses the keys and values up to there.
        """
        prefix = prefix or self.read(())
        cut = [self._cut(tuple(text)) for text in texts]
        place = {text: at for at, text in enumerate(dict.fromkeys(cut))}
        groups: dict[tuple[int, int], list[tuple[int, ...]]] = defaultdict(list)
        for text in place:
            groups[prefix.count_shared(text), len(text)].append(text)
        features = torch.zeros(len(place), self.dim, device=self.device)
        for (shared, _), members in groups.items():
            for i in range(0, len(members), self.chunk):
                chunk = members[i : i + self.chunk]
                features[[place[text] for text in chunk]] = self._encode_chunk(chunk, prefix, shared)
        return features[[place[text] for text in cut]] if cut else features

    @torch.no_grad()
    def read(self, tokens: Sequence[int]) -> Prefix:
        """Compute keys and values of a common beginning; it holds the start token and no end token."""
        tokens = tuple(tokens)[: self.context - 1]
        shapes = [(2, block.attention.num_heads, 0, block.attention.head_dim) for block in self.blocks]
        empty = [self.embedding.new_zeros(shape) for shape in shapes]
        ids = torch.tensor([tokens], dtype=torch.int64, device=self.device)
        return Prefix(tokens, tuple(self._forward(ids, empty)[1]) if tokens else tuple(empty))

    def _cut(self, text: tuple[int, ...]) -> tuple[int, ...]:
        """Drop what the pooled position cannot see."""
        if len(text) > self.context:
            text = (*text[: self.context - 1], text[-1])
        end = max(text) if self.pooling == "argmax" else self.end_id
        if end not in text:
            raise UserError(f"CLIP text tokens {text} hold no end token {end}: does the tokenizer fit the model?")
        return text[: text.index(end) + 1]

    @torch.no_grad()
    def _encode_chunk(self, texts: list[tuple[int, ...]], prefix: Prefix, shared: int) -> Float[Tensor, "n d"]:
        padded = texts + [texts[-1]] * (self.chunk - len(texts))
        tokens = torch.tensor(padded, dtype=torch.int64, device=self.device)[:, shared:]
        pooled = self.ln_final(self._forward(tokens, [kv[:, :, :shared] for kv in prefix.cache])[0])
        if isinstance(self.projection, Tensor):
            pooled = pooled @ self.projection
        elif self.projection is not None:
            pooled = self.projection(pooled)
        return pooled[: len(texts)].float()

    def _forward(
        self, tokens: Int64[Tensor, "c l"], past: Sequence[Tensor]
    ) -> tuple[Float[Tensor, "c w"], list[Tensor]]:
        """Run the tower: the last token's final state, and keys and values of the first row's tokens in every block."""
        (count, length), start = tokens.shape, past[0].shape[2]
        x = self.embedding[tokens] + self.positions[start : start + length].to(self.embedding.dtype)  # c l w
        cache = []
        for number, (block, kv) in enumerate(zip(self.blocks, past, strict=True), start=1):
            attention, new = _attend(block.attention, block.before_attention(x), kv)
            cache.append(new)
            if number == len(self.blocks):  # only the pooled token is read after the last attention
                x, attention = x[:, -1:], attention[:, -1:]
            output = block.attention.out_proj
            x = x + block.after_attention(F.linear(attention, output.weight, output.bias))
            x = x + block.after_mlp(block.mlp(block.before_mlp(x)))
        return x.reshape(count, -1), cache


def _attend(
    attention: nn.MultiheadAttention, x: Float[Tensor, "c l w"], past: Float[Tensor, "2 h p k"]
) -> tuple[Float[Tensor, "c l w"], Float[Tensor, "2 h l k"]]:
    """Attend, causally: the rows' own tokens to the prefix all rows share and to themselves."""
    (count, length, width), (_, heads, prefix_length, size) = x.shape, past.shape
    packed = F.linear(x.reshape(-1, width), attention.in_proj_weight, attention.in_proj_bias)  # c*l 3w
    queries, keys, values = packed.view(count, length, 3, heads, size).permute(2, 0, 3, 1, 4)  # each c h l k
    shared = past.unsqueeze(1).expand(-1, count, -1, -1, -1)  # 2 c h p k
    seen = torch.ones(length, prefix_length + length, dtype=torch.bool, device=x.device).tril(prefix_length)  # l p+l
    all_keys, all_values = torch.cat([shared[0], keys], dim=2), torch.cat([shared[1], values], dim=2)  # c h p+l k
    mixed = F.scaled_dot_product_attention(queries, all_keys, all_values, attn_mask=seen)  # c h l k
    return mixed.transpose(1, 2).reshape(count, length, width), torch.stack([keys[0], values[0]])


def _check(tower: nn.Module, pooling: str) -> None:
    if pooling not in ("argmax", "eos"):
        raise UserError(f"CLIP text pooling {pooling!r} is not supported: use a model that pools by argmax or eos")
    if tower.attn_mask is None or getattr(tower, "cls_emb", None) is not None:
        raise UserError(NOT_PLAIN)


def _read_projection(tower: nn.Module) -> Tensor | nn.Linear | None:
    """Read what leads into the joint space: a matrix, a layer, or nothing."""
    projection = tower.text_projection
    if projection is None or isinstance(projection, Tensor | nn.Linear):
        return projection
    raise UserError(NOT_PLAIN)
