"""Section 4.1 with the answer narrowed: the most similar name among the classes that the image truly has.

The reference's ``apply_grounding`` and vicss's "nearest" overlap Jaccard. It cannot name an absent class, so its
numbers are above those of the open mapping; they bound what better words could give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.mapping.assign import UNLABELLED
from bench.mapping.base import Assigned, name_with_model
from bench.mapping.nearest import TAU, read_similarity
from bench.records import Overlap


@dataclass(frozen=True)
class Grounded:
    """As `nearest.Nearest`, over the classes present in the image; no class, no label."""

    rows: str
    model: str | None = None
    rounding: int | None = 6

    @property
    def name(self) -> str:
        return name_with_model(f"grounded-{self.rows}", self.model)

    @property
    def threshold(self) -> str | None:
        return TAU[self.rows]

    def assign(self, item: Overlap) -> Assigned:
        every, present = read_similarity(item, self.rows), np.unique(item.truth_classes)
        if not len(present):
            return np.full(len(every), UNLABELLED, np.int32), np.zeros(len(every))
        rows = every[:, present]
        if self.rounding is not None:
            rows = np.round(rows.astype(np.float64), self.rounding)
        label = np.where(every.any(axis=1), present[rows.argmax(axis=1)], UNLABELLED)
        return label.astype(np.int32), rows.max(axis=1)
