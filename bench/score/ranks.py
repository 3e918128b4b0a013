"""Which of several systems is better, and how sure is that (Table 3 of many variants): ranks, their intervals, groups.

A rank is 1 and how many are better; values nearer than the last bits of a sum are ties. Its interval is a bootstrap
over images: every resample ranks all systems anew, on the same images. Systems that cannot be told apart share a
letter: two do not, where their difference paired by image has a p below 5 % after Holm's adjustment for all pairs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int64

from bench.errors import UserError
from bench.score.comparisons import adjust_by_holm
from bench.score.ends import compute_p
from bench.score.estimates import Estimate, combine
from bench.score.intervals import MetricCounts, bootstrap, estimate_row, make_intervals, trusts_resamples
from bench.score.rank_agreement import align_images, find_common_images

COLUMNS = ("variant", "value", "low", "high", "rank", "rank_low", "rank_high", "letters", "n", "images", "note")
_DECIMALS = 12
_LETTER = re.compile(r"\(\d+\)|[a-z]")
"""A letter, or in their place from the 27th group on its number in brackets."""
SIGNIFICANCE = 0.05
"""Below this, Holm's p tells two systems apart."""


def compute_ranks(
    runs: Mapping[str, MetricCounts], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Compute `COLUMNS` of one metric, a line a variant, the best first, ties by the order given.

    All are measured on the ``images`` that every variant has; ``n`` counts those or segments, as the metric does.
    Raises UserError for fewer than two variants and where no image is common.
    """
    if len(runs) < 2:
        raise UserError(f"ranks: {len(runs)} of the runs has this number; ranks need two")
    images = find_common_images([{"": row} for row in runs.values()])
    if not images:
        raise UserError("ranks: no image is common to the runs")
    rows = [align_images(row, images) for row in runs.values()]
    drawn = bootstrap(rows, resamples, seed)  # once, for intervals, ranks and pairs
    found = [_estimate(row, samples) for row, samples in zip(rows, drawn, strict=True)]
    spans = make_intervals(found, level)
    ranks = rank(np.array([[span.value] for span in spans]))[:, 0]
    ends = find_rank_ends(rank(np.array(drawn)), ranks, level)
    letters = letter_groups(find_told_apart(found), np.argsort(ranks, kind="stable").tolist())
    lines = [
        (name, span.value, span.low, span.high, int(ranks[at]), *ends[at], letters[at], row.n, len(images), span.note)
        for at, (name, row, span) in enumerate(zip(runs, rows, spans, strict=True))
    ]
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    return table.sort_values("rank", kind="stable", ignore_index=True)


def order_by_mean_rank(table: pd.DataFrame) -> pd.Series[float]:
    """Order variants by the mean of their ranks in a table of `COLUMNS` with several metrics: that mean, best first.

    Metrics with the same numbers for every variant count once.
    """
    table = table[~table["metric"].isin(find_copies(table))]
    return table.groupby("variant", sort=False)["rank"].mean().sort_values(kind="stable")


def find_copies(table: pd.DataFrame) -> dict[str, str]:
    """Find the metrics of a table that have the values and n of an earlier one for every variant: copy to that one."""
    firsts, copies = dict[frozenset[tuple[str, float, int]], str](), dict[str, str]()
    for metric, part in table.groupby("metric", sort=False):
        numbers = frozenset(zip(part["variant"], part["value"].round(_DECIMALS), part["n"], strict=True))
        if (first := firsts.setdefault(numbers, str(metric))) != metric:
            copies[str(metric)] = first
    return copies


def rank(values: Float64[np.ndarray, "r b"]) -> Int64[np.ndarray, "r b"]:
    """Rank r systems b times: 1 and how many have a larger value; a value that does not exist is behind all."""
    rounded = np.round(np.where(np.isnan(values), -np.inf, values), _DECIMALS)
    return 1 + np.stack([(rounded > own).sum(0) for own in rounded])


def find_rank_ends(
    drawn: Int64[np.ndarray, "r b"], ranks: Int64[np.ndarray, " r"], level: float
) -> list[tuple[int, int]]:
    """Find the smallest and the largest rank of each system's interval; it holds the rank itself."""
    low = np.quantile(drawn, (1 - level) / 2, axis=1, method="inverted_cdf")
    high = np.quantile(drawn, (1 + level) / 2, axis=1, method="inverted_cdf")
    return [(int(min(a, own)), int(max(b, own))) for a, b, own in zip(low, high, ranks, strict=True)]


def find_told_apart(found: Sequence[Estimate]) -> Bool[np.ndarray, "r r"]:
    """Find which two systems differ by more than chance: Holm's p of all pairs below 5 %; symmetric, false inside.

    The systems are measured on the same images, and resampled alike.
    """
    pairs = list(combinations(range(len(found)), 2))
    p = adjust_by_holm(np.array([compute_p(combine([found[a], found[b]], (1, -1))) for a, b in pairs], float))
    told = np.zeros((len(found), len(found)), bool)
    for (a, b), adjusted in zip(pairs, p, strict=True):
        told[a, b] = told[b, a] = adjusted < SIGNIFICANCE
    return told


def _estimate(row: MetricCounts, samples: Float64[np.ndarray, " b"]) -> Estimate:
    found = estimate_row(row)
    return replace(found, samples=samples) if trusts_resamples(row, found) else found


def letter_groups(apart: Bool[np.ndarray, "r r"], order: Sequence[int]) -> list[str]:
    """Give letters to r systems: two share one where, and only where, they are not told apart.

    Piepho's insert and absorb (2004): a group that holds two that are told apart is replaced by the two groups without
    one of them, and a group inside another is dropped. ``order`` says whose group is a.
    """
    groups = [frozenset(range(len(apart)))]
    for a, b in zip(*np.nonzero(np.triu(apart)), strict=True):
        split = [part for group in groups for part in _split(group, int(a), int(b))]
        groups = [group for group in dict.fromkeys(split) if not any(group < other for other in split)]
    place = {system: at for at, system in enumerate(order)}
    groups.sort(key=lambda group: sorted(place[system] for system in group))
    names = [_name_letter(at) for at in range(len(groups))]
    return ["".join(name for name, group in zip(names, groups, strict=True) if at in group) for at in range(len(apart))]


def share_letter(one: str, other: str) -> bool:
    """Whether two systems with these letters have one in common: they are not told apart."""
    return bool({*_LETTER.findall(one)} & {*_LETTER.findall(other)})


def _split(group: frozenset[int], a: int, b: int) -> list[frozenset[int]]:
    return [group - {a}, group - {b}] if {a, b} <= group else [group]


def _name_letter(at: int) -> str:
    return chr(ord("a") + at) if at < 26 else f"({at + 1})"
