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
give, for the classes that this set shows. `scripts/interval_coverage.py` measures how often that is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
from jaxtyping import Float64

from bench.metrics.terms import FAINT

ENOUGH = 50.0
"""Degrees of freedom from which on percentiles of resamples are to be trusted."""
FEW_IMAGES, FEW = 20, 5
"""Fewer images than the first, or more than half of the classes in fewer than the second: the interval is marked."""
NOTHING = 1e-12
_FREE = (-np.inf, np.inf)
Bounds = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number with its moves by image, NaN where nothing was measurable.

    ``shift`` is how far it lies off its value on infinitely many images, ``images`` how many were measurable,
    ``bounds`` where its values have to lie, ``note`` why its interval may be too narrow (empty: it is not). ``samples``
    are its values on resamples of the images; None where they are not to be trusted. ``alike`` is how many images of
    the same weight would weigh as much: (sum of weights)^2 / sum of their squares (Kish 1965).
    """

    value: float
    moves: Float64[np.ndarray, " i"]
    images: int
    bounds: Bounds = _FREE
    shift: float = 0.0
    note: str = ""
    samples: Float64[np.ndarray, " b"] | None = None
    alike: float = 0.0

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
        if self.images < 2 or square.sum() <= NOTHING**2:
            return float(max(self.images - 1, 1))
        share = (square**2).sum() / square.sum() ** 2 - 1 / self.images
        return float(np.clip(2 / max(share, NOTHING), 1, self.images - 1))


def estimate(
    numerator: Float64[np.ndarray, "i m"], denominator: Float64[np.ndarray, "i m"], shift: float | None = None
) -> Estimate:
    """Estimate the mean over columns of sum(numerator) / sum(denominator), columns without a denominator left out.

    ``shift`` is given of a share over classes that stands in one column, which does not tell it.
    """
    single = denominator.shape[1] == 1  # an image without true pixels may still lower a frequency-weighted IoU
    image, column = np.nonzero((denominator != 0) | (numerator != 0) if single else denominator)
    n, d = numerator[image, column], denominator[image, column]  # e: entries that are there
    images = int(np.count_nonzero(np.bincount(image)))
    if not d.any():
        return Estimate(np.nan, np.zeros(len(numerator)), 0)
    every = np.bincount(column, minlength=denominator.shape[1])  # m
    count, column = every[every > 0], (np.cumsum(every > 0) - 1)[column]  # c: images that show a class
    top, bottom = np.bincount(column, n), np.bincount(column, d)  # c
    ratio, alone = top / bottom, count[column] == 1
    rest, without = bottom[column] - d, ratio[column]  # e
    filled = bottom <= FAINT * len(denominator)  # c: nothing was measured, and a policy says what they count as
    if filled.any():
        without = np.where(alone, ratio[filled][0], without)
    without = np.divide(top[column] - n, rest, out=without, where=~alone & (rest > 0))
    # A class that an image alone shows is gone without it, and the mean is over fewer; or it counts by that policy.
    alone &= not filled.any()
    gone = np.bincount(image, alone, len(numerator))  # i
    lost = np.bincount(image, np.where(alone, ratio[column], ratio[column] - without), len(numerator))  # i
    left = len(top) - gone
    mean = np.divide(ratio.sum() - lost, left, out=np.full(len(numerator), ratio.mean()), where=left > 0)
    is_share = shift is not None or bool((n >= 0).all() and (n <= d).all())
    if shift is None:
        shift = _estimate_shift(ratio, np.bincount(column, n / d) / count, count, filled) if not single else 0.0
    note = _describe_doubt(images, count, denominator.shape[1], int(filled.sum()))
    weight = np.bincount(image, d / bottom[column], len(numerator))  # i
    alike = float(weight.sum() ** 2 / (weight**2).sum())
    bounds = (0.0, 1.0) if is_share else _FREE
    return Estimate(float(ratio.mean()), mean - ratio.mean(), images, bounds, shift, note, alike=alike)


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
        min(part.alike for part in parts),
    )


def has_enough(one: Estimate) -> bool:
    """Whether enough images weigh for percentiles of resamples."""
    return one.spread > NOTHING and one.freedom >= ENOUGH


def _estimate_shift(ratio: np.ndarray, mean: np.ndarray, count: np.ndarray, filled: np.ndarray) -> float:
    """How far a mean over classes lies off, from each one's ratio of sums, mean of ratios, and number of images [c].

    Classes that a policy fills in [c] are off by nothing, and tell nothing of how far the others are.
    """
    few = np.where(filled, 0.0, 2 / (count + 1))  # c: the share of one image's bias that a ratio of sums still has
    seen = ~filled & (count > 1)
    return float((mean - ratio)[seen].sum() / (1 - few)[seen].sum() * few.mean()) if seen.any() else 0.0


def describe_few(images: int) -> str:
    """Describe that an interval is of few images, and so may be too narrow; empty where they are enough."""
    return f"only {images} image{'s' * (images > 1)}" if images < FEW_IMAGES else ""


def _describe_doubt(images: int, count: np.ndarray, columns: int, filled: int) -> str:
    """Why no method is sure of its interval; empty where one is. ``count`` are the images of each class [c]."""
    if images < FEW_IMAGES:
        return describe_few(images)
    if filled:
        return f"{filled} of {len(count)} classes count without anything measured"
    rare = int((count < FEW).sum())
    if columns == 1 or 2 * rare <= len(count):
        return ""
    return f"{rare} of {len(count)} classes are seen in fewer than {FEW} images"
