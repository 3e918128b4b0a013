"""How many questions and raters? Widths of intervals by simulation from a pilot, and what the answers cost.

A simulated study draws images of the pilot with replacement until it has its questions. What people say of a question
is a distribution over 0 to 3 of its own, drawn from what the pilot makes likely for the question in its place: a
Dirichlet whose parameters are fitted to all questions of the pilot (maximum likelihood of the Dirichlet-multinomial),
plus that question's own ratings. So raters who agree make few raters enough, and images that hang together count as
they do. Raters are taken as exchangeable: a rater who is harder than others in all of a small study is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64
from scipy.optimize import minimize
from scipy.special import gammaln
from tqdm import tqdm

from bench.errors import UserError
from bench.study.agreement import compute_alpha, count_coincidences, count_ratings, weigh_between
from bench.study.questions import CORRECT, RATINGS

MEASURES = ("share correct", "mean rating", "alpha")
COLUMNS = ("measure", "questions", "raters", "answers", "value", "width", "cost", "hours")
"""``width`` is that of the middle 95 % of simulated studies; ``hours`` are those of all raters together."""
FEWEST = 10
"""Questions with two ratings that a pilot has to have."""


@dataclass(frozen=True)
class Prices:
    """What an answer costs, in money and seconds; ``controls`` is how many answers are asked for each that counts."""

    answer: float
    seconds: float
    controls: float = 1.0


def plan_study(
    answers: pd.DataFrame,
    questions: Sequence[int],
    raters: Sequence[int],
    prices: Prices,
    studies: int = 400,
    seed: int = 0,
) -> pd.DataFrame:
    """Plan: `COLUMNS`, one row a measure, number of questions and number of raters. ``answers`` are those of a pilot.

    Raises UserError for a pilot that is too small.
    """
    counts, images = count_ratings(answers)
    if (counts.sum(axis=1) >= 2).sum() < FEWEST:
        raise UserError(
            f"study plan: a pilot needs {FEWEST} questions with two ratings or more, and this one has "
            f"{(counts.sum(axis=1) >= 2).sum()}: let more people rate"
        )
    prior = fit_dirichlet(counts)
    draw, rows = np.random.default_rng(seed), []
    for n in tqdm(questions, desc="simulated studies", disable=None):
        found = [simulate(counts, images, prior, n, raters, draw) for _ in range(studies)]  # each r x 3
        table = np.array(found)  # studies x r x 3
        for at, r in enumerate(raters):
            asked = n * r * prices.controls
            for which, measure in enumerate(MEASURES):
                known = table[:, at, which][~np.isnan(table[:, at, which])]
                if not len(known):  # alpha of one rater
                    continue
                low, middle, high = np.percentile(known, [2.5, 50, 97.5])
                numbers = middle, high - low
                rows.append(
                    (measure, n, r, round(asked), *numbers, asked * prices.answer, asked * prices.seconds / 3600)
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def fit_dirichlet(counts: Float64[np.ndarray, "q 4"]) -> Float64[np.ndarray, " 4"]:
    """Fit the parameters of a Dirichlet over ratings to how often each question was given each rating."""
    total = counts.sum(axis=1)

    def lose(logs: np.ndarray) -> tuple[float, np.ndarray]:
        from scipy.special import digamma

        alpha = np.exp(logs)
        whole = alpha.sum()
        likelihood = (gammaln(whole) - gammaln(whole + total)).sum() + (gammaln(counts + alpha) - gammaln(alpha)).sum()
        slope = (
            len(counts) * digamma(whole)
            - digamma(whole + total).sum()
            + (digamma(counts + alpha) - digamma(alpha)).sum(axis=0)
        )
        return -float(likelihood), -slope * alpha

    start = np.log((counts.sum(axis=0) + 0.5) / (counts.sum() + 2))
    # Between a thousandth and a thousand: a rating that nobody gave, or full agreement, has no finite maximum.
    found = minimize(lose, start, jac=True, method="L-BFGS-B", bounds=[(np.log(1e-3), np.log(1e3))] * len(RATINGS))
    return np.exp(found.x)


def simulate(
    counts: np.ndarray,
    images: np.ndarray,
    prior: np.ndarray,
    questions: int,
    raters: Sequence[int],
    draw: np.random.Generator,
) -> Float64[np.ndarray, "r 3"]:
    """Simulate one study of ``questions`` and measure it with each number of raters: `MEASURES`, or NaN."""
    names, at = np.unique(images, return_inverse=True)
    members = [np.flatnonzero(at == place) for place in range(len(names))]
    chosen = np.zeros(0, int)
    while len(chosen) < questions:
        more = draw.integers(0, len(members), size=max(1, (questions - len(chosen)) * len(members) // len(images)))
        chosen = np.concatenate([chosen, *(members[image] for image in more)])
    chosen = chosen[:questions]
    shares = draw.standard_gamma(prior + counts[chosen])
    shares /= shares.sum(axis=1, keepdims=True)
    most = max(raters)
    given = (draw.random((questions, most))[:, :, None] > np.cumsum(shares, axis=1)[:, None, :-1]).sum(axis=2)
    return np.array([_measure(given[:, :r]) for r in raters])


def _measure(given: np.ndarray) -> tuple[float, float, float]:
    """Measure share correct, mean rating and alpha of ratings [questions, raters]."""
    alpha = float("nan")
    if given.shape[1] > 1:
        counts = np.stack([(given == rating).sum(axis=1) for rating in RATINGS], axis=1).astype(float)
        alpha = float(compute_alpha(count_coincidences(counts).sum(axis=0)[None], weigh_between)[0])
    return float((given >= CORRECT).mean()), float(given.mean()), alpha
