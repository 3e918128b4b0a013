"""Uncertainty of every number of section 4: what is counted image by image, and the interval that follows.

The image is the unit that varies, whatever the number counts (segments, classes, images), because everything in one
image hangs together. Where enough images weigh, the ends are percentiles of resamples; where few do, and for averages
over classes, they follow from what each image does to the number (`bench.score.ends`). `scripts/interval_coverage.py`
measures how often either holds, and `results/coverage.md` says so.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from bench.errors import UserError
from bench.score.ends import compute_ends, describe_doubt
from bench.score.estimates import Estimate, estimate, has_enough
from bench.score.resampling import compute_statistic, resample


@dataclass(frozen=True, eq=False)
class MetricCounts:
    """One metric, image by image: the mean over columns of sum(numerator) / sum(denominator).

    One column for most metrics, one for each class for the mIoU of a data set. Columns whose denominators sum to 0
    are left out. ``unit`` says what is counted: "images", "segments" or "classes". ``shift`` is how far the number lies
    off its value on infinitely many images where its one column does not tell (frequency-weighted IoU), else None.
    """

    image_ids: tuple[str, ...]
    numerator: Float64[np.ndarray, "i m"]
    denominator: Float64[np.ndarray, "i m"]
    unit: str
    shift: float | None = None

    @property
    def n(self) -> int:
        """How many units the value is a mean over."""
        if self.unit == "images":
            return int((self.denominator > 0).any(axis=1).sum())
        total = self.denominator.sum(axis=0)
        return int((total > 0).sum() if self.unit == "classes" else total.sum())

    def value(self) -> float:
        """The number itself; NaN where nothing was measurable."""
        top, bottom = self.numerator.sum(axis=0), self.denominator.sum(axis=0)  # m
        if len(bottom) == 1:  # most numbers, a fifth of the time
            return float(top[0] / bottom[0]) if bottom[0] > 0 else math.nan
        return float(compute_statistic(top[None], bottom[None])[0])

    def each(self) -> Float64[np.ndarray, " i"]:
        """The number for each image alone; NaN where nothing was measurable."""
        return compute_statistic(self.numerator, self.denominator)


@dataclass(frozen=True)
class Interval:
    """A value with its interval, which always holds it; the ends are NaN where fewer than two images were measurable.

    ``note`` says why the interval may be too narrow; empty where it is not.
    """

    value: float
    low: float
    high: float
    note: str = ""


def compute_intervals(
    rows: Sequence[MetricCounts], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> list[Interval]:
    """One interval for each metric; metrics over the same images see the same resamples."""
    return make_intervals(estimate_all(rows, resamples, seed), level)


def make_intervals(found: Sequence[Estimate], level: float) -> list[Interval]:
    """One interval for each estimate."""
    both = zip(found, compute_ends(found, level), strict=True)
    return [Interval(one.value, *ends, describe_doubt(one, *ends)) for one, ends in both]


def estimate_all(rows: Sequence[MetricCounts], resamples: int, seed: int) -> list[Estimate]:
    """Each metric with what each image does to it, and with its resamples where these are to be trusted.

    Metrics of the same counts, as at thresholds between which nothing changes, have one estimate. Raises UserError
    where the metrics are not over the same images.
    """
    _check_same_images(rows)
    keys = [_hash_counts(row) for row in rows]
    distinct = dict(zip(keys, rows, strict=True))
    found = {key: estimate_row(row) for key, row in distinct.items()}
    drawn = [key for key, row in distinct.items() if trusts_resamples(row, found[key])]
    for key, samples in zip(drawn, bootstrap([distinct[key] for key in drawn], resamples, seed), strict=True):
        found[key] = replace(found[key], samples=samples)
    return [found[key] for key in keys]


def estimate_row(row: MetricCounts) -> Estimate:
    """A metric with what each image does to it, without resamples."""
    return replace(estimate(row.numerator, row.denominator, row.shift), value=row.value())


def trusts_resamples(row: MetricCounts, found: Estimate) -> bool:
    """Whether the ends of a metric's interval are percentiles of its resamples."""
    return row.denominator.shape[1] == 1 and row.shift is None and has_enough(found)


def bootstrap(rows: Sequence[MetricCounts], resamples: int, seed: int) -> list[Float64[np.ndarray, " b"]]:
    """Each metric on each resample of the images; NaN where a resample holds nothing measurable.

    Raises UserError where the metrics are not over the same images.
    """
    _check_same_images(rows)
    counts = [(row.numerator, row.denominator) for row in rows]
    return resample(counts, len(rows[0].image_ids), resamples, seed) if rows else []


def select_images(rows: MetricCounts, image_ids: Sequence[str]) -> MetricCounts:
    """The rows of these images, in this order, without a ``shift``: it is the whole set's."""
    position = {image: index for index, image in enumerate(rows.image_ids)}
    index = [position[image] for image in image_ids]
    return MetricCounts(tuple(image_ids), rows.numerator[index], rows.denominator[index], rows.unit)


def _hash_counts(row: MetricCounts) -> tuple[float | None, tuple[int, ...], bytes]:
    """Hash all that the estimate of a metric is made of."""
    digest = hashlib.blake2b(np.ascontiguousarray(row.numerator).data, digest_size=16)
    digest.update(np.ascontiguousarray(row.denominator).data)
    return row.shift, row.numerator.shape, digest.digest()


def _check_same_images(rows: Sequence[MetricCounts]) -> None:
    if len({row.image_ids for row in rows}) > 1:
        raise UserError("bootstrap: the metrics are over different images; resample each set on its own")
