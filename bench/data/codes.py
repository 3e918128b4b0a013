"""Section 4, data: from the numbers of a label map to places in a class list, and nothing is let through unseen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int16, Int64, Integer, UInt8

from bench.errors import BadSample
from bench.lookup import look_up
from bench.records import CodedLabels

_NONE = -3


class Codes:
    """The meaning of every number that may occur in a label map: a class index, `BACKGROUND` or `VOID`.

    ``legend`` is how a user reads the rule, for the message when a number is none of them.
    """

    def __init__(self, meanings: Mapping[int, int], legend: str) -> None:
        self.legend = legend
        self._first = min(0, *meanings)
        # The last entry stands for every number beyond the smallest and the largest that has a meaning.
        self._table = np.full(max(meanings) - self._first + 2, _NONE, np.int16)
        self._table[np.array(list(meanings)) - self._first] = list(meanings.values())
        self._bytes = self._table[self._find_places(np.arange(256))]

    def read(self, labels: Integer[np.ndarray, "h w"], where: str) -> Int16[np.ndarray, "h w"]:
        """Read the label map in our own numbers. Raises `BadSample` naming the first numbers without a meaning."""
        meanings = look_up(self._bytes, labels) if labels.dtype == np.uint8 else self._table[self._find_places(labels)]
        if meanings.min(initial=0) == _NONE:
            wrong = np.unique(labels[meanings == _NONE])
            hint = "; never scored? then void: -1" if wrong[0] == -1 else ""
            numbers = ", ".join(map(str, wrong[:5].tolist()))
            raise BadSample(f"{where}: label {numbers} is none of {self.legend}{hint}")
        return meanings

    def defer(self, labels: UInt8[np.ndarray, "h w"]) -> CodedLabels:
        """Leave the label map as it is, with our own number for each of its own: whoever counts finds what has none."""
        return CodedLabels(labels, self._bytes)

    def _find_places(self, labels: Integer[np.ndarray, "*any"]) -> Int64[np.ndarray, "*any"]:
        """Find where the table has what numbers mean; those beyond it have its last entry."""
        last, places = len(self._table) - 1, labels.astype(np.int64)
        places -= self._first
        if places.min(initial=0) < 0 or places.max(initial=0) > last:
            places[(places < 0) | (places > last)] = last
        return places
