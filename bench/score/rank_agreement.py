"""Do the metrics of section 4.3 and of other papers rank a set of runs alike? Kendall's tau-b between each two of them.

tau-b = (concordant - discordant) / sqrt(pairs not tied in one x pairs not tied in the other), over all pairs of runs.
Its interval is a bootstrap over images: every resample ranks all runs by all metrics anew. That is uncertainty from
the images; how a metric would rank other systems than these runs is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float64

from bench.errors import UserError
from bench.score.intervals import MetricCounts, bootstrap
from bench.score.resampling import compute_percentile_interval

COLUMNS = ("first", "second", "tau", "low", "high", "runs", "images")
FEWEST = 3
"""Of two runs every metric says one of three things: nothing to correlate."""
_DECIMALS = 12
"""Values nearer than this are ties: the last bits of a sum rank nobody."""
_CELLS = 20_000_000


def compute_agreement(
    runs: Sequence[Mapping[str, MetricCounts]], resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Compute one line for each two metrics (full names), the first before the second in the order of the runs' tables.

    A metric counts where at least three runs have it, a pair over the runs that have both (``runs``), all on the
    ``images`` that every run has. tau is NaN where a metric ranks all runs the same. Raises UserError where there is
    nothing to compare.
    """
    if len(runs) < FEWEST:
        raise UserError(f"agreement: {len(runs)} runs; ranks need at least {FEWEST}")
    metrics = [m for m in dict.fromkeys(name for run in runs for name in run) if _count_known(runs, m) >= FEWEST]
    images = find_common_images(runs)
    if len(metrics) < 2 or not images:
        raise UserError(f"agreement: {len(metrics)} metrics and {len(images)} images are common to the runs; need two")
    present = np.array([[metric in run for run in runs] for metric in metrics])
    table = [align_images(run[metric], images) for metric in metrics for run in runs if metric in run]
    values = _spread_values(np.array([[row.value()] for row in table]), present)
    samples = _spread_values(np.array(bootstrap(table, resamples, seed)).reshape(len(table), resamples), present)
    tau, drawn = compute_kendall(values)[0], compute_kendall(samples)
    lines = []
    for a, b in combinations(range(len(metrics)), 2):
        both = int((present[a] & present[b]).sum())
        lines.append(
            (
                metrics[a],
                metrics[b],
                tau[a, b],
                *_hold(float(tau[a, b]), compute_percentile_interval(drawn[:, a, b], len(images), level)),
                both,
                len(images),
            )
        )
    return pd.DataFrame(lines, columns=list(COLUMNS))


def compute_kendall(values: Float64[np.ndarray, "m r b"]) -> Float64[np.ndarray, "b m m"]:
    """Compute tau-b between the m metrics over r runs, b times; NaN values are left out, NaN where nothing varies."""
    metrics, runs, times = values.shape
    first, second = np.triu_indices(runs, 1)
    step = max(1, _CELLS // max(1, metrics * len(first)))
    parts = [_compute_kendall(values[..., at : at + step], first, second) for at in range(0, times, step)]
    return np.concatenate(parts) if parts else np.zeros((0, metrics, metrics))


def _compute_kendall(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    rounded = np.round(values, _DECIMALS)
    sign = np.sign(rounded[:, first] - rounded[:, second]).transpose(2, 0, 1)  # b m p
    known = ~np.isnan(sign)
    sign = np.where(known, sign, 0.0)
    untied = (sign**2) @ known.astype(np.float64).transpose(0, 2, 1)  # b m m: pairs that the row's metric does not tie
    below = np.sqrt(untied * untied.transpose(0, 2, 1))
    above = sign @ sign.transpose(0, 2, 1)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _hold(value: float, ends: tuple[float, float]) -> tuple[float, float]:
    """The ends, moved to the value where it lies outside: fewer runs tie in a resample than in the set, or more."""
    return min(ends[0], value), max(ends[1], value)


def _count_known(runs: Sequence[Mapping[str, MetricCounts]], metric: str) -> int:
    return sum(metric in run for run in runs)


def find_common_images(runs: Sequence[Mapping[str, MetricCounts]]) -> tuple[str, ...]:
    each = [{image for row in run.values() for image in row.image_ids} for run in runs]
    return tuple(sorted(set.intersection(*each)))


def align_images(row: MetricCounts, images: tuple[str, ...]) -> MetricCounts:
    """Align the rows of these images; one that the metric does not cover weighs nothing."""
    place = {image: at for at, image in enumerate(row.image_ids)}
    at = np.array([place.get(image, len(place)) for image in images])
    nothing = np.zeros((1, row.numerator.shape[1]))
    top, bottom = (np.vstack([part, nothing])[at] for part in (row.numerator, row.denominator))
    return MetricCounts(images, top, bottom, row.unit)


def _spread_values(known: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Spread from one row for each metric and run that exist to metric x run x time, NaN where it does not."""
    full = np.full((*present.shape, known.shape[1]), np.nan)
    full[present] = known
    return full
