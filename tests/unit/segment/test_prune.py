"""The cut and the pruning: properties, a hand-worked tree, the reference's quirk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.segment.prune import Leaves, prune
from bench.segment.ward import build_ward_tree
from tests.heap import is_descendant
from tests.unit.segment.planted import planted


def directions(*degrees: float) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def pruned(features: np.ndarray, *options: object) -> Leaves:
    return prune(features, build_ward_tree(features), *options)  # type: ignore[arg-type]


def covers_the_root(ids: tuple[int, ...]) -> bool:
    """Whether the ids are the leaves of one full binary tree: merging the deepest pairs must end at the root."""
    left = set(ids)
    while left != {0}:
        node = max(left)
        if node == 0 or node % 2 or node - 1 not in left:
            return False
        left = (left - {node, node - 1}) | {(node - 1) // 2}
    return True


@given(st.integers(0, 50), st.integers(1, 25), st.floats(-1, 1), st.sampled_from(["all", "first_half"]))
def test_leaves_are_a_partition_and_a_tree(seed: int, n: int, threshold: float, splits: str) -> None:
    features = planted(seed, grid=(4, 5), noise=0.4)
    leaves = pruned(features, n, threshold, splits)
    count = len(leaves.heap_ids)
    assert 1 <= count <= min(n, len(features))
    assert set(leaves.labels.tolist()) == set(range(count))
    assert covers_the_root(leaves.heap_ids)
    assert not any(is_descendant(a, b) for a in leaves.heap_ids for b in leaves.heap_ids)
    means = np.stack([features[leaves.labels == i].astype(float).mean(axis=0) for i in range(count)])
    np.testing.assert_allclose(leaves.centroids, means, atol=1e-12)


@given(st.integers(0, 50), st.integers(1, 25))
def test_thresholds_at_the_ends(seed: int, n: int) -> None:
    features = planted(seed, grid=(4, 5), noise=0.4)
    assert len(pruned(features, n, 1.01).heap_ids) == min(n, 20)
    assert len(pruned(features, n, -1.0).heap_ids) == min(n, 2)


def test_a_split_below_a_pruned_one_is_dropped_although_its_cosine_is_low() -> None:
    """The mean of 60 and 120 degrees is 90, so node (60, 120) against 95 looks alike, though 60 and 120 do not."""
    features = np.concatenate([np.repeat(directions(60, 120), 2, axis=0), directions(95), directions(270)])
    merges = np.array([[0, 1], [2, 3], [6, 7], [4, 8], [5, 9]], np.int32)
    leaves = prune(features, merges, 20, 0.9)
    assert leaves.heap_ids == (1, 2)
    assert leaves.labels.tolist() == [1, 1, 1, 1, 1, 0]
    assert prune(features, merges, 20, 0.999).heap_ids == (1, 5, 13, 14)
    assert prune(features, merges, 3, 0.999).heap_ids == (1, 5, 6)


def test_siblings_exactly_at_the_threshold_become_one() -> None:
    """The pair (5, 0), (3, 4) has the cosine 15 / 25, exactly representable as 0.6."""
    features = np.array([[5, 0], [3, 4], [-100, -100]], np.float32)
    merges = np.array([[0, 1], [2, 3]], np.int32)
    assert prune(features, merges, 20, 0.6).heap_ids == (1, 2)
    assert prune(features, merges, 20, float(np.nextafter(0.6, 1))).heap_ids == (1, 5, 6)


def test_children_are_numbered_smaller_node_first_and_labels_by_creation() -> None:
    features = directions(0, 180, 3, 90)
    leaves = pruned(features, 4, 2.0)
    # Merges: (0, 2) -> 4, (1, 3) -> 5, (4, 5) -> 6. Node 5 was created after node 4, so it is split first.
    assert leaves.heap_ids == (5, 6, 3, 4)
    assert leaves.labels.tolist() == [2, 0, 3, 1]


def test_the_first_split_stands_for_equal_features() -> None:
    leaves = pruned(np.tile(directions(30), (12, 1)), 20, 0.9)
    assert leaves.heap_ids == (1, 2)


def test_first_half_visits_half_of_n() -> None:
    features = planted(1, noise=0.4)
    assert len(pruned(features, 20, 2.0, "first_half").heap_ids) == 11
    assert len(pruned(features, 7, 2.0, "first_half").heap_ids) == 4


def test_one_feature_and_one_part() -> None:
    one = pruned(directions(10), 20, 0.9)
    assert one.heap_ids == (0,) and one.labels.tolist() == [0]
    assert pruned(planted(0), 1, 0.9).heap_ids == (0,)


def test_unknown_rule_is_refused() -> None:
    with pytest.raises(UserError, match="all, first_half"):
        pruned(directions(1, 2), 2, 0.9, "half")
