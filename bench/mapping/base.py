"""Section 4.1, what every mapping of segments to classes offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from jaxtyping import Float, Float64, Int32

from bench.overlap.arithmetic import count_true_pixels, sum_per_segment
from bench.records import Overlap

Assigned = tuple[Int32[np.ndarray, " n"], Float[np.ndarray, " n"]]
"""The class of each segment (-1: none) and how sure it is; a threshold may then drop labels."""


class Strategy(Protocol):
    """A frozen dataclass; ``name`` stands in the full name of every number made with it."""

    @property
    def name(self) -> str: ...

    @property
    def threshold(self) -> str | None:
        """The setting of `bench.protocol.Protocol` that verifies its labels; None where none does."""
        ...

    def assign(self, item: Overlap) -> Assigned: ...


def count_shared_pixels(item: Overlap, classes: Int32[np.ndarray, " u"]) -> Float64[np.ndarray, "n u"]:
    """Count pixels that each segment shares with each class."""
    return sum_per_segment(item, count_true_pixels(item, classes))


def name_with_model(word: str, model: str | None) -> str:
    """Name a mapping ``tt(model)``, or by the word alone where nobody says which model it is."""
    return f"{word}({model})" if model else word
