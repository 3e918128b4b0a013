"""Section 4.3, Segment Recall: how much of what is labelled in the ground truth was found.

Two definitions under two names. "paper": true positives are united segments with IoU **>** tau_IoU, over the true
segments of all images pooled; labels that the image does not have cost nothing. "reference" (what the published
implementation computes): IoU **>=** each of 101 thresholds 0, 0.01, … 1, over classes true **or** predicted, as a
share of each image, averaged over thresholds, then over images; a class without IoU (0/0) is a miss. "allseg" is
the same with the best single segment of each class instead of their union.

A true segment is all pixels of one class in one image; background is none, even where it is scored as a class.

Precision is the other side of the paper's definition: united segments with IoU > tau_IoU among all that were predicted
(those that lie only on pixels that do not count are left out). Neither paper nor reference has it.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int32

from bench.metrics.iou import (
    ClassPixels,
    Counts,
    count_scored_pixels,
    count_true_pixels,
    divide,
    sum_per_segment,
    sum_true_pixels,
)
from bench.records import Overlap

IOU_THRESHOLDS = np.linspace(0.0, 1.0, 101)


def paper_counts(tally: ClassPixels, tau: float = 0.5) -> Counts:
    """True positives and true segments of an image."""
    true = (tally.truth > 0) & (tally.classes >= 0)
    hits = ((tally.iou > tau) & true).sum(axis=1).astype(np.float64)
    return hits, np.full(len(hits), float(true.sum()))


def precision_counts(tally: ClassPixels, tau: float = 0.5) -> Counts:
    """True positives and predicted classes of an image."""
    found = tally.predicted & (tally.classes >= 0) & ~np.isnan(tally.iou)
    return ((tally.iou > tau) & found).sum(axis=1).astype(np.float64), found.sum(axis=1).astype(np.float64)


def paper_curve(tally: ClassPixels) -> tuple[Float64[np.ndarray, " 101"], float]:
    """True positives at each IoU threshold (>), and true segments, at the first threshold of the similarity."""
    true = (tally.truth > 0) & (tally.classes >= 0)
    return (tally.iou[0, true, None] > IOU_THRESHOLDS).sum(axis=0).astype(np.float64), float(true.sum())


def reference_counts(tally: ClassPixels) -> Counts:
    """Recall of an image averaged over the IoU thresholds, and 1; 0 and 0 where the image has no class at all."""
    return mean_over_iou(reference_curve(tally))


def reference_curve(tally: ClassPixels) -> Float64[np.ndarray, "t 101"]:
    """Recall of an image at each IoU threshold; NaN without any class."""
    return _share_at_least(tally.iou, tally.evaluated & (tally.classes >= 0))


def allseg_curve(
    overlap: Overlap,
    labels: Int32[np.ndarray, "t n"],
    background: str = "context",
    void: str = "ignore",
    unlabelled: str = "count",
    below: str = "count",
) -> Float64[np.ndarray, "t 101"]:
    """Recall of an image at each IoU threshold with the best single segment of each class; NaN without any class.

    ``labels`` has a row for each threshold of a mapping: the same label in every row that keeps the segment, else -1.
    As in the reference a true class without any segment is a miss even at IoU 0, and so is a class whose first
    segment has no IoU, whatever the later ones have.
    """
    kept, label = labels >= 0, labels.max(axis=0, initial=-1)
    true = np.bincount(overlap.truth_classes, minlength=int(label.max(initial=-1)) + 1) > 0
    present = true.copy()
    present[label[label >= 0]] = True
    classes = np.flatnonzero(present).astype(np.int32)
    best, counted = np.full((len(labels), len(classes)), -1.0), np.tile(true[classes], (len(labels), 1))
    order = np.flatnonzero(label >= 0)
    if len(order):
        column = np.searchsorted(classes, label[order])
        order, column = order[np.argsort(column, kind="stable")], np.sort(column)
        begins = np.flatnonzero(np.diff(column, prepend=-1))
        truth = count_true_pixels(overlap, classes)
        inside = sum_per_segment(overlap, truth)[order, column]
        area = sum_per_segment(overlap, count_scored_pixels(overlap, truth, background, void))[order, column]
        total = sum_true_pixels(overlap, labels, truth, unlabelled, below)[:, column] + np.zeros((len(labels), 1))
        iou = divide(np.broadcast_to(inside, total.shape), total + area - inside)
        unknown, kept, last = np.isnan(iou), kept[:, order], len(order) - 1
        highest = np.maximum.reduceat(np.where(kept & ~unknown, iou, -1.0), begins, axis=1)
        first = np.minimum.reduceat(np.where(kept, np.arange(len(order)), len(order)), begins, axis=1)
        row = np.arange(len(labels))[:, None]
        lost = unknown[row, np.minimum(first, last)] & (first <= last)
        best[:, column[begins]] = np.where(lost, np.nan, highest)
        counted[:, column[begins]] |= first <= last
    return _share_at_least(best, counted)


def mean_over_iou(curve: Float64[np.ndarray, "t 101"]) -> Counts:
    """Recall averaged over the IoU thresholds, and 1; 0 and 0 where there is none."""
    mean, known = curve.mean(axis=1), ~np.isnan(curve).any(axis=1)
    return np.where(known, mean, 0.0), known.astype(np.float64)


def _share_at_least(iou: Float64[np.ndarray, "t u"], counted: np.ndarray) -> Float64[np.ndarray, "t 101"]:
    hits = ((iou[:, :, None] >= IOU_THRESHOLDS) & counted[:, :, None]).sum(axis=1).astype(np.float64)
    return divide(hits, np.broadcast_to(counted.sum(axis=1)[:, None], hits.shape).astype(np.float64))
