"""Uncertainty of every number of section 4: a seeded bootstrap over images, as products of resampling weights.

The image is the unit that is drawn, whatever the number counts (segments, classes, images), because everything in
one image hangs together. A metric comes as `MetricCounts`: numerators and denominators of each image, so a resample is
a weighted sum of rows, and 10,000 resamples of 5,000 images are one product of matrices, done in pieces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from bench.errors import UserError

_PIECE = 4_000_000
"""Weights held at once (32 MB)."""


@dataclass(frozen=True, eq=False)
class MetricCounts:
    """One metric, image by image: the mean over columns of sum(numerator) / sum(denominator).

    One column for most metrics, one for each class for the mIoU of a data set. Columns whose denominators sum to 0
    are left out. ``unit`` says what is counted: "images", "segments" or "classes".
    """

    image_ids: tuple[str, ...]
    numerator: Float64[np.ndarray, "i m"]
    denominator: Float64[np.ndarray, "i m"]
    unit: str

    @property
    def n(self) -> int:
        """How many units the value is a mean over."""
        if self.unit == "images":
            return int((self.denominator > 0).any(axis=1).sum())
        total = self.denominator.sum(axis=0)
        return int((total > 0).sum() if self.unit == "classes" else total.sum())

    def value(self) -> float:
        """The number itself; NaN where nothing was measurable."""
        return float(_compute_statistic(self.numerator.sum(axis=0)[None], self.denominator.sum(axis=0)[None])[0])

    def each(self) -> Float64[np.ndarray, " i"]:
        """The number for each image alone; NaN where nothing was measurable."""
        return _compute_statistic(self.numerator, self.denominator)


@dataclass(frozen=True)
class Interval:
    """A value with its percentile interval; the ends are NaN where fewer than two images could be measured."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """First minus second on their common images, with interval and two-sided bootstrap p-value."""

    value: float
    low: float
    high: float
    p: float
    n: int


def compute_intervals(
    rows: Sequence[MetricCounts], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> list[Interval]:
    """One interval for each metric; metrics over the same images see the same resamples."""
    found = compute_percentile_intervals(bootstrap(rows, resamples, seed), [count_measured(row) for row in rows], level)
    return [Interval(row.value(), *span) for row, span in zip(rows, found, strict=True)]


def bootstrap(rows: Sequence[MetricCounts], resamples: int, seed: int) -> list[Float64[np.ndarray, " b"]]:
    """Each metric on each resample of the images; NaN where a resample holds nothing measurable.

    Raises UserError where the metrics are not over the same images.
    """
    if len({row.image_ids for row in rows}) > 1:
        raise UserError("bootstrap: the metrics are over different images; resample each set on its own")
    if not rows:
        return []
    columns, wanted = _Columns(), []
    for row in rows:
        used = row.denominator.any(axis=0)
        wanted.append((columns.add(row.numerator[:, used]), columns.add(row.denominator[:, used])))
    different = list(dict.fromkeys(wanted))
    distinct = dict(zip(different, np.full((len(different), resamples), np.nan), strict=True))
    table = _round_to_grid(columns.table(len(rows[0].image_ids)))
    for piece, weights in _draw_weights(len(rows[0].image_ids), resamples, seed):
        sums = table @ weights
        for (top, bottom), samples in distinct.items():
            if len(top) == 1:
                np.divide(sums[top[0]], sums[bottom[0]], out=samples[piece], where=sums[bottom[0]] > 0)
            else:
                samples[piece] = _compute_statistic(sums[list(top)], sums[list(bottom)], axis=0)
    return [distinct[key] for key in wanted]


class _Columns:
    """The distinct columns of several metrics: thresholds that drop nothing share them, and a sum is made once."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self._columns: list[np.ndarray] = []

    def add(self, part: Float64[np.ndarray, "i m"]) -> tuple[int, ...]:
        """The places of these columns."""
        return tuple(self._place(column) for column in part.T)

    def _place(self, column: Float64[np.ndarray, " i"]) -> int:
        place = self._known.setdefault(hashlib.blake2b(column.tobytes(), digest_size=16).digest(), len(self._columns))
        if place == len(self._columns):
            self._columns.append(column)
        return place

    def table(self, images: int) -> Float64[np.ndarray, "k i"]:
        """One row a column."""
        return np.array(self._columns).reshape(len(self._columns), images)


def compare_paired(
    first: MetricCounts, second: MetricCounts, resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> Difference:
    """Compare one metric of two variants: both are resampled together on the images that both have.

    p is twice the share of resamples on the far side of zero, with one added to both counts so that it is never 0.
    """
    return compare_all_paired([(first, second)], resamples, seed, level)[0]


def compare_all_paired(
    pairs: Sequence[tuple[MetricCounts, MetricCounts]], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> list[Difference]:
    """The same for several metrics; those with the same common images see the same resamples, drawn once."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for at, (first, second) in enumerate(pairs):
        groups.setdefault(tuple(sorted(set(first.image_ids) & set(second.image_ids))), []).append(at)
    found: dict[int, Difference] = {}
    for common, members in groups.items():
        rows = [select_images(row, common) for at in members for row in pairs[at]]
        drawn = bootstrap(rows, resamples, seed)
        for place, at in enumerate(members):
            a, b = 2 * place, 2 * place + 1
            found[at] = _compute_difference(rows[a], rows[b], drawn[a] - drawn[b], level)
    return [found[at] for at in range(len(pairs))]


def _compute_difference(a: MetricCounts, b: MetricCounts, samples: np.ndarray, level: float) -> Difference:
    known, n = samples[~np.isnan(samples)], min(count_measured(a), count_measured(b))
    far = min((known <= 0).sum(), (known >= 0).sum())
    p = min(1.0, 2 * (far + 1) / (len(known) + 1)) if n > 1 and len(known) else np.nan
    return Difference(a.value() - b.value(), *compute_percentile_interval(known, n, level), float(p), n)


def select_images(rows: MetricCounts, image_ids: Sequence[str]) -> MetricCounts:
    """The rows of these images, in this order."""
    position = {image: index for index, image in enumerate(rows.image_ids)}
    index = [position[image] for image in image_ids]
    return MetricCounts(tuple(image_ids), rows.numerator[index], rows.denominator[index], rows.unit)


def _draw_weights(images: int, resamples: int, seed: int) -> Iterator[tuple[slice, Float64[np.ndarray, "i b"]]]:
    """How often each image is drawn in each resample (multinomial), some resamples at a time."""
    if 0 < images * resamples <= _PIECE:
        yield slice(0, resamples), _draw_one_piece(images, resamples, seed)
        return
    draw, step = np.random.default_rng(seed), max(1, _PIECE // max(images, 1))
    for start in range(0, resamples if images else 0, step):
        count = min(step, resamples - start)
        yield slice(start, start + count), _draw_resamples(draw, images, count)


@lru_cache(maxsize=1)
def _draw_one_piece(images: int, resamples: int, seed: int) -> Float64[np.ndarray, "i b"]:
    """Every protocol and every curve asks for the same weights."""
    return _draw_resamples(np.random.default_rng(seed), images, resamples)


def _draw_resamples(draw: np.random.Generator, images: int, count: int) -> Float64[np.ndarray, "i b"]:
    drawn = draw.integers(0, images, size=(count, images)) + images * np.arange(count)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=count * images).reshape(count, images)
    return np.ascontiguousarray(weights.T, np.float64)


def _compute_statistic(numerator: np.ndarray, denominator: np.ndarray, axis: int = 1) -> Float64[np.ndarray, " b"]:
    """The mean ratio along an axis, over those with a denominator."""
    known = denominator > 0
    ratio = np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=known)
    n = known.sum(axis=axis)
    return np.divide(ratio.sum(axis=axis), n, out=np.full(len(n), np.nan), where=n > 0)


def _round_to_grid(values: Float64[np.ndarray, "k i"]) -> Float64[np.ndarray, "k i"]:
    """On a grid of 2^-40: sums of them are exact, so the number of threads of the product changes no bit."""
    return np.round(values * 2.0**40) / 2.0**40


def count_measured(rows: MetricCounts) -> int:
    """How many images have anything measurable."""
    return int((rows.denominator > 0).any(axis=1).sum())


def compute_percentile_interval(samples: Float64[np.ndarray, " b"], images: int, level: float) -> tuple[float, float]:
    """The percentile interval of the resamples that have a number; NaN where fewer than two images were measured."""
    known = samples[~np.isnan(samples)]
    if images < 2 or not len(known):
        return np.nan, np.nan
    low, high = _compute_percentiles(known[None], level)
    return float(low[0]), float(high[0])


def compute_percentile_intervals(
    samples: Sequence[np.ndarray], images: Sequence[int], level: float
) -> list[tuple[float, float]]:
    """`compute_percentile_interval` of several metrics; resamples that `bootstrap` made once for several of them are
    sorted once."""
    distinct = {id(one): one for one in samples}
    whole = {key: one for key, one in distinct.items() if len(one) and not np.isnan(one).any()}
    found = dict.fromkeys(distinct, (np.nan, np.nan))
    if whole:
        low, high = _compute_percentiles(np.array(list(whole.values())), level)
        found |= dict(zip(whole, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    found |= {key: compute_percentile_interval(one, 2, level) for key, one in distinct.items() if key not in whole}
    return [found[id(one)] if n > 1 else (np.nan, np.nan) for one, n in zip(samples, images, strict=True)]


def _compute_percentiles(samples: Float64[np.ndarray, "r b"], level: float) -> Float64[np.ndarray, "2 r"]:
    """Both ends of each row, as `numpy.percentile` has them; sorting whole rows is faster than its partition."""
    ordered, last = np.sort(samples, axis=1), samples.shape[1] - 1
    found = []
    for share in (50 * (1 - level) / 100, 50 * (1 + level) / 100):
        below = int(share * last)
        low, high, part = ordered[:, below], ordered[:, min(below + 1, last)], share * last - below
        found.append(high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part)
    return np.array(found)
