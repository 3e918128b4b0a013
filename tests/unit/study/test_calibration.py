"""From which cosine on people say correct: against scikit-learn, known worlds, and where there is no such cosine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from bench.study.calibration import _find_threshold, calibrate, fit_logistic


def draw_world(
    n: int = 3000, threshold: float = 0.4, slope: float = 12.0, images: int = 150, seed: int = 0
) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    cosine = draw.uniform(0, 1, n)
    good = draw.random(n) < 1 / (1 + np.exp(-slope * (cosine - threshold)))
    rating = np.where(good, draw.integers(2, 4, n), draw.integers(0, 2, n))
    return pd.DataFrame({"image": [f"i{at}" for at in draw.integers(0, images, n)], "cosine": cosine, "rating": rating})


def test_weighted_fits_are_those_of_scikit_learn() -> None:
    world, draw = draw_world(400), np.random.default_rng(1)
    x, y = world["cosine"].to_numpy(), (world["rating"] >= 2).to_numpy(float)
    weight = draw.integers(0, 4, (5, len(x))).astype(float)
    for row, found in zip(weight, fit_logistic(x, y, np.ones(len(x)), weight), strict=True):
        theirs = LogisticRegression(C=1e6, tol=1e-10, max_iter=10_000).fit(x[:, None], y, sample_weight=row)
        assert found == pytest.approx([theirs.intercept_[0], theirs.coef_[0, 0]], rel=1e-3)


# Fewer of 12 once in 51 such tests, of 40 once in 295.
@pytest.mark.parametrize(("worlds", "least"), [(5, 4), pytest.param(40, 34, marks=pytest.mark.slow)])
def test_the_threshold_of_a_known_world_lies_in_its_interval_nineteen_times_of_twenty(worlds: int, least: int) -> None:
    found = [calibrate("mine", "st", 0.1, draw_world(600, seed=seed), 100) for seed in range(worlds)]
    assert sum(each.low <= 0.4 <= each.high for each in found) >= least
    assert np.mean([each.threshold for each in found]) == pytest.approx(0.4, abs=0.01)


def test_shares_bins_and_curve_are_of_the_ratings() -> None:
    world = draw_world()
    found = calibrate("mine", "tt", 0.5, world, 60)
    above = world[world["cosine"] >= 0.5]
    assert found.kept[0] == pytest.approx((above["rating"] >= 2).mean()) and found.kept[3] == len(above)
    assert found.kept[3] + found.dropped[3] == found.n == len(world) and found.images == 150
    assert found.bins["n"].sum() == len(world) and found.bins["n"].std() < 0.1 * found.bins["n"].mean()
    for line in found.bins.itertuples():
        inside = world[(world["cosine"] >= line.low_cosine) & (world["cosine"] <= line.high_cosine)]  # type: ignore[operator]
        assert (inside["rating"] >= 2).mean() == pytest.approx(line.value)
    middle = found.curve.iloc[(found.curve["cosine"] - found.threshold).abs().argmin()]
    assert middle["value"] == pytest.approx(0.5, abs=0.05) and middle["low"] < 0.5 < middle["high"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: w.assign(rating=3), "people call all of these labels correct"),
        (lambda w: w.assign(rating=1), "people call none of these labels correct"),
        (lambda w: w.assign(cosine=1 - w["cosine"]), "a higher cosine is not called correct more often"),
        (lambda w: w[w["cosine"] > 0.6], "more than half are called correct"),
        (lambda w: w[w["cosine"] < 0.2], "less than half are called correct"),
        (lambda w: w.head(12), "only 12 ratings"),
        (lambda w: w.assign(cosine=0.5), "not called correct more often"),
    ],
)  # fmt: skip
def test_where_there_is_no_threshold_a_sentence_says_why(change, told: str) -> None:  # type: ignore[no-untyped-def]
    found = calibrate("mine", "st", 0.1, change(draw_world(500)), 30)
    assert np.isnan([found.threshold, found.low, found.high]).all() and told in found.note
    assert found.n == len(change(draw_world(500)))


def test_few_images_and_one_are_told() -> None:
    few = calibrate("mine", "st", 0.1, draw_world(400, images=6), 200)
    assert few.low < few.threshold < few.high and "only 6 images" in few.note
    one = calibrate("mine", "st", 0.1, draw_world(400, images=1), 200)
    assert not np.isnan(one.threshold) and np.isnan(one.low) and "one image" in one.note


def test_resamples_whose_curve_does_not_rise_are_told_and_have_no_threshold() -> None:
    """Of 40 drawn curves four fall: their -a / b, here 3, is where fewer and not more are called correct."""
    cosine, slope = np.linspace(0, 1, 40), 10.0
    thresholds = np.linspace(0.4, 0.6, 36)
    drawn = np.vstack([np.column_stack([-slope * thresholds, np.full(36, slope)]), [[3.0, -1.0]] * 4])
    good = (np.arange(40) % 2).astype(float)
    threshold, low, high, note = _find_threshold(cosine, good, np.array([-5.0, slope]), drawn, 40)
    assert threshold == 0.5
    assert (low, high) == pytest.approx(tuple(np.percentile(thresholds, [2.5, 97.5])), abs=1e-12)
    assert note == "in 10 % of the resamples the curve does not rise"


def test_labels_that_a_cosine_parts_perfectly_have_a_threshold_between() -> None:
    cosine = np.linspace(0, 1, 101)
    world = pd.DataFrame(
        {"image": [f"i{at}" for at in range(101)], "cosine": cosine, "rating": np.where(cosine > 0.6, 3, 0)}
    )
    found = calibrate("mine", "tt", 0.5, world, 200)
    assert 0.59 <= found.threshold <= 0.62 and found.low <= found.threshold <= found.high
