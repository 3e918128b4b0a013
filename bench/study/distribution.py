"""Table 2 for every run and kind of label: the share of each rating, with intervals over images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.score.intervals import MetricCounts, compute_intervals
from bench.study.collected import Collected
from bench.study.questions import KINDS, RATINGS

COLUMNS = ("run", "kind", "rating", "value", "low", "high", "at_least", "n", "images", "interval_note")
"""``value`` is the share of a rating among all ratings, each weighed by the segments that it stands for; ``at_least``
that of this rating or a better one; ``n`` counts ratings."""


def compute_distribution(collected: Collected, resamples: int = 10_000, seed: int = 0) -> pd.DataFrame:
    """Compute `COLUMNS`, four rows for each run and kind of label that has an answer."""
    rows = []
    table = collected.uses.merge(collected.regular[["question", "batch", "rating"]], on="question")
    for run in collected.runs:
        for kind in KINDS:
            part = table[(table["run"] == run) & (table["kind"] == kind)]
            if len(part):
                rows += _measure(run, kind, part, resamples, seed)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _measure(run: str, kind: str, part: pd.DataFrame, resamples: int, seed: int) -> list[tuple[object, ...]]:
    names, at = np.unique(part["image"].to_numpy(str), return_inverse=True)
    weight, rating = part["weight"].to_numpy(float), part["rating"].to_numpy(int)
    total = np.bincount(at, weight)[:, None]
    counts = [
        MetricCounts(tuple(names), np.bincount(at, weight * (rating == r), len(names))[:, None], total, "ratings")
        for r in RATINGS
    ]
    spans = compute_intervals(counts, resamples, seed)
    better = np.cumsum([span.value for span in spans][::-1])[::-1]
    return [
        (run, kind, r, span.value, span.low, span.high, float(better[r]), len(part), len(names), span.note)
        for r, span in zip(RATINGS, spans, strict=True)
    ]
