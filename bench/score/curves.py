"""Appendix C, figures 11 and 12: scores over thresholds, with bootstrap bands and the area under each curve.

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

from bench.metric_name import Naming
from bench.metrics import recall
from bench.metrics.rows import allseg_under, kept_images, labels, segment_rows, tally_under
from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.score.intervals import (
    MetricCounts,
    bootstrap,
    compute_percentile_interval,
    compute_percentile_intervals,
    count_measured,
)

AREAS = ("metric", "mapping", "axis", "start", "stop", "area", "low", "high", "n", "unit_of_n", "name")
_DRAWN = ("iou", "recall", "precision")
_CELLS = 3_000_000
"""Images × classes × thresholds held at once for the dataset aggregation."""
Line = dict[str, object]


def list_curved(score: Protocol) -> list[str]:
    """The mappings that a protocol draws curves of: tt and st, where it asks for IoU, recall or precision."""
    asked = set(_DRAWN) & set(score.metrics)
    return [mapping for mapping in ("tt", "st") if mapping in score.mapping and asked]


def list_thresholds(mapping: str) -> tuple[float, ...]:
    """tau_SBERT 0, 0.05, … 1 (tt); tau_CLIP 0, 0.0125, … 0.35 (st)."""
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
    """The lines of every curve of a mapping, and the area under each with its interval (`AREAS`).

    A line has metric, mapping, axis, tau (the place on the axis), value, low, high, n, unit_of_n, name (full). An area
    is divided by the width of the axis: the mean height. It is NaN where some threshold has no number, and a resample
    without a number at some threshold does not enter its interval.
    """
    images = sorted(overlaps, key=lambda item: item.image_id)
    taus = list_thresholds(mapping) if taus is None else tuple(taus)
    kept = set(_DRAWN) & set(score.metrics)
    if "recall" in kept and score.recall == "paper":
        kept.add("precision")  # the other half of the reading precision over recall
    by = replace(score, metrics=tuple(metric for metric in _DRAWN if metric in kept))
    lines, areas = [], []
    kinds = {
        "tau": lambda: count_over_tau(images, classes, by, mapping, taus),
        "iou": lambda: count_over_iou(images, score, mapping) if "recall" in kept else (),
    }
    for axis in axes:
        for metric, places, rows, samples in kinds[axis]():
            tau = None if axis == "tau" else score.tau(mapping)
            names = [naming(score.title, metric, mapping, place if axis == "tau" else tau) for place in places]
            facts: Line = {"metric": metric, "mapping": mapping, "axis": axis}
            lines += _lines(facts, places, rows, samples, names, score.level)
            areas.append(_area(facts, places, rows, samples, naming(score.title, metric, mapping, tau), score.level))
    return pd.DataFrame(lines), pd.DataFrame(areas, columns=list(AREAS))


def compute_area(line: pd.DataFrame) -> float:
    """Area under one metric of `curve`, divided by the width of the grid: the mean height."""
    tau, value = line["tau"].to_numpy(float), line["value"].to_numpy(float)
    return float(compute_mean_height(tau, value[:, None])[0])


def compute_mean_height(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Trapezoids over the places [t] under values [t, b], divided by the width."""
    if len(places) < 2:
        return values.mean(axis=0)
    return np.trapezoid(values, places, axis=0) / (places[-1] - places[0])


Found = Iterator[tuple[str, Sequence[float], Sequence["Summary"], Sequence[np.ndarray]]]
"""Metric, places on the axis, and for each a summary and its resamples [b]."""


class Summary:
    """What a line says of a point besides its band; the counts behind it may be large and are let go."""

    def __init__(self, row: MetricCounts) -> None:
        self.value, self.n, self.unit, self.measured = row.value(), row.n, row.unit, count_measured(row)


def count_over_tau(
    images: Sequence[Overlap], classes: ClassList, score: Protocol, mapping: str, taus: Sequence[float]
) -> Found:
    """Every metric at every threshold, some thresholds at a time; all metrics of these share their resamples."""
    step = max(1, _CELLS // max(1, len(images) * len(classes)))
    points: dict[str, list[Summary]] = {}
    samples: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(taus), step):
        found = segment_rows(images, mapping, taus[start : start + step], score, len(classes))
        drawn = iter(bootstrap([row for rows in found.values() for row in rows], score.resamples, score.seed))
        for metric, rows in found.items():
            points.setdefault(metric, []).extend(Summary(row) for row in rows)
            samples.setdefault(metric, []).extend(next(drawn) for _ in rows)
    for metric, known in points.items():
        yield metric, taus, known, samples[metric]


def count_over_iou(images: Sequence[Overlap], score: Protocol, mapping: str) -> Found:
    """Recall at each of 101 IoU thresholds, by the paper's definition and by the two of the reference."""
    ids, kind = tuple(item.image_id for item in images), score.representative
    tau, places = score.tau(mapping), recall.IOU_THRESHOLDS.tolist()
    middle = "" if kind == "union" else f".{kind}"
    names = (f"recall.paper{middle}", f"recall.reference{middle}", "recall.allseg")
    tables: dict[str, list[tuple[np.ndarray, float]]] = {name: [] for name in names}
    for item in kept_images(images, score):
        if item is None:
            found = [(np.zeros(len(places)), 0.0)] * 3
        else:
            chosen = labels(item, mapping, [tau], score, "union")
            best = chosen if kind == "union" else labels(item, mapping, [tau], score, kind)
            tally = tally_under(item, best, score)
            by_reference = recall.reference_curve(tally)[0], allseg_under(item, chosen, score)[0]
            known = [(np.nan_to_num(values), float(not np.isnan(values).any())) for values in by_reference]
            found = [recall.paper_curve(tally), *known]
        for table, counted in zip(tables.values(), found, strict=True):
            table.append(counted)
    for name, table in tables.items() if images else ():
        unit = "segments" if name.startswith("recall.paper") else "images"
        top, bottom = np.array([values for values, _ in table]), np.array([[weight] for _, weight in table])
        rows = [MetricCounts(ids, top[:, at, None], bottom, unit) for at in range(top.shape[1])]
        yield name, places, [Summary(row) for row in rows], bootstrap(rows, score.resamples, score.seed)


def _lines(
    facts: Line, places: Sequence[float], points: Sequence[Summary], samples: Sequence[np.ndarray],
    names: Sequence[str], level: float,
) -> list[Line]:  # fmt: skip
    found, spans = [], compute_percentile_intervals(samples, [point.measured for point in points], level)
    for place, point, (low, high), name in zip(places, points, spans, names, strict=True):
        rest = {"value": point.value, "low": low, "high": high, "n": point.n, "unit_of_n": point.unit, "name": name}
        found.append({**facts, "tau": place, **rest})
    return found


def _area(
    facts: Line, places: Sequence[float], points: Sequence[Summary], samples: Sequence[np.ndarray], name: str,
    level: float,
) -> Line:  # fmt: skip
    at = np.array(places, float)
    low, high = compute_percentile_interval(
        compute_mean_height(at, np.array(samples)), min(point.measured for point in points), level
    )
    value = float(compute_mean_height(at, np.array([[point.value] for point in points]))[0])
    n, unit = points[0].n, points[0].unit
    more = {"start": at[0], "stop": at[-1], "area": value, "low": low, "high": high, "n": n, "unit_of_n": unit}
    return {**facts, **more, "name": name}
