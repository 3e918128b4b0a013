"""What every library of `ask_libraries` is shown: truth and prediction with its own numbers for void and holes."""

from __future__ import annotations

import numpy as np

from tests.golden.library_maps import HOLE, LABELS, VOID, MapSet, Pair

IGNORED = 255
Numbers = dict[str, float]
N = len(LABELS)


class Refused(Exception):
    """The library takes no such maps."""


def each(maps: MapSet, void: int = IGNORED) -> list[tuple[Pair, np.ndarray]]:
    """Each pair, and its truth with another number for void."""
    return [(pair, np.where(pair.truth == VOID, void, pair.truth)) for pair in maps.pairs]


def hide(said: np.ndarray, number: int) -> np.ndarray:
    """A prediction with another number for holes."""
    return np.where(said == HOLE, number, said)


def refuse_holes(maps: MapSet) -> None:
    """Raise `Refused` where a prediction leaves out pixels: the library has no label that means so."""
    if maps.holes:
        raise Refused


def one_hot(labels: np.ndarray) -> np.ndarray:
    """1 N h w; nothing for what is no label."""
    return (labels[None] == np.arange(N)[:, None, None])[None]
