"""Appendix C asked of people: from which cosine on do they call a reassigned label correct, with this encoder?

The paper takes tau_SBERT = 0.5 from a study of sentence pairs and tau_CLIP = 0.1 without one. Here every rating of a
reassigned label is a yes (2 or 3) or a no beside the cosine of the reassignment, and logistic regression

    P(correct | cosine) = 1 / (1 + exp(-(a + b cosine)))

has the threshold -a / b, at which one half is called correct. It is told only where the curve rises and the threshold
lies between cosines that were seen. Intervals are percentiles over resamples of the images.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64

from bench.score.estimates import describe_few
from bench.score.intervals import MetricCounts, compute_intervals
from bench.score.resampling import compute_percentile_interval
from bench.study.questions import CORRECT

BINS = 8
_FEW = 20
"""Ratings below which no curve is fitted."""
_STEPS, _RIDGE = 100, 1e-3
_PIECE = 4_000_000


@dataclass(frozen=True, eq=False)
class Calibration:
    """One run and mapping: the threshold with its interval, what the protocol's threshold keeps, bins and curve.

    ``threshold`` is NaN where there is none, and ``note`` says why. ``kept`` and ``dropped`` are the shares called
    correct among labels at or above the protocol's ``tau`` and below, each as (value, low, high, n ratings). ``bins``
    has columns low_cosine, high_cosine, cosine, value, low, high, n; ``curve`` cosine, value, low, high.
    """

    run: str
    kind: str
    tau: float
    threshold: float
    low: float
    high: float
    n: int
    images: int
    note: str
    kept: tuple[float, float, float, int]
    dropped: tuple[float, float, float, int]
    bins: pd.DataFrame
    curve: pd.DataFrame


def calibrate(
    run: str, kind: str, tau: float, rated: pd.DataFrame, resamples: int = 2000, seed: int = 0
) -> Calibration:  # fmt: skip
    """Calibrate one mapping of one run: ``rated`` has columns image, cosine, rating, one row a rating."""
    cosine, good = rated["cosine"].to_numpy(float), (rated["rating"] >= CORRECT).to_numpy(float)
    names, at = np.unique(rated["image"].to_numpy(str), return_inverse=True)
    kept, dropped = (_measure_share(good, at, len(names), chosen) for chosen in (cosine >= tau, cosine < tau))
    whole, drawn = _fit_all(cosine, good, at, len(names), resamples, seed)
    threshold, low, high, note = _find_threshold(cosine, good, whole, drawn, len(names))
    bins = _make_bins(cosine, good, at, len(names))
    if not np.isnan(threshold):
        note = "; ".join(filter(None, [note, _describe_misfit(bins, whole)]))
    return Calibration(
        run, kind, tau, threshold, low, high, len(rated), len(names), note, kept, dropped, bins,
        _make_curve(cosine, whole, drawn),
    )  # fmt: skip


def fit_logistic(
    x: Float64[np.ndarray, " n"], good: Float64[np.ndarray, " n"], total: Float64[np.ndarray, " n"],
    weight: Float64[np.ndarray, "b n"],
) -> Float64[np.ndarray, "b 2"]:  # fmt: skip
    """Fit intercept and slope of b weighted logistic regressions at once, by Newton's method.

    ``good`` of ``total`` ratings at each x are correct. Solved in standardised x with a ridge of 1e-3 on the slope, so
    that labels which a cosine parts perfectly have a curve too; returned in the units of x.
    """
    centre = float(np.average(x, weights=total))
    spread = float(np.sqrt(np.average((x - centre) ** 2, weights=total))) or 1.0
    z = (x - centre) / spread
    beta = np.zeros((len(weight), 2))
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(beta[:, :1] + beta[:, 1:] * z, -35, 35)))  # b x n
        slope = weight * (good - total * p)
        curve = weight * total * p * (1 - p)
        g0, g1 = slope.sum(axis=1), slope @ z - _RIDGE * beta[:, 1]
        h00, h01, h11 = curve.sum(axis=1) + 1e-9, curve @ z, curve @ z**2 + _RIDGE
        determinant = np.maximum(h00 * h11 - h01**2, 1e-12)
        step = np.column_stack([(h11 * g0 - h01 * g1), (h00 * g1 - h01 * g0)]) / determinant[:, None]
        beta += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-7:
            break
    slope_x = beta[:, 1] / spread
    return np.column_stack([beta[:, 0] - slope_x * centre, slope_x])


def _fit_all(
    cosine: np.ndarray, good: np.ndarray, at: np.ndarray, images: int, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the curve to all ratings [2] and to resamples of the images [b, 2].

    Ratings of one image and cosine (those of one question, above all) are one row: k of m.
    """
    rows, place = np.unique(np.column_stack([at, cosine]), axis=0, return_inverse=True)
    image, x = rows[:, 0].astype(int), rows[:, 1]
    k, m = np.bincount(place.ravel(), good), np.bincount(place.ravel()).astype(np.float64)
    whole = fit_logistic(x, k, m, np.ones((1, len(x))))[0]
    if images < 2 or not resamples:
        return whole, np.zeros((0, 2))
    drawn = [fit_logistic(x, k, m, weight[:, image]) for weight in _draw(images, len(x), resamples, seed)]
    return whole, np.concatenate(drawn)


def _draw(images: int, ratings: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Draw how often each image stands in each resample, some resamples at a time."""
    draw, step = np.random.default_rng(seed), max(1, _PIECE // max(ratings, 1))
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        yield draw.multinomial(images, np.full(images, 1 / images), size=count).astype(np.float64)


def _find_threshold(
    cosine: np.ndarray, good: np.ndarray, whole: np.ndarray, drawn: np.ndarray, images: int
) -> tuple[float, float, float, str]:
    """Find where one half is called correct, with its interval and what is to be said of it."""
    none, share = (np.nan, np.nan, np.nan), 100 * good.mean()
    if len(cosine) < _FEW:
        return *none, f"only {len(cosine)} ratings: no curve is fitted to fewer than {_FEW}"
    if good.min() == good.max():
        return *none, f"people call {'all' if good[0] else 'none'} of these labels correct: no cosine parts them"
    if whole[1] <= 0:
        return (
            *none,
            f"a higher cosine is not called correct more often ({share:.0f} % are): no threshold means anything",
        )
    threshold = -whole[0] / whole[1]
    if not cosine.min() <= threshold <= cosine.max():
        than = "less" if threshold > cosine.max() else "more"
        return (
            *none,
            f"at every cosine from {cosine.min():.2f} to {cosine.max():.2f} {than} than half are called correct",
        )
    known = drawn[drawn[:, 1] > 0]
    if not len(known):
        return float(threshold), np.nan, np.nan, "one image: no interval"
    low, high = compute_percentile_interval(-known[:, 0] / known[:, 1], images, 0.95)
    flat = 100 * (1 - len(known) / len(drawn))
    notes = [f"in {flat:.0f} % of the resamples the curve does not rise"] if flat >= 2.5 else []
    notes += filter(None, [describe_few(images)])
    return float(threshold), max(min(low, threshold), -1.0), min(max(high, threshold), 1.0), "; ".join(notes)


def _describe_misfit(bins: pd.DataFrame, whole: np.ndarray) -> str:
    """Say where two bins or more have intervals that the curve does not pass through: it is not of that form."""
    curve = 1 / (1 + np.exp(-np.clip(whole[0] + whole[1] * bins["cosine"], -35, 35)))
    off = int(((curve < bins["low"]) | (curve > bins["high"])).sum())
    return (
        f"{off} of {len(bins)} dots lie off the curve, so the threshold is less sure than it looks" if off > 1 else ""
    )


def _measure_share(
    good: np.ndarray, at: np.ndarray, images: int, chosen: np.ndarray
) -> tuple[float, float, float, int]:  # fmt: skip
    """Measure the share called correct among some ratings, with the interval over images; NaN of none."""
    if not chosen.any():
        return np.nan, np.nan, np.nan, 0
    row = _count(good, at, images, chosen)
    (span,) = compute_intervals([row])
    return span.value, span.low, span.high, int(chosen.sum())


def _count(good: np.ndarray, at: np.ndarray, images: int, chosen: np.ndarray) -> MetricCounts:
    top = np.bincount(at[chosen], good[chosen], minlength=images)[:, None]
    bottom = np.bincount(at[chosen], minlength=images).astype(np.float64)[:, None]
    return MetricCounts(tuple(map(str, range(images))), top, bottom, "ratings")


def _make_bins(cosine: np.ndarray, good: np.ndarray, at: np.ndarray, images: int) -> pd.DataFrame:
    """Make bins of about as many ratings each; equal cosines stay together."""
    edges = np.unique(np.quantile(cosine, np.linspace(0, 1, BINS + 1), method="lower"))
    place = np.clip(np.searchsorted(edges, cosine, side="right") - 1, 0, max(len(edges) - 2, 0))
    lines = []
    for number in np.unique(place):
        chosen = place == number
        value, low, high, n = _measure_share(good, at, images, chosen)
        lines.append((cosine[chosen].min(), cosine[chosen].max(), cosine[chosen].mean(), value, low, high, n))
    return pd.DataFrame(lines, columns=["low_cosine", "high_cosine", "cosine", "value", "low", "high", "n"])


def _make_curve(cosine: np.ndarray, whole: np.ndarray, drawn: np.ndarray) -> pd.DataFrame:
    grid = np.linspace(cosine.min(), cosine.max(), 101)

    def predict(beta: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-np.clip(beta[..., :1] + beta[..., 1:] * grid, -35, 35)))

    ends = np.percentile(predict(drawn), [2.5, 97.5], axis=0) if len(drawn) else np.full((2, len(grid)), np.nan)
    return pd.DataFrame({"cosine": grid, "value": predict(whole[None])[0], "low": ends[0], "high": ends[1]})
