"""Section 3.3: a token step of ZeroCap's search, or a whole one of the embedded models, in its plain and fast form."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.caption.beams import Beams
from bench.caption.candidates import CandidateFeatures, Context
from bench.caption.search import Texts
from bench.speed.caption_products import RecordedFeatures, list_language_products, list_text_products
from bench.speed.distinct import make_fresh
from bench.speed.inputs import Inputs
from bench.speed.plain import captions as plain
from bench.speed.products import Product

FEW = 64
"""Candidates of the plain form at the paper's scale."""
Found = list[tuple[list[int], float]]


@dataclass
class Step:
    """What both forms do: a whole search of a segment at the embedded scale, one token of one beam at the paper's.

    ``together`` is how many segments a run searches side by side, which the paper's scale does as well.
    """

    inputs: Inputs
    full: Any
    together: int = 1
    features: CandidateFeatures | None = None

    def __post_init__(self) -> None:
        self.targets: Tensor = torch.from_numpy(self.inputs.embeddings.vectors[:1])
        self.cut = self.full
        if self.inputs.is_paper:
            self.targets = torch.from_numpy(self.inputs.embeddings.vectors[: self.together])
            self.cut = replace(self.full, width=1, tokens=min(self.full.tokens, 2))

    @cached_property
    def before(self) -> Texts:
        """The texts as they enter the token step: one token behind the prompt, if any goes on and two are asked for."""
        search = replace(self.cut, features=make_fresh(self.cut.features))
        texts: Texts = search.begin(len(self.targets))
        return texts if search.tokens < 2 else (after if (after := search.step(texts, self.targets)).rows else texts)

    @property
    def contexts(self) -> set[Context]:
        """The different contexts of the token step: segments whose texts began alike ask for the same texts."""
        return {row.context for row in self.before.rows}

    @property
    def told(self) -> str:
        """The sizes of the search in words."""
        guidance = self.cut.guidance
        count = f"{guidance.candidates or self.cut.model.vocabulary} candidates"
        sizes = f"beams={self.cut.width} iterations={guidance.iterations} {count}"
        if not self.inputs.is_paper:
            return f"1 segment, tokens={self.cut.tokens} {sizes}"
        rows, at = len(self.before.rows), ("first", "second")[self.before.position]
        told = f"{rows} segment{'s side by side' if rows > 1 else ''}, the {at} token, {sizes}"
        return told if rows == 1 else f"{told}, different contexts: {len(self.contexts)}"

    def search(self) -> object:
        """Search by the fast form, with nothing remembered; at the embedded scale give the beams."""
        self.features = make_fresh(self.cut.features)
        if self.inputs.is_paper:
            self.features = RecordedFeatures(self.features)
        search = replace(self.cut, features=self.features)
        return search.step(self.before, self.targets) if self.inputs.is_paper else read_beams(search(self.targets)[0])

    def search_plainly(self, **changed: Any) -> Found:
        """Search by the plain form."""
        guidance = self.cut.guidance
        options = asdict(guidance) | {"clip_temperature": guidance.temperature, "beams": self.cut.width}
        options |= {"tokens": self.cut.tokens, **changed}
        context, forbidden = self.inputs.context, self.cut.rules.forbidden.tolist()
        return plain.search(
            context.load_model("language"), context.load_model("clip"), self.targets[0], forbidden, options
        )

    def encode_plainly(self, count: int) -> Tensor:
        """Encode the first token's first candidates as the plain form does."""
        strings = self.cut.features.vocabulary.strings[:count]
        return plain.encode(self.inputs.context.load_model("clip"), [f"Image of a{text}" for text in strings])

    def compare_in_part(self) -> float:
        """Compare both forms over few candidates and one iteration: the first segment, others beside it in the fast."""
        guidance = replace(self.cut.guidance, candidates=FEW, iterations=1)
        search = replace(self.cut, guidance=guidance, features=make_fresh(self.cut.features))
        made = read_beams(search(self.targets)[0])
        return compare_texts(self.search_plainly(candidates=FEW, iterations=1), made)

    def list_products(self) -> list[Product]:
        """List the products of the search that ran last: texts of the tower, passes of the language model."""
        assert self.features is not None
        rows, size = self.rows
        contexts = sum(1 for _ in self.features.contexts.items())
        passes = 2 * self.cut.guidance.iterations * (rows or contexts) + contexts  # the first is one for each context
        return list_text_products(self.features) + list_language_products(self.cut.model, passes, size)

    @property
    def rows(self) -> tuple[int, int]:
        """The rows of the token step, 0 where a whole search is run, and how many the language model takes at once."""
        if not self.inputs.is_paper:
            return 0, self.cut.model.round_up(self.cut.width, self.cut.get_rows(self.cut.tokens - 1))
        rows = len(self.before.rows)
        return rows, self.cut.model.round_up(rows, self.cut.get_rows(self.before.position))


def read_beams(beams: Beams) -> Found:
    """Read a segment's beams as the plain form gives them."""
    order = beams.mean_scores.argsort(descending=True, stable=True).tolist()
    tokens, lengths, scores = beams.tokens.tolist(), beams.lengths.tolist(), beams.mean_scores.tolist()
    return [(tokens[at][: lengths[at]], scores[at]) for at in order]


def compare_texts(one: Found, other: Found) -> float:
    """Compare two searches: the largest difference of a score, NaN where one is; infinite where a token differs."""
    if [tokens for tokens, _ in one] != [tokens for tokens, _ in other]:
        return math.inf
    scores = np.array([[score for _, score in found] for found in (one, other)])
    return float(np.abs(scores[0] - scores[1]).max())  # of NumPy: Python's max passes a NaN over that is not the first
