"""The intervals of `bench.score.estimates` the slow way: every image left out in turn, Wilson's by its equation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def average(numerator: np.ndarray, denominator: np.ndarray) -> float:
    """The mean over columns with a denominator."""
    top, bottom = numerator.sum(axis=0), denominator.sum(axis=0)
    return float(np.mean([a / b for a, b in zip(top, bottom, strict=True) if b > 0]))


def leave_out(numerator: np.ndarray, denominator: np.ndarray) -> list[float]:
    """The same without each image in turn."""
    n = range(len(numerator))
    return [average(np.delete(numerator, at, axis=0), np.delete(denominator, at, axis=0)) for at in n]


def count_alike(denominator: np.ndarray) -> float:
    """How many images of equal weight weigh as much: an image weighs its mean share of each class."""
    shares = [row / row.sum() for row in denominator.T if row.any()]
    weight = np.mean(shares, axis=0)
    return float(1 / (weight @ weight))


def slow_ends(
    value: float, without: Sequence[float], shift: float = 0.0, least: float = 0.0, alike: float | None = None
) -> tuple[float, float]:
    """95 % interval of a number from ``least`` to 1, from its values without each image."""
    moves, n = np.array(without) - value, len(without)
    error = np.sqrt((n - 1) / n * (moves**2).sum())
    freedom = 2 / ((moves**4).sum() / (moves**2).sum() ** 2 - 1 / n)
    t = stats.t.ppf(0.975, min(max(freedom, 8), n - 1))
    scale = 1 - least
    x = (value - least) / scale
    trials = x * (1 - x) / (error / scale) ** 2
    ends = []
    for side, at in ((-1, min(value, value - shift)), (1, max(value, value - shift))):
        y = min(max((at - least) / scale, 0), 1)
        # p with (y - p)^2 = t^2 p (1 - p) / trials
        roots = np.roots([1 + t**2 / trials, -2 * y - t**2 / trials, y**2]).real
        shown = side * max(side * roots)
        reached = reach(value, y, error, alike or n, side, least)
        ends.append(side * max(side * (least + scale * end) for end in (shown, *reached)))
    return ends[0], ends[1]


def reach(value: float, y: float, error: float, n: float, side: int, least: float) -> list[float]:
    """Where one end lies at least, for ``y`` in [0, 1]: by images that are not there, and by few failures."""
    z = stats.norm.ppf(0.975)
    far, near = (1, least) if side < 0 else (least, 1)
    failures = n * (n * error**2 + (far - value) ** 2) * (1 if least == 0 else 4)
    unseen = min(z**2, max(2 * z**2 - failures, 0))
    found = [np.average([y, float(side > 0)], weights=[n, unseen])]
    if abs(near - value) >= abs(far - value):
        return found
    share = y if side < 0 else 1 - y
    root = share * (1 - least) / error
    few = max(1 - 1 / (9 * root**2) - z / (3 * root), 0) ** 3
    return [*found, few * share if side < 0 else 1 - few * share]
