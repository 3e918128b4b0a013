"""Section 4's numbers of many systems in order: ranks with intervals, and which systems cannot be told apart.

A rank is 1 plus the number of systems that are better, so that those that tie share the better rank. Its interval is a
bootstrap over images: every resample, the same for all systems, ranks all anew, and the interval is from the 2.5th to
the 97.5th percentile of these ranks, moved out to the nearest whole one that occurred.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from bench.score.intervals import MetricCounts, bootstrap

_DECIMALS = 12
"""Values nearer than this tie: the last bits of a sum rank nobody."""


@dataclass(frozen=True)
class Rank:
    """A rank (1 is best) with its interval, and the share of resamples in which nobody was better; NaN: no number."""

    rank: float
    low: float
    high: float
    first: float


def compute_ranks(
    rows: Sequence[MetricCounts], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> list[Rank]:
    """Rank one metric of many systems over the same images, larger is better; one without a number has no rank.

    Raises UserError where the images differ.
    """
    values = np.array([row.value() for row in rows])
    known = np.flatnonzero(~np.isnan(values)).tolist()
    ranks = [Rank(np.nan, np.nan, np.nan, np.nan)] * len(rows)
    if not len(known):
        return ranks
    samples = np.array(bootstrap([rows[at] for at in known], resamples, seed))  # r b
    drawn = rank_columns(samples[:, ~np.isnan(samples).any(axis=0)])
    for at, rank, each in zip(known, rank_columns(values[known, None])[:, 0], drawn, strict=True):
        ranks[at] = Rank(float(rank), *_find_ends(int(rank), each, level))
    return ranks


def rank_columns(values: Float64[np.ndarray, "r b"]) -> Int64[np.ndarray, "r b"]:
    """Rank r systems in each of b columns: 1 plus how many are larger."""
    rounded = np.round(values, _DECIMALS)
    return np.array([1 + (rounded > row).sum(axis=0) for row in rounded], np.int64).reshape(values.shape)


def group_alike(count: int, differing: Collection[tuple[int, int]]) -> list[list[int]]:
    """Group systems 0 to count - 1, in their order, so that two share a group just where they are not ``differing``.

    The compact letter display of Piepho (2004): from one group of all, each differing pair splits every group that
    holds both into two that lack one each, and a group within another goes.
    """
    groups = [frozenset(range(count))] if count else []
    for pair in differing:
        split = [g - {one} if set(pair) <= g else g for g in groups for one in (pair if set(pair) <= g else pair[:1])]
        different = list(dict.fromkeys(split))
        groups = [group for group in different if not any(group < other for other in different)]
    return sorted(sorted(group) for group in groups)


def _find_ends(rank: int, drawn: Int64[np.ndarray, " b"], level: float) -> tuple[float, float, float]:
    """Both ends, which hold the rank itself, and the share of firsts; NaN without resamples."""
    if not len(drawn):
        return np.nan, np.nan, np.nan
    low = np.percentile(drawn, 50 * (1 - level), method="lower")
    high = np.percentile(drawn, 50 * (1 + level), method="higher")
    return float(min(low, rank)), float(max(high, rank)), float((drawn == 1).mean())
