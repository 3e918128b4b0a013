"""Metrics of other papers: hard, soft, overlap and nearest Jaccard, and soft recall (the protocol of vicss).

One idea in five: each segment p says of each class c with what weight w_p(c) it shows it, and over the classes that the
image truly has, I = sum of w over pixels of G_c, U = sum of w over all pixels + |G_c| - I. Jaccard = I / U, recall =
I / |G_c|. The weights are

soft     max(0, cosine of the text and the class name)
hard     1 where the text is the class name, letter by letter
nearest  1 for the most similar class among those that the image has ("grounded")
overlap  1 for the class that the segment shares most pixels with (many segments to one class)

"micro" is the mean over all pairs of image and true class, "macro" the mean over images for each class first, then over
classes. `hard.dataset` sums I and U over the set first: the usual multiclass IoU. A predicted class that the image does
not have costs nothing but in `hard.dataset`. Where segments overlap a pixel takes the largest weight. Which pixels
outside the classes count is the protocol's (``background``, ``void``); the published definition counts all of them, and
its sentence encoder is all-MiniLM-L6-v2: the model stands in the metric's name.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int32

from bench.data.files import composed
from bench.mapping.assign import UNLABELLED
from bench.mapping.assign import find_nearest_class as nearest_class
from bench.metrics.iou import count_class_pixels, count_scored_pixels, count_true_pixels, divide, sum_per_segment
from bench.metrics.terms import Found, make_terms
from bench.records import Overlap

Weights = Float64[np.ndarray, "n u"]


def soft(item: Overlap, similarity: np.ndarray, background: str = "context", void: str = "count") -> Found:
    """Soft Jaccard and soft recall from rows of cosines [n, c]."""
    present = np.unique(item.truth_classes)
    weights = np.maximum(similarity[:, present].astype(np.float64), 0)
    return _pairs(item, present, weights, "soft", background, void, recall=True)


def hard(item: Overlap, names: tuple[str, ...], background: str = "context", void: str = "count") -> Found:
    """Texts that are class names as strings."""
    index = {composed(name): at for at, name in enumerate(names)}
    labels = np.array([index.get(composed(text), UNLABELLED) for text in item.texts], np.int32)
    found = _labelled(item, labels, "hard", background, void)
    whole = count_class_pixels(item, labels[None], background, void)
    share = whole.truth / max(1, whole.pixels)
    per_class = make_terms(whole.classes, share, whole.intersection[0], whole.union[0])
    return found | {"jaccard.hard.dataset": ("classes", per_class)}


def nearest(
    item: Overlap, similarity: np.ndarray, rounding: int | None, background: str = "context", void: str = "count"
) -> Found:
    """Each text takes the most similar class of those that the image has."""
    present = np.unique(item.truth_classes)
    at, _ = nearest_class(similarity[:, present], rounding)
    labels = np.where(at >= 0, present[at] if len(present) else UNLABELLED, UNLABELLED).astype(np.int32)
    return _labelled(item, labels, "nearest", background, void)


def overlap(item: Overlap, background: str = "context", void: str = "count") -> Found:
    """Each segment takes the class it shares most pixels with (tie: lower class); one that lies on none has none."""
    return _labelled(item, overlapped(item), "overlap", background, void)


def overlapped(item: Overlap) -> Int32[np.ndarray, " n"]:
    """For each segment the true class it shares most pixels with, -1 where it lies on none."""
    present = np.unique(item.truth_classes)
    pixels = sum_per_segment(item, count_true_pixels(item, present))
    if not pixels.size:
        return np.full(len(item.areas), UNLABELLED, np.int32)
    return np.where(pixels.any(axis=1), present[pixels.argmax(axis=1)], UNLABELLED).astype(np.int32)


def _labelled(item: Overlap, labels: np.ndarray, name: str, background: str, void: str) -> Found:
    present = np.unique(item.truth_classes)
    return _pairs(item, present, (labels[:, None] == present).astype(np.float64), name, background, void)


def _pairs(
    item: Overlap, present: np.ndarray, weights: Weights, name: str, background: str, void: str, recall: bool = False
) -> Found:
    truth = count_true_pixels(item, present)
    scored = count_scored_pixels(item, truth, background, void)
    inside = np.max(item.membership[:, :, None] * weights, axis=1, initial=0.0)  # a u
    true = truth.sum(axis=0)
    intersection = (inside * truth).sum(axis=0)
    values = {"jaccard": divide(intersection, (inside * scored).sum(axis=0) + true - intersection)}
    if recall:
        values["recall"] = divide(intersection, true)
    share = true / max(1, item.counts.sum())
    return {
        f"{measure}.{name}.{word}": (average, make_terms(present, share, value))
        for measure, value in values.items()
        for word, average in (("micro", "segments"), ("macro", "classes"))
    }
