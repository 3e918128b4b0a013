"""Appendix B: from the full Ward tree to leaves, top-down: cut to n parts, then prune siblings that are alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int, Int16, Int32

from bench.errors import UserError
from bench.segment.cosine import compute_cosine

SPLITS = ("all", "first_half")


@dataclass(frozen=True)
class Split:
    """A node of the Ward tree and its two children, the smaller id first."""

    node: int
    children: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Leaves:
    """The pruned segmentation: a leaf for each feature, and each leaf's heap id and mean feature (not re-normalised).

    Leaves are numbered in the order of their creation by the splits.
    """

    labels: Int16[np.ndarray, " f"]
    heap_ids: tuple[int, ...]
    centroids: Float64[np.ndarray, "k d"]


def prune(
    features: Float[np.ndarray, "f d"],
    merges: Int32[np.ndarray, "f-1 2"],
    n: int = 20,
    threshold: float = 0.9,
    splits: str = "all",
) -> Leaves:
    """Visit the splits down to ``n`` parts; a split stands if its children's mean features have cosine < threshold.

    The first split always stands, a split below a pruned one never does. ``splits="first_half"`` is the reference's
    quirk: only the first n // 2 of the n - 1 splits are visited.
    """
    if splits not in SPLITS:
        raise UserError(f"segment.splits={splits!r} is unknown: use one of {', '.join(SPLITS)}")
    cut = list_top_splits(merges, n)
    parts = find_parts(merges, cut)  # f: the Ward node that holds each feature
    sums, sizes = sum_features(features, parts, cut)  # by node: d, and a number
    cosines = {s: compute_cosine(sums[s.children[0]], sums[s.children[1]]) for s in cut}
    visited = cut if splits == "all" else cut[: n // 2]
    leaves = apply_splits([s for s in visited if s is cut[0] or cosines[s] < threshold], root=len(features) * 2 - 2)
    owner = find_owners(cut, leaves)
    position = {node: i for i, node in enumerate(leaves)}
    unique, inverse = np.unique(parts, return_inverse=True)  # n, f
    labels = np.array([position[owner[int(part)]] for part in unique], np.int16)[inverse]  # f: from part to leaf
    return Leaves(labels, tuple(leaves.values()), np.stack([sums[node] / sizes[node] for node in leaves]))


def list_top_splits(merges: Int32[np.ndarray, "f-1 2"], n: int) -> tuple[Split, ...]:
    """List the n - 1 splits from the root that give n parts (fewer where there are fewer features).

    The node created last is split first: its merge is the highest.
    """
    count = len(merges) + 1
    last = range(count - 2, max(count - 1 - n, -1), -1)
    return tuple(Split(count + t, (int(merges[t, 0]), int(merges[t, 1]))) for t in last)


def find_parts(merges: Int32[np.ndarray, "f-1 2"], cut: tuple[Split, ...]) -> Int[np.ndarray, " f"]:
    """Find for each feature the node of the finest cut that holds it."""
    count = len(merges) + 1
    part = np.arange(2 * count - 1)  # every node by itself; from the top down a node takes its parent's place
    for t in range(len(merges) - len(cut) - 1, -1, -1):
        part[merges[t]] = part[count + t]
    return part[:count]


def sum_features(
    features: Float[np.ndarray, "f d"], parts: Int[np.ndarray, " f"], cut: tuple[Split, ...]
) -> tuple[dict[int, Float64[np.ndarray, " d"]], dict[int, int]]:
    """Sum the features (float64) and count them, for every node of the cut, parts and split nodes alike."""
    sums = {int(p): features[parts == p].sum(axis=0, dtype=np.float64) for p in np.unique(parts)}
    sizes = {int(p): int(np.count_nonzero(parts == p)) for p in np.unique(parts)}
    for split in reversed(cut):
        left, right = split.children
        sums[split.node] = sums[left] + sums[right]
        sizes[split.node] = sizes[left] + sizes[right]
    return sums, sizes


def apply_splits(accepted: Iterable[Split], root: int) -> dict[int, int]:
    """Return the leaves after the accepted splits, as Ward node to heap id in order of creation.

    A split whose node is no leaf at its turn hangs below a pruned one and is dropped.
    """
    leaves = {root: 0}
    for split in accepted:
        if split.node in leaves:
            heap_id = leaves.pop(split.node)
            leaves[split.children[0]] = 2 * heap_id + 1
            leaves[split.children[1]] = 2 * heap_id + 2
    return leaves


def find_owners(cut: tuple[Split, ...], leaves: dict[int, int]) -> dict[int, int]:
    """Find for each node of the cut at or below a leaf that leaf."""
    owner = {leaf: leaf for leaf in leaves}
    for split in cut:
        if split.node in owner:
            owner.update(dict.fromkeys(split.children, owner[split.node]))
    return owner
