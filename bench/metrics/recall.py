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
from jaxtyping import Bool, Float64

from bench.metric_name import write_number
from bench.metrics.terms import ImageTables, SetTables, Terms, make_terms
from bench.overlap.arithmetic import (
    count_scored_pixels,
    count_true_pixels,
    divide,
    sum_per_segment,
    sum_true_pixels,
)
from bench.overlap.together import Best, find_all_best_segments

IOU_THRESHOLDS = np.linspace(0.0, 1.0, 101)


def compute_recall(image: ImageTables) -> dict[str, Terms]:
    """Compute which true segments were found, by the protocol's definition."""
    by, pixels, share = image.protocol, image.class_pixels, image.class_shares
    if by.recall == "paper":
        true = (pixels.truth > 0) & (pixels.classes >= 0)
        found = np.where(true, pixels.iou > by.tau_iou, np.nan)
        terms = make_terms("segments", pixels.classes, share, found, image=pixels.image)
        return {_name_at_tau("recall", image): terms}
    united = _average_over_iou(pixels.iou, pixels.evaluated & (pixels.classes >= 0))
    best = find_best_segments(image)
    alone = _average_over_iou(best.iou, best.counted)
    return {
        f"recall.mean101.{by.representative}": make_terms("images", pixels.classes, share, united, image=pixels.image),
        "recall.mean101.allseg": make_terms("images", best.classes, best.share, alone, image=best.image),
    }


def compute_precision(image: ImageTables) -> dict[str, Terms]:
    """Compute which predicted classes are right, by the IoU with the true class."""
    pixels = image.class_pixels
    predicted = pixels.predicted & (pixels.classes >= 0) & ~np.isnan(pixels.iou)
    right = np.where(predicted, pixels.iou > image.protocol.tau_iou, np.nan)
    terms = make_terms("segments", pixels.classes, image.class_shares, right, image=pixels.image)
    return {_name_at_tau("precision", image): terms}


def compute_recall_over_iou(image: ImageTables) -> dict[str, Terms]:
    """Compute recall at each of 101 IoU thresholds (they take the place of the t), at the mapping's first threshold."""
    pixels, share = image.class_pixels, image.class_shares
    middle = "" if image.protocol.representative == "union" else f".{image.protocol.representative}"
    true = (pixels.truth > 0) & (pixels.classes >= 0)
    above = np.where(true, pixels.iou[0] > IOU_THRESHOLDS[:, None], np.nan)  # 101 u
    best = find_best_segments(image)
    hits = _test_hits(pixels.iou[0], pixels.evaluated[0] & (pixels.classes >= 0))
    alone, nowhere = _test_hits(best.iou[0], best.counted[0]), np.full(len(best.classes), np.nan)
    return {
        f"recall.paper{middle}": make_terms("segments", pixels.classes, share, above, image=pixels.image),
        f"recall.reference{middle}": make_terms("images", pixels.classes, share, hits, image=pixels.image),
        "recall.allseg": make_terms("images", best.classes, nowhere, alone, image=best.image),
    }


def find_best_segments(image: ImageTables) -> Best:
    """Find the best single segment of each class at each threshold of the mapping; IoU NaN or -1 where there is none.

    A mapping gives a segment the same label at every threshold that keeps it. As in the reference a true class without
    any segment is a miss even at IoU 0, and so is a class whose first segment has no IoU, whatever the later ones have.
    """
    labels, by = image.assigned.every, image.protocol
    if isinstance(image, SetTables) and image.joined is not None:
        return find_all_best_segments(image.joined, labels, by)
    overlap = image.overlap
    kept, label = labels >= 0, labels.max(axis=0, initial=-1)  # t n, n
    true = np.bincount(overlap.truth_classes, minlength=int(label.max(initial=-1)) + 1) > 0  # c
    present = true.copy()
    present[label[label >= 0]] = True
    classes = np.flatnonzero(present).astype(np.int32)  # u
    best, counted = np.full((len(labels), len(classes)), -1.0), np.tile(true[classes], (len(labels), 1))  # t u
    order, truth = np.flatnonzero(label >= 0), count_true_pixels(overlap, classes)  # the m labelled segments; a u
    if len(order):
        # the segments of a class side by side: m, with the column of each and where a class begins
        column = np.searchsorted(classes, label[order])
        order, column = order[np.argsort(column, kind="stable")], np.sort(column)
        begins = np.flatnonzero(np.diff(column, prepend=-1))
        # the IoU of each segment with its class: t m
        inside = sum_per_segment(overlap, truth)[order, column]
        area = sum_per_segment(overlap, count_scored_pixels(overlap, truth, by.background, by.void))[order, column]
        total = sum_true_pixels(overlap, labels, truth, by.unlabelled, by.below)[:, column] + np.zeros((len(labels), 1))
        iou = divide(np.broadcast_to(inside, total.shape), total + area - inside)
        # the highest of each class among those that the threshold keeps, and which of them comes first: t, classes
        unknown, kept, last = np.isnan(iou), kept[:, order], len(order) - 1
        highest = np.maximum.reduceat(np.where(kept & ~unknown, iou, -1.0), begins, axis=1)
        first = np.minimum.reduceat(np.where(kept, np.arange(len(order)), len(order)), begins, axis=1)
        row = np.arange(len(labels))[:, None]
        lost = unknown[row, np.minimum(first, last)] & (first <= last)
        best[:, column[begins]] = np.where(lost, np.nan, highest)
        counted[:, column[begins]] |= first <= last
    return Best(classes, best, counted, None, truth.sum(axis=0) / max(1.0, image.pixels))


def _name_at_tau(word: str, image: ImageTables) -> str:
    middle = "" if image.protocol.representative == "union" else f".{image.protocol.representative}"
    return f"{word}{middle}>{write_number(image.protocol.tau_iou)}"


def _average_over_iou(iou: Float64[np.ndarray, "t u"], counted: Bool[np.ndarray, "t u"]) -> Float64[np.ndarray, "t u"]:
    """The share of the IoU thresholds that each class passes; NaN for one that does not count."""
    passed = np.searchsorted(IOU_THRESHOLDS, np.where(np.isnan(iou), -1.0, iou), side="right")  # t u
    return np.where(counted, passed / len(IOU_THRESHOLDS), np.nan)


def _test_hits(iou: Float64[np.ndarray, " u"], counted: Bool[np.ndarray, " u"]) -> Float64[np.ndarray, "101 u"]:
    """Whether each class passes each IoU threshold; NaN for one that does not count."""
    return np.where(counted, iou >= IOU_THRESHOLDS[:, None], np.nan)
