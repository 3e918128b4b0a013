"""Golden vectors of appendix B: unary and dense CRF."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.resize import nearest
from bench.segment.crf import DenseCrf, centroid_energy
from tests.golden import golden

pytestmark = pytest.mark.golden


@pytest.fixture(params=golden.seeds("densecrf"))
def case(request: pytest.FixtureRequest) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    return golden.load("densecrf", request.param)


def test_unary_is_distance_minus_its_maximum_enlarged_by_nearest(
    case: tuple[dict[str, np.ndarray], dict[str, Any]],
) -> None:
    vectors, facts = case
    energy = centroid_energy(vectors["features"], vectors["centroids"])
    squared = vectors["squared_distance"]
    np.testing.assert_allclose(energy, squared - squared.max(axis=1, keepdims=True), atol=1e-6, rtol=0)
    unary = nearest(energy.reshape(*facts["grid"], -1), tuple(facts["size"]))
    np.testing.assert_allclose(unary, vectors["unary"], atol=1e-6)
    np.testing.assert_array_equal(unary.argmin(axis=-1), vectors["label_unary_only"])


@pytest.mark.parametrize(("iterations", "key"), [(1, "Q_1_iterations"), (3, "Q_3_iterations"), (10, "Q")])
def test_marginals(case: tuple[dict[str, np.ndarray], dict[str, Any]], iterations: int, key: str) -> None:
    vectors, _ = case
    marginals = DenseCrf(iterations=iterations).marginals(vectors["unary"], vectors["image"])
    np.testing.assert_allclose(marginals.reshape(vectors[key].shape), vectors[key], atol=1e-5)


def test_labels_equal_the_reference_and_the_exact_mean_field(
    case: tuple[dict[str, np.ndarray], dict[str, Any]],
) -> None:
    vectors, _ = case
    labels = DenseCrf().labels(vectors["unary"], vectors["image"])
    np.testing.assert_array_equal(labels, vectors["label_map"])
    np.testing.assert_array_equal(labels, vectors["independent_exact_label_map"])
