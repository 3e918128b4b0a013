"""How each rater did: controls, seconds, distance from the others, drift over time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bench.study.collected import Collected
from bench.study.controls import passes

COLUMNS = (
    "rater", "answers", "controls", "passed", "timed", "seconds", "fast", "distance", "severity",
    "drift", "drift_low", "drift_high", "constant", "excluded",
)  # fmt: skip
"""``timed`` counts answers whose seconds are known, ``seconds`` is their median, ``fast`` the share below the rule's,
``distance`` the mean of |rating - mean of the others|, ``severity`` of rating - mean of the others, ``drift`` by how
much that is more in the last third of a rater's answers than in the first (with a 95 % Welch interval), ``constant``
the rating if it is always the same, of controls too."""
_FEW = 10
"""Answers of a third below which drift is not told."""


def make_raters_table(collected: Collected, fast: float = 1.0, excluded: Collection[str] = ()) -> pd.DataFrame:
    """Make `COLUMNS`, one row a rater, in the order of their first answers.

    The others that a rater is compared with are those who are not ``excluded``: where a careless rater answers some
    parts only, everybody who shares these would seem to drift.
    """
    regular = _compare_with_others(collected.answers[collected.answers["known"] == ""], excluded)
    rows = []
    for code in collected.answers["rater"].drop_duplicates():
        own, known = regular[regular["rater"] == code], collected.controls[collected.controls["rater"] == code]
        every = collected.answers[collected.answers["rater"] == code]
        rows.append(_make_row(str(code), own, known, every, fast))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _make_row(code: str, own: pd.DataFrame, known: pd.DataFrame, every: pd.DataFrame, fast: float) -> dict[str, Any]:
    right = sum(passes(k, r) for k, r in zip(known["known"], known["rating"], strict=True))
    seconds, beside = every["seconds"].dropna(), own["beside"].dropna()
    ratings = every["rating"].unique()
    drift = _compute_drift(beside.to_numpy(float))
    return {
        "rater": code, "answers": len(own), "controls": len(known), "passed": right, "timed": len(seconds),
        "seconds": seconds.median() if len(seconds) else np.nan,
        "fast": (seconds < fast).mean() if len(seconds) else np.nan,
        "distance": beside.abs().mean() if len(beside) else np.nan,
        "severity": beside.mean() if len(beside) else np.nan,
        "drift": drift[0], "drift_low": drift[1], "drift_high": drift[2],
        "constant": str(ratings[0]) if len(ratings) == 1 else "", "excluded": str(every["excluded"].iloc[0]),
    }  # fmt: skip


def _compare_with_others(answers: pd.DataFrame, excluded: Collection[str]) -> pd.DataFrame:
    """Add ``beside``: the rating less the mean of the other ratings of the question; NaN where there is no other."""
    counts = ~answers["rater"].isin(list(excluded))
    rating, question = answers["rating"].where(counts, 0), answers["question"]
    total = rating.groupby(question).transform("sum") - rating
    n = counts.groupby(question).transform("sum") - counts
    return answers.assign(beside=answers["rating"] - total / n.where(n > 0))


def _compute_drift(beside: np.ndarray) -> tuple[float, float, float]:
    """Compute the mean of the last third less that of the first, with its interval; NaN of too few answers."""
    third = len(beside) // 3
    if third < _FEW:
        return np.nan, np.nan, np.nan
    first, last = beside[:third], beside[-third:]
    value = float(last.mean() - first.mean())
    if first.std() == 0 and last.std() == 0:
        return value, value, value
    low, high = stats.ttest_ind(last, first, equal_var=False).confidence_interval(0.95)
    return value, float(low), float(high)
