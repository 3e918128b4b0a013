"""Widths of intervals before a study is made: those that simulated studies of a known world really have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.errors import UserError
from bench.study.planning import COLUMNS, Prices, describe_pilot, plan_study

TRUE = np.array([0.9, 0.5, 0.6, 0.5])
"""Parameters of the world's Dirichlet: raters agree on some questions and not on others."""


def draw_pilot(questions: int, raters: int, seed: int, per_image: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    shares = draw.dirichlet(TRUE, -(-questions // per_image)).repeat(per_image, axis=0)[:questions]
    given = np.array([draw.choice(4, raters, p=p) for p in shares])
    question, batch = np.indices(given.shape)
    return pd.DataFrame({
        "question": [f"q{at:05d}" for at in question.ravel()],
        "image": [f"i{at // per_image}" for at in question.ravel()], "batch": batch.ravel() + 1,
        "rating": given.ravel(),
    })  # fmt: skip


def measure_widths(questions: int, raters: int, per_image: int = 1) -> tuple[float, float]:
    """The width of the middle 95 % of 600 studies of the world itself: share correct and mean.

    Of six raters, twice as many as the pilot has, too; and where the questions of an image share what people say.
    """
    found = [draw_pilot(questions, raters, seed, per_image)["rating"] for seed in range(600)]
    numbers = np.array([((each >= 2).mean(), each.mean()) for each in found])
    low, high = np.percentile(numbers, [2.5, 97.5], axis=0)
    return tuple(high - low)


@pytest.mark.slow
@pytest.mark.parametrize(("questions", "raters", "per_image"), [(100, 1, 1), (100, 3, 1), (300, 2, 5), (200, 6, 1)])
def test_widths_are_those_of_the_world(questions: int, raters: int, per_image: int) -> None:
    pilot = draw_pilot(1500, 3, 10**6, per_image)
    table = plan_study(pilot, [questions], [raters], Prices(0.1, 5), studies=600).set_index("measure")
    true = measure_widths(questions, raters, per_image)
    assert table["width"]["share correct"] == pytest.approx(true[0], rel=0.15)
    assert table["width"]["mean rating"] == pytest.approx(true[1], rel=0.15)


def test_more_questions_and_raters_make_intervals_narrower_and_cost_what_they_cost() -> None:
    table = plan_study(draw_pilot(60, 3, 1), [50, 400], [1, 3], Prices(0.1, 6.0, controls=10 / 9), studies=100)
    assert list(table.columns) == list(COLUMNS)
    assert set(table["pilot_images"]) == {60} and set(table["studies"]) == {100}
    wide = table.pivot(index="measure", columns=["questions", "raters"], values="width")
    assert (wide[50, 3] > wide[400, 3]).all() and wide[50, 1]["mean rating"] > wide[50, 3]["mean rating"]
    assert np.isnan(wide[50, 1]["alpha"]), "one rater agrees with nobody"
    line = table[(table["questions"] == 400) & (table["raters"] == 3)].iloc[0]
    assert (line["answers"], line["cost"], line["hours"]) == (
        1333,
        pytest.approx(133.33, abs=0.01),
        pytest.approx(2.222, abs=0.001),
    )


def test_the_same_pilot_gives_the_same_plan_and_a_small_one_a_line() -> None:
    plans = [plan_study(draw_pilot(20, 2, 1), [30], [2], Prices(0, 1), studies=50) for _ in range(2)]
    pd.testing.assert_frame_equal(*plans)
    with pytest.raises(
        UserError, match="needs 10 questions with two ratings that count, and this one has 5.*exclude=no"
    ):
        plan_study(draw_pilot(5, 3, 1), [30], [2], Prices(0, 1))


def test_a_pilot_of_one_image_is_refused_and_one_of_few_is_remarked() -> None:
    with pytest.raises(UserError, match="two images or more, better 20, and this one has them of i0 alone: let people"):
        plan_study(draw_pilot(30, 3, 1, per_image=30), [30], [2], Prices(0, 1))
    alone = draw_pilot(31, 3, 1, per_image=30)
    alone = alone[~((alone["image"] == "i1") & (alone["batch"] > 1))]
    with pytest.raises(UserError, match="of i0 alone"):  # the other image's question has one rating and does not count
        plan_study(alone, [30], [2], Prices(0, 1))
    assert describe_pilot(draw_pilot(30, 3, 1, per_image=10)).startswith("only 3 images in the pilot: widths")
    assert describe_pilot(draw_pilot(19, 3, 1)) and describe_pilot(draw_pilot(20, 3, 1)) == ""


def test_raters_who_agree_in_all_are_no_error() -> None:
    pilot = draw_pilot(40, 1, 1)
    both = pd.concat([pilot, pilot.assign(batch=2)])
    table = plan_study(both, [50], [1, 3], Prices(0, 1), studies=60).set_index(["measure", "raters"])["width"]
    assert table["share correct", 3] == pytest.approx(table["share correct", 1], rel=0.35)
