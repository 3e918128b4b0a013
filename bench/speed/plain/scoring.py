"""Section 4.3, plainly: each number of a set from masks of pixels, image by image and class by class.

Nothing is reused: every threshold, mapping, average, policy and group starts from the pixels of all images again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int64

from bench.records import Prediction, Sample

Image = tuple[Prediction, Sample, dict[str, Float32[np.ndarray, "n c"]]]
"""Predicted segments, true labels, and by mapping the similarity of each segment with each class."""
PLACES = np.linspace(0, 1, 101)
SIZES = {"tiny": (0, 1 / 256), "small": (1 / 256, 1 / 64), "medium": (1 / 64, 1 / 16), "large": (1 / 16, 2)}
"""True area as a share of the image, from and below."""


class Number(NamedTuple):
    """Which number: a ``metric`` under a mapping at a threshold.

    iou        averaged by image, pair or dataset (see `bench.metrics.iou`)
    recall     true classes with IoU > ``above``, of all images together; precision: so of predicted classes
    reference  classes that are true or predicted with IoU >= ``above``, by image; None: mean over 101 places
    allseg     the same of the best single segment of each class
    ``absent``: a predicted class that the image ("dataset": the set) does not have counts 0 (zero) or not at all
    (ignore). ``representative``: a class has all its segments (union), or the most similar one (argmax). ``group``: a
    size, one of the groups of classes, or all.
    """

    metric: str
    mapping: str
    tau: float
    average: str = "image"
    absent: str = "zero"
    representative: str = "union"
    above: float | None = 0.5
    group: str = ""


class Pixels(NamedTuple):
    """Scored pixels of one class in one image: predicted and true, predicted or true, true; and whether predicted.

    ``share`` is its true area as a share of the image.
    """

    intersection: int
    union: int
    true: int
    said: bool
    share: float

    @property
    def iou(self) -> float:
        """NaN without a scored pixel."""
        return self.intersection / self.union if self.union else float("nan")


Counts = dict[int, Pixels]
"""By class."""


def compute_number(images: Sequence[Image], number: Number, members: Mapping[str, Collection[int]]) -> float:
    """Compute one number of a set; NaN where nothing was measurable. ``members`` are the classes of groups by name."""
    counts = [count_pixels(*image, number) for image in images]
    counts = [{c: one for c, one in image.items() if _belongs(c, one, number.group, members)} for image in counts]
    if number.metric == "iou":
        return _average_iou(counts, number)
    if number.metric in ("recall", "precision") and number.above is not None:
        whose = [one for image in counts for one in image.values()]
        kept = [one for one in whose if (one.true if number.metric == "recall" else one.said and one.union)]
        return _average([float(one.iou > number.above) for one in kept])
    places = PLACES if number.above is None else np.array([number.above])
    return _average([_average([float(np.mean(one.iou >= places)) for one in image.values()]) for image in counts])


def count_pixels(
    prediction: Prediction, sample: Sample, similarity: dict[str, Float32[np.ndarray, "n c"]], number: Number
) -> Counts:
    """Count the pixels of every class that is true or predicted.

    A segment has the most similar class, or none where that is not as similar as the threshold; segments of one class
    are united, and only pixels of a true class count.
    """
    assert sample.truth is not None
    scored = sample.truth >= 0
    rows = similarity[number.mapping].astype(np.float64).round(6)
    labels = np.where(rows.max(axis=1) >= number.tau, rows.argmax(axis=1), -1)
    if number.representative == "argmax" and number.metric != "allseg":
        labels = _keep_most_similar(labels, rows.max(axis=1))
    classes = sorted({*np.unique(sample.truth[scored]).tolist(), *labels[labels >= 0].tolist()})
    count = _count_best if number.metric == "allseg" else _count_united
    return {c: count(prediction.masks[labels == c], sample.truth == c, scored) for c in classes}


def _keep_most_similar(labels: Int64[np.ndarray, " n"], best: np.ndarray) -> Int64[np.ndarray, " n"]:
    """Keep of each class the segment that is most similar to it."""
    rivals = (labels[:, None] == labels) & (best > best[:, None])  # n n: of the same class and more similar
    return np.where(rivals.any(axis=1), -1, labels)


def _count_united(
    masks: Bool[np.ndarray, "m h w"], truth: Bool[np.ndarray, "h w"], scored: Bool[np.ndarray, "h w"]
) -> Pixels:
    mine = np.zeros_like(truth)
    for mask in masks:
        mine = mine | mask
    mine = mine & scored
    shared, union, true = (int(np.count_nonzero(pixels)) for pixels in (mine & truth, mine | truth, truth))
    return Pixels(shared, union, true, len(masks) > 0, float(truth.mean()))


def _count_best(
    masks: Bool[np.ndarray, "m h w"], truth: Bool[np.ndarray, "h w"], scored: Bool[np.ndarray, "h w"]
) -> Pixels:
    """Count the segment with the highest IoU; a class without any passes not even 0, which a NaN says."""
    each = [_count_united(mask[None], truth, scored) for mask in masks]
    if not each or not each[0].union:
        return Pixels(0, 0, int(np.count_nonzero(truth)), bool(each), float(truth.mean()))
    return max(each, key=lambda one: one.iou if one.union else -1.0)


def _belongs(number: int, one: Pixels, group: str, members: Mapping[str, Collection[int]]) -> bool:
    if group in SIZES:
        least, most = SIZES[group]
        return one.share > 0 and least <= one.share < most
    return not group or number in members[group]


def _average_iou(counts: list[Counts], number: Number) -> float:
    if number.average == "dataset":
        counts = [_sum_images(counts)]
    values = [
        [one.iou for one in image.values() if one.union and (one.true or number.absent == "zero")] for image in counts
    ]
    if number.average == "pair":
        return _average([value for image in values for value in image])
    return _average([_average(image) for image in values])


def _sum_images(counts: list[Counts]) -> Counts:
    total: Counts = {}
    for image in counts:
        for c, one in image.items():
            old = total.get(c, Pixels(0, 0, 0, False, 0.0))
            shared, union, true = (a + b for a, b in zip(old[:3], one[:3], strict=True))
            total[c] = Pixels(shared, union, true, old.said or one.said, 0.0)
    return total


def _average(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
