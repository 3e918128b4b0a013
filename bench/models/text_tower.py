"""CLIP's text tower (section 3.3), exact at a text's true length, with the keys and values of a prefix computed once.

The tower is causal, so neither padding after the end token nor the split into a prefix and a rest changes a text's
feature, and texts that begin alike have the same states as far as they are alike (`text_rows`). The tokens of all texts
of a call, whatever their lengths and prefixes, lie one after the other in packs of rows, each filled up to a number at
which matrix products keep every row's bits (`bench.system.rows`), so that a text's feature does not depend on what else
is in the call. Attention looks at each token by itself (`text_attention`). On a processor a block's weights are packed
when first used, for about as many rows as a full pack has; the pages of the file they come from are not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from bench.errors import UserError
from bench.models.blocks import Block
from bench.models.text_attention import Attention, open_attention
from bench.models.text_rows import Branch, Pack, Tokens, fill_packs, share_out
from bench.system.products import multiply
from bench.system.rows import Part, SteadySizes

ROWS = 960
"""Of a pack on a processor, at the most. Each reads the weights from memory: by 768 a large tower takes 1 % longer."""
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

    ``rows`` is the number of tokens in a full pack, at least a whole text: it trades memory against speed and, where
    products round by their shape, may change the last bit of a feature. Raises `UserError` for towers that are not
    causal or pool otherwise.
    """

    def __init__(self, model: nn.Module, rows: int = ROWS) -> None:
        tower: nn.Module = getattr(model, "text", model)
        self.pooling: str = getattr(tower, "text_pool_type", getattr(tower, "pool_type", "argmax"))
        _check(tower, self.pooling)
        self.embedding: Tensor = tower.get_parameter("token_embedding.weight")
        self.positions: Tensor = tower.get_parameter("positional_embedding")
        self.ln_final = tower.get_submodule("ln_final")
        self.projection = _read_projection(tower)
        self.end_id: int | None = getattr(tower, "text_eos_id", getattr(tower, "eos_id", None))
        self.rows = max(rows, self.context)
        shared_by = self.rows if self.device.type == "cpu" else 0
        blocks = tower.get_submodule("transformer.resblocks").children()
        self.blocks = [Block.read(block, shared_by) for block in blocks]
        self._sizes: dict[int, SteadySizes] = {}
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
        return self.encode_all([(prefix or self._nothing, texts)])[0]

    @torch.no_grad()
    def encode_all(self, requests: Sequence[tuple[Prefix, Sequence[Sequence[int]]]]) -> list[Float[Tensor, "n d"]]:
        """Compute the features of several lists of texts at once, each list with a prefix of its own: see `encode`."""
        prefixes = [prefix for prefix, _ in requests]
        branches = self.list_branches(requests)
        ordered = sorted(set(branches))  # texts that begin alike are neighbours
        ends = [self._run(pack, prefixes) for pack in fill_packs(ordered, self.rows)]
        features = self._finish(*map(torch.cat, zip(*ends, strict=True))) if ends else self._make_none()
        row = {branch: at for at, branch in enumerate(ordered)}
        return list(features[[row[branch] for branch in branches]].split([len(texts) for _, texts in requests]))

    def list_branches(self, requests: Sequence[tuple[Prefix, Sequence[Sequence[int]]]]) -> list[Branch]:
        """List where each text of some lists leaves the prefix of its list; the tail that nobody reads is cut."""
        cut = [(at, self._cut(tuple(text))) for at, (_, texts) in enumerate(requests) for text in texts]
        return [Branch(at, requests[at][0].count_shared(text), text) for at, text in cut]

    def read(self, tokens: Sequence[int]) -> Prefix:
        """Compute keys and values of a common beginning; it holds the start token and no end token."""
        return self.read_all([tokens])[0]

    @torch.no_grad()
    def read_all(self, beginnings: Sequence[Sequence[int]]) -> list[Prefix]:
        """Compute keys and values of several beginnings at once: see `read`."""
        cut = [tuple(tokens)[: self.context - 1] for tokens in beginnings]
        read: dict[Tokens, Prefix] = {(): self._nothing}
        ordered = sorted({Branch(0, 0, tokens) for tokens in cut if tokens})
        for pack in fill_packs(ordered, self.rows):
            caches = self._read(pack)
            tokens = [tuple(pack.tokens[row] for row in path) for path in pack.paths]
            read |= {own: Prefix(own, cache) for own, cache in zip(tokens, caches, strict=True)}
        return [read[tokens] for tokens in cut]

    def _cut(self, text: Tokens) -> Tokens:
        """Drop what the pooled position cannot see."""
        if len(text) > self.context:
            text = (*text[: self.context - 1], text[-1])
        end = max(text) if self.pooling == "argmax" else self.end_id
        if end not in text:
            raise UserError(f"CLIP text tokens {text} hold no end token {end}: does the tokenizer fit the model?")
        return text[: text.index(end) + 1]

    def _read(self, pack: Pack) -> list[tuple[Tensor, ...]]:
        """Compute the keys and values of the beginnings in a pack."""
        self._walk(pack, [self._nothing], (packs := list[Tensor]()).append)  # of each block r 3w
        layers = [packed.view(len(packed), 3, self._heads, -1)[:, 1:] for packed in packs]
        return [tuple(layer[path].permute(1, 2, 0, 3).contiguous() for layer in layers) for path in pack.paths]

    def _run(self, pack: Pack, prefixes: Sequence[Prefix]) -> tuple[Float[Tensor, "n w"], Float[Tensor, "n w"]]:
        """Run a pack of n texts up to the last attention: what enters it and what leaves it, at their last tokens.

        Only these are read after the last attention.
        """
        x, packed = self._walk(pack, prefixes)
        ends = [path[-1] for path in pack.paths]
        attend = self._open_attention(ends, len(ends), pack, prefixes)
        states = x[torch.tensor(ends, device=self.device)]
        return states, attend(packed, [prefix.cache[-1] for prefix in prefixes])

    def _walk(
        self, pack: Pack, prefixes: Sequence[Prefix], see: Callable[[Tensor], None] = lambda packed: None
    ) -> tuple[Float[Tensor, "R w"], Float[Tensor, "r 3w"]]:
        """Walk to the last attention: what enters its block, filled up, and the queries, keys and values made of it.

        Those of every block are there to ``see``, and let go before its MLP, which needs the room.
        """
        count, filled = len(pack.tokens), self.round_up(len(pack.tokens))
        x = self._embed(pack, filled)  # R w
        attend = self._open_attention(range(count), filled, pack, prefixes)
        see(packed := self.blocks[0].project(x)[:count])
        for number, (block, following) in enumerate(pairwise(self.blocks)):
            heads = attend(packed, [prefix.cache[number] for prefix in prefixes])  # R w
            del packed
            x = block.leave(x, heads)
            see(packed := following.project(x)[:count])
        return x, packed

    def _embed(self, pack: Pack, filled: int) -> Float[Tensor, "R w"]:
        """Embed the tokens of a pack at their places, filled up with some token, which nobody reads."""
        filling = [0] * (filled - len(pack.tokens))
        tokens, places = (torch.tensor(part + filling, device=self.device) for part in (pack.tokens, pack.places))
        return self.embedding[tokens].add_(self.positions[places].to(self.embedding.dtype))

    def _open_attention(self, rows: Sequence[int], filled: int, pack: Pack, prefixes: Sequence[Prefix]) -> Attention:
        longest = max(len(prefix.tokens) for prefix in prefixes)
        return open_attention(pack.ask(rows), filled, self._heads, longest, self.rows, self.device)

    def _finish(self, x: Float[Tensor, "n w"], mixed: Float[Tensor, "n w"]) -> Float[Tensor, "n d"]:
        """Bring last tokens from the last attention into the joint space, a pack at a time."""
        parts, each = [], share_out(len(x), self.rows)
        for states, heads in zip(x.split(each), mixed.split(each), strict=True):
            pooled = self.blocks[-1].leave(self._fill_up(states), self._fill_up(heads))
            parts.append(self._leave(pooled)[: len(states)].float())
        return torch.cat(parts)

    def _leave(self, pooled: Float[Tensor, "r w"]) -> Float[Tensor, "r d"]:
        """Bring rows from the last block into the joint space."""
        pooled = self.ln_final(pooled)
        if isinstance(self.projection, Tensor):
            return multiply(pooled, self.projection.t())
        return pooled if self.projection is None else self.projection(pooled)

    def round_up(self, count: int) -> int:
        """Round a number of rows up to one at which every row keeps the bits that it has in a full pack.

        A whole block is asked, for norms, activations and the library of a product may go by the number of rows too.
        """
        if self.device.type != "cpu":
            return self.rows
        threads, width, kind = torch.get_num_threads(), self.embedding.shape[1], self.embedding.dtype
        if threads not in self._sizes:
            self._sizes[threads] = SteadySizes(self.rows, [Part(self._run_rows, (width,), kind)])
        return self._sizes[threads].round_up(count)

    def _run_rows(self, x: Float[Tensor, "r w"]) -> Float[Tensor, "r d"]:
        """Run rows through all that treats each by itself: a block without its attention, and the way out."""
        block, width = self.blocks[0], x.shape[1]
        packed = block.project(x)
        x = block.leave(x, packed[:, -width:])
        return torch.cat([packed, x, self._leave(x)], dim=1)

    def _fill_up(self, x: Float[Tensor, "r w"]) -> Float[Tensor, "R w"]:
        """Fill up with rows of zeros, which nobody reads, to a number of rows at which every row keeps its bits."""
        missing = self.round_up(len(x)) - len(x)
        return F.pad(x, (0, 0, 0, missing)) if missing else x

    @property
    def _heads(self) -> int:
        return self.blocks[0].attention.num_heads

    @cached_property
    def _nothing(self) -> Prefix:
        """The prefix of texts that share none."""
        heads, size = self._heads, self.blocks[0].attention.head_dim
        return Prefix((), (self.embedding.new_zeros(2, heads, 0, size),) * len(self.blocks))

    def _make_none(self) -> Float[Tensor, "0 d"]:
        return torch.zeros(0, self.dim, device=self.device)


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
