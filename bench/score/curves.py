"""Appendix C, figures 11 and 12: scores over thresholds, with bands and the area under each curve.

Three kinds of curve, told apart by the column ``axis``:

tau     IoU, recall and precision over the threshold of a mapping. A threshold only drops labels, so all thresholds are
        counted at once from the stored overlap tables.
iou     recall over the IoU that makes a hit, at the protocol's own threshold of the mapping: by the paper's definition
        (``recall.paper``: >, true classes, pooled) and by the reference's (``recall.reference``: >=, true or predicted
        classes, mean over images; ``recall.allseg``: the best single segment of a class).
recall  precision over recall as tau_SBERT or tau_CLIP moves: drawn from the first kind, nothing is counted again.

Bands are pointwise. Every curve over the same images sees the same resamples, and so does its area.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bench.mapping.labels import find_threshold
from bench.metric_name import Naming
from bench.metrics import recall
from bench.metrics.registry import select_metrics
from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.score.counts import ScoredSet, count, count_at_thresholds, gather, label
from bench.score.ends import compute_ends, describe_doubt
from bench.score.estimates import Estimate, combine
from bench.score.evaluate import NOTE
from bench.score.intervals import MetricCounts, estimate_all
from bench.score.presets import make_title

AREAS = ("metric", "mapping", "axis", "start", "stop", "area", "low", "high", "n", "unit_of_n", "name", NOTE)
_CELLS = 3_000_000
"""Images × classes × thresholds held at once for the dataset aggregation."""
Line = dict[str, object]


def list_curved(score: Protocol) -> list[str]:
    """List the mappings that a protocol draws curves of: tt and st, where it asks for IoU, recall or precision."""
    asked = any(metric.over_tau for metric in select_metrics(score.metrics))
    return [mapping for mapping in ("tt", "st") if mapping in score.mapping and asked]


def list_thresholds(mapping: str) -> tuple[float, ...]:
    """List tau_SBERT 0, 0.05, … 1 (tt); tau_CLIP 0, 0.0125, … 0.35 (st)."""
    step, count = {"tt": (0.05, 21), "st": (0.0125, 29)}[mapping]
    return tuple(round(step * index, 6) for index in range(count))


def compute_curves(
    overlaps: Sequence[Overlap],
    classes: ClassList,
    score: Protocol,
    naming: Naming,
    mapping: str,
    taus: Sequence[float] | None = None,
    axes: Sequence[str] = ("tau", "iou"),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the lines of every curve of a mapping, and the area under each with its interval (`AREAS`).

    A line has metric, mapping, axis, tau (the place on the axis), value, low, high, n, unit_of_n, name (full). An area
    is divided by the width of the axis: the mean height. It is NaN where some threshold has no number, and a resample
    without a number at some threshold does not enter its interval.
    """
    images = sorted(overlaps, key=lambda item: item.image_id)
    taus = list_thresholds(mapping) if taus is None else tuple(taus)
    kept = set(score.metrics)
    if "recall" in kept and score.recall == "paper":
        kept.add("precision")  # the other half of the reading precision over recall
    scored, title = gather(images, [], classes, replace(score, metrics=tuple(kept))), make_title(score)
    lines, areas = [], []
    kinds = {
        "tau": lambda: count_over_tau(scored, mapping, taus),
        "iou": lambda: count_over_iou(scored, mapping) if "recall" in kept else (),
    }
    for axis in axes:
        for metric, places, points in kinds[axis]():
            tau = None if axis == "tau" else find_threshold(mapping, score)
            names = [naming(title, metric, mapping, place if axis == "tau" else tau) for place in places]
            facts: Line = {"metric": metric, "mapping": mapping, "axis": axis}
            lines += _make_lines(facts, places, points, names, score.level)
            areas.append(_make_area(facts, places, points, naming(title, metric, mapping, tau), score.level))
    return pd.DataFrame(lines), pd.DataFrame(areas, columns=list(AREAS))


def compute_mean_height(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute trapezoids over the places [t] under values [t, b], divided by the width."""
    if len(places) < 2:
        return values.mean(axis=0)
    return np.trapezoid(values, places, axis=0) / (places[-1] - places[0])


Found = Iterator[tuple[str, Sequence[float], Sequence["Summary"]]]
"""Metric, places on the axis, and a summary for each."""


class Summary:
    """What a line says of a point; the counts behind it may be large and are let go."""

    def __init__(self, row: MetricCounts, estimate: Estimate) -> None:
        self.estimate, self.n, self.unit = estimate, row.n, row.unit


def count_over_tau(scored: ScoredSet, mapping: str, taus: Sequence[float]) -> Found:
    """Count every metric at every threshold, some thresholds at a time; all metrics of these share their resamples."""
    by, metrics = scored.protocol, [metric for metric in select_metrics(scored.protocol.metrics) if metric.over_tau]
    step = max(1, _CELLS // max(1, len(scored.images) * len(scored.classes)))
    points: dict[str, list[Summary]] = {}
    for start in range(0, len(taus), step):
        counts = count_at_thresholds(scored, mapping, taus[start : start + step], metrics)
        found = iter(estimate_all([row for rows in counts.values() for row in rows], by.resamples, by.seed))
        for metric, rows in counts.items():
            points.setdefault(metric, []).extend(Summary(row, next(found)) for row in rows)
    for metric, known in points.items():
        yield metric, taus, known


def count_over_iou(scored: ScoredSet, mapping: str) -> Found:
    """Count recall at each of 101 IoU thresholds, by the paper's definition and by the two of the reference."""
    by, places = scored.protocol, recall.IOU_THRESHOLDS.tolist()
    labelled = label(scored, mapping, [find_threshold(mapping, by)])
    for name, rows in count(scored, labelled, recall.compute_recall_over_iou).items():
        yield name, places, list(map(Summary, rows, estimate_all(rows, by.resamples, by.seed)))


def _make_lines(
    facts: Line, places: Sequence[float], points: Sequence[Summary], names: Sequence[str], level: float
) -> list[Line]:
    found, spans = [], compute_ends([point.estimate for point in points], level)
    for place, point, (low, high), name in zip(places, points, spans, names, strict=True):
        value = {"value": point.estimate.value, "low": low, "high": high, "n": point.n, "unit_of_n": point.unit}
        found.append({**facts, "tau": place, **value, "name": name, NOTE: describe_doubt(point.estimate, low, high)})
    return found


def _make_area(facts: Line, places: Sequence[float], points: Sequence[Summary], name: str, level: float) -> Line:
    at = np.array(places, float)
    weights = compute_mean_height(at, np.eye(len(at)))  # t: an area is a weighted sum of heights
    found = combine([point.estimate for point in points], weights.tolist())
    ((low, high),) = compute_ends([found], level)
    ends = {"start": at[0], "stop": at[-1], "area": found.value, "low": low, "high": high}
    counted = {"n": points[0].n, "unit_of_n": points[0].unit, "name": name}
    return {**facts, **ends, **counted, NOTE: describe_doubt(found, low, high)}
