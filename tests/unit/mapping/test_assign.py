"""Reassignment and its thresholds: ties, equality, rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bench.mapping.assign import apply_thresholds, assign, choose_representatives, find_nearest_class

rows = hnp.arrays(np.float32, st.tuples(st.integers(0, 6), st.integers(1, 5)), elements=st.floats(-1, 1, width=32))


def test_equality_passes_in_rounded_and_raw_values() -> None:
    similarity = np.array([[0.7, 0.1], [0.69, 0.1]], np.float32)  # float32 0.7 lies below 0.7
    for rounding in (6, None):
        assert assign(similarity, 0.7, rounding).tolist() == [0, -1]


def test_a_grid_made_by_adding_steps_does_not_miss_equality() -> None:
    assert assign(np.array([[0.15]], np.float32), 3 * 0.05).tolist() == [0], "3 * 0.05 lies above 0.15"


def test_tau_one_needs_identical_strings() -> None:
    similarity = np.array([[1.0, 0.2], [0.99999, 0.2], [0.9999999, 0.2]], np.float32)
    assert assign(similarity, 1.0).tolist() == [0, -1, 0], "the last differs by less than is kept"
    assert assign(similarity, 1.0, None).tolist() == [0, -1, -1]


def test_ties_within_rounding_go_to_the_lower_class() -> None:
    similarity = np.array([[0.3, 0.5000001, 0.5000002]], np.float32)
    assert assign(similarity, 0.5).tolist() == [1]
    assert assign(similarity, 0.5, None).tolist() == [2]


def test_a_text_that_says_nothing_stays_unlabelled_without_threshold() -> None:
    assert assign(np.array([[0, 0], [-0.5, -0.1]], np.float32), None).tolist() == [-1, 1]
    assert assign(np.zeros((0, 5), np.float32), 0.5).tolist() == []


def test_representative_is_most_similar_then_largest_then_first() -> None:
    label = np.array([0, 0, 1, 1, 2, 2, -1], np.int32)
    best = np.array([0.5, 0.6, 0.5, 0.5, 0.5, 0.5, 0.9])
    areas = np.array([9, 1, 3, 4, 5, 5, 9])
    assert choose_representatives(label, best, areas).tolist() == [-1, 0, -1, 1, 2, -1, -1]


@given(rows, st.floats(-1, 1), st.floats(-1, 1))
def test_thresholds_only_drop(similarity: np.ndarray, one: float, other: float) -> None:
    low, high = sorted((one, other))
    none, less, more = apply_thresholds(*find_nearest_class(similarity), [None, low, high])
    assert ((less == none) | (less == -1)).all()
    assert ((more == less) | (more == -1)).all()


@given(rows)
def test_a_threshold_below_all_similarities_equals_none(similarity: np.ndarray) -> None:
    for rounding in (6, None):
        np.testing.assert_array_equal(assign(similarity, -1.0, rounding), assign(similarity, None, rounding))


@pytest.mark.parametrize("rounding", [6, None])
def test_many_thresholds_equal_one_at_a_time(rounding: int | None) -> None:
    similarity = np.random.default_rng(0).uniform(-1, 1, (50, 4)).astype(np.float32)
    taus = [None, -0.5, 0.0, 0.3, 0.9]
    together = apply_thresholds(*find_nearest_class(similarity, rounding), taus, rounding)
    for tau, labels in zip(taus, together, strict=True):
        np.testing.assert_array_equal(labels, assign(similarity, tau, rounding))
