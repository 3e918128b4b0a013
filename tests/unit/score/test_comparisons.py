"""Paired differences by hand and the slow way, how often a paired test is wrong, and Holm's adjustment."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.score.comparisons import adjust_by_holm, compare_all_paired, compare_paired
from bench.score.intervals import select_images
from tests.unit.score.jackknife import average, leave_out, slow_ends
from tests.unit.score.test_intervals import random_rows, rows


def test_paired_difference_uses_common_images_and_cancels_what_they_share() -> None:
    draw = np.random.default_rng(0)
    hard = draw.random(200)
    a, b = rows(hard + 0.05, np.ones(200), "images"), rows(hard, np.ones(200), "images")
    difference = compare_paired(a, b, 2000)
    assert (difference.value, difference.low, difference.high) == pytest.approx((0.05, 0.05, 0.05))
    assert difference.p < 1e-40 and difference.n == 200
    assert compare_paired(b, a, 2000).value == pytest.approx(-0.05) and compare_paired(b, a, 2000).p == difference.p
    fewer = select_images(b, b.image_ids[50:150])
    assert compare_paired(a, fewer, 100).n == 100
    assert compare_paired(a, fewer, 100).value == pytest.approx(0.05)


def test_paired_p_is_large_without_difference_and_absent_without_images() -> None:
    a = random_rows(0, 100)
    assert compare_paired(a, a, 500).p == 1
    draw = np.random.default_rng(1)
    x, y = (rows(draw.random(300), np.ones(300), "images") for _ in range(2))
    assert compare_paired(x, y, 1000).p > 0.01
    lonely = compare_paired(a, rows([1], [1], ids=("elsewhere",)), 100)
    assert np.isnan([lonely.value, lonely.p]).all() and lonely.n == 0


def test_many_pairs_at_once_equal_each_alone() -> None:
    few = select_images(random_rows(3), random_rows(3).image_ids[10:])
    pairs = [(random_rows(0), random_rows(1)), (random_rows(2), few), (random_rows(4), random_rows(5))]
    assert compare_all_paired(pairs, 200, seed=3) == [compare_paired(*pair, 200, seed=3) for pair in pairs]
    assert [found.n for found in compare_all_paired(pairs, 10)] == [compare_paired(*pair, 10).n for pair in pairs]
    assert compare_all_paired([]) == []


def test_few_images_have_the_interval_and_the_p_of_students_t() -> None:
    draw = np.random.default_rng(0)
    n = 1 + draw.poisson(3, 20)
    a, b = (rows(draw.binomial(n, share), n) for share in (0.3, 0.5))
    found = compare_paired(a, b, 100)
    without = np.array(leave_out(a.numerator, a.denominator)) - leave_out(b.numerator, b.denominator)
    assert (found.low, found.high) == pytest.approx(slow_ends(found.value, without.tolist(), least=-1), abs=1e-9)
    x, y = draw.random((2, 12, 1)) / 100  # so small that Wilson's interval is Student's
    p = stats.ttest_rel(x, y).pvalue[0]
    ones = np.ones((12, 1))
    one, other = rows(x, ones, "images"), rows(y, ones, "images")
    assert compare_paired(one, other, 100).p == pytest.approx(p, rel=0.05)


@given(st.integers(0, 10_000), st.integers(2, 90))
def test_p_is_small_where_the_interval_excludes_nothing(seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    a, b = (rows(*np.sort(draw.random((2, n, 1)), axis=0)) for _ in range(2))
    found, turned = compare_paired(a, b, 400), compare_paired(b, a, 400)
    assert found.low <= found.value <= found.high and found.value == -turned.value
    assert (found.low, found.high, found.p) == pytest.approx((-turned.high, -turned.low, turned.p), abs=1e-9)
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0) or found.p == pytest.approx(0.05, abs=0.01)


def test_averages_over_classes_differ_by_what_each_image_does_to_both() -> None:
    draw = np.random.default_rng(3)
    bottom = draw.random((2, 25, 9)) * (draw.random((25, 9)) < 0.3)
    top = bottom * draw.random((2, 25, 9))
    found = compare_paired(*(rows(top[at], bottom[at], "classes") for at in range(2)), 100)
    without = np.array(leave_out(top[0], bottom[0])) - leave_out(top[1], bottom[1])
    assert found.value == pytest.approx(average(top[0], bottom[0]) - average(top[1], bottom[1]))
    low, high = slow_ends(found.value, without.tolist(), least=-1)
    assert found.low <= low + 1e-9 and found.high >= high - 1e-9


@pytest.mark.thinned(2)
@pytest.mark.parametrize("images", [20, 100])
def test_a_paired_test_is_seldom_wrong_where_there_is_nothing(images: int) -> None:
    draw, wrong = np.random.default_rng(5), 0
    for _ in range(300):
        n = 1 + draw.poisson(3, images)
        same = draw.beta(1, 3, images)
        wrong += compare_paired(*(rows(draw.binomial(n, same), n) for _ in range(2)), 200).p < 0.05
    assert wrong / 300 <= 0.06


def slow_holm(p: list[float]) -> list[float]:
    """By closed testing with Bonferroni: the worst of all sets of comparisons that hold this one."""
    sets = [group for size in range(1, len(p) + 1) for group in combinations(range(len(p)), size)]
    told = {group: min(1.0, len(group) * min(p[i] for i in group)) for group in sets}
    return [max(value for group, value in told.items() if at in group) for at in range(len(p))]


@given(st.lists(st.floats(0, 1), max_size=6))
def test_holm_is_closed_testing(p: list[float]) -> None:
    np.testing.assert_allclose(adjust_by_holm(np.array(p, float)), slow_holm(p), rtol=1e-12)


def test_holm_by_hand() -> None:
    found = adjust_by_holm(np.array([0.01, np.nan, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(found, [0.03, np.nan, 0.06, 0.06, 0.02])
