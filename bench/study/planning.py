"""How many questions and raters? Widths of intervals by simulation from a pilot, and what the answers cost.

A simulated study draws images of the pilot with replacement until it has its questions, and of each question some of
its ratings: so images that hang together and raters who agree count as they do, whatever their form. With more raters
than the pilot had, the squared width is taken on along a + b / raters, as the variance of a mean over raters goes.
Images are drawn whole, so few questions are those of few images. Raters are taken as exchangeable: a rater who is
harder than others in all of a small study is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64
from tqdm import tqdm

from bench.errors import UserError
from bench.score.estimates import FEW_IMAGES, describe_few
from bench.study.agreement import compute_alpha, count_coincidences, weigh_between
from bench.study.questions import CORRECT, RATINGS

MEASURES = ("share correct", "mean rating", "alpha")
COLUMNS = ("measure", "questions", "raters", "answers", "value", "width", "cost", "hours", "pilot_images", "studies")
"""``width`` is that of the middle 95 % of the ``studies`` simulated from ``pilot_images``; ``hours`` are those of all
raters together."""
FEWEST = 10
"""Questions with two ratings that a pilot has to have."""


@dataclass(frozen=True)
class Prices:
    """What an answer costs, in money and seconds; ``controls`` is how many answers are asked for each that counts."""

    answer: float
    seconds: float
    controls: float = 1.0


def plan_study(
    answers: pd.DataFrame, questions: Sequence[int], raters: Sequence[int], prices: Prices, studies: int = 400,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Plan: `COLUMNS`, one row a measure, number of questions and number of raters. ``answers`` are those of a pilot.

    Raises UserError for a pilot that is too small, or of one image: it cannot tell how far images differ.
    """
    ratings, images = take_whole_questions(answers)
    if (pilot := len(np.unique(images))) < 2:
        raise UserError(
            f"study plan: a pilot needs questions of two images or more, better {FEW_IMAGES}, and this one has them of "
            f"{images[0]} alone: let people rate questions of others"
        )
    draw, rows = np.random.default_rng(seed), []
    for n in tqdm(questions, desc="simulated studies", disable=None):
        table = np.array([simulate(ratings, images, n, draw) for _ in range(studies)])  # studies x pilot's raters x 3
        for which, measure in enumerate(MEASURES):
            widths, middles = _find_widths(table[:, :, which])
            for r in raters:
                width = _take_on(widths, r)
                if not np.isnan(width):
                    asked = n * r * prices.controls
                    costs = asked * prices.answer, asked * prices.seconds / 3600
                    rows.append(
                        (measure, n, r, round(asked), middles[min(r, max(middles))], width, *costs, pilot, studies)
                    )
    order = {measure: at for at, measure in enumerate(MEASURES)}
    rows.sort(key=lambda row: (row[1], row[2], order[row[0]]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def describe_pilot(answers: pd.DataFrame) -> str:
    """Describe why the widths of a pilot are not to be trusted; empty where it has images enough."""
    few = describe_few(len(np.unique(take_whole_questions(answers)[1])))
    return f"{few} in the pilot: widths may be too narrow (better {FEW_IMAGES} images or more)" if few else ""


def take_whole_questions(answers: pd.DataFrame) -> tuple[Int64[np.ndarray, "q r"], np.ndarray]:
    """Take the questions that have as many ratings as most have, with so many of each, and name their images."""
    n = answers.groupby("question")["rating"].size()
    raters = max(2, int(n.median()))
    kept = answers[answers["question"].isin(n[n >= raters].index)].sort_values(["question", "batch"], kind="stable")
    kept = kept[kept.groupby("question").cumcount() < raters]
    if len(kept) < FEWEST * raters:
        raise UserError(
            f"study plan: a pilot needs {FEWEST} questions with two ratings that count, and this one has "
            f"{(n > 1).sum()}: let more people rate (none of an excluded rater counts, but with exclude=no)"
        )
    return kept["rating"].to_numpy(np.int64).reshape(-1, raters), kept["image"].to_numpy(str)[::raters]


def simulate(
    ratings: Int64[np.ndarray, "q r"], images: np.ndarray, questions: int, draw: np.random.Generator
) -> Float64[np.ndarray, "r 3"]:
    """Simulate one study of ``questions`` and measure it with 1 to r raters: `MEASURES`, NaN where undefined."""
    names, at = np.unique(images, return_inverse=True)
    members = [np.flatnonzero(at == place) for place in range(len(names))]
    chosen = np.zeros(0, int)
    while len(chosen) < questions:
        more = draw.integers(0, len(members), size=1 + (questions - len(chosen)) * len(members) // len(images))
        chosen = np.concatenate([chosen, *(members[image] for image in more)])
    given = draw.permuted(ratings[chosen[:questions]], axis=1)
    return np.array([_measure(given[:, : r + 1]) for r in range(ratings.shape[1])])


def _measure(given: np.ndarray) -> tuple[float, float, float]:
    """Measure share correct, mean rating and alpha of ratings [questions, raters]."""
    alpha = float("nan")
    if given.shape[1] > 1:
        counts = np.stack([(given == rating).sum(axis=1) for rating in RATINGS], axis=1).astype(float)
        alpha = float(compute_alpha(count_coincidences(counts).sum(axis=0)[None], weigh_between)[0])
    return float((given >= CORRECT).mean()), float(given.mean()), alpha


def _find_widths(table: Float64[np.ndarray, "s r"]) -> tuple[dict[int, float], dict[int, float]]:
    """Find width and middle of the middle 95 % by number of raters, where the measure is defined."""
    widths, middles = {}, {0: float("nan")}
    for at, column in enumerate(table.T):
        known = column[~np.isnan(column)]
        if len(known):
            low, middle, high = np.percentile(known, [2.5, 50, 97.5])
            widths[at + 1], middles[at + 1] = float(high - low), float(middle)
    return widths, middles


def _take_on(widths: dict[int, float], raters: int) -> float:
    """Take the width of so many raters, or on along a + b / raters where the pilot had fewer; NaN where nobody can."""
    if raters in widths:
        return widths[raters]
    if len(widths) < 2 or raters < max(widths):
        return float("nan")
    known = np.array(sorted(widths))
    slope, start = np.polyfit(1 / known, [widths[r] ** 2 for r in known], 1)
    return float(np.sqrt(min(max(start + slope / raters, 0.0), widths[int(known[-1])] ** 2)))
