"""Golden vectors of section 3.1: Ward tree, cut to 20 parts, pruning with and without the reference's quirk."""

from __future__ import annotations

import numpy as np
import pytest

from bench.segment.prune import part_of_feature, prune, top_splits, totals
from bench.segment.ward import ward_tree
from tests.golden import golden

pytestmark = pytest.mark.golden
THRESHOLDS = (0.5, 0.9, 0.95)


@pytest.fixture(params=golden.seeds("ward_tree"))
def vectors(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    return golden.load("ward_tree", request.param)[0]


def test_merges_equal_the_references_tree(vectors: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(ward_tree(vectors["features"]), vectors["merge_children"])


def test_cut_visits_the_references_nodes_in_its_order(vectors: dict[str, np.ndarray]) -> None:
    features, merges = vectors["features"], vectors["merge_children"]
    cut = top_splits(merges, 20)
    sums, sizes = totals(features, part_of_feature(merges, cut), cut)
    rows = [child for split in cut for child in split.children]
    assert [sizes[node] for node in rows] == vectors["node_masks"].sum(axis=1).tolist()
    means = np.stack([sums[node] / sizes[node] for node in rows])
    np.testing.assert_allclose(means, vectors["node_centroids"], atol=1e-6, rtol=0)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_first_half_of_the_splits_gives_the_references_leaves(vectors: dict[str, np.ndarray], threshold: float) -> None:
    leaves = prune(vectors["features"], vectors["merge_children"], 20, threshold, "first_half")
    key = f"thr{threshold}"
    np.testing.assert_array_equal(leaves.labels.reshape(16, 20), vectors[f"{key}_leaf_compact"])
    assert leaves.heap_ids == tuple(vectors[f"{key}_leaf_tree_ids"].tolist())
    np.testing.assert_allclose(leaves.centroids, vectors[f"{key}_leaf_centroids"], atol=1e-6, rtol=0)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_all_splits_give_the_independent_leaves(vectors: dict[str, np.ndarray], threshold: float) -> None:
    leaves = prune(vectors["features"], vectors["merge_children"], 20, threshold)
    key = f"thr{threshold}_independent_all_splits"
    assert leaves.heap_ids == tuple(vectors[f"{key}_tree_ids"].tolist())
    _, expected = np.unique(vectors[f"{key}_leaf"], return_inverse=True)
    np.testing.assert_array_equal(leaves.labels, expected.reshape(-1))


def test_the_quirk_shows_in_these_vectors(vectors: dict[str, np.ndarray]) -> None:
    features, merges = vectors["features"], vectors["merge_children"]
    assert prune(features, merges, 20, 0.95).heap_ids != prune(features, merges, 20, 0.95, "first_half").heap_ids
