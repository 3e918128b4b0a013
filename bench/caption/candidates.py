"""CLIP text features of ZeroCap's candidates, "context + next token" (section 3.3), remembered across segments.

Nearly all of ZeroCap's cost is here. A feature depends on the context and the token only, so it serves all
iterations, beams, segments and images; it has the same bits whether it was remembered or computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

from bench.caption.texts import ClipText, Recent, tokenize
from bench.models.text_tower import Prefix


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


@dataclass
class _Context:
    """What is known of one context: row ``rows[token]`` of ``features`` belongs to a token, -1 is not known."""

    text: str
    prefix: Prefix
    rows: Int64[Tensor, " v"]
    features: Float[Tensor, "n d"]

    @property
    def bytes(self) -> int:
        return self.rows.nbytes + self.features.nbytes + sum(kv.nbytes for kv in self.prefix.cache)


class CandidateFeatures:
    """Unit-length features of candidates. ``limit`` bounds the memory in bytes and never changes a result."""

    def __init__(self, vocabulary: Vocabulary, clip: ClipText, limit: int) -> None:
        self.vocabulary, self.clip = vocabulary, clip
        self.contexts: Recent[tuple[int, ...], _Context] = Recent(limit)

    def __call__(self, context: tuple[int, ...], tokens: Int64[Tensor, " k"]) -> Float[Tensor, "k d"]:
        """Compute features of the texts "decoded context + decoded token", a row for each token."""
        known = self.contexts.get(context) or self._open(context)
        missing = tokens[known.rows[tokens] < 0].unique()
        if len(missing):
            new = self._encode(known, missing.tolist())
            known.rows[missing] = torch.arange(len(new), device=missing.device) + len(known.features)
            known.features = torch.cat([known.features, new])
            self.contexts.put(context, known, known.bytes)
        return known.features[known.rows[tokens]]

    def _open(self, context: tuple[int, ...]) -> _Context:
        text = self.vocabulary.decode(list(context))
        prefix = self.clip.text.read(self.clip.tokenize_raw(text)[:-1])
        rows = torch.full((self.vocabulary.size,), -1, device=self.clip.text.device)
        return _Context(text, prefix, rows, self.clip.text.encode([]))

    def _encode(self, context: _Context, tokens: list[int]) -> Float[Tensor, "k d"]:
        """Encode whole strings: CLIP's tokens of "bl" + "ack" are not those of its parts."""
        texts = [context.text + self.vocabulary.strings[token] for token in tokens]
        return F.normalize(self.clip.text.encode(tokenize(self.clip, texts), context.prefix), dim=-1)


def share_features(vocabulary: Vocabulary, clip: ClipText, limit: int) -> CandidateFeatures:
    """Return the store of a text tower and a tokenizer, which all variants of a run share; the latest limit wins."""
    store = clip.text.derived.setdefault(vocabulary.tokenizer, CandidateFeatures(vocabulary, clip, limit))
    store.contexts.limit = limit
    return store


class Similarities:
    """Cosines of candidates with the targets of some rows, each computed at most once for a token position.

    ``contexts`` are the rows' token ids so far, ``targets`` their unit-length targets [b, d]. A batch may have more
    rows than that: copies of the last one.
    """

    def __init__(
        self, features: CandidateFeatures, contexts: list[tuple[int, ...]], targets: Float[Tensor, "b d"]
    ) -> None:
        self.features, self.targets = features, targets
        self.known = targets.new_full((len(contexts), features.vocabulary.size), torch.nan)
        self.groups = {context: [i for i, c in enumerate(contexts) if c == context] for context in set(contexts)}

    def __call__(self, tokens: Int64[Tensor, "r k"]) -> Float[Tensor, "r k"]:
        """Compute the cosine of "context + token" with the target, for each row's own tokens."""
        copies, tokens = len(tokens) - len(self.known), tokens[: len(self.known)]
        missing = self.known.gather(1, tokens).isnan()  # r k
        if missing.any():
            for context, rows in self.groups.items():
                self._fill(context, rows, tokens[rows][missing[rows]].unique())
        cosines = self.known.gather(1, tokens)
        return torch.cat([cosines, cosines[-1:].expand(copies, -1)])

    def _fill(self, context: tuple[int, ...], rows: list[int], tokens: Int64[Tensor, " k"]) -> None:
        features = self.features(context, tokens)
        for row in rows:  # a product and a sum, since a matrix product may round by the number of its rows
            self.known[row, tokens] = (features * self.targets[row]).sum(dim=-1)
