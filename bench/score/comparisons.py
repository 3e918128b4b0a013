"""Section 4's numbers of two variants beside each other: paired differences, and p-values of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from bench.score.ends import compute_ends, compute_p, describe_doubt
from bench.score.estimates import combine
from bench.score.intervals import MetricCounts, estimate_all, select_images


@dataclass(frozen=True)
class Difference:
    """First minus second on their ``n`` common images, with interval and two-sided p-value.

    ``note`` says why the interval may be too narrow; empty where it is not.
    """

    value: float
    low: float
    high: float
    p: float
    n: int
    note: str = ""


def compare_paired(
    first: MetricCounts, second: MetricCounts, resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> Difference:
    """Compare one metric of two variants on the images that both have.

    p belongs to the interval: 0 lies outside of it where p is below one less the level, and only there.
    """
    return compare_all_paired([(first, second)], resamples, seed, level)[0]


def compare_all_paired(
    pairs: Sequence[tuple[MetricCounts, MetricCounts]], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> list[Difference]:
    """The same for several metrics; those with the same common images see the same resamples, drawn once."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for at, (first, second) in enumerate(pairs):
        groups.setdefault(tuple(sorted(set(first.image_ids) & set(second.image_ids))), []).append(at)
    found: dict[int, Difference] = {}
    for common, members in groups.items():
        each = estimate_all([select_images(row, common) for at in members for row in pairs[at]], resamples, seed)
        both = [combine(each[2 * place : 2 * place + 2], (1, -1)) for place in range(len(members))]
        for at, one, ends in zip(members, both, compute_ends(both, level), strict=True):
            found[at] = Difference(one.value, *ends, compute_p(one), one.images, describe_doubt(one, *ends))
    return [found[at] for at in range(len(pairs))]


def adjust_by_holm(p: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, " m"]:
    """Holm's step-down adjustment of m p-values; those that are NaN stay NaN and do not count.

    With p_(1) <= … <= p_(m), the adjusted p_(k) is the largest of (m - j + 1) p_(j), j <= k, and at most 1. Whoever
    calls real all that is below 5 % is then wrong anywhere at all in at most 5 % of families (Holm 1979).
    """
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return adjusted
