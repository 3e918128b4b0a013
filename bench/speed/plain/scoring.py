"""Section 4.3, plainly: IoU of a set at a threshold from masks of pixels, image by image and class by class.

Nothing is reused: every threshold, mapping, aggregation and way with absent classes starts from the pixels again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32

from bench.records import Prediction, Sample

Image = tuple[Prediction, Sample, Float32[np.ndarray, "n c"]]
"""Predicted segments, true labels, and the similarity of each segment with each class."""


class Pixels(NamedTuple):
    """Scored pixels of one class in one image: predicted and true, predicted or true, true."""

    intersection: int
    union: int
    true: int


def compute_iou(images: Sequence[Image], threshold: float, aggregation: str, absent: str) -> float:
    """Compute the mean IoU of a set (image, pair or dataset: see `bench.metrics.iou`); NaN where there is none.

    ``absent``: a predicted class that the image ("dataset": the set) does not have counts 0 (zero) or not at all
    (ignore).
    """
    counts = [count_pixels(*image, threshold) for image in images]
    if aggregation == "dataset":
        classes = {number for image in counts for number in image}
        none = Pixels(0, 0, 0)
        counts = [
            {number: Pixels(*np.sum([image.get(number, none) for image in counts], axis=0)) for number in classes}
        ]
    values = [
        [one.intersection / one.union for one in image.values() if one.union and (one.true or absent == "zero")]
        for image in counts
    ]
    if aggregation == "pair":
        values = [[value for image in values for value in image]]
    means = [float(np.mean(image)) for image in values if image]
    return float(np.mean(means)) if means else float("nan")


def count_pixels(
    prediction: Prediction, sample: Sample, similarity: Float32[np.ndarray, "n c"], threshold: float
) -> dict[int, Pixels]:
    """Count the pixels of every class that is true or predicted.

    A segment has the most similar class, or none where that is not as similar as the threshold; segments of one class
    are united, and only pixels of a true class count.
    """
    assert sample.truth is not None
    scored = sample.truth >= 0
    labels = np.where(similarity.max(axis=1) >= threshold, similarity.argmax(axis=1), -1)
    classes = sorted({*np.unique(sample.truth[scored]).tolist(), *labels[labels >= 0].tolist()})
    return {one: _count_class(prediction.masks[labels == one], sample.truth == one, scored) for one in classes}


def _count_class(
    masks: Bool[np.ndarray, "m h w"], truth: Bool[np.ndarray, "h w"], scored: Bool[np.ndarray, "h w"]
) -> Pixels:
    mine = np.zeros_like(truth)
    for mask in masks:
        mine = mine | mask
    mine = mine & scored
    return Pixels(*(int(np.count_nonzero(pixels)) for pixels in (mine & truth, mine | truth, truth)))
