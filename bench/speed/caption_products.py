"""Section 3.3 as matrix products: CLIP's text tower and GPT-2 as a search of captions uses them; attention left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from bench.caption.candidates import CandidateFeatures, Context
from bench.caption.texts import tokenize
from bench.models.text_rows import count_rows
from bench.speed.products import Product
from bench.speed.rates import UNCACHED

Asked = Sequence[tuple[Context, Tensor | None]]
FEW_ROWS = 64
"""Of more, a product in float32 takes longer than its weight comes from memory."""


class RecordedFeatures(CandidateFeatures):
    """A store that also keeps how many texts of each context it knew after each call that computed some."""

    def __init__(self, like: CandidateFeatures) -> None:
        super().__init__(like.vocabulary, like.clip, like.contexts.limit)
        self.calls: list[dict[Context, int]] = []

    def compute_all(self, asked: Asked) -> list[Tensor]:
        """See `CandidateFeatures.compute_all`."""
        made = super().compute_all(asked)
        self.calls.append({context: len(entry.features) for context, entry in self.contexts.items()})
        return made


def list_text_products(features: CandidateFeatures) -> list[Product]:
    """List the products of CLIP's text tower over the texts that a store knows, at their own tokens; no attention.

    What texts of a context have alike counts once. Attention over a text of some ten tokens is less than a hundredth.
    Of a `RecordedFeatures` the products of each call have the rows that it added, if these are fewer than a full pack.
    """
    calls: Sequence[dict[Context, int] | None] = getattr(features, "calls", None) or [None]
    made, texts, tokens = list[Product](), 0, 0
    for call in calls:
        all_texts, all_tokens = _count_texts(features, call)
        made += _list_of_call(features.clip.text, all_texts - texts, all_tokens - tokens)
        texts, tokens = all_texts, all_tokens
    return made


def _count_texts(features: CandidateFeatures, known: dict[Context, int] | None) -> tuple[int, int]:
    """Count a store's distinct texts and their rows, of each context as many as were ``known`` first (None: all)."""
    tower, texts, rows = features.clip.text, 0, 0
    for context, entry in features.contexts.items():
        count = len(entry.features) if known is None else known.get(context, 0)
        tokens = ((entry.rows >= 0) & (entry.rows < count)).nonzero()[:, 0].tolist()
        ids = tokenize(features.clip, [entry.text + features.vocabulary.strings[token] for token in tokens])
        branches = set(tower.list_branches([(entry.prefix, ids)]))
        texts, rows = texts + len(branches), rows + count_rows(branches)
    return texts, rows


def _list_of_call(tower: Any, texts: int, tokens: int) -> list[Product]:
    """List the products of a call by as many rows as it has, a full pack at most; of the last layer the texts alone."""
    if not texts:
        return []
    block, layers = tower.blocks[0], len(tower.blocks)
    width, hidden = tower.embedding.shape[1], next(block.mlp.parameters()).shape[0]
    walked, last = min(tokens, tower.rows), min(texts, tower.rows)
    shapes = [(width, width), (width, hidden), (hidden, width)]
    return [
        Product(walked, width, 3 * width, layers * tokens / walked),
        *(Product(walked, *shape, (layers - 1) * tokens / walked) for shape in shapes),
        *(Product(last, *shape, texts / last) for shape in [*shapes, (width, tower.dim)]),
    ]


def list_language_products(model: Any, passes: float, rows: int) -> list[Product]:
    """List the products of GPT-2 for passes (forward or back) of one row, in batches of ``rows``; no attention.

    Weights that fit into no cache are read from memory in each pass, which tells where rows are few (`FEW_ROWS`). No
    passes have no products: a search of no iterations knows no texts by which its passes could be counted.
    """
    if not passes:
        return []
    width, hidden, count = model.embedding.shape[1], model.blocks[0].into_mlp.matrix.weight.shape[1], passes / rows
    each = len(model.blocks) * count
    shapes = [(width, 3 * width, each), (width, width, each), (width, hidden, each), (hidden, width, each)]
    shapes += [(width, model.vocabulary, count)]
    bytes_read = sum(k * n * count for k, n, count in shapes) / count * model.embedding.element_size()
    cold = rows <= FEW_ROWS and bytes_read > UNCACHED
    return [Product(rows, *shape, cold=cold) for shape in shapes]


def count_batches(search: Any, segments: int, together: int) -> list[tuple[int, int]]:
    """List the language model's batches of an image, rows and how many there are of them; no beam ends early.

    Of ``segments``, ``together`` are searched at once, a row each at the first token and one for each beam later.
    """
    batches: Counter[int] = Counter()
    for first in range(0, segments, together):
        group, later = min(together, segments - first), search.tokens - 1
        for rows, most, times in ((group, search.get_rows(0), 1), (group * search.width, search.get_rows(1), later)):
            batches[most] += rows // most * times
            batches[search.model.round_up(rows % most, most)] += times if rows % most else 0
    return [(rows, count) for rows, count in batches.items() if count]
