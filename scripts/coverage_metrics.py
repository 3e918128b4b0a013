"""What the simulation measures: how a test set's parts become counts, and their sums the number and its true values.

A metric has two or three parts, [k, i, c]: numerators, denominators, and what some need besides (fwIoU the true pixels,
SQ with ``unmatched=zero`` who is there or said). The product's own functions make counts of fwIoU, and add up an area.
"""

from __future__ import annotations

import numpy as np
from coverage_methods import Test, Weights, divide
from coverage_worlds import BOUNDS

from bench.metrics.terms import FAINT, Terms
from bench.score.averages import average as average_terms
from bench.score.estimates import Estimate, combine, estimate
from bench.score.intervals import MetricCounts

CLASSES = ("mIoU", "PQ", "macro", "fwIoU", "mIoU, unseen=one", "SQ", "SQ, unmatched=zero", "macro area")
"""Averages over classes, of fwIoU by their true pixels."""
_ONE, _ZERO, _AREA, _FREQUENCIES = "mIoU, unseen=one", "SQ, unmatched=zero", "macro area", "fwIoU"


def make_test(metric: str, parts: np.ndarray, weights: Weights, alone: bool = True) -> Test:
    """A test set from its parts [k, i, c]; ``alone``, not one of a pair, whose difference has no shift of fwIoU."""
    if metric != _FREQUENCIES:
        return Test(make_counts(metric, parts), weights)
    found = _weigh(*parts.astype(float))
    return Test(np.stack([found.numerator, found.denominator]), weights, found.shift if alone else None)


def make_counts(metric: str, parts: np.ndarray) -> np.ndarray:
    """Numerators and denominators of a test set, float [2, i, m], from its parts [k, i, c]; not of fwIoU."""
    top, bottom = parts[:2].astype(float)
    if metric == _ONE:
        unseen = ~bottom.any(axis=0)
        top[:, unseen] = bottom[:, unseen] = FAINT
    if metric == _ZERO:
        bottom += FAINT * ((parts[2] > 0) & ~bottom.any(axis=0))
    return np.stack([top, bottom])


def _weigh(top: np.ndarray, bottom: np.ndarray, true: np.ndarray) -> MetricCounts:
    image, column = np.nonzero(bottom)
    numbers = [part[image, column][None] for part in (top, bottom, true)]
    terms = Terms("frequencies", column.astype(np.int32), np.zeros(len(column)), *numbers)
    (found,) = average_terms([str(at) for at in range(len(top))], image, terms, top.shape[1])
    return found


def estimate_own(metric: str, test: Test) -> Estimate:
    """The product's estimate, with resamples where it would draw some."""
    if metric != _AREA:
        return test.own
    parts = np.split(test.counts, len(BOUNDS), axis=2)
    return combine([estimate(*part) for part in parts], [1 / len(parts)] * len(parts))


def compute_values(metric: str, sums: np.ndarray) -> np.ndarray:
    """The number of each set, [b], from the sums of its parts [k, b, c]; NaN where nothing is there."""
    ratio, shown = divide(sums[0], sums[1]), find_shown(metric, sums)
    if metric == _FREQUENCIES:
        return divide((sums[2] * ratio).sum(axis=1), sums[2].sum(axis=1))
    if metric == _ONE:
        found: np.ndarray = np.where(shown, ratio, 1).mean(axis=1)
        return found
    known = shown.sum(axis=1)
    return np.divide((ratio * shown).sum(axis=1), known, out=np.full(len(known), np.nan), where=known > 0)


def find_shown(metric: str, sums: np.ndarray) -> np.ndarray:
    """Which classes count, from the sums of their parts [k, ..., c]."""
    shown: np.ndarray = sums[2 if metric in (_ZERO, _FREQUENCIES) else 1] > 0
    return shown


def find_truths(metric: str, pool: np.ndarray, shown: np.ndarray, expected: float) -> dict[str, float]:
    """The true values, from the sums of all images [k, c] and the classes that a set shows."""
    every = float(compute_values(metric, pool[:, None])[0])
    if metric not in CLASSES:
        return {"seen": every, "all": every}
    if metric == _FREQUENCIES:
        seen = compute_values(metric, (pool * shown)[:, None])[0]
        return {"expected": expected, "seen": float(seen), "all": every}
    ratio, there = divide(pool[0], pool[1]), find_shown(metric, pool)
    seen = np.where(shown, ratio, 1).mean() if metric == _ONE else ratio[shown & there].mean()
    return {"expected": expected, "seen": float(seen), "all": every}
