"""The bootstrap against scipy, against its own slow form, and at its edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap as scipy_bootstrap

from bench.errors import UserError
from bench.score import intervals
from bench.score import resampling as module
from bench.score.estimates import has_enough
from bench.score.intervals import MetricCounts, bootstrap, compute_intervals, select_images
from bench.score.resampling import compute_percentile_interval


def rows(
    numerator: object, denominator: object, unit: str = "segments", ids: tuple[str, ...] | None = None
) -> MetricCounts:
    top, bottom = (np.atleast_2d(np.array(part, float).T).T for part in (numerator, denominator))
    return MetricCounts(ids or tuple(f"{i:04}" for i in range(len(top))), top, bottom, unit)


def random_rows(seed: int, images: int = 60) -> MetricCounts:
    draw = np.random.default_rng(seed)
    segments = draw.integers(0, 9, images)
    return rows(draw.binomial(segments, 0.4), segments)


def test_value_is_the_ratio_of_sums_and_each_the_ratio_of_an_image() -> None:
    one = rows([1, 3, 0], [2, 4, 0])
    assert (one.value(), one.n) == (4 / 6, 6)
    np.testing.assert_array_equal(one.each(), [0.5, 0.75, np.nan])
    assert rows([1, 3, 0], [1, 4, 0], "images").n == 2


def test_columns_are_averaged_and_unused_ones_left_out() -> None:
    one = rows([[1, 0, 0], [1, 1, 0]], [[2, 0, 0], [2, 1, 0]], "classes")
    assert (one.value(), one.n) == ((0.5 + 1) / 2, 2)


def test_interval_agrees_with_scipy() -> None:
    one = random_rows(0)
    data = (one.numerator[:, 0], one.denominator[:, 0])
    theirs = scipy_bootstrap(
        data,
        lambda a, b: a.sum() / b.sum(),
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=9999,
        rng=1,
    ).confidence_interval
    (ours,) = compute_intervals([one], 10_000)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)
    assert ours.low < ours.value < ours.high


def test_only_a_single_ratio_has_percentiles_for_ends() -> None:
    """A mean over classes has none, whatever their number: resamples lose classes that few images show."""
    one = random_rows(0, images=200)
    numerator, denominator = (np.tile(part, 2) for part in (one.numerator, one.denominator))
    ratio, shifted, classes = intervals.estimate_all(
        [one, replace(one, shift=0.0), MetricCounts(one.image_ids, numerator, denominator, "classes")], 50, seed=0
    )
    assert ratio.samples is not None and len(ratio.samples) == 50
    assert shifted.samples is None and classes.samples is None
    assert has_enough(shifted) and has_enough(classes), "not for want of images"


def test_resamples_equal_the_slow_form_and_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [random_rows(1), rows(*np.random.default_rng(2).random((2, 60, 4)))]
    whole = bootstrap(several, 50, seed=7)
    drawn = np.random.default_rng(7).integers(0, 60, (50, 60))
    for one, samples in zip(several, whole, strict=True):
        sums = [(one.numerator[index].sum(axis=0), one.denominator[index].sum(axis=0)) for index in drawn]
        np.testing.assert_allclose(samples, [np.mean(top / bottom) for top, bottom in sums], atol=1e-11)
    monkeypatch.setattr(module, "_PIECE", 7 * 60)
    for one, other in zip(whole, bootstrap(several, 50, seed=7), strict=True):
        np.testing.assert_array_equal(one, other)


def test_seed_decides_and_beside_whom_a_metric_stands_does_not() -> None:
    alone, other = random_rows(1), random_rows(2)
    assert compute_intervals([alone], 500, seed=3) == compute_intervals([other, alone], 500, seed=3)[1:]
    assert compute_intervals([alone], 500, seed=3) != compute_intervals([alone], 500, seed=4)


def test_where_nothing_can_be_said_there_are_no_ends() -> None:
    one = compute_intervals([rows([1], [2])], 100)[0]
    assert one.value == 0.5 and np.isnan([one.low, one.high]).all(), "one image has no spread"
    one = compute_intervals([rows([1, 0, 0], [2, 0, 0])], 100)[0]
    assert one.value == 0.5 and np.isnan([one.low, one.high]).all()
    nothing = compute_intervals([rows([0, 0], [0, 0])], 100)[0]
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    assert np.isnan(compute_intervals([MetricCounts((), np.zeros((0, 1)), np.zeros((0, 1)), "images")], 100)[0].value)
    assert compute_intervals([], 100) == []


def test_resamples_without_anything_measurable_are_left_out() -> None:
    (samples,) = bootstrap([rows([1, 1, 0, 0], [1, 2, 0, 0])], 2000, 0)
    assert np.isnan(samples).sum() == pytest.approx(2000 / 16, rel=0.3)
    assert compute_percentile_interval(samples, 2, 0.95) == (0.5, 1)


def test_different_images_need_resampling_of_their_own() -> None:
    with pytest.raises(UserError, match="different images"):
        bootstrap([random_rows(0, 5), random_rows(0, 6)], 10, 0)


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_order_of_images_does_not_change_the_value(seed: int, random: object) -> None:
    one = random_rows(seed, 20)
    ids = list(one.image_ids)
    random.shuffle(ids)
    assert select_images(one, ids).value() == one.value() or np.isnan(one.value())


def test_metrics_of_the_same_counts_are_estimated_once_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = random_rows(1), random_rows(2)
    again = MetricCounts(one.image_ids, one.numerator.copy(), one.denominator.copy(order="F"), "images")
    shifted = MetricCounts(one.image_ids, one.numerator, one.denominator, "segments", shift=0.1)
    wide = rows(*np.random.default_rng(3).random((2, 60, 2)))
    alone = [compute_intervals([row], 200)[0] for row in (one, other, again, shifted, wide)]
    seen, plain = [], intervals.estimate_row
    monkeypatch.setattr(intervals, "estimate_row", lambda row: seen.append(row) or plain(row))
    assert compute_intervals([one, other, again, shifted, wide], 200) == alone
    assert len(seen) == 4 and alone[0] == alone[2] != alone[1] and alone[3] != alone[0]


@pytest.mark.parametrize(("images", "count"), [(1, 3), (7, 50), (40, 23)])
def test_images_drawn_block_by_block_are_those_drawn_at_once(images: int, count: int, monkeypatch) -> None:
    drawn = np.random.default_rng(5).integers(0, images, size=(count, images))
    whole = np.array([np.bincount(row, minlength=images) for row in drawn])
    for block in (1, 64, 10**6):
        monkeypatch.setattr(module, "_BLOCK", block)
        assert (module._draw_resamples(np.random.default_rng(5), images, count) == whole).all()
