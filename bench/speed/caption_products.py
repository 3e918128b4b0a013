"""Section 3.3 as matrix products: CLIP's text tower and GPT-2 as a search of captions uses them; attention left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.caption.candidates import CandidateFeatures
from bench.caption.texts import tokenize
from bench.models.text_rows import count_rows
from bench.speed.products import Product
from bench.speed.rates import UNCACHED

FEW_ROWS = 64
"""Of more, a product in float32 takes longer than its weight comes from memory."""


def list_text_products(features: CandidateFeatures) -> list[Product]:
    """List the products of CLIP's text tower over the texts that a store knows, at their own tokens; no attention.

    What texts of a context have alike counts once. Attention over a text of some ten tokens is less than a hundredth.
    """
    tower, texts, tokens = features.clip.text, 0, 0
    for _, entry in features.contexts.items():
        strings = [features.vocabulary.strings[token] for token in (entry.rows >= 0).nonzero()[:, 0].tolist()]
        ids = tokenize(features.clip, [entry.text + string for string in strings])
        branches = set(tower.list_branches([(entry.prefix, ids)]))
        texts, tokens = texts + len(branches), tokens + count_rows(branches)
    block, layers, rows = tower.blocks[0], len(tower.blocks), tower.rows
    width, hidden = tower.embedding.shape[1], next(block.mlp.parameters()).shape[0]
    most, last = (layers - 1) * tokens / rows, texts / rows
    shapes: Sequence[tuple[int, int, float]] = [
        (width, 3 * width, most + tokens / rows), (width, width, most + last), (width, hidden, most + last),
        (hidden, width, most + last), (width, tower.dim, last),
    ]  # fmt: skip
    return [Product(rows, *shape) for shape in shapes]


def list_language_products(model: Any, passes: float, rows: int) -> list[Product]:
    """List the products of GPT-2 for passes (forward or back) of one row, in batches of ``rows``; no attention.

    Weights that fit into no cache are read from memory in each pass, which tells where rows are few (`FEW_ROWS`). No
    passes have no products: a search of no iterations knows no texts by which its passes could be counted.
    """
    if not passes:
        return []
    width, hidden, count = model.embedding.shape[1], model.blocks[0].into_mlp.weight.shape[1], passes / rows
    each = len(model.blocks) * count
    shapes = [(width, 3 * width, each), (width, width, each), (width, hidden, each), (hidden, width, each)]
    shapes += [(width, model.vocabulary, count)]
    bytes_read = sum(k * n * count for k, n, count in shapes) / count * model.embedding.element_size()
    cold = rows <= FEW_ROWS and bytes_read > UNCACHED
    return [Product(rows, *shape, cold=cold) for shape in shapes]
