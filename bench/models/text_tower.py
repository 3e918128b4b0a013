"""CLIP's text tower (section 3.3), exact at a text's true length, with the keys and values of a prefix computed once.

The tower is causal, so neither padding after the end token nor the split into a prefix and a rest changes a text's
feature. The tokens of all texts of a call, whatever their lengths and prefixes, lie one after the other in packs of
rows, each filled up to a number at which matrix products keep every row's bits (`bench.system.rows`), so that a text's
feature does not depend on what else is in the call. Attention looks at each text by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from bench.errors import UserError
from bench.models.blocks import Block
from bench.system.products import multiply
from bench.system.rows import round_up

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


Tokens = tuple[int, ...]
Kind = tuple[int, int, int]
"""Which prefix a text has, how many of its tokens it shares with it, and its length: one attention serves all alike."""


class TextTower:
    """The text half of an open_clip model (`CLIP` or `CustomTextCLIP`), which stays where its weights are.

    ``rows`` is the number of tokens in a full pack, at least a whole text: it trades memory against speed and, where
    products round by their shape, may change the last bit of a feature. Raises `UserError` for towers that are not
    causal or pool otherwise.
    """

    def __init__(self, model: nn.Module, rows: int = 256) -> None:
        tower: nn.Module = getattr(model, "text", model)
        self.pooling: str = getattr(tower, "text_pool_type", getattr(tower, "pool_type", "argmax"))
        _check(tower, self.pooling)
        self.blocks = [Block.read(block) for block in tower.get_submodule("transformer.resblocks").children()]
        self.embedding: Tensor = tower.get_parameter("token_embedding.weight")
        self.positions: Tensor = tower.get_parameter("positional_embedding")
        self.ln_final = tower.get_submodule("ln_final")
        self.projection = _read_projection(tower)
        self.end_id: int | None = getattr(tower, "text_eos_id", getattr(tower, "eos_id", None))
        self.rows = max(rows, self.context)
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
        return self.encode_all([(prefix or self.read(()), texts)])[0]

    @torch.no_grad()
    def encode_all(self, requests: Sequence[tuple[Prefix, Sequence[Sequence[int]]]]) -> list[Float[Tensor, "n d"]]:
        """Compute the features of several lists of texts at once, each list with a prefix of its own: see `encode`."""
        prefixes = [prefix for prefix, _ in requests]
        cut = [(at, self._cut(tuple(text))) for at, (_, texts) in enumerate(requests) for text in texts]
        kinds = {key: (key[0], prefixes[key[0]].count_shared(key[1]), len(key[1])) for key in cut}
        ordered = sorted(kinds, key=kinds.__getitem__)  # texts of a kind are neighbours
        packs = _fill_packs([(kinds[key], key[1]) for key in ordered], self.rows)
        ends = [self._run(pack, prefixes) for pack in packs]
        features = self._finish(*map(torch.cat, zip(*ends, strict=True))) if ends else self._make_none()
        place = {key: row for row, key in enumerate(ordered)}
        return list(features[[place[key] for key in cut]].split([len(texts) for _, texts in requests]))

    def read(self, tokens: Sequence[int]) -> Prefix:
        """Compute keys and values of a common beginning; it holds the start token and no end token."""
        return self.read_all([tokens])[0]

    @torch.no_grad()
    def read_all(self, beginnings: Sequence[Sequence[int]]) -> list[Prefix]:
        """Compute keys and values of several beginnings at once: see `read`."""
        cut = [tuple(tokens)[: self.context - 1] for tokens in beginnings]
        packs = _fill_packs([((at, 0, len(tokens)), tokens) for at, tokens in enumerate(cut)], self.rows)
        return [prefix for pack in packs for prefix in self._read([tokens for _, tokens in pack])]

    def _cut(self, text: Tokens) -> Tokens:
        """Drop what the pooled position cannot see."""
        if len(text) > self.context:
            text = (*text[: self.context - 1], text[-1])
        end = max(text) if self.pooling == "argmax" else self.end_id
        if end not in text:
            raise UserError(f"CLIP text tokens {text} hold no end token {end}: does the tokenizer fit the model?")
        return text[: text.index(end) + 1]

    def _embed(self, tokens: Int64[Tensor, " r"], places: Int64[Tensor, " r"]) -> Float[Tensor, "r w"]:
        return self.embedding[tokens] + self.positions[places.to(self.device)].to(self.embedding.dtype)

    def _read(self, pack: Sequence[Tokens]) -> list[Prefix]:
        """Compute keys and values of the beginnings in a pack."""
        sizes = [len(tokens) for tokens in pack]
        flat = torch.tensor([token for tokens in pack for token in tokens], dtype=torch.int64, device=self.device)
        x = self._fill_up(self._embed(flat, torch.cat([torch.arange(size) for size in sizes])))  # R w
        caches: list[list[Tensor]] = [[] for _ in pack]
        for block in self.blocks:
            heads, size = block.attention.num_heads, block.attention.head_dim
            parts = block.project(x)[: len(flat)].split(sizes)
            for cache, part in zip(caches, parts, strict=True):
                cache.append(part.view(len(part), 3, heads, size)[:, 1:].permute(1, 2, 0, 3).contiguous())  # 2 h P k
            if block is not self.blocks[-1]:  # behind it no keys and values follow
                none = caches[0][-1][:, :, :0]
                mixed = [_attend(part, 1, none) for part in parts if len(part)]
                x = block.leave(x, self._fill_up(torch.cat([x[:0], *mixed])))
        return [Prefix(tokens, tuple(cache)) for tokens, cache in zip(pack, caches, strict=True)]

    def _run(
        self, pack: Sequence[tuple[Kind, Tokens]], prefixes: Sequence[Prefix]
    ) -> tuple[Float[Tensor, "n w"], Float[Tensor, "n w"]]:
        """Run a pack of n texts up to the last attention: what enters it and what leaves it, at their last tokens."""
        counts = [(kind, len(list(texts))) for kind, texts in groupby(pack, itemgetter(0))]
        own = [text[shared:] for (_, shared, _), text in pack]
        places = [place for (_, shared, length), _ in pack for place in range(shared, length)]
        tokens = torch.tensor([token for text in own for token in text], device=self.device)
        ends = torch.tensor([len(text) for text in own]).cumsum(0) - 1  # n rows of last tokens
        x = self._fill_up(self._embed(tokens, torch.tensor(places)))  # R w
        for number, block in enumerate(self.blocks, start=1):
            packed, mixed, row, last = block.project(x), [], 0, number == len(self.blocks)
            for (at, shared, length), count in counts:
                past, size = prefixes[at].cache[number - 1][:, :, :shared], count * (length - shared)
                mixed.append(_attend(packed[row : row + size], count, past, last))
                row += size
            if last:  # only the pooled token is read after the last attention
                break
            x = block.leave(x, self._fill_up(torch.cat(mixed)))
        return x[ends], torch.cat(mixed)

    def _finish(self, x: Float[Tensor, "n w"], mixed: Float[Tensor, "n w"]) -> Float[Tensor, "n d"]:
        """Bring last tokens from the last attention into the joint space, a pack at a time."""
        parts = []
        for states, heads in zip(x.split(self.rows), mixed.split(self.rows), strict=True):
            pooled = self.blocks[-1].leave(self._fill_up(states), self._fill_up(heads))
            pooled = self.ln_final(pooled)
            if isinstance(self.projection, Tensor):
                pooled = multiply(pooled, self.projection.t())
            elif self.projection is not None:
                pooled = self.projection(pooled)
            parts.append(pooled[: len(states)].float())
        return torch.cat(parts)

    def _fill_up(self, x: Float[Tensor, "r w"]) -> Float[Tensor, "R w"]:
        """Fill up with rows of zeros, which nobody reads, to a number of rows at which every row keeps its bits."""
        return F.pad(x, (0, 0, 0, round_up(len(x), self.rows, self._weights) - len(x)))

    @cached_property
    def _weights(self) -> list[Tensor]:
        """One matrix for each shape of the tower's products."""
        block = self.blocks[0]
        weights = [block.attention.in_proj_weight, block.attention.out_proj.weight]
        weights += [weight for weight in block.mlp.parameters() if weight.ndim == 2]
        if isinstance(self.projection, Tensor):
            return [*weights, self.projection.t()]
        return weights if self.projection is None else [*weights, self.projection.weight]

    def _make_none(self) -> Float[Tensor, "0 d"]:
        return torch.zeros(0, self.dim, device=self.device)


def _fill_packs(texts: Iterable[tuple[Kind, Tokens]], rows: int) -> Iterator[list[tuple[Kind, Tokens]]]:
    """Give lists of texts whose own tokens are at most ``rows``, as many as fit, in their order."""
    pack: list[tuple[Kind, Tokens]] = []
    free = rows
    for kind, text in texts:
        _, shared, length = kind
        if length - shared > free:
            yield pack
            pack, free = [], rows
        pack.append((kind, text))
        free -= length - shared
    if pack:
        yield pack


def _attend(
    packed: Float[Tensor, "c*l 3w"], count: int, past: Float[Tensor, "2 h p k"], last: bool = False
) -> Float[Tensor, "r w"]:
    """Attend, causally, ``count`` texts to the prefix they share and to themselves; ``last``: their last tokens."""
    _, heads, start, size = past.shape
    queries, keys, values = packed.view(count, -1, 3, heads, size).permute(2, 0, 3, 1, 4)  # each c h l k
    length = queries.shape[2]
    shared = past.unsqueeze(1).expand(-1, count, -1, -1, -1)  # 2 c h p k
    all_keys, all_values = torch.cat([shared[0], keys], dim=2), torch.cat([shared[1], values], dim=2)  # c h p+l k
    seen = None if last else torch.ones(length, start + length, dtype=torch.bool, device=past.device).tril(start)
    asking = queries[:, :, -1:] if last else queries
    mixed = F.scaled_dot_product_attention(asking, all_keys, all_values, attn_mask=seen)  # c h l k, or c h 1 k
    return mixed.transpose(1, 2).reshape(-1, heads * size)


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
