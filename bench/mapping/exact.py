"""Hard mapping (vicss, "Hard Jaccard"): a text is a class if it is the class's name, letter by letter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bench.data.files import compose
from bench.mapping.assign import UNLABELLED
from bench.mapping.base import Assigned
from bench.records import Overlap


@dataclass(frozen=True)
class Exact:
    """``texts`` are those of each class, its name first and then its aliases; a name goes before another's alias.

    Nothing is lower-cased or stripped: what counts as the same word is the file's. The two normal forms of Unicode are
    one word.
    """

    texts: tuple[tuple[str, ...], ...]
    name: str = "exact"
    threshold: None = None

    def assign(self, item: Overlap) -> Assigned:
        index = _number_texts(self.texts)
        label = np.array([index.get(compose(text), UNLABELLED) for text in item.texts], np.int32)
        return label, (label >= 0).astype(np.float64)


@lru_cache(maxsize=8)
def _number_texts(texts: tuple[tuple[str, ...], ...]) -> dict[str, int]:
    """Number every text by its class, once for all images: of two classes with one text that whose name it is."""
    index = {compose(names[0]): number for number, names in enumerate(texts)}
    for number, names in enumerate(texts):
        index = dict.fromkeys(map(compose, names), number) | index
    return index
