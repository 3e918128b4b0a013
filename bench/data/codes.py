"""Section 4, data: from the numbers of a label map to places in a class list, and nothing is let through unseen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int16, Int32

from bench.errors import BadSample

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

    def read(self, labels: Int32[np.ndarray, "h w"], where: str) -> Int16[np.ndarray, "h w"]:
        """The label map in our own numbers. Raises `BadSample` naming the first numbers without a meaning."""
        last = len(self._table) - 1
        places = labels.astype(np.int64)
        places -= self._first
        if places.min(initial=0) < 0 or places.max(initial=0) > last:
            places[(places < 0) | (places > last)] = last
        found = self._table[places]
        if found.min(initial=0) == _NONE:
            wrong = np.unique(labels[found == _NONE])
            hint = "; never scored? then void: -1" if wrong[0] == -1 else ""
            told = ", ".join(map(str, wrong[:5].tolist()))
            raise BadSample(f"{where}: label {told} is none of {self.legend}{hint}")
        return found
