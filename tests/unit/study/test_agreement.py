"""Agreement as other packages compute it, by hand, and where it is not defined."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.study.agreement import ALIKE, ALPHA, KAPPA, PAIRS, STEPS, compute_alpha, measure_agreement, weigh_between
from tests.golden.ask_agreement import SETS, draw_set

FROZEN = json.loads((Path(__file__).parents[2] / "golden/agreement.json").read_text())


def list_answers(ratings: np.ndarray, images: int = 25) -> pd.DataFrame:
    """Ratings [questions, raters], NaN where there is none, one a row."""
    question, batch = np.nonzero(~np.isnan(ratings))
    return pd.DataFrame({
        "question": [f"q{at:03d}" for at in question], "image": [f"i{at % images:02d}" for at in question],
        "batch": batch + 1, "rating": ratings[question, batch].astype(int),
    })  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_the_numbers_are_those_of_the_packages(name: str) -> None:
    """krippendorff 0.9.0, irrCAC 0.4.4 and scikit-learn, asked by tests/golden/ask_agreement.py."""
    said = FROZEN[name]
    found = {each.measure: each.value for each in measure_agreement(list_answers(draw_set(name)), resamples=0)}
    assert found[ALPHA] == pytest.approx(said["krippendorff"], abs=1e-12)
    assert found[STEPS] == pytest.approx(said["irrCAC"], abs=1e-11), "which rounds to twelve digits"
    assert found[KAPPA] == pytest.approx(said["sklearn"], abs=1e-12)


def test_by_hand() -> None:
    """Two questions, three raters: 0 0 1 and 3 3 3; of six pairs each, two and six are alike."""
    found = {each.measure: each for each in measure_agreement(list_answers(np.array([[0, 0, 1], [3, 3, 3.0]])), 0)}
    # n = (2, 1, 0, 3): middles 1, 2.5, 3, 4.5; o_01 = o_10 = 1, so D_o = 2 x 1.5^2;
    # D_e = 2 (2 x 2.25 + 6 x 12.25 + 3 x 4)
    assert found[ALPHA].value == pytest.approx(1 - 5 * 4.5 / 180)
    assert (found[ALIKE].value, found[PAIRS].value) == (0.5, pytest.approx(4 / 6))
    # Steps: d_01 = 1, d_03 = 6, d_13 = 3; D_o = 2, D_e = 2 (2 x 1 + 6 x 6 + 3 x 3)
    assert found[STEPS].value == pytest.approx(1 - 5 * 2 / 94)
    assert found[ALPHA].n == 2 and np.isnan(found[ALPHA].low) and found[ALPHA].note == "only 2 images"


def test_kappa_knows_ratings_that_nobody_gave() -> None:
    """Of 0 to 3 nobody gives 2, and 1 and 3 are two steps apart all the same; scikit-learn alone says 0.727.

    Distances sum to 1 + 4 + 4; those of all pairs of a rating of one and of the other to 208, of 8 ratings.
    """
    pairs = np.array([[0, 0], [0, 0], [0, 1], [1, 1], [1, 3], [3, 3], [3, 3], [3, 1.0]])
    found = {each.measure: each.value for each in measure_agreement(list_answers(pairs), 0)}
    assert found[KAPPA] == pytest.approx(1 - 9 * 8 / 208)


def test_constant_ratings_give_a_sentence() -> None:
    found = {each.measure: each for each in measure_agreement(list_answers(np.full((30, 3), 2.0)), 200)}
    for name in (ALPHA, STEPS, KAPPA):
        assert np.isnan(found[name].value) and np.isnan(found[name].low)
        assert found[name].note == "every rating is 2: there is nothing by which agreement could be told from chance"
    assert (found[ALIKE].value, found[PAIRS].value) == (1.0, 1.0)


def test_one_rater_gives_a_sentence() -> None:
    for each in measure_agreement(list_answers(np.array([[0.0], [3.0]])), 200):
        assert np.isnan(each.value) and each.note == "no question has two ratings that count"


def test_batches_that_share_no_question_leave_kappa_out() -> None:
    ratings = np.full((40, 4), np.nan)
    ratings[:20, :2], ratings[20:, 2:] = draw_set("whole")[:20, :2], draw_set("whole")[20:40, :2]
    found = {each.measure: each for each in measure_agreement(list_answers(ratings), 200)}
    assert 0 < found[KAPPA].low < found[KAPPA].value < found[KAPPA].high <= 1


def test_intervals_are_over_images_and_hold_the_value() -> None:
    """Where every question is ten times in its image, the interval is that of the images, not ten times as fine."""
    once = list_answers(draw_set("whole"), images=60)
    tenfold = pd.concat([once.assign(question=once["question"] + f"/{at}") for at in range(10)])
    for one, ten in zip(measure_agreement(once, 500), measure_agreement(tenfold, 500), strict=True):
        assert one.low <= one.value <= one.high and one.note == ""
        assert (ten.high - ten.low) == pytest.approx(one.high - one.low, rel=0.25)


def test_alpha_of_chance_is_nothing_and_of_full_agreement_one() -> None:
    draw = np.random.default_rng(0)
    chance = measure_agreement(list_answers(draw.integers(0, 4, (5_000, 3)).astype(float)), 0)[0]
    assert abs(chance.value) < 0.03
    whole = np.repeat(draw.integers(0, 4, (50, 1)), 3, axis=1).astype(float)
    assert measure_agreement(list_answers(whole), 0)[0].value == 1
    assert np.isnan(compute_alpha(np.zeros((1, 4, 4)), weigh_between)[0])
