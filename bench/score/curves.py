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
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bench.mapping.labels import find_threshold
from bench.mapping.nearest import TAU
from bench.metric_name import Naming
from bench.metrics import recall
from bench.metrics.registry import select_metrics
from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.score.counts import ScoredSet, count, count_at_thresholds, gather, join_images, label
from bench.score.ends import compute_ends, describe_doubt
from bench.score.estimates import Estimate, combine
from bench.score.evaluate import NOTE
from bench.score.intervals import Interval, estimate_all
from bench.score.presets import make_title
from bench.system.remember import Memory, hash_values

AREAS = ("metric", "mapping", "axis", "start", "stop", "area", "low", "high", "n", "unit_of_n", "name", NOTE)
_CELLS = 3_000_000
"""Images × classes × thresholds held at once for the dataset aggregation."""
Line = dict[str, object]
Point = tuple[Interval, int, str]
"""A value with its interval, its n and the unit of that."""


def list_curved(score: Protocol) -> list[str]:
    """List the mappings that a protocol draws curves of: tt and st, where it asks for IoU, recall or precision."""
    asked = any(metric.over_tau for metric in select_metrics(score.metrics))
    return [mapping for mapping in ("tt", "st") if mapping in score.mapping and asked]


def list_thresholds(mapping: str) -> tuple[float, ...]:
    """List tau_SBERT 0, 0.05, … 1 (tt); tau_CLIP 0, 0.0125, … 0.35 (st)."""
    step, count = {"tt": (0.05, 21), "st": (0.0125, 29)}[mapping]
    return tuple(round(step * index, 6) for index in range(count))


@dataclass(frozen=True)
class Curve:
    """A curve without the names of its numbers: for each of its places an interval and its n and unit; so for the area.

    Places stand on the axis.
    """

    metric: str
    places: tuple[float, ...]
    points: tuple[Point, ...]
    area: Point


CURVES: Memory[tuple[Curve, ...]] = Memory(64)
"""Curves of this process: a sweep over a threshold asks for the same ones in every job."""


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
    content, title, lines, areas = hash_values(images, classes), make_title(score), [], []
    for axis in axes:
        by = select_read(score, mapping, axis)
        trace = partial(trace_curves, images, classes, by, mapping, axis, taus)
        for curve in CURVES.make_once(trace, content, by, mapping, axis, taus):
            tau = None if axis == "tau" else find_threshold(mapping, score)
            facts: Line = {"metric": curve.metric, "mapping": mapping, "axis": axis}
            for place, point in zip(curve.places, curve.points, strict=True):
                name = naming(title, curve.metric, mapping, place if axis == "tau" else tau)
                lines.append({**facts, "tau": place, **_describe_point(point, "value", name)})
            ends: Line = {"start": curve.places[0], "stop": curve.places[-1]}
            name = naming(title, curve.metric, mapping, tau)
            areas.append({**facts, **ends, **_describe_point(curve.area, "area", name)})
    return pd.DataFrame(lines), pd.DataFrame(areas, columns=list(AREAS))


def select_read(score: Protocol, mapping: str, axis: str) -> Protocol:
    """Select what a curve reads of a protocol: another that differs in the rest has the same curve.

    Over tau it is no threshold of a similarity, over iou that of its own mapping. Nobody can read what is not there.
    """
    kept = set(score.metrics)
    if "recall" in kept and score.recall == "paper":
        kept.add("precision")  # the other half of the reading precision over recall
    changes: dict[str, Any] = {TAU[rows]: None for rows in TAU if (rows, axis) != (mapping, "iou")}
    return replace(score, name="", metrics=tuple(sorted(kept)), mapping=(mapping,), **changes)


def trace_curves(
    images: Sequence[Overlap], classes: ClassList, by: Protocol, mapping: str, axis: str, taus: Sequence[float]
) -> tuple[Curve, ...]:
    """Trace every curve of a mapping over one axis."""
    scored = gather(images, [], classes, by)
    if axis == "iou" and "recall" not in by.metrics:
        return ()
    found = count_over_tau(scored, mapping, taus) if axis == "tau" else count_over_iou(scored, mapping)
    return tuple(_make_curve(metric, places, points, by.level) for metric, places, points in found)


def compute_mean_height(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute trapezoids over the places [t] under values [t, b], divided by the width."""
    if len(places) < 2:
        return values.mean(axis=0)
    return np.trapezoid(values, places, axis=0) / (places[-1] - places[0])


Found = Iterator[tuple[str, Sequence[float], Sequence["Summary"]]]
"""Metric, places on the axis, and a summary for each."""


class Summary:
    """What a line says of a point; the counts behind it may be large and are let go."""

    def __init__(self, estimate: Estimate, n: int, unit: str) -> None:
        self.estimate, self.n, self.unit = estimate, n, unit


def count_over_tau(scored: ScoredSet, mapping: str, taus: Sequence[float]) -> Found:
    """Count every metric at every threshold, some thresholds at a time; all metrics of these share their resamples."""
    by, metrics = scored.protocol, [metric for metric in select_metrics(scored.protocol.metrics) if metric.over_tau]
    step = max(1, _CELLS // max(1, len(scored.images) * len(scored.classes)))
    points: dict[str, list[Summary]] = {}
    for start in range(0, len(taus), step):
        counts = count_at_thresholds(scored, mapping, taus[start : start + step], metrics)
        found = iter(estimate_all([row for rows in counts.values() for row in rows], by.resamples, by.seed))
        for metric, rows in counts.items():
            points.setdefault(metric, []).extend(Summary(next(found), row.n, row.unit) for row in rows)
    for metric, known in points.items():
        yield metric, taus, known


def count_over_iou(scored: ScoredSet, mapping: str) -> Found:
    """Count recall at each of 101 IoU thresholds, by the paper's definition and by the two of the reference."""
    by, places = scored.protocol, recall.IOU_THRESHOLDS.tolist()
    labelled = join_images(scored, label(scored, mapping, [find_threshold(mapping, by)]))
    for name, rows in count(scored, labelled, recall.compute_recall_over_iou, together=True).items():
        found = estimate_all(rows, by.resamples, by.seed)
        yield name, places, [Summary(one, row.n, row.unit) for one, row in zip(found, rows, strict=True)]


def _make_curve(metric: str, places: Sequence[float], points: Sequence[Summary], level: float) -> Curve:
    at, found = np.array(places, float), [point.estimate for point in points]
    weights = compute_mean_height(at, np.eye(len(at)))  # t: an area is a weighted sum of heights
    area = Summary(combine(found, weights.tolist()), points[0].n, points[0].unit)
    spans = [*compute_ends(found, level), *compute_ends([area.estimate], level)]
    *heights, mean = (_make_point(point, *ends) for point, ends in zip([*points, area], spans, strict=True))
    return Curve(metric, tuple(places), tuple(heights), mean)


def _make_point(point: Summary, low: float, high: float) -> Point:
    found = point.estimate
    return Interval(found.value, low, high, describe_doubt(found, low, high)), point.n, point.unit


def _describe_point(point: Point, value: str, name: str) -> Line:
    span, n, unit = point
    found: Line = {value: span.value, "low": span.low, "high": span.high, "n": n, "unit_of_n": unit}
    return {**found, "name": name, NOTE: span.note}
