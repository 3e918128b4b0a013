"""Section 3.1: bottom-up clustering of dense features by Ward's criterion, exact, to the root, any pair may merge.

The tree is that of SciPy and scikit-learn where no two distances are equal. Among equal ones another pair may merge
first, and the tree above it, equally one of Ward's, is then another one, as on a grid of 15 x 15 points. A union is
never nearer to a third cluster than the nearer of its parts, so all pairs that are each other's nearest may merge at
once, round by round, and a cluster is compared anew only where its nearest one has merged. No table of distances is
held: memory grows with the features, not with their pairs. `bench.segment.nearest` finds the nearest ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32, Int64

from bench.segment.nearest import Clusters, update_nearest


@dataclass(frozen=True, eq=False)
class Unions:
    """The p unions of one round: a feature of either part, their squared Ward distance; how many pairs took part."""

    first: Int64[np.ndarray, " p"]
    second: Int64[np.ndarray, " p"]
    squared: Float64[np.ndarray, " p"]
    compared: int = 0


def build_ward_tree(features: Float[np.ndarray, "f d"]) -> Int32[np.ndarray, "f-1 2"]:
    """Cluster features; row t of the merges holds the two nodes (smaller id first) joined into node f + t.

    Nodes 0..f-1 are the features themselves. Where distances are equal, it need not be the tree of other libraries.
    """
    return build_ward_linkage(features)[:, :2].astype(np.int32)


def build_ward_linkage(features: Float[np.ndarray, "f d"]) -> Float64[np.ndarray, "f-1 4"]:
    """Cluster features and return the merges in SciPy's form: two nodes, Ward distance, number of features below."""
    if len(features) < 2:
        return np.empty((0, 4))
    unions = list_unions(features)
    first, second, squared = (
        np.concatenate([getattr(part, name) for part in unions]) for name in ("first", "second", "squared")
    )
    order = squared.argsort(kind="stable")
    return number_nodes(first[order], second[order], np.sqrt(squared[order]))


def list_unions(features: Float[np.ndarray, "f d"]) -> list[Unions]:
    """List the unions, round by round: first those of equal features."""
    same = find_first_equal(features)
    copies = (same != np.arange(len(features))).nonzero()[0]
    return [Unions(same[copies], copies, np.zeros(len(copies))), *merge_in_rounds(Clusters.begin(features, same))]


def find_first_equal(features: Float[np.ndarray, "f d"]) -> Int64[np.ndarray, " f"]:
    """Find for each feature the place of the first one that is equal to it, byte by byte."""
    rows = np.ascontiguousarray(features)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return first[place.ravel()]


def merge_in_rounds(clusters: Clusters) -> Iterator[Unions]:
    """Merge all clusters that are each other's nearest, until one is left; ValueError for what is not finite."""
    alive = stale = clusters.sizes.nonzero()[0]
    while len(alive) > 1:
        compared = update_nearest(clusters, alive, stale)
        partner = clusters.nearest[alive]
        mutual = (clusters.nearest[partner] == alive) & (alive < partner)
        first, second = alive[mutual], partner[mutual]
        if not len(first) and len(stale) == len(alive):
            raise ValueError("the features are not finite, or too large for their distances")
        if not len(first):  # rounding has put a union nearer than its parts: found once all are compared anew
            stale = alive
            continue
        yield Unions(first, second, clusters.squared[first], compared)
        clusters.unite(first, second)
        merged = np.zeros(len(clusters.sizes), bool)
        merged[first] = merged[second] = True
        alive = np.setdiff1d(alive, second, assume_unique=True)
        stale = alive[merged[alive] | merged[clusters.nearest[alive]]]


def number_nodes(
    first: Int64[np.ndarray, " m"], second: Int64[np.ndarray, " m"], distances: Float64[np.ndarray, " m"]
) -> Float64[np.ndarray, "m 4"]:
    """Number the nodes of merges from the smallest distance on, each given by a feature of either part."""
    count = len(first) + 1
    parents, nodes, sizes = list(range(count)), list(range(count)), [1] * count
    linkage = np.empty((count - 1, 4))
    for t, (a, b, distance) in enumerate(zip(first.tolist(), second.tolist(), distances.tolist(), strict=True)):
        a, b = _find_root(parents, a), _find_root(parents, b)
        linkage[t] = min(nodes[a], nodes[b]), max(nodes[a], nodes[b]), distance, sizes[a] + sizes[b]
        parents[b], nodes[a], sizes[a] = a, count + t, sizes[a] + sizes[b]
    return linkage


def _find_root(parents: list[int], at: int) -> int:
    """Find the feature that stands for the cluster of another, and shorten the way to it."""
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at
