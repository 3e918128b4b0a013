"""The Ward tree against scikit-learn's and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster import hierarchy
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from bench.segment import nearest
from bench.segment.prune import find_parts, list_top_splits
from bench.segment.ward import build_ward_linkage, build_ward_tree
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


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_linkage_is_scipys_with_distances_and_sizes(scale: float) -> None:
    """Not of unit length, and far from the origin: neither may widen what float32 leaves open until nothing is left."""
    features = planted(2, grid=(5, 6)) * scale + 3 * scale
    expected = hierarchy.ward(features.astype(np.float64))
    made = build_ward_linkage(features)
    np.testing.assert_array_equal(made[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    np.testing.assert_allclose(made[:, 2], expected[:, 2], rtol=1e-9)


@pytest.mark.parametrize(
    ("block", "rows", "pairs", "waiting"),
    [pytest.param(1, 1, 1, 0, marks=pytest.mark.slow), (7, 11, 5, 30), (64, 64, 4096, 10**6), (512, 512, 4096, 10**6)],
)
def test_the_tree_does_not_depend_on_how_much_is_compared_at_once(
    block: int, rows: int, pairs: int, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = planted(2, grid=(9, 10))
    expected = hierarchy.ward(features.astype(np.float64))
    for name, value in (("BLOCK", block), ("ROWS", rows), ("PAIRS", pairs), ("WAITING", waiting)):
        monkeypatch.setattr(nearest, name, value)
    made = build_ward_linkage(features)
    np.testing.assert_array_equal(made[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    np.testing.assert_allclose(made[:, 2], expected[:, 2], rtol=1e-9)


def test_a_chain_in_which_each_feature_is_nearest_to_the_next_has_a_round_for_every_merge() -> None:
    """Gaps that shrink to one end leave one pair a round that is each other's nearest."""
    features = np.cumsum(1.3 ** np.arange(40.0))[:, None].astype(np.float32)
    np.testing.assert_array_equal(build_ward_tree(features), hierarchy.ward(features.astype(np.float64))[:, :2])


@pytest.mark.parametrize("features", [
    np.zeros((60, 4)), np.indices((7, 8)).reshape(2, -1).T, np.eye(30), np.repeat(np.eye(5), 9, axis=0),
])  # fmt: skip
def test_ties_end_in_a_tree_of_the_same_heights_each_time(features: np.ndarray) -> None:
    """Of ties any tree is right: all merges of nothing come first, and the same features give the same tree."""
    linkage = build_ward_linkage(features.astype(np.float32))
    assert hierarchy.is_valid_linkage(linkage)
    assert (np.diff(linkage[:, 2]) >= 0).all()
    assert np.count_nonzero(linkage[:, 2] == 0) == len(features) - len(np.unique(features, axis=0))
    np.testing.assert_array_equal(build_ward_linkage(features.astype(np.float32)), linkage)


def test_near_duplicates_keep_their_order() -> None:
    """Gaps of 1e-4 and 1.1e-4 differ by 2e-9 when squared: float32 products of unit vectors cannot tell them apart."""
    angles = np.array([0.0, 1.1e-4, 1.0, 1.0 + 1e-4, 2.0])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert build_ward_tree(features)[:2].tolist() == [[2, 3], [0, 1]]


@pytest.mark.parametrize("many", [0, 8])
def test_a_crowd_that_float32_cannot_tell_apart_is_scipys_too(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flat part of a picture: features within 1e-6 of each other beside ones as far apart as unit vectors are."""
    draw = np.random.default_rng(0)
    crowd = np.float64([[1, 0, 0, 0]]) + 1e-6 * draw.normal(size=(300, 4))
    features = np.concatenate([crowd, draw.normal(size=(20, 4))])
    monkeypatch.setattr(nearest, "MANY", many)
    made, expected = build_ward_linkage(features), hierarchy.ward(features)
    np.testing.assert_array_equal(made[:, [0, 1, 3]], expected[:, [0, 1, 3]])


@pytest.mark.parametrize(("count", "merges"), [(0, 0), (1, 0), (2, 1)])
def test_tiny_inputs(count: int, merges: int) -> None:
    assert build_ward_tree(np.ones((count, 3), np.float32)).shape == (merges, 2)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e200])
def test_what_has_no_distance_ends_in_an_error(wrong: float) -> None:
    features = np.eye(5)
    features[2, 1] = wrong
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="not finite"):
        build_ward_tree(features)
