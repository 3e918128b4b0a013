"""What the simulation asks of each test set: do its intervals hold the true values, and does its paired test differ?

A line is one test set, metric and method: ``kind`` (value; alike or apart for pairs of systems), ``method``, whether
the interval holds each true value (``expected``, ``seen``, ``all``) and its own (``holds``), its ``width``, degrees of
``freedom``, the ``note`` that marks it, and of pairs whether the test calls them different (``real``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from coverage_methods import (
    JACKKNIFE,
    LEVEL,
    METHODS,
    PRODUCT,
    SAME,
    Ends,
    Test,
    Weights,
    average,
    list_own,
    take_quantiles,
)
from coverage_metrics import CLASSES, estimate_own, find_shown, find_truths, make_test

from bench.score.ends import compute_ends, compute_p, describe_doubt
from bench.score.estimates import Estimate, combine

ALPHA = 0.05
LOWER = 0.1
"""By what share the numbers of the second system are lower where the two are "apart"."""
_HEAVY = ("studentised", "m out of n", "Bayesian")
"""Not for sets of 5,000 images."""
Line = dict[str, Any]


def judge_sets(
    metric: str, chosen: Iterable[np.ndarray], weights: Weights, pool: np.ndarray, expected: float, by_all: int
) -> Iterator[Line]:
    """Judge the intervals of test sets, parts [k, i, c]: the product's, and of the first sets by each method."""
    found, truths, others = [], [], []
    for at, parts in enumerate(chosen):
        test = make_test(metric, parts, weights)
        one = estimate_own(metric, test)
        if one.images > 1:
            found.append(one)
            truths.append(find_truths(metric, pool, find_shown(metric, parts.sum(axis=1)), expected))
            others.append(_apply_all(metric, test) if at < by_all else {})
    for one, span, truth, ends in zip(found, compute_ends(found, LEVEL), truths, others, strict=True):
        facts = {"kind": "value", "freedom": one.freedom, "note": describe_doubt(one, *span)}
        for name, pair in {PRODUCT: span, **({SAME: span} if ends else {}), **ends}.items():
            yield {"method": name, **facts, **compare(pair, one, truth)}


def _apply_all(metric: str, test: Test) -> dict[str, Ends]:
    own = list_own(test)
    ends = dict(zip(own, compute_ends(list(own.values()), LEVEL), strict=True))
    for name, method in METHODS.items():
        if not (name in _HEAVY and test.counts.shape[1] > 1000) and (metric in CLASSES or name != "class by class"):
            ends[name] = method(test)
    return ends


def compare(ends: Ends, one: Estimate, truths: dict[str, float]) -> Line:
    """Whether an interval holds each true value and its own, and its width."""
    low, high = ends
    near = 1e-9
    told = {name: float(low - near <= truth <= high + near) for name, truth in truths.items()}
    return {**told, "width": high - low, "holds": float(low - near <= one.value <= high + near)}


def judge_pair(
    metric: str, own: np.ndarray, other: np.ndarray, weights: Weights, pool: np.ndarray, expected: float, by_all: bool
) -> Iterator[Line]:
    """Judge the paired test of two systems that are alike, and with one whose numbers are a tenth lower [k, i, c]."""
    worse = np.stack([np.float32(1 - LOWER) * other[0], *other[1:]])
    shown = find_shown(metric, own.sum(axis=1)) | find_shown(metric, other.sum(axis=1))
    truths = find_truths(metric, pool, shown, expected)
    first = make_test(metric, own, weights, alone=False)
    one = estimate_own(metric, first)
    for kind, parts in (("alike", other), ("apart", worse)):
        second = make_test(metric, parts, weights, alone=False)
        both = one, estimate_own(metric, second)
        if min(each.images for each in both) < 2:
            continue
        apart = {name: 0.0 if kind == "alike" else LOWER * truth for name, truth in truths.items()}
        lines = _judge_difference(combine(both, (1, -1)), (first, second), apart, by_all)
        yield from ({"kind": kind, **line} for line in lines)


def _judge_difference(
    found: Estimate, tests: tuple[Test, Test], apart: dict[str, float], by_all: bool
) -> Iterator[Line]:
    """Judge a difference by the product and, where that is asked for, by the jackknife alone and by percentiles."""
    own = {PRODUCT: found}
    if by_all:
        own |= {SAME: found, JACKKNIFE: replace(found, shift=0.0, samples=None)}
    ends = dict(zip(own, compute_ends(list(own.values()), LEVEL), strict=True))
    p = {name: compute_p(one) for name, one in own.items()}
    if by_all:
        samples = average_pairs(*tests)
        ends["percentile"] = take_quantiles(samples)
        p["percentile"] = 2 * (min((samples <= 0).sum(), (samples >= 0).sum()) + 1) / (len(samples) + 1)
    for method, span in ends.items():
        facts = {"freedom": found.freedom, "note": describe_doubt(found, *span), "real": float(p[method] < ALPHA)}
        yield {"method": method, **facts, **compare(span, found, apart)}


def average_pairs(first: Test, second: Test) -> np.ndarray:
    """The difference on each resample where both have a number."""
    both = (first.sums[1] > 0).any(axis=1) & (second.sums[1] > 0).any(axis=1)
    found: np.ndarray = average(first.sums[:, both]) - average(second.sums[:, both])
    return found
