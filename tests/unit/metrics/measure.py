"""The terms of single metrics of single images, asked for in few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bench.mapping.labels import Labels
from bench.metrics.recall import IOU_THRESHOLDS, compute_recall_over_iou, find_best_segments
from bench.metrics.registry import select_metrics
from bench.metrics.terms import Compute, ImageTables, Terms
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.averages import average, join_terms
from bench.score.counts import count_at_thresholds, count_metrics, gather
from bench.score.intervals import MetricCounts
from tests.unit.metrics.make import CLASSES


def image_of(
    item: Overlap | None,
    truth: TrueSegmentTexts | None = None,
    labels: np.ndarray | None = None,
    own_text: np.ndarray | None = None,
    classes: ClassList = CLASSES,
    **settings: Any,
) -> ImageTables:
    """An image with labels [t, n] as if a mapping had given them, under the paper's protocol with some changes."""
    known = None if labels is None else Labels(labels.astype(np.int32), labels.astype(np.int32))
    return ImageTables(Protocol(**settings), classes, item, truth, known, own_text)


def pooled(parts: Sequence[Terms | None], width: int = 6) -> MetricCounts:
    """The counts of a metric over some images, at the first threshold."""
    return average(tuple(map(str, range(len(parts)))), *join_terms(parts), width)[0]


def pooled_of(compute: Compute, images: Sequence[ImageTables], name: str) -> MetricCounts:
    """The counts of one name of a metric over some images."""
    return pooled([compute(image)[name] for image in images])


def summed(terms: Terms) -> tuple[float, float]:
    """Numerator and denominator of an image at the first threshold."""
    return float(terms.numerator[0].sum()), float(terms.denominator[0].sum())


def reference_curve(item: Overlap, labels: np.ndarray, **settings: Any) -> np.ndarray:
    """Recall at 101 IoU thresholds [t, 101] by the reference; NaN without any class."""
    return _curves(item, labels, "recall.reference", **settings)


def allseg_curve(item: Overlap, labels: np.ndarray, **settings: Any) -> np.ndarray:
    """The same with the best single segment, all thresholds of the mapping at once."""
    best = find_best_segments(image_of(item, labels=labels, **settings))
    hits = ((best.iou[:, :, None] >= IOU_THRESHOLDS) & best.counted[:, :, None]).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return hits / best.counted.sum(axis=1)[:, None]


def _curves(item: Overlap, labels: np.ndarray, name: str, **settings: Any) -> np.ndarray:
    curves = []
    for line in labels:
        terms = compute_recall_over_iou(image_of(item, labels=line[None], **settings))[name]
        with np.errstate(invalid="ignore"):
            curves.append(terms.numerator.sum(axis=1) / terms.denominator.sum(axis=1))
    return np.array(curves)


def count_labels(
    images: Sequence[Overlap], mapping: Any, taus: Sequence[float | None], protocol: Protocol, classes: ClassList
) -> dict[str, list[MetricCounts]]:
    """Every metric of labels that a protocol asks for, at each threshold."""
    metrics = [metric for metric in select_metrics(protocol.metrics) if metric.mapping == "labels"]
    return count_at_thresholds(gather(images, [], classes, protocol), mapping, taus, metrics)


def count_truths(
    truths: Sequence[TrueSegmentTexts], mapping: str, protocol: Protocol, classes: ClassList = CLASSES
) -> dict[str, MetricCounts]:
    """TGQ and its companions under one mapping."""
    counts = count_metrics(gather([], truths, classes, replace(protocol, metrics=("tgq",))))
    return {name: row for (name, word, _), row in counts.items() if word == mapping}
