"""Ends next to the bounds, where nothing varies, and beside the p-value: they hold what the images do not show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.score.comparisons import compare_paired
from bench.score.ends import _limit_few, compute_ends, compute_p, describe_doubt
from bench.score.estimates import combine, estimate
from bench.score.intervals import MetricCounts, compute_intervals


def as_rows(numerator: np.ndarray, denominator: np.ndarray) -> MetricCounts:
    return MetricCounts(tuple(f"{at:04}" for at in range(len(numerator))), numerator, denominator, "segments")


def find_ends(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    return compute_ends([estimate(values[:, None], np.ones((len(values), 1)))], level)[0]


@pytest.mark.parametrize(("wrong", "off"), [(1, 1e-5), (1000, 0.01)])
def test_a_pixel_changes_an_interval_by_a_pixel(wrong: int, off: float) -> None:
    """8 of 8 images is [0.676, 1]; with one of 100,000 pixels wrong in one image it is no other."""
    bottom = np.full((8, 1), 100_000.0)
    top = bottom.copy()
    top[3] -= wrong
    (one,) = compute_intervals([as_rows(top, bottom)], 100)
    assert (one.low, one.high) == pytest.approx((0.67559, 1), abs=off) and one.high < 1
    (none,) = compute_intervals([as_rows(bottom - top, bottom)], 100)
    assert (none.low, none.high) == pytest.approx((1 - one.high, 1 - one.low), abs=1e-12)
    (classes,) = compute_intervals([as_rows(np.tile(top, 5), np.tile(bottom, 5))], 100)
    assert (classes.low, classes.high) == pytest.approx((0.67559, 1), abs=off)


def test_the_lower_end_by_hand() -> None:
    """Of 20 images with 0.95 each no failure is seen, 20 x 0.05^2 = 0.05 by its squares: all of z^2 = 3.84 is added."""
    assert find_ends(np.full(20, 0.95))[0] == pytest.approx(0.95 * 20 / (20 + 1.959964**2), abs=1e-7)
    halves = np.full(20, 0.5)  # 20 x 0.5^2 = 5 failures: 7.68 - 5 = 2.68 on either side
    assert find_ends(halves) == pytest.approx((10 / (20 + 2.682918), 1 - 10 / (20 + 2.682918)), abs=1e-6)


def test_thousands_of_images_next_to_the_bound_do_not_rule_out_what_one_in_two_thousand_does() -> None:
    draw = np.random.default_rng(0)
    values = 1 - draw.gamma(4, 0.00025, 5000)
    low, high = find_ends(values)
    assert low == pytest.approx(values.mean() * 5000 / (5000 + 1.959964**2), abs=1e-6) and values.mean() < high < 0.9991


@pytest.mark.parametrize("failures", [1, 2, 3, 5, 10])
def test_few_failures_have_the_limit_of_a_poisson_number(failures: int) -> None:
    found = failures * _limit_few(failures, np.sqrt(failures), 1.959964)
    assert found == pytest.approx(stats.gamma.ppf(0.025, failures), abs=0.02)
    values = np.ones(1000)
    values[:failures] = 0
    assert 1000 * (1 - find_ends(values)[1]) == pytest.approx(found, rel=0.01, abs=0.001)


def test_a_width_of_zero_says_why() -> None:
    half = np.full((40, 1), 0.5)
    (one,) = compute_intervals([as_rows(half, np.ones((40, 1)))], 100)
    assert one.low == one.high == 0.5 and one.note == "the same in all 40 images"
    (near,) = compute_intervals([as_rows(1.96 * half, np.ones((40, 1)))], 100)
    assert near.low < near.high and not near.note, "0.98 has a width, from what 40 images do not show"
    apart = compare_paired(as_rows(half + 0.1, np.ones((40, 1))), as_rows(half, np.ones((40, 1))), 100)
    assert (apart.low, apart.high) == pytest.approx((0.1, 0.1)) and 0 < apart.p < 1e-4
    assert apart.note == one.note
    assert describe_doubt(estimate(half[:9], np.ones((9, 1))), 0.5, 0.5) == "only 9 images"


def make_difference(kind: str, seed: int, n: int) -> tuple[MetricCounts, MetricCounts]:
    """Two systems that differ by about as much as can just be seen."""
    draw = np.random.default_rng(seed)
    columns = 8 if kind == "classes" else 1
    bottom = (draw.random((n, columns)) < (0.4 if kind == "classes" else 1)).astype(float)
    shared = draw.random((n, columns))
    by = draw.normal(0, 0.4 / np.sqrt(n))
    first, second = (np.clip(0.2 * draw.random((n, columns)) + 0.5 * shared + change, 0, 1) for change in (0, by))
    if kind == "failures":
        first, second = (draw.random((2, n, 1)) > np.reshape([0.01, draw.choice([0.3, 0.9])], (2, 1, 1))).astype(float)
    if kind == "alike":
        first, second = np.full((2, n, 1), 0.5) + np.reshape([draw.choice([0, 0.02, 0.3, 0.5]), 0], (2, 1, 1))
    return as_rows(first * bottom, bottom), as_rows(second * bottom, bottom)


@given(
    st.sampled_from(["values", "failures", "alike", "classes", "cosines"]),
    st.integers(0, 10_000),
    st.integers(2, 12) | st.integers(40, 120),
    st.sampled_from([0.8, 0.95, 0.98]),
)
def test_nothing_lies_outside_of_the_interval_just_where_p_is_small(kind: str, seed: int, n: int, level: float) -> None:
    first, second = make_difference(kind, seed, n)
    if kind == "cosines":  # without bounds
        first, second = (as_rows(row.numerator - 0.5, row.denominator) for row in (first, second))
    found = compare_paired(first, second, 400, level=level)
    assert np.isnan(found.low) or (found.p < 1 - level) == (found.low > 0 or found.high < 0)


def test_eight_of_eight_against_none_of_eight() -> None:
    ones = np.ones((8, 1))
    apart = combine([estimate(ones, ones), estimate(0 * ones, ones)], (1, -1))
    assert compute_p(apart) == pytest.approx(2 * stats.norm.sf(np.sqrt(8)))
    nearly = combine([estimate(ones - 1e-7 * np.eye(8)[:, :1], ones), estimate(0 * ones, ones)], (1, -1))
    assert compute_p(nearly) == pytest.approx(compute_p(apart), rel=1e-4)
