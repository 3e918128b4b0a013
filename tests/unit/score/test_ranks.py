"""Ranks against counting by hand, and letters against what they promise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.score.intervals import MetricCounts
from bench.score.ranks import compute_ranks, group_alike, rank_columns
from bench.score.resampling import _draw_resamples


def rows_of(values: np.ndarray) -> list[MetricCounts]:
    """A metric for each row, a number an image."""
    ids = tuple(f"i{at:02}" for at in range(values.shape[1]))
    return [MetricCounts(ids, row[:, None], np.ones((len(row), 1)), "images") for row in values]


def test_ranks_of_columns_by_hand() -> None:
    values = np.array([[3.0, 1.0], [5.0, 1.0 + 1e-14], [3.0, 0.0], [4.0, 2.0]])
    assert rank_columns(values).tolist() == [[3, 2], [1, 2], [3, 4], [2, 1]]


def test_every_system_is_ranked_on_the_same_resamples() -> None:
    values = np.random.default_rng(1).random((4, 25)) + np.array([[0.0], [0.1], [0.15], [0.3]])
    weights = _draw_resamples(np.random.default_rng(7), 25, 400)  # i b
    means = values @ weights / 25
    drawn = [[1 + sum(means[other, b] > means[at, b] for other in range(4)) for b in range(400)] for at in range(4)]
    for at, found in enumerate(compute_ranks(rows_of(values), 400, seed=7)):
        assert found.rank == 1 + sum(values[other].mean() > values[at].mean() for other in range(4))
        ordered = sorted(drawn[at])
        assert (found.low, found.high) == (
            min(ordered[int(0.025 * 399)], found.rank),
            max(ordered[int(np.ceil(0.975 * 399))], found.rank),
        )
        assert found.first == pytest.approx(np.mean([rank == 1 for rank in drawn[at]]))


def test_a_difference_in_every_image_is_certain_though_the_intervals_overlap() -> None:
    base = np.random.default_rng(0).random(30)
    first, second = compute_ranks(rows_of(np.array([base + 0.01, base])), 200)
    assert (first.rank, first.low, first.high, first.first) == (1, 1, 1, 1)
    assert (second.rank, second.low, second.high, second.first) == (2, 2, 2, 0)


def test_those_that_tie_share_the_better_rank_and_one_without_a_number_has_none() -> None:
    base = np.random.default_rng(0).random(10)
    rows = rows_of(np.array([base, base, base - 1]))
    nothing = MetricCounts(rows[0].image_ids, np.zeros((10, 1)), np.zeros((10, 1)), "images")
    found = compute_ranks([*rows, nothing], 100)
    assert [each.rank for each in found[:3]] == [1, 1, 3] and np.isnan(found[3].rank)
    assert np.isnan(compute_ranks([nothing], 100)[0].low)


@given(st.integers(0, 7).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.sampled_from(
    list(combinations(range(n), 2)) or [(0, 0)])) if n > 1 else st.just(set()))))  # fmt: skip
def test_two_share_a_group_just_where_they_do_not_differ(case: tuple[int, set[tuple[int, int]]]) -> None:
    count, differing = case
    groups = group_alike(count, sorted(differing))
    for pair in combinations(range(count), 2):
        assert any(set(pair) <= set(group) for group in groups) == (pair not in differing)
    assert {at for group in groups for at in group} == set(range(count)), "everyone has a group"
    assert not any(set(a) < set(b) for a in groups for b in groups), "none within another"


def test_letters_of_a_worked_case() -> None:
    """Of four, the first differs from the last two and the second from the last: a chain of overlapping groups."""
    assert group_alike(4, [(0, 2), (0, 3), (1, 3)]) == [[0, 1], [1, 2], [2, 3]]
