"""Section 3.1: bottom-up clustering of dense features by Ward's criterion, exact, to the root, any pair may merge.

The tree is that of SciPy and scikit-learn. The speed comes from distances made by matrix products and from
fastcluster's nearest-neighbour chain. Products are in float64: only the upper triangle is computed, so they cost no
more than a full float32 product, and near-duplicate features keep their order.
"""

from __future__ import annotations

import fastcluster
import numpy as np
from jaxtyping import Float, Float64, Int32

BLOCK = 512


def build_ward_tree(features: Float[np.ndarray, "f d"]) -> Int32[np.ndarray, "f-1 2"]:
    """Cluster features; row t of the merges holds the two nodes (smaller id first) joined into node f + t.

    Nodes 0..f-1 are the features themselves. Needs 4 f (f - 1) bytes for the distances (1 GiB for 15,914 features).
    """
    return build_ward_linkage(features)[:, :2].astype(np.int32)


def build_ward_linkage(features: Float[np.ndarray, "f d"]) -> Float64[np.ndarray, "f-1 4"]:
    """Cluster features and return the merges in SciPy's form: two nodes, Ward distance, number of features below."""
    if len(features) < 2:
        return np.empty((0, 4))
    linkage: Float64[np.ndarray, "f-1 4"] = fastcluster.linkage(
        compute_condensed_distances(features), method="ward", preserve_input=False
    )
    return linkage


def compute_condensed_distances(features: Float[np.ndarray, "f d"]) -> Float64[np.ndarray, " p"]:
    """Compute the Euclidean distances of all pairs i < j in SciPy's condensed order, p = f (f - 1) / 2."""
    rows = features.astype(np.float64)
    square = np.einsum("fd,fd->f", rows, rows)  # squared lengths
    count, position = len(rows), 0
    condensed = np.empty(count * (count - 1) // 2)
    for start in range(0, count, BLOCK):
        block = rows[start : start + BLOCK] @ rows[start:].T  # b f-start: products of these rows with all later ones
        block *= -2  # in place: |x - y|^2 = -2 x.y + |x|^2 + |y|^2
        block += square[start : start + BLOCK, None]
        block += square[start:]
        np.sqrt(np.maximum(block, 0, out=block), out=block)
        for i, row in enumerate(block):  # of row i only what lies right of the diagonal
            condensed[position : position + len(row) - i - 1] = row[i + 1 :]
            position += len(row) - i - 1
    return condensed
