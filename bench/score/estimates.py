"""Section 4's numbers with what each image does to them: the jackknife, and the intervals that follow from it.

`moves` are what the number would change by if an image were not there. They add up as numbers do, so the difference of
two systems, the area under a curve and the mean over raters have moves and an interval like every other number.

Averages over classes need more. A class in few images has a ratio of sums that lies off its value on many, mostly too
low (a small false positive alone in its class makes it 0), and a mean over many such classes lies off by more than its
spread. `shift` estimates by how much, from all classes together: the mean of a class's ratios image by image has the
bias b of one image, its ratio of sums over k images about 2 b / (k + 1), so

    b = sum over classes (mean of ratios - ratio of sums) / sum over classes (1 - 2 / (k + 1))
    shift = b x mean over classes of 2 / (k + 1)

The interval reaches from the lower end around one of the two values, as measured and without the shift, to the upper
end around the other: it is about both what other sets of this size would give and what infinitely many images would
give, for the classes that this set shows. `scripts/coverage.py` measures how often that is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from statistics import NormalDist

import numpy as np
from jaxtyping import Float64

from bench.score.resampling import compute_percentile_intervals
from bench.score.student import compute_quantile, compute_tail

ENOUGH = 50.0
"""Degrees of freedom from which on percentiles of resamples are to be trusted."""
FEW_IMAGES, FEW = 20, 5
"""Fewer images than the first, or more than half of the classes in fewer than the second: the interval is marked."""
LEAST_DF = 8.0
"""Fewer degrees of freedom than that are not believed: nearly all images alike, which Wilson's formula minds."""
_NOTHING = 1e-12
_FREE = (-np.inf, np.inf)
Bounds = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number with its moves by image, NaN where nothing was measurable.

    ``shift`` is how far it lies off its value on infinitely many images, ``images`` how many were measurable,
    ``bounds`` where its values have to lie, ``note`` why its interval may be too narrow (empty: it is not). ``samples``
    are its values on resamples of the images; None where they are not to be trusted.
    """

    value: float
    moves: Float64[np.ndarray, " i"]
    images: int
    bounds: Bounds = _FREE
    shift: float = 0.0
    note: str = ""
    samples: Float64[np.ndarray, " b"] | None = None

    @property
    def spread(self) -> float:
        """The jackknife's standard error."""
        return float(np.sqrt((self.images - 1) / self.images * (self.moves**2).sum())) if self.images > 1 else np.nan

    @property
    def freedom(self) -> float:
        """How many degrees of freedom the standard error has, by the kurtosis of the moves (Satterthwaite).

        It is the number of images less one where all weigh alike, and less where few images decide.
        """
        square = self.moves**2
        if self.images < 2 or square.sum() <= _NOTHING**2:
            return float(max(self.images - 1, 1))
        share = (square**2).sum() / square.sum() ** 2 - 1 / self.images
        return float(np.clip(2 / max(share, _NOTHING), 1, self.images - 1))


def estimate(numerator: Float64[np.ndarray, "i m"], denominator: Float64[np.ndarray, "i m"]) -> Estimate:
    """Estimate the mean over columns of sum(numerator) / sum(denominator), columns without a denominator left out."""
    image, column = np.nonzero(denominator)
    n, d = numerator[image, column], denominator[image, column]  # e: entries that are there
    images = int(np.count_nonzero(np.bincount(image)))
    if not images:
        return Estimate(np.nan, np.zeros(len(numerator)), 0)
    every = np.bincount(column, minlength=denominator.shape[1])  # m
    count, column = every[every > 0], (np.cumsum(every > 0) - 1)[column]  # c: images that show a class
    top, bottom = np.bincount(column, n), np.bincount(column, d)  # c
    ratio, alone = top / bottom, count[column] == 1
    rest = bottom[column] - d
    without = np.divide(top[column] - n, rest, out=ratio[column], where=~alone & (rest > 0))  # e
    # A class that an image alone shows is gone without it, and the mean is over fewer.
    gone = np.bincount(image, alone, len(numerator))  # i
    lost = np.bincount(image, np.where(alone, ratio[column], ratio[column] - without), len(numerator))  # i
    left = len(top) - gone
    mean = np.divide(ratio.sum() - lost, left, out=np.full(len(numerator), ratio.mean()), where=left > 0)
    is_share = bool((n >= 0).all() and (n <= d).all())
    shift = _estimate_shift(ratio, np.bincount(column, n / d) / count, count) if denominator.shape[1] > 1 else 0.0
    note = _describe_doubt(images, count, denominator.shape[1])
    return Estimate(float(ratio.mean()), mean - ratio.mean(), images, (0.0, 1.0) if is_share else _FREE, shift, note)


def combine(parts: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """The weighted sum of numbers over the same images; its resamples where all have some."""
    samples = [part.samples for part in parts if part.samples is not None]
    ends = [[w * part.bounds[w < 0], w * part.bounds[w >= 0]] for part, w in zip(parts, weights, strict=True) if w]
    return Estimate(
        float(sum(w * part.value for part, w in zip(parts, weights, strict=True))),
        np.asarray(sum(w * part.moves for part, w in zip(parts, weights, strict=True))),
        min(part.images for part in parts),
        (sum(low for low, _ in ends), sum(high for _, high in ends)),
        float(sum(w * part.shift for part, w in zip(parts, weights, strict=True))),
        next((part.note for part in parts if part.note), ""),
        np.asarray(sum(map(mul, weights, samples))) if len(samples) == len(parts) else None,
    )


def has_enough(one: Estimate) -> bool:
    """Whether enough images weigh for percentiles of resamples."""
    return one.spread > _NOTHING and one.freedom >= ENOUGH


def compute_ends(found: Sequence[Estimate], level: float) -> list[Bounds]:
    """Both ends of each interval; NaN where fewer than two images were measurable.

    Percentiles of the resamples where there are any and enough images weigh. Else Wilson's score interval for as many
    trials as the standard error tells of, with a quantile of Student's t; without bounds t standard errors to either
    side. Where all images are wholly right, or all wholly wrong, they are the trials: 8 of 8 gives [0.676, 1].
    """
    freedom = np.array([_find_freedom(one) for one in found], np.float64)
    certain = NormalDist().inv_cdf((1 + level) / 2)
    t = np.where([_is_certain(one) for one in found], certain, compute_quantile(level, freedom))
    ends = [_compute_ends(one, quantile) for one, quantile in zip(found, t.tolist(), strict=True)]
    drawn = {at: known for at, one in enumerate(found) if (known := _find_samples(one)) is not None}
    spans = compute_percentile_intervals(list(drawn.values()), [found[at].images for at in drawn], level)
    for at, (low, high) in zip(drawn, spans, strict=True):
        ends[at] = min(low, found[at].value), max(high, found[at].value)
    return ends


def compute_p(one: Estimate) -> float:
    """The two-sided p-value of 0: one less the level at which the interval touches it; NaN of fewer than two images.

    Of resamples it is twice the share on the far side of 0, with one added to both counts so that it is never 0. Where
    no image differs from another it is 2 / 2^images, the least that turning signs image by image could give.
    """
    if one.images < 2:
        return np.nan
    if (known := _find_samples(one)) is not None:
        return float(min(1.0, 2 * (min((known <= 0).sum(), (known >= 0).sum()) + 1) / (len(known) + 1)))
    apart = max(min(one.value, one.value - one.shift), -max(one.value, one.value - one.shift))
    if apart <= 0:
        return 1.0
    if one.spread <= _NOTHING and not _is_certain(one):
        return float(2.0 ** (1 - one.images))
    bounded = np.isfinite(np.ptp(one.bounds))
    t = 2 * apart * np.sqrt(_count_trials(one)) / np.ptp(one.bounds) if bounded else apart / one.spread
    return float(compute_tail(np.array([t]), np.array([_find_freedom(one)]))[0])


def _find_freedom(one: Estimate) -> float:
    return max(min(LEAST_DF, one.images - 1.0), one.freedom, 1.0)


def _find_samples(one: Estimate) -> np.ndarray | None:
    """The resamples with a number, where they are to be trusted."""
    if one.samples is None or not has_enough(one):
        return None
    missing = np.isnan(one.samples)
    known = one.samples[~missing] if missing.any() else one.samples  # the same array, that it be sorted once
    return known if len(known) else None


def _compute_ends(one: Estimate, t: float) -> Bounds:
    if one.images < 2:
        return np.nan, np.nan
    low, high = sorted((one.value, one.value - one.shift))
    least, most = one.bounds
    if not np.isfinite(most - least):
        return low - t * one.spread, high + t * one.spread
    scale, z = most - least, t / np.sqrt(_count_trials(one))
    low, high = (_compute_wilson((end - least) / scale, side * z) for end, side in ((low, -1), (high, 1)))
    return min(least + scale * low, one.value), max(min(least + scale * high, most), one.value)


def _compute_wilson(x: float, z: float) -> float:
    """One end of Wilson's interval around x; z, with the sign of the side, is the quantile over sqrt(trials)."""
    x = min(max(x, 0.0), 1.0)
    return float((x + z**2 / 2 + z * np.sqrt(x * (1 - x) + z**2 / 4)) / (1 + z**2))


def _count_trials(one: Estimate) -> float:
    """How many yes-or-no trials would have this standard error."""
    if _is_certain(one):
        return float(one.images)
    least, most = one.bounds
    x, spread = (one.value - least) / (most - least), one.spread / (most - least)
    return x * (1 - x) / spread**2 if spread > _NOTHING else np.inf


def _is_certain(one: Estimate) -> bool:
    """Whether no image leaves anything to win, or any to lose."""
    return one.images > 1 and one.spread <= _NOTHING and min(abs(one.value - end) for end in one.bounds) <= _NOTHING


def _estimate_shift(ratio: np.ndarray, mean: np.ndarray, count: np.ndarray) -> float:
    """How far a mean over classes lies off, from each one's ratio of sums, mean of ratios, and number of images [c]."""
    few = 2 / (count + 1)  # c: the share of one image's bias that a ratio of sums over so many still has
    return float((mean - ratio).sum() / (1 - few).sum() * few.mean()) if (count > 1).any() else 0.0


def _describe_doubt(images: int, count: np.ndarray, columns: int) -> str:
    """Why no method is sure of its interval; empty where one is. ``count`` are the images of each class [c]."""
    if images < FEW_IMAGES:
        return f"only {images} image{'s' * (images > 1)}"
    rare = int((count < FEW).sum())
    if columns == 1 or 2 * rare <= len(count):
        return ""
    return f"{rare} of {len(count)} classes are seen in fewer than {FEW} images"
