"""Ways to make an interval, side by side: those of the literature, and the product's own (`bench.score.ends`).

Each takes a test set's counts and what was made of them once, and gives both ends. Bradley Efron and Robert Tibshirani,
An Introduction to the Bootstrap (1993), has percentile, basic, BC, BCa and studentised intervals; Donald Rubin (1981)
the Bayesian bootstrap; Politis, Romano and Wolf, Subsampling (1999), m out of n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np

from bench.score.estimates import Estimate, estimate, has_enough
from bench.score.student import compute_quantile

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
Ends = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Weights:
    """How often each image of a test set counts in each resample, [b, i]: drawn, exponential, and m of n drawn."""

    drawn: np.ndarray
    smooth: np.ndarray
    fewer: np.ndarray


def make_weights(images: int, resamples: int, draw: np.random.Generator) -> Weights:
    """Weights for test sets of one size; the third kind draws n^0.8 images."""
    drawn, fewer = (_draw(images, count, resamples, draw) for count in (images, round(images**0.8)))
    return Weights(drawn, draw.exponential(size=(resamples, images)), fewer)


def _draw(images: int, count: int, resamples: int, draw: np.random.Generator) -> np.ndarray:
    place = draw.integers(0, images, (resamples, count)) + images * np.arange(resamples)[:, None]
    return np.bincount(place.ravel(), minlength=images * resamples).reshape(resamples, images).astype(float)


@dataclass(frozen=True, eq=False)
class Test:
    """A test set's counts [2, i, c] (numerators and denominators), their ``shift``, and what the methods share."""

    counts: np.ndarray
    weights: Weights
    shift: float | None = None

    @cached_property
    def own(self) -> Estimate:
        """The product's estimate, with resamples where it would draw some."""
        found = estimate(self.counts[0], self.counts[1], self.shift)
        few = self.counts.shape[2] > 1 or self.shift is not None or not has_enough(found)
        return found if few else replace(found, samples=self.resampled[:, 0])

    @cached_property
    def sums(self) -> np.ndarray:
        """Numerators and denominators of each column on each resample, [2, b, c]."""
        return sum_resamples(self.weights.drawn, self.counts)

    @cached_property
    def resampled(self) -> np.ndarray:
        """The number on each resample, [b, 1]; those without anything measurable left out."""
        return average(self.sums)[:, None]

    @cached_property
    def pulls(self) -> np.ndarray:
        """What each image adds to the number, linearised (the delta method), [i]."""
        top, bottom = self.counts.sum(axis=1)
        scale = np.divide(1.0, bottom, out=np.zeros_like(bottom), where=bottom > 0) / max((bottom > 0).sum(), 1)
        found: np.ndarray = self.counts[0] @ scale - self.counts[1] @ (scale * divide(top, bottom))
        return found


def sum_resamples(weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum counts [2, i, c] over resamples [b, i] to [2, b, c]: one product, which is far quicker than two of few c."""
    found = weights @ np.concatenate([*counts], axis=1)  # b 2c
    return found.reshape(len(weights), 2, -1).swapaxes(0, 1)


def divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Ratios, 0 where there is no denominator."""
    return np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom > 0)


def average(sums: np.ndarray) -> np.ndarray:
    """The mean ratio over columns with a denominator, of sums [2, b, c]; rows without any left out."""
    known = (sums[1] > 0).sum(axis=1)
    found: np.ndarray = (divide(sums[0], sums[1]).sum(axis=1) / np.maximum(known, 1))[known > 0]
    return found


def take_quantiles(samples: np.ndarray, low: float = (1 - LEVEL) / 2, high: float = (1 + LEVEL) / 2) -> Ends:
    """Take two quantiles."""
    first, last = np.quantile(samples, [low, high])
    return float(first), float(last)


def take_percentiles(test: Test) -> Ends:
    """Take the percentiles of the resamples: what the product did for every number before."""
    return take_quantiles(test.resampled)


def turn_percentiles(test: Test) -> Ends:
    """Turn the percentiles around the number."""
    low, high = take_quantiles(test.resampled)
    return 2 * test.own.value - high, 2 * test.own.value - low


def correct_bias(test: Test, acceleration: float = 0.0) -> Ends:
    """Take percentiles moved by where the number lies among its resamples, and with acceleration (BCa)."""
    normal, share = NormalDist(), float((test.resampled < test.own.value).mean())
    start = normal.inv_cdf(min(max(share, 1e-3), 1 - 1e-3))
    moved = [start + (start + z) / max(1 - acceleration * (start + z), 0.05) for z in (-Z, Z)]
    return take_quantiles(test.resampled, *map(normal.cdf, moved))


def correct_with_acceleration(test: Test) -> Ends:
    """Make BCa's, with the acceleration from the jackknife."""
    moves = test.own.moves
    square = float((moves**2).sum())
    return correct_bias(test, -float((moves**3).sum()) / (6 * square**1.5) if square > 0 else 0.0)


def studentise(test: Test) -> Ends:
    """Make bootstrap-t: measure each resample by its own standard error of the delta method."""
    spread = float(np.sqrt((test.pulls**2).sum()))
    known = (test.sums[1] > 0).sum(axis=1, keepdims=True)
    scale = divide(np.ones_like(test.sums[1]), test.sums[1]) / np.maximum(known, 1)  # b c
    pull = scale @ test.counts[0].T - (scale * divide(*test.sums)) @ test.counts[1].T  # b i
    each = np.sqrt((test.weights.drawn * pull**2).sum(axis=1))[known[:, 0] > 0]
    ratio = (test.resampled[:, 0] - test.own.value)[each > 1e-9] / each[each > 1e-9]
    if not len(ratio):
        return test.own.value, test.own.value
    low, high = take_quantiles(ratio)
    return test.own.value - high * spread, test.own.value - low * spread


@lru_cache(maxsize=10_000)
def find_quantile(freedom: float) -> float:
    """Student's t for the level."""
    return float(compute_quantile(LEVEL, np.array([freedom]))[0])


def add_delta_errors(test: Test) -> Ends:
    """Go from the number 1.96 standard errors of the delta method to either side."""
    half = Z * float(np.sqrt((test.pulls**2).sum()))
    return test.own.value - half, test.own.value + half


def add_jackknife_errors(test: Test) -> Ends:
    """Go from the number t jackknife standard errors to either side, t for the number of images."""
    t = find_quantile(max(test.own.images - 1.0, 1.0))
    return test.own.value - t * test.own.spread, test.own.value + t * test.own.spread


def weigh_smoothly(test: Test) -> Ends:
    """Take percentiles under exponential weights."""
    return take_quantiles(average(sum_resamples(test.weights.smooth, test.counts)))


def draw_fewer(test: Test) -> Ends:
    """Resample fewer images, and scale their deviations to the size of the set."""
    m, n = test.weights.fewer[0].sum(), test.weights.fewer.shape[1]
    low, high = take_quantiles(
        np.sqrt(m / n) * (average(sum_resamples(test.weights.fewer, test.counts)) - test.own.value)
    )
    return test.own.value - high, test.own.value - low


def add_up_classes(test: Test) -> Ends:
    """Add up Wilson's intervals of each class by its own images in squares, with the delta method's covariance."""
    top, bottom = test.counts.sum(axis=1)
    used, count = bottom > 0, (test.counts[1] > 0).sum(axis=0)
    ratio = divide(top, bottom)
    pulls = (test.counts[0] - ratio * test.counts[1]) * divide(np.ones_like(bottom), bottom)
    own = (pulls**2).sum(axis=0)  # c: variances of the delta method
    trials = np.maximum(count, 1)
    wide = Z**2 * (ratio * (1 - ratio) / trials + Z**2 / (4 * trials**2)) / (1 + Z**2 / trials) ** 2
    between = max(float((test.pulls**2).sum()) - float(own[used].sum()) / used.sum() ** 2, 0.0)
    half = np.sqrt(float(np.maximum(wide, Z**2 * own)[used].sum()) / used.sum() ** 2 + Z**2 * between)
    return test.own.value - half, test.own.value + half


def list_own(test: Test) -> dict[str, Estimate]:
    """What the product would do without its resamples, and without its shift of averages over classes, too."""
    plain = replace(test.own, samples=None)
    return {JACKKNIFE: replace(plain, shift=0.0), f"{JACKKNIFE}, shift": plain}


JACKKNIFE, PRODUCT = "jackknife, Wilson", "the product"
SAME = "the product, same sets"
"""The product on the first sets alone, which all methods are applied to."""
METHODS: dict[str, Callable[[Test], Ends]] = {
    "percentile": take_percentiles, "basic": turn_percentiles, "bias-corrected": correct_bias,
    "BCa": correct_with_acceleration, "studentised": studentise, "delta, normal": add_delta_errors,
    "jackknife, t": add_jackknife_errors, "Bayesian": weigh_smoothly, "m out of n": draw_fewer,
    "class by class": add_up_classes,
}  # fmt: skip
