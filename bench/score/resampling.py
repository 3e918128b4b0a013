"""Section 4's numbers on resamples of the images: products of a table of counts and resampling weights.

The image is the unit that is drawn, whatever the number counts (segments, classes, images), because everything in
one image hangs together. A resample is a weighted sum of rows, and 10,000 resamples of 5,000 images are one product of
matrices, done in pieces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, UInt

_PIECE = 4_000_000
"""Weights held at once: 4 MB below 256 images, 8 MB above."""
_BLOCK, _ROWS = 40_000, 256
"""Drawn images counted, and resamples weighed, at once: what is made of them stays in the processor's cache."""
Counts = tuple[Float64[np.ndarray, "i m"], Float64[np.ndarray, "i m"]]
"""Numerators and denominators of one metric."""


def resample(rows: Sequence[Counts], images: int, resamples: int, seed: int) -> list[Float64[np.ndarray, " b"]]:
    """Each metric on each resample of the images; NaN where a resample holds nothing measurable."""
    columns, wanted = _Columns(), []
    for numerator, denominator in rows:
        used = denominator.any(axis=0)
        wanted.append((columns.add(numerator[:, used]), columns.add(denominator[:, used])))
    different = list(dict.fromkeys(wanted))
    distinct = dict(zip(different, np.full((len(different), resamples), np.nan), strict=True))
    table = _round_to_grid(columns.table(images))
    for piece, weights in _draw_weights(images, resamples, seed):
        sums = _weigh(table, weights)
        for (top, bottom), samples in distinct.items():
            if len(top) == 1:
                np.divide(sums[top[0]], sums[bottom[0]], out=samples[piece], where=sums[bottom[0]] > 0)
            else:
                samples[piece] = compute_statistic(sums[list(top)], sums[list(bottom)], axis=0)
    return [distinct[key] for key in wanted]


def compute_statistic(numerator: np.ndarray, denominator: np.ndarray, axis: int = 1) -> Float64[np.ndarray, " b"]:
    """The mean ratio along an axis, over those with a denominator."""
    known = denominator > 0
    ratio = np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=known)
    n = known.sum(axis=axis)
    return np.divide(ratio.sum(axis=axis), n, out=np.full(len(n), np.nan), where=n > 0)


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


def _weigh(table: Float64[np.ndarray, "k i"], weights: UInt[np.ndarray, "b i"]) -> Float64[np.ndarray, "k b"]:
    """Weigh the columns of a table, some resamples at a time: sums on the table's grid, so exact in any order."""
    sums = np.empty((len(table), len(weights)))
    for start in range(0, len(weights), _ROWS):
        some = slice(start, start + _ROWS)
        sums[:, some] = table @ weights[some].astype(np.float64).T
    return sums


def _draw_weights(images: int, resamples: int, seed: int) -> Iterator[tuple[slice, UInt[np.ndarray, "b i"]]]:
    """How often each image is drawn in each resample (multinomial), some resamples at a time."""
    if 0 < images * resamples <= _PIECE:
        yield slice(0, resamples), draw_one_piece(images, resamples, seed)
        return
    draw, step = np.random.default_rng(seed), max(1, _PIECE // max(images, 1))
    for start in range(0, resamples if images else 0, step):
        count = min(step, resamples - start)
        yield slice(start, start + count), _draw_resamples(draw, images, count)


@lru_cache(maxsize=1)
def draw_one_piece(images: int, resamples: int, seed: int) -> UInt[np.ndarray, "b i"]:
    """Every protocol and every curve asks for the same weights."""
    return _draw_resamples(np.random.default_rng(seed), images, resamples)


def _draw_resamples(draw: np.random.Generator, images: int, count: int) -> UInt[np.ndarray, "b i"]:
    """Draw resamples: no image is drawn more often than there are images, which tells the least type that holds it."""
    weights, step = np.empty((count, images), np.min_scalar_type(images)), max(1, _BLOCK // max(images, 1))
    for start in range(0, count, step):
        rows = min(step, count - start)
        drawn = draw.integers(0, images, size=(rows, images))  # the same numbers, however many are asked for at once
        drawn += images * np.arange(rows)[:, None]
        weights[start : start + rows] = np.bincount(drawn.ravel(), minlength=rows * images).reshape(rows, images)
    return weights


def _round_to_grid(values: Float64[np.ndarray, "k i"]) -> Float64[np.ndarray, "k i"]:
    """On a grid of 2^-40: sums of them are exact, so the number of threads of the product changes no bit."""
    return np.round(values * 2.0**40) / 2.0**40
