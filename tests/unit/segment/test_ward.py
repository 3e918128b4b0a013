"""The Ward tree against scikit-learn's and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from bench.segment import ward
from bench.segment.prune import find_parts, list_top_splits
from bench.segment.ward import build_ward_tree, compute_condensed_distances
from tests.unit.segment.planted import planted


@pytest.mark.parametrize("seed", range(3))
def test_merges_equal_scipys(seed: int) -> None:
    features = planted(seed)
    np.testing.assert_array_equal(build_ward_tree(features), hierarchy.ward(features)[:, :2])


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_parts_equal_scikit_learns(n: int) -> None:
    features = planted(5)
    merges = build_ward_tree(features)
    expected = AgglomerativeClustering(n_clusters=n, linkage="ward").fit_predict(features)
    parts = find_parts(merges, list_top_splits(merges, n))
    assert len(np.unique(parts)) == n
    assert adjusted_rand_score(expected, parts) == 1


@pytest.mark.parametrize("block", [1, 7, 512])
def test_distances_do_not_depend_on_the_block(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ward, "BLOCK", block)
    features = planted(2, grid=(5, 6)) * 3  # not unit length
    np.testing.assert_allclose(compute_condensed_distances(features), pdist(features.astype(np.float64)), atol=1e-7)


def test_near_duplicates_keep_their_order() -> None:
    """Gaps of 1e-4 and 1.1e-4 differ by 2e-9 when squared: float32 products of unit vectors cannot tell them apart."""
    angles = np.array([0.0, 1.1e-4, 1.0, 1.0 + 1e-4, 2.0])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert build_ward_tree(features)[:2].tolist() == [[2, 3], [0, 1]]


@pytest.mark.parametrize(("count", "merges"), [(0, 0), (1, 0), (2, 1)])
def test_tiny_inputs(count: int, merges: int) -> None:
    assert build_ward_tree(np.ones((count, 3), np.float32)).shape == (merges, 2)
