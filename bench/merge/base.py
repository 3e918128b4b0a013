"""Section 3.4: what merging gives, and the two functions that it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool

from bench.records import Captions, Embeddings

Embed: TypeAlias = Callable[[Bool[np.ndarray, "n h w"]], Embeddings]
Describe: TypeAlias = Callable[[Embeddings], Captions]


@dataclass(frozen=True)
class Decision:
    """One test of two siblings; ``similarity`` is the mean of the image and the text cosine."""

    parent: int
    image_similarity: float
    text_similarity: float
    similarity: float
    merged: bool


@dataclass(frozen=True, eq=False)
class Merged:
    """The m final segments: disjoint masks that cover what the leaves covered, with embedding and caption each."""

    masks: Bool[np.ndarray, "m h w"]
    heap_ids: tuple[int, ...]
    embeddings: Embeddings
    captions: Captions
    decisions: tuple[Decision, ...] = ()
