"""Both ends of the interval of each of section 4's numbers, and the p-value that goes with it.

An interval of a number between bounds is the widest of three, each about something else that the images may not show:

1. What they show. Percentiles of resamples where enough images weigh. Else Wilson's score interval for as many
   yes-or-no trials as the jackknife's standard error tells of, with a quantile of Student's t.
2. What they do not show: where all succeed, some may fail of which there is none among them, and one bad image says
   little of how bad others are. With F the failures that n images show, each counted by the square of how bad it is,
   the lower end is not above that of k images more which fail wholly,

       n x / (n + k),  k = min(z^2, max(2 z^2 - F, 0)),  F = sum over images of (1 - x_i)^2

   z being the normal quantile, and n the images of equal weight that weigh as much: where a rare class or a crowded
   image weighs most, one failure more does most. For n of n this is Wilson's own end, n / (n + z^2): 8 of 8 gives
   [0.676, 1], and a pixel wrong changes that by a pixel. From F = 2 z^2 = 7.7 on it adds nothing. At the other bound
   it is mirrored. A set cannot tell images that never fail from images that fail once in a hundred.
3. That few failures are seen too many: a Poisson number of m has a lower limit of m (1 - 1 / 9m - z / 3 sqrt(m))^3
   (Wilson and Hilferty 1931), m being squared value over squared error. Wilson's score interval ends too soon there.

`scripts/interval_coverage.py` has the worlds in which the second and third are needed, and what they cost where they
are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from bench.score.estimates import NOTHING, Bounds, Estimate, has_enough
from bench.score.resampling import compute_percentile_intervals
from bench.score.student import compute_quantile, compute_tail

LEAST_DF = 8.0
"""Fewer degrees of freedom than that are not believed: nearly all images alike, which Wilson's formula minds."""
LEAST_RESAMPLES = 100
"""Of fewer, percentiles say nothing."""
_NORMAL = NormalDist()


def compute_ends(found: Sequence[Estimate], level: float) -> list[Bounds]:
    """Both ends of each interval, which always holds its value; NaN where fewer than two images were measurable.

    Without bounds they are t standard errors to either side, or percentiles. An estimate that is there several times
    is looked at once.
    """
    distinct = {id(one): one for one in found}
    ends = dict(zip(distinct, _compute_different(list(distinct.values()), level), strict=True))
    return [ends[id(one)] for one in found]


def _compute_different(found: Sequence[Estimate], level: float) -> list[Bounds]:
    t = compute_quantile(level, np.array([_find_freedom(one) for one in found], np.float64))
    ends = [_compute_ends(one, quantile) for one, quantile in zip(found, t.tolist(), strict=True)]
    drawn = {at: known for at, one in enumerate(found) if (known := _find_samples(one)) is not None}
    spans = compute_percentile_intervals(list(drawn.values()), [found[at].images for at in drawn], level)
    for at, (low, high) in zip(drawn, spans, strict=True):
        ends[at] = min(low, found[at].value), max(high, found[at].value)
    z = _NORMAL.inv_cdf((1 + level) / 2)
    return [_reach_farther(one, *span, z) for one, span in zip(found, ends, strict=True)]


def describe_doubt(one: Estimate, low: float, high: float) -> str:
    """Why this interval may be too narrow; empty where it is not."""
    return one.note or (f"the same in all {one.images} images" if high - low <= NOTHING else "")


def compute_p(one: Estimate) -> float:
    """The two-sided p-value of 0: one less the level at which the interval touches it; NaN of fewer than two images.

    So 0 lies outside of the 95 % interval where p < 0.05, and only there. Of b resamples it is at least 2 / (b + 1), of
    a number without bounds that is the same in every image 0.
    """
    if one.images < 2:
        return np.nan
    side = 1.0 if one.value > 0 else -1.0
    nearest = min(side * one.value, side * (one.value - one.shift))
    if nearest <= 0:
        return 1.0
    if (known := _find_samples(one)) is not None:
        shown = _place_zero(side * known)
    elif one.spread <= NOTHING:
        shown = 0.0
    else:
        bounded = np.isfinite(np.ptp(one.bounds))
        t = 2 * nearest * np.sqrt(_count_trials(one)) / np.ptp(one.bounds) if bounded else nearest / one.spread
        shown = float(compute_tail(np.array([t]), np.array([_find_freedom(one)]))[0])
    return max(shown, _doubt_unseen(one, side, nearest))


def _place_zero(samples: np.ndarray) -> float:
    """Twice the share of a positive number's resamples that lies below 0, between two of them as percentiles lie."""
    b, below = len(samples), int((samples <= 0).sum())
    if not 0 < below < b:
        return 2 / (b + 1) if below == 0 else 1.0
    before, after = samples[samples <= 0].max(), samples[samples > 0].min()
    place = below - 1 - before / (after - before)
    return float(min(1.0, max(2 * place / (b - 1), 2 / (b + 1))))


def _doubt_unseen(one: Estimate, side: float, nearest: float) -> float:
    """The p of what is not seen: of the z at which k images more, wholly on the other side, bring the number to 0."""
    least, most = one.bounds if side > 0 else (-one.bounds[1], -one.bounds[0])
    if not (np.isfinite(most - least) and least < 0):
        return 0.0
    k = one.alike * nearest / -least
    return float(2 * _NORMAL.cdf(-np.sqrt(max(k, (k + _count_failures(one, side * most)) / 2))))


def _reach_farther(one: Estimate, low: float, high: float, z: float) -> Bounds:
    """Out to where what is not seen may lie, or is seen too often."""
    least, most = one.bounds
    if one.images < 2 or not np.isfinite(most - least):
        return low, high
    first, last = sorted((one.value, min(max(one.value - one.shift, least), most)))
    fewer, more = (_shrink(one, bound, z) for bound in (most, least))
    if one.value - least < most - one.value:
        fewer = min(fewer, _limit_few(first - least, one.spread, z))
    else:
        more = min(more, _limit_few(most - last, one.spread, z))
    return min(low, least + (first - least) * fewer), max(high, most - (most - last) * more)


def _shrink(one: Estimate, bound: float, z: float) -> float:
    """What becomes of the distance from the other bound with k images more that do not reach this one."""
    unseen = min(z**2, max(2 * z**2 - _count_failures(one, bound), 0.0))
    return one.alike / (one.alike + unseen)


def _count_failures(one: Estimate, bound: float) -> float:
    """How many images fail, by the squares of their distances from a bound.

    The unit is the whole way to the other bound; of a difference half of that to nothing, beyond which it is near none.
    """
    least, most = one.bounds
    unit = most - least if least >= 0 else (most - least) / 4
    return one.alike * (one.alike * one.spread**2 + (bound - one.value) ** 2) / unit**2


def _limit_few(value: float, spread: float, z: float) -> float:
    """The lower limit of a Poisson number whose relative error is this, as a share of it."""
    if spread <= NOTHING:
        return 1.0
    root = value / spread
    return max(1 - 1 / (9 * root**2) - z / (3 * root), 0.0) ** 3 if root > NOTHING else 0.0


def _find_freedom(one: Estimate) -> float:
    return max(min(LEAST_DF, one.images - 1.0), one.freedom, 1.0)


def _find_samples(one: Estimate) -> np.ndarray | None:
    """The resamples with a number, where they are to be trusted."""
    if one.samples is None or not has_enough(one):
        return None
    missing = np.isnan(one.samples)
    known = one.samples[~missing] if missing.any() else one.samples  # the same array, that it be sorted once
    return known if len(known) >= LEAST_RESAMPLES else None


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
    least, most = one.bounds
    x, spread = (one.value - least) / (most - least), one.spread / (most - least)
    return max(x * (1 - x), NOTHING**2) / spread**2 if spread > NOTHING else np.inf
