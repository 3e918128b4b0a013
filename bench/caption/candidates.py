"""CLIP text features of ZeroCap's candidates, "context + next token" (section 3.3), remembered across segments.

Nearly all of ZeroCap's cost is here. A feature depends on the context and the token only, so it serves all
iterations, beams, segments and images; it has the same bits whether it was remembered or computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor
from torch.nn import functional as F

from bench.caption.texts import ClipText, Recent, tokenize
from bench.models.text_tower import Prefix
from bench.system.memory import run_in_halves
from bench.system.pages import trim


class Vocabulary:
    """A language model's tokens as strings. ``tokenizer`` is a transformers tokenizer."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        self.tokenizer, self.size = tokenizer, size
        start = next((i for i in (tokenizer.bos_token_id, tokenizer.eos_token_id) if i is not None), None)
        self.start_ids: tuple[int, ...] = () if start is None else (start,)
        self._end_of_text = self.tokenizer.eos_token or ""

    @cached_property
    def strings(self) -> list[str]:
        """Decode every token, the end-of-text token included."""
        return [self._decode([token]) for token in range(self.size)]

    def decode(self, tokens: list[int]) -> str:
        """Decode a text, without the end-of-text string."""
        text = self._decode(tokens)
        return text.replace(self._end_of_text, "") if self._end_of_text else text

    def _decode(self, tokens: list[int]) -> str:
        return self.tokenizer.decode(tokens, clean_up_tokenization_spaces=False)


Context = tuple[int, ...]
"""Token ids of the language model."""
ROOM = 6 << 20
"""Bytes of the features that are computed at once: what computes them holds four times as many."""


@dataclass
class _Known:
    """What is known of one context: row ``rows[token]`` of ``features`` belongs to a token, -1 is not known."""

    text: str
    prefix: Prefix
    rows: Int32[Tensor, " v"]
    features: Float[Tensor, "n d"]

    @property
    def bytes(self) -> int:
        return self.rows.nbytes + self.features.nbytes + sum(kv.nbytes for kv in self.prefix.cache)

    @property
    def is_whole(self) -> bool:
        """Whether the features of all tokens are known: they lie in the order of the tokens then."""
        return len(self.features) == len(self.rows)

    def list_missing(self, tokens: Int64[Tensor, " k"] | None) -> Int64[Tensor, " m"]:
        """List the tokens, each once, whose features are not known yet; None is all tokens."""
        if self.is_whole:
            return self.rows[:0].long()
        return (self.rows < 0).nonzero()[:, 0] if tokens is None else tokens[self.rows[tokens] < 0].unique()

    def add(self, tokens: Int64[Tensor, " m"], features: Float[Tensor, "m d"]) -> None:
        """Add the features of tokens that were missing; once all are known they lie in the order of the tokens."""
        self.rows[tokens] = torch.arange(len(tokens), dtype=torch.int32, device=tokens.device) + len(self.features)
        self.features = torch.cat([self.features, features])
        if self.is_whole:
            self.features = self.features[self.rows]
            self.rows = torch.arange(len(self.rows), dtype=torch.int32, device=tokens.device)


class CandidateFeatures:
    """Unit-length features of candidates. ``limit`` bounds the memory in bytes and never changes a result.

    Contexts of at most ``short`` tokens are kept longest: a text's beginnings are what segments and images share.
    """

    def __init__(self, vocabulary: Vocabulary, clip: ClipText, limit: int, short: int = 0) -> None:
        self.vocabulary, self.clip, self.short = vocabulary, clip, short
        self.contexts: Recent[Context, _Known] = Recent(limit, lambda context: len(context) <= self.short)

    def __call__(self, context: Context, tokens: Int64[Tensor, " k"] | None = None) -> Float[Tensor, "k d"]:
        """Compute features of the texts "decoded context + decoded token", a row for each token; None is all tokens."""
        known = self.contexts.get(context) if tokens is None else None
        if known is not None and known.is_whole:
            return known.features
        return self.compute_all([(context, tokens)])[0]

    @torch.inference_mode()
    def compute_all(self, asked: Sequence[tuple[Context, Int64[Tensor, " k"] | None]]) -> list[Float[Tensor, "k d"]]:
        """Compute the features of several contexts, all new texts in one pass of CLIP: see `__call__`."""
        known = self._open([context for context, _ in asked])
        missing = [one.list_missing(tokens) for one, (_, tokens) in zip(known, asked, strict=True)]
        new = self._encode(known, missing)
        for (context, _), one, tokens, features in zip(asked, known, missing, new, strict=True):
            fresh = one.rows[tokens] < 0  # a context may be asked for twice
            if fresh.any():
                one.add(tokens[fresh], features[fresh])
                self.contexts.put(context, one, one.bytes)
        return [one.features if tokens is None else one.features[one.rows[tokens]]
                for one, (_, tokens) in zip(known, asked, strict=True)]  # fmt: skip

    def _open(self, contexts: Sequence[Context]) -> list[_Known]:
        """Look contexts up; the beginnings of new ones are read in one pass of CLIP."""
        known = {context: one for context in contexts if (one := self.contexts.get(context)) is not None}
        new = {context: self.vocabulary.decode(list(context)) for context in contexts if context not in known}
        beginnings = [ids[:-1] for ids in tokenize(self.clip, list(new.values()))] if new else []
        prefixes = run_in_halves(self.clip.text.read_all, beginnings)
        for (context, text), prefix in zip(new.items(), prefixes, strict=True):
            rows = torch.full((self.vocabulary.size,), -1, dtype=torch.int32, device=self.clip.text.device)
            known[context] = _Known(text, prefix, rows, self.clip.text.encode([]))
        return [known[context] for context in contexts]

    def _encode(self, known: Sequence[_Known], missing: Sequence[Int64[Tensor, " k"]]) -> list[Float[Tensor, "k d"]]:
        """Encode whole strings: CLIP's tokens of "bl" + "ack" are not those of its parts."""
        strings, counts = self.vocabulary.strings, [len(tokens) for tokens in missing]
        texts = [one.text + strings[token] for one, own in zip(known, missing, strict=True) for token in own.tolist()]
        ids = iter(tokenize(self.clip, texts) if texts else [])
        requests = [(one.prefix, list(islice(ids, count))) for one, count in zip(known, counts, strict=True)]
        return [F.normalize(features, dim=-1) for features in run_in_halves(self.clip.text.encode_all, requests)]


def share_features(vocabulary: Vocabulary, clip: ClipText, limit: int, short: int = 0) -> CandidateFeatures:
    """Return the store of a text tower and a tokenizer, which all variants of a run share; the latest limits win."""
    store = clip.text.derived.setdefault(vocabulary.tokenizer, CandidateFeatures(vocabulary, clip, limit))
    store.contexts.limit, store.short = limit, short
    return store


class Similarities:
    """Cosines of candidates with the targets of some rows, each computed at most once for a token position.

    ``contexts`` are the rows' token ids so far, ``targets`` their unit-length targets [b, d]. The batch has ``copies``
    of the last row besides: r = b + copies.
    """

    def __init__(
        self, features: CandidateFeatures, contexts: list[Context], targets: Float[Tensor, "b d"], copies: int
    ) -> None:
        self.features, self.contexts, self.targets, self.copies = features, contexts, targets, copies

    def __call__(self, tokens: Int64[Tensor, "r k"] | None) -> Float[Tensor, "r k"]:
        """Compute the cosine of "context + token" with the target, for each row's own tokens; None is all tokens."""
        cosines = self._compute_all() if tokens is None else self._look_up(tokens[: len(self.contexts)])
        return torch.cat([cosines, cosines[-1:].expand(self.copies, -1)]) if self.copies else cosines

    def _compute_all(self) -> Float[Tensor, "b v"]:
        rows = zip(self.contexts, self.targets, strict=True)
        return torch.stack([compute_cosines(self.features(context), target) for context, target in rows])

    @cached_property
    def _known(self) -> Float[Tensor, "b v"]:
        return self.targets.new_full((len(self.contexts), self.features.vocabulary.size), torch.nan)

    @cached_property
    def _groups(self) -> dict[Context, list[int]]:
        """The rows of each context."""
        groups: dict[Context, list[int]] = {}
        for row, context in enumerate(self.contexts):
            groups.setdefault(context, []).append(row)
        return groups

    def _look_up(self, tokens: Int64[Tensor, "b k"]) -> Float[Tensor, "b k"]:
        missing = self._known.gather(1, tokens).isnan()  # b k
        if missing.any():
            wanted = {own: tokens[rows][missing[rows]].unique() for own, rows in self._groups.items()}
            most = ROOM // (4 * self.features.clip.text.dim)
            for part in _split({own: some for own, some in wanted.items() if len(some)}, most):
                self._compare(part)
        return self._known.gather(1, tokens)

    def _compare(self, asked: Sequence[tuple[Context, Int64[Tensor, " m"]]]) -> None:
        """Compare new candidates of some contexts with the targets of all rows that are in these contexts."""
        for (own, some), features in zip(asked, self.features.compute_all(asked), strict=True):
            for row in self._groups[own]:
                self._known[row, some] = compute_cosines(features, self.targets[row])


def _split(
    asked: Mapping[Context, Int64[Tensor, " m"]], most: int
) -> Iterator[list[tuple[Context, Int64[Tensor, " m"]]]]:
    """Split candidates by context into parts of at most so many texts, or of one context.

    Between two parts the allocator gives back what it holds of freed memory.
    """
    part, held = list[tuple[Context, Tensor]](), 0
    for context, tokens in asked.items():
        if part and held + len(tokens) > most:
            yield part
            trim()
            part, held = [], 0
        part.append((context, tokens))
        held += len(tokens)
    if part:
        yield part


def compute_cosines(features: Float[Tensor, "k d"], target: Float[Tensor, " d"]) -> Float[Tensor, " k"]:
    """Compute cosines of unit vectors by a product and a sum: a matrix product may round by the number of its rows."""
    return (features * target).sum(dim=-1)
