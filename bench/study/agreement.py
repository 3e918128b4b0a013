"""How far people agree (appendix F says nothing of it): Krippendorff's alpha, weighted kappa, identical ratings.

Ratings are ordered, 0 to 3. With o_ck the coincidences of ratings c and k (every pair of ratings of one question counts
1 / (m - 1), m being its ratings), n_c their sums and n all ratings of questions with two or more,

    alpha = 1 - (n - 1) sum_ck o_ck d_ck / sum_ck n_c n_k d_ck                     (Krippendorff 2011)

Two distances go by the name of ordinal. Krippendorff's own counts what lies between two ratings, so it depends on how
often each is given: d_ck = (n_c / 2 + n_(c+1) + ... + n_k / 2)^2; the package krippendorff has it. Gwet's counts steps,
d_ck = (k - c + 1)(k - c) / 2; irrCAC has it under the same name. Ours is the first, and both are shown.

Kappa is Cohen's with quadratic weights between two batches (each holds one rating of a question), averaged over all
pairs of batches. Intervals are percentiles over resamples of the images, since questions of one image hang together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float64

from bench.score.estimates import describe_few
from bench.score.resampling import compute_percentile_interval, resample
from bench.study.questions import RATINGS

LEVELS = len(RATINGS)
ALPHA, STEPS, KAPPA = "alpha (Krippendorff, ordinal)", "alpha (Gwet's ordinal weights)", "kappa (quadratic)"
ALIKE, PAIRS = "questions rated alike by all", "pairs of ratings alike"
_NEAR = "pairs of ratings at most one apart"


@dataclass(frozen=True)
class Agreement:
    """One measure with its interval over images; NaN where it is not defined, and ``note`` says why."""

    measure: str
    value: float
    low: float
    high: float
    n: int
    unit: str
    note: str = ""


def measure_agreement(answers: pd.DataFrame, resamples: int = 10_000, seed: int = 0) -> list[Agreement]:
    """Measure how far ratings agree: ``answers`` with columns question, image, batch, rating, one a row.

    Questions with one rating tell nothing and are left out; n counts questions.
    """
    counts, images = count_ratings(answers)
    kept = counts.sum(axis=1) >= 2
    counts, images = counts[kept], images[kept]
    if not len(counts):
        note = "no question has two ratings that count"
        return [_make_empty(name, note) for name in (ALPHA, STEPS, KAPPA, ALIKE, PAIRS, _NEAR)]
    # i images: sums over their questions of everything below, so that a resample is a sum of rows.
    names, at = np.unique(images, return_inverse=True)
    pairs = _sum_by_image(count_coincidences(counts).reshape(len(counts), -1), at)  # i x 16
    alike = _sum_by_image(np.column_stack([(counts > 0).sum(axis=1) == 1, np.ones(len(counts))]), at)  # i x 2
    between = _sum_by_image(*_compare_batches(answers, names))  # i x 16 p
    constant = _describe_constant(counts)
    parts: list[tuple[str, np.ndarray, Callable[[np.ndarray], np.ndarray]]] = [
        (ALPHA, pairs, lambda sums: compute_alpha(sums.reshape(-1, LEVELS, LEVELS), weigh_between)),
        (STEPS, pairs, lambda sums: compute_alpha(sums.reshape(-1, LEVELS, LEVELS), weigh_steps)),
        (KAPPA, between, lambda sums: compute_kappa(sums.reshape(len(sums), -1, LEVELS, LEVELS))),
        (ALIKE, alike, lambda sums: sums[:, 0] / sums[:, 1]),
        (PAIRS, pairs, lambda sums: _compute_near(sums, 0)),
        (_NEAR, pairs, lambda sums: _compute_near(sums, 1)),
    ]
    found = []
    for name, columns, statistic in parts:
        value, low, high = _estimate(columns, statistic, len(names), resamples, seed)
        note = constant if np.isnan(value) else describe_few(len(names))
        found.append(Agreement(name, value, low, high, len(counts), "questions", note))
    return found


def count_ratings(answers: pd.DataFrame) -> tuple[Float64[np.ndarray, "q 4"], np.ndarray]:
    """Count how often each question was given each rating, and name its image."""
    table = pd.crosstab(answers["question"], answers["rating"]).reindex(columns=list(RATINGS), fill_value=0)
    images = answers.drop_duplicates("question").set_index("question")["image"].reindex(table.index)
    return table.to_numpy(np.float64), images.to_numpy(str)


def count_coincidences(counts: Float64[np.ndarray, "q 4"]) -> Float64[np.ndarray, "q 4 4"]:
    """Count for each question how often one rating meets another, every pair weighed by 1 / (ratings - 1)."""
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(LEVELS)  # a rating does not meet itself
    return pairs / np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]


def compute_alpha(
    coincidences: Float64[np.ndarray, "b 4 4"], weigh: Callable[[np.ndarray], np.ndarray]
) -> Float64[np.ndarray, " b"]:
    """Compute alpha of b tables of coincidences; NaN where all ratings are the same, for chance would agree too."""
    margin = coincidences.sum(axis=2)  # n_c
    distance = weigh(margin)
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (margin[:, :, None] * margin[:, None, :] * distance).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (margin.sum(axis=1) - 1) * observed / expected, np.nan)


def weigh_between(margin: Float64[np.ndarray, "b 4"]) -> Float64[np.ndarray, "b 4 4"]:
    """Weigh two ratings by how many ratings lie between them, both counted half (Krippendorff)."""
    middle = np.cumsum(margin, axis=1) - margin / 2
    return (middle[:, :, None] - middle[:, None, :]) ** 2


def weigh_steps(margin: Float64[np.ndarray, "b 4"]) -> Float64[np.ndarray, "1 4 4"]:
    """Weigh two ratings by the pairs among the steps from one to the other (Gwet)."""
    steps = np.abs(np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS))).astype(float)
    return (steps * (steps + 1) / 2)[None]


def compute_kappa(tables: Float64[np.ndarray, "b p 4 4"]) -> Float64[np.ndarray, " b"]:
    """Compute Cohen's kappa with quadratic weights of p tables, averaged over those in which it is defined."""
    weights = np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS)) ** 2
    first, second = tables.sum(axis=3), tables.sum(axis=2)
    total = tables.sum(axis=(2, 3))
    chance = (first[..., :, None] * second[..., None, :] * weights).sum(axis=(2, 3))
    known = chance > 0
    ratio = np.divide((tables * weights).sum(axis=(2, 3)) * total, chance, out=np.zeros(chance.shape), where=known)
    n = known.sum(axis=1)
    return np.divide((known - ratio).sum(axis=1), n, out=np.full(len(n), np.nan), where=n > 0)


def _compare_batches(answers: pd.DataFrame, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compare every two batches: a row of p x 4 x 4 a question with a 1 a pair, and the place of each row's image."""
    wide = answers.pivot_table(index=["image", "question"], columns="batch", values="rating")
    place = {image: at for at, image in enumerate(images)}
    pairs = list(combinations(wide.columns, 2))
    kept = wide[wide.notna().sum(axis=1) >= 2]
    rows = np.zeros((len(kept), max(len(pairs), 1), LEVELS, LEVELS))
    for at, (one, other) in enumerate(pairs):
        both = (kept[one].notna() & kept[other].notna()).to_numpy()
        first, second = (kept[name].to_numpy()[both].astype(int) for name in (one, other))
        rows[np.flatnonzero(both), at, first, second] = 1
    where = np.array([place[image] for image in kept.index.get_level_values("image")], int)
    return rows.reshape(len(kept), -1), where


def _sum_by_image(rows: np.ndarray, at: np.ndarray) -> Float64[np.ndarray, "i k"]:
    sums = np.zeros((int(at.max(initial=-1)) + 1, rows.shape[1]))
    np.add.at(sums, at, rows)
    return sums


def _compute_near(sums: np.ndarray, apart: int) -> np.ndarray:
    steps = np.abs(np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS)))
    return sums @ (steps <= apart).ravel() / sums.sum(axis=1)


def _estimate(
    columns: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], images: int, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Estimate a function of sums over images, with the percentile interval of resampled images."""
    value = float(statistic(columns.sum(axis=0)[None])[0])
    if images < 2 or not resamples or np.isnan(value):
        return value, np.nan, np.nan
    once = np.ones((len(columns), 1))
    means = resample([(column[:, None], once) for column in columns.T], len(columns), resamples, seed)
    sums = np.column_stack(means) * len(columns)
    low, high = compute_percentile_interval(statistic(sums), images, 0.95)
    return value, min(low, value), max(high, value)


def _describe_constant(counts: np.ndarray) -> str:
    given = np.flatnonzero(counts.sum(axis=0))
    if len(given) == 1:
        return f"every rating is {given[0]}: there is nothing by which agreement could be told from chance"
    return "not defined for these ratings"


def _make_empty(name: str, note: str) -> Agreement:
    return Agreement(name, float("nan"), float("nan"), float("nan"), 0, "questions", note)
