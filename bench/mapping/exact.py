"""Hard mapping (vicss, "Hard Jaccard"): a text is a class if it is the class's name, letter by letter."""

from __future__ import annotations

from dataclasses import dataclass

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
        index = {compose(names[0]): number for number, names in enumerate(self.texts)}
        for number, names in enumerate(self.texts):
            index = dict.fromkeys(map(compose, names), number) | index
        label = np.array([index.get(compose(text), UNLABELLED) for text in item.texts], np.int32)
        return label, (label >= 0).astype(np.float64)
