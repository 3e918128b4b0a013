"""Appendix C, figures 11 and 12: IoU and recall over the threshold of a mapping, with bootstrap bands.

A threshold only drops labels, so all thresholds are counted at once from the stored overlap tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.evaluate.intervals import Rows, intervals
from bench.evaluate.metrics import segment_rows
from bench.evaluate.names import Naming
from bench.evaluate.protocol import Score
from bench.records import ClassList, Overlap

_CELLS = 3_000_000
"""Images × classes × thresholds held at once for the dataset aggregation."""


def grid(mapping: str) -> tuple[float, ...]:
    """tau_SBERT 0, 0.05, … 1 (tt); tau_CLIP 0, 0.0125, … 0.35 (st)."""
    step, count = {"tt": (0.05, 21), "st": (0.0125, 29)}[mapping]
    return tuple(round(step * index, 6) for index in range(count))


def curve(
    overlaps: Sequence[Overlap],
    classes: ClassList,
    score: Score,
    naming: Naming,
    mapping: str,
    taus: Sequence[float] | None = None,
) -> pd.DataFrame:
    """One line for each metric and threshold: metric, mapping, tau, value, low, high, n, unit_of_n, name (full).

    The bands are pointwise; every threshold sees the same resamples.
    """
    taus = grid(mapping) if taus is None else tuple(taus)
    images = sorted(overlaps, key=lambda item: item.image_id)
    step = max(1, _CELLS // max(1, len(images) * len(classes)))
    parts: dict[str, list[pd.DataFrame]] = {}
    for start in range(0, len(taus), step):
        block = taus[start : start + step]
        for metric, rows in segment_rows(images, mapping, block, score, len(classes)).items():
            parts.setdefault(metric, []).append(_lines(metric, mapping, block, rows, score, naming))
    return pd.concat([part for parts_of in parts.values() for part in parts_of], ignore_index=True)


def _lines(
    metric: str, mapping: str, taus: Sequence[float], rows: Sequence[Rows], score: Score, naming: Naming
) -> pd.DataFrame:
    spans = intervals(rows, score.resamples, score.seed, score.level)
    lines = [
        {
            "metric": metric,
            "mapping": mapping,
            "tau": tau,
            "value": span.value,
            "low": span.low,
            "high": span.high,
            "n": row.n,
            "unit_of_n": row.unit,
            "name": naming(score.title, metric, mapping, tau),
        }
        for tau, row, span in zip(taus, rows, spans, strict=True)
    ]
    return pd.DataFrame(lines)


def area(line: pd.DataFrame) -> float:
    """Area under one metric of `curve`, divided by the width of the grid: the mean height."""
    tau, value = line["tau"].to_numpy(float), line["value"].to_numpy(float)
    return float(np.trapezoid(value, tau) / (tau[-1] - tau[0])) if len(tau) > 1 else float(value.mean())
