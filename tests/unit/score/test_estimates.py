"""Intervals of few images and of averages over classes: the slow way, by hand, and how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics.terms import FAINT
from bench.score.ends import compute_ends, compute_p
from bench.score.estimates import ENOUGH, combine, estimate
from bench.score.intervals import MetricCounts, bootstrap, compute_intervals, select_images
from bench.score.resampling import compute_percentile_interval
from tests.unit.score.jackknife import average, count_alike, leave_out, slow_ends


def make_counts(seed: int, images: int = 30, classes: int = 12, often: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Numerators and denominators of long-tailed classes, with false positives."""
    draw = np.random.default_rng(seed)
    there = draw.random((images, classes)) < often * np.geomspace(2, 0.1, classes)
    bottom = there * draw.random((images, classes)) + (draw.random((images, classes)) < 0.02)
    return bottom * there * draw.random((images, classes)), bottom


def as_rows(numerator: np.ndarray, denominator: np.ndarray) -> MetricCounts:
    ids = tuple(f"{at:04}" for at in range(len(numerator)))
    return MetricCounts(ids, numerator, denominator, "classes" if numerator.shape[1] > 1 else "segments")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("classes", [1, 12])
def test_ends_are_those_of_the_slow_way(seed: int, classes: int) -> None:
    top, bottom = make_counts(seed, classes=classes)
    found = estimate(top, bottom)
    known = bottom.any(axis=1)
    value, without = average(top, bottom), leave_out(top, bottom)
    np.testing.assert_allclose(value + found.moves, without, atol=1e-12)
    assert (found.value, found.images) == (pytest.approx(value), known.sum())
    (ends,) = compute_ends([found], 0.95)
    alike = count_alike(bottom)
    assert found.alike == pytest.approx(alike) and alike <= known.sum()
    assert ends == pytest.approx(slow_ends(value, np.array(without)[known].tolist(), found.shift, alike=alike))


def test_an_image_with_a_numerator_alone_moves_the_number() -> None:
    """As images without true pixels do under frequency-weighted IoU: (1 + 2 - 0.5) / 4."""
    top, bottom = np.array([[1], [2], [-0.5], [0]]), np.array([[2], [2], [0], [0.0]])
    found = estimate(top, bottom)
    assert found.value == 0.625 and found.images == 3
    np.testing.assert_allclose(found.value + found.moves, [0.75, 0.25, 0.75, 0.625])


def test_the_shift_by_hand() -> None:
    """Class 0 in three images with ratios 1, 0, 0 and sums 4/8, class 1 in one: b = (1/3 - 1/2) / (1/2 + 0)."""
    top, bottom = np.array([[4, 0], [0, 0], [0, 3.0]]), np.array([[4, 0], [2, 0], [2, 6.0]])
    assert estimate(top, bottom).shift == pytest.approx(-1 / 3 * (1 / 2 + 1) / 2)
    assert estimate(top[:, :1], bottom[:, :1]).shift == 0, "only averages over classes have one"


@pytest.mark.parametrize("policy", [0.0, 1.0])
def test_classes_that_a_policy_fills_in_neither_shift_nor_tell_of_a_shift(policy: float) -> None:
    top, bottom = make_counts(1, classes=12)
    alone = estimate(top, bottom)
    faint = np.full((len(top), 24), FAINT)
    filled = estimate(np.hstack([top, policy * faint]), np.hstack([bottom, faint]))
    seen = int(bottom.any(axis=0).sum())
    assert alone.shift and filled.shift == pytest.approx(alone.shift * seen / (seen + 24))
    assert filled.value == pytest.approx((alone.value * seen + policy * 24) / (seen + 24))


@pytest.mark.parametrize(("right", "low"), [(8, 0.67559), (40, 0.91238)])
def test_all_right_and_all_wrong_are_wilsons(right: int, low: float) -> None:
    ones = np.ones((right, 1))
    assert compute_ends([estimate(ones, ones)], 0.95)[0] == pytest.approx((low, 1), abs=1e-5)
    assert compute_ends([estimate(0 * ones, ones)], 0.95)[0] == pytest.approx((0, 1 - low), abs=1e-5)
    apart = combine([estimate(ones, ones), estimate(0 * ones, ones)], (1, -1))
    assert compute_ends([apart], 0.95)[0] == pytest.approx((2 * low - 1, 1), abs=1e-5)
    assert compute_p(apart) < 0.05


def test_all_classes_right_have_a_width_and_so_have_thousands_of_images() -> None:
    bottom = make_counts(0)[1]
    assert compute_ends([estimate(bottom, bottom)], 0.95)[0][0] < 0.95
    ones = np.ones((5000, 1))
    (one,) = compute_intervals([as_rows(ones, ones)], 50)
    assert one.low == pytest.approx(5000 / (5000 + 1.959964**2)) and one.high == 1


def test_one_image_has_no_interval_and_two_have() -> None:
    one, two, none = (estimate(np.ones((n, 3)), np.ones((n, 3))) for n in (1, 2, 0))
    assert np.isnan(compute_ends([one, none], 0.95)).all() and np.isnan([compute_p(one), compute_p(none)]).all()
    assert compute_ends([two], 0.95)[0][0] < 1 and two.note == "only 2 images"


def test_the_case_that_left_out_its_own_value() -> None:
    """60 images, 200 classes, 12 an image: the percentiles of resamples lie below the number."""
    draw = np.random.default_rng(4)
    there, extra = draw.random((60, 200)) < 12 / 200, draw.random((60, 200)) < 4 / 200
    rows = as_rows(there * (0.4 + 0.6 * draw.random((60, 200))), there + 0.05 * (extra & ~there))
    old = compute_percentile_interval(bootstrap([rows], 500, 0)[0], 60, 0.95)
    assert not old[0] <= rows.value() <= old[1]
    (one,) = compute_intervals([rows], 500)
    assert one.low < one.value < one.high


@given(st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([1, 5, 30]))
def test_an_interval_holds_its_value_and_mirrors_where_right_becomes_wrong(seed: int, n: int, classes: int) -> None:
    top, bottom = make_counts(seed, n, classes)
    one, other = compute_intervals([as_rows(top, bottom), as_rows(bottom - top, bottom)], 20)
    if np.isnan(one.low):
        assert np.count_nonzero(bottom.any(axis=1)) < 2 and np.isnan(other.low)
        return
    assert 0 <= one.low <= one.value <= one.high <= 1 and (0 < one.value < 1 or one.low < one.high)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)
    turned = compute_intervals([select_images(as_rows(top, bottom), as_rows(top, bottom).image_ids[::-1])], 20)[0]
    assert (turned.low, turned.high) == pytest.approx((one.low, one.high), abs=1e-9)


def test_cosines_have_no_bounds() -> None:
    values = np.array([[-0.2], [0.1], [0.3], [0.0]])
    ((low, high),) = compute_ends([estimate(values, np.ones((4, 1)))], 0.95)
    assert (low + high) / 2 == pytest.approx(0.05) and (high - low) / 2 == pytest.approx(3.18245 * 0.10408, abs=1e-4)


def test_percentiles_stay_where_enough_images_weigh() -> None:
    draw = np.random.default_rng(0)
    many, few = (as_rows(draw.random((n, 1)), np.ones((n, 1))) for n in (200, 30))
    found, short = compute_intervals([many], 300)[0], compute_intervals([few], 300)[0]
    assert estimate(many.numerator, many.denominator).freedom > ENOUGH
    assert (found.low, found.high) == compute_percentile_interval(bootstrap([many], 300, 0)[0], 200, 0.95)
    assert (short.low, short.high) != compute_percentile_interval(bootstrap([few], 300, 0)[0], 30, 0.95)
    assert short.low == compute_intervals([few], 0)[0].low and compute_intervals([many], 0)[0].low > 0


def test_notes_count_the_classes_that_few_images_show() -> None:
    top, bottom = np.zeros((2, 40, 3))
    bottom[:, 0], bottom[:4, 1], bottom[:1, 2] = 1, 1, 1
    assert estimate(top, bottom).note == "2 of 3 classes are seen in fewer than 5 images"
    assert estimate(top[:, :2], bottom[:, :2]).note == "" == estimate(top[:, :1], bottom[:, :1]).note


def measure_coverage(sets: int, images: int, classes: int) -> tuple[float, float]:
    """How often percentiles of resamples, and the product's intervals, hold the value of the classes that are shown."""
    pool = make_counts(1, 4000, classes, 0.1)
    ratio = pool[0].sum(axis=0) / pool[1].sum(axis=0)
    draw, held = np.random.default_rng(2), np.zeros(2)
    for _ in range(sets):
        drawn = draw.integers(0, 4000, images)
        rows = as_rows(pool[0][drawn], pool[1][drawn])
        truth = ratio[rows.denominator.any(axis=0)].mean()
        (new,) = compute_intervals([rows])
        low, high = compute_percentile_interval(bootstrap([rows], 150, 0)[0], images, 0.95)
        held += low <= truth <= high, new.low <= truth <= new.high
    return tuple((held / sets).tolist())


@pytest.mark.slow
def test_averages_over_classes_hold_the_truth_where_percentiles_do_not() -> None:
    old, new = measure_coverage(30, 60, 100)
    assert old < 0.8 and new >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize(("images", "classes"), [(30, 20), (60, 200), (400, 400)])
def test_averages_over_classes_hold_the_truth_in_other_sets(images: int, classes: int) -> None:
    assert measure_coverage(400, images, classes)[1] >= 0.92


@pytest.mark.parametrize("counts_as", [0.0, 1.0])
def test_classes_that_a_policy_fills_in_fall_back_to_it_without_their_only_image(counts_as: float) -> None:
    """As `bench.score.averages` leaves them: class 2 has no pixel in the set and counts all the same."""
    top, bottom = np.array([[3, 0, 0], [1, 0, 0], [0, 2, 0.0]]), np.array([[4, 0, 0], [4, 0, 0], [0, 4, 0.0]])
    top[:, 2], bottom[:, 2] = counts_as * FAINT, FAINT
    found = estimate(top, bottom)
    without = [np.mean([0.25, 0.5, counts_as]), np.mean([0.75, 0.5, counts_as]), np.mean([0.5, counts_as, counts_as])]
    np.testing.assert_allclose(found.value + found.moves, without)
    many = estimate(np.tile(top, (9, 1)), np.tile(bottom, (9, 1)))
    assert many.note == "1 of 3 classes count without anything measured"
