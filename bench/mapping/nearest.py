"""Section 4.1, equations 5 and 6: the class whose name is most similar to the text (TT) or to the segment (ST)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bench.errors import UserError
from bench.mapping.assign import find_nearest_class
from bench.mapping.base import Assigned, name_with_model
from bench.records import Overlap, TrueSegmentTexts

NEEDS = {"tt": "texts", "st": "embeddings"}
TAU = {"tt": "tau_sbert", "st": "tau_clip"}


@dataclass(frozen=True)
class Nearest:
    """``rows`` is tt or st; ``model`` says who measured, ``rounding`` is the score's (see
    `assign.find_nearest_class`)."""

    rows: str
    model: str | None = None
    rounding: int | None = 6

    @property
    def name(self) -> str:
        return name_with_model(self.rows, self.model)

    @property
    def threshold(self) -> str | None:
        return TAU[self.rows]

    def assign(self, item: Overlap) -> Assigned:
        return find_nearest_class(read_similarity(item, self.rows), self.rounding)


def read_similarity(item: Overlap | TrueSegmentTexts, rows: str) -> Float[np.ndarray, "n c"]:
    """Read the similarity rows tt or st of a record. Raises UserError where it has none."""
    similarity: np.ndarray | None = getattr(item, rows)
    if similarity is None:
        raise UserError(f"image {item.image_id} has no {NEEDS[rows]}: score.mapping={rows} needs them; choose another")
    return similarity
