"""The whole stage on made-up features: switches, sizes, lost leaves, images that cannot be used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.errors import BadSample, UserError
from bench.records import Sample, SegmentTree
from bench.resize import resize_nearest
from bench.segment.crf import DenseCrf, compute_centroid_energy
from bench.segment.dino_ward import DinoWard
from bench.segment.prune import prune
from bench.segment.ward import build_ward_tree
from tests.unit.segment.planted import Backbone, planted

GRID, LOADED, FULL = (12, 14), (24, 28), (50, 61)


def image(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def segment(features: np.ndarray, grid: tuple[int, int] = GRID, loaded: Any = None, **options: Any) -> SegmentTree:
    backbone = Backbone(features, grid, image(LOADED) if loaded is None else loaded)
    return DinoWard(backbone, **options)(Sample("one", image(FULL, 1)))


def partition(tree: SegmentTree) -> bool:
    return set(np.unique(tree.leaves)) == set(range(len(tree.heap_ids))) and tree.leaves.dtype == np.int16


@pytest.mark.parametrize("off", [None, False, "none"])
def test_without_crf_the_leaves_are_the_clusters_enlarged(off: Any) -> None:
    features = planted(3, noise=0.3)
    tree = segment(features, crf=off)
    leaves = prune(features, build_ward_tree(features), 20, 0.9)
    assert tree.heap_ids == leaves.heap_ids and partition(tree) and len(tree.heap_ids) > 5
    np.testing.assert_array_equal(tree.leaves, leaves.labels.reshape(GRID).repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize(("size", "shape", "seed"), [("loaded", LOADED, 0), ("image", FULL, 1)])
def test_crf_works_at_the_size_and_on_the_image_it_was_told(size: str, shape: tuple[int, int], seed: int) -> None:
    features = planted(3, noise=0.4)
    crf = DenseCrf(size=size, bilateral_srgb=60)
    tree = segment(features, crf=crf, n=4)
    leaves = prune(features, build_ward_tree(features), 4, 0.9)
    energy = compute_centroid_energy(features, leaves.centroids).reshape(*GRID, -1)
    labels = crf.choose_labels(resize_nearest(energy, shape).astype(np.float32), image(shape, seed))
    assert tree.leaves.shape == shape and tree.heap_ids == leaves.heap_ids
    np.testing.assert_array_equal(tree.leaves, labels)
    assert (labels != resize_nearest(leaves.labels.reshape(GRID), shape)).any()
    assert (labels != crf.choose_labels(resize_nearest(energy, shape).astype(np.float32), image(shape, 2))).any()


def test_true_is_the_default_crf() -> None:
    features = planted(3)
    np.testing.assert_array_equal(segment(features).leaves, segment(features, crf=DenseCrf()).leaves)
    np.testing.assert_array_equal(segment(features).leaves, segment(features, crf=True).leaves)


def test_options_reach_the_cut() -> None:
    features = planted(1, noise=0.4)
    assert len(segment(features, prune_threshold=2, crf=None).heap_ids) == 20
    assert len(segment(features, prune_threshold=2, n=6, crf=None).heap_ids) == 6
    assert len(segment(features, prune_threshold=2, splits="first_half", crf=None).heap_ids) == 11


def test_a_leaf_that_the_crf_loses_leaves_the_tree() -> None:
    """One feature alone in its leaf, inside a flat region: the CRF takes its pixels."""
    features = np.tile(np.array([[1, 0, 0]], np.float32), (168, 1))
    features[84:] = [0, 1, 0]
    features[30] = [0.6, 0, 0.8]
    flat = np.full((*LOADED, 3), 50, np.uint8)
    flat[12:] = 200
    kept = segment(features, loaded=flat, n=3, crf=None)
    assert sorted(kept.heap_ids) in ([1, 5, 6], [2, 3, 4])
    tree = segment(features, loaded=flat, n=3)
    assert sorted(tree.heap_ids) == [1, 2] and partition(tree)
    shifted = segment(features, loaded=flat, n=3, lost="shift")
    assert shifted.heap_ids == kept.heap_ids[:2]
    np.testing.assert_array_equal(shifted.leaves, tree.leaves)


def test_constant_and_tiny_images() -> None:
    constant = segment(np.tile(planted(0)[:1], (168, 1)), loaded=np.full((*LOADED, 3), 9, np.uint8))
    assert len(constant.heap_ids) <= 2 and partition(constant)
    single = segment(planted(0)[:1], (1, 1), image((8, 8)))
    assert single.heap_ids == (0,) and single.leaves.shape == (8, 8) and not single.leaves.any()
    pair = segment(planted(0, (1, 2)), (1, 2), image((1, 2)), n=20, crf=None)
    assert pair.leaves.tolist() == [[0, 1]] and pair.heap_ids == (1, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_a_bad_sample(value: float) -> None:
    features = planted(0)
    features[5, 3] = value
    with pytest.raises(BadSample, match="image one: .*not finite") as error:
        segment(features)
    assert "\n" not in str(error.value)


def test_too_many_or_no_features_are_a_bad_sample() -> None:
    with pytest.raises(BadSample, match="168 features, but 1 to 100"):
        segment(planted(0), max_features=100)
    with pytest.raises(BadSample, match="0 features"):
        segment(planted(0)[:0], (0, 0))


@pytest.mark.parametrize(
    ("wrong", "named"), [({"n": 0}, "n=0"), ({"splits": "x"}, "splits"), ({"lost": "x"}, "lost"), ({"crf": "x"}, "crf")]
)
def test_wrong_options_are_refused_before_any_image(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        DinoWard(Backbone(planted(0), GRID, image(LOADED)), **wrong)
