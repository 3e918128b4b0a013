"""Section 4.3, plainly: IoU of every image at every threshold from masks of pixels, class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32

from bench.records import Prediction, Sample


def compute_iou(
    prediction: Prediction, sample: Sample, similarity: Float32[np.ndarray, "n c"], threshold: float
) -> float:
    """Compute the mean IoU over the classes that are true or predicted; NaN where there is none (paper's definition).

    A segment has the most similar class, or none where that is not as similar as the threshold; segments of one class
    are united, and only pixels of a true class count.
    """
    assert sample.truth is not None
    scored = sample.truth >= 0
    labels = np.where(similarity.max(axis=1) >= threshold, similarity.argmax(axis=1), -1)
    classes = sorted({*np.unique(sample.truth[scored]).tolist(), *labels[labels >= 0].tolist()})
    values = [_compute_one(prediction.masks[labels == one], sample.truth == one, scored) for one in classes]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")


def compute_curve(
    predictions: Sequence[Prediction],
    samples: Sequence[Sample],
    similarities: Sequence[Float32[np.ndarray, "n c"]],
    thresholds: Sequence[float],
) -> list[float]:
    """Compute the mean over images at every threshold, from the pixels each time."""
    images = list(zip(predictions, samples, similarities, strict=True))
    return [float(np.nanmean([compute_iou(*image, threshold) for image in images])) for threshold in thresholds]


def _compute_one(
    masks: Bool[np.ndarray, "m h w"], truth: Bool[np.ndarray, "h w"], scored: Bool[np.ndarray, "h w"]
) -> float | None:
    """Compute intersection over union of one class; None where no pixel of either counts."""
    mine = np.zeros_like(truth)
    for mask in masks:
        mine = mine | mask
    mine = mine & scored
    union = int(np.count_nonzero(mine | truth))
    return np.count_nonzero(mine & truth) / union if union else None
