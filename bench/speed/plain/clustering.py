"""Section 3.1 and appendix B, plainly: SciPy's Ward tree and distances to centroids by broadcasting."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int32
from scipy.cluster.hierarchy import linkage


def build_ward_tree(features: Float[np.ndarray, "f d"]) -> Int32[np.ndarray, "f-1 2"]:
    """Cluster features to the root by SciPy; row t holds the two nodes joined into node f + t, the smaller id first."""
    return np.sort(linkage(features.astype(np.float64), "ward")[:, :2], axis=1).astype(np.int32)


def compute_centroid_energy(
    features: Float[np.ndarray, "f d"], centroids: Float64[np.ndarray, "k d"]
) -> Float64[np.ndarray, "f k"]:
    """Compute squared distances to each centroid minus their maximum, by the differences of all pairs."""
    differences = features.astype(np.float64)[:, None] - centroids[None]  # f k d
    square = (differences**2).sum(axis=-1)
    return square - square.max(axis=1, keepdims=True)
