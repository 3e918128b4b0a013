"""Section 3.1 and appendix B on golden features: linkage, cut, pruning with and without the reference's quirk."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.segment.cosine import compute_cosine
from bench.segment.prune import Split, apply_splits, find_parts, list_top_splits, prune, sum_features
from bench.segment.ward import build_ward_linkage, build_ward_tree
from tests.golden.golden import Family, Found, Vectors

ATOL = 1e-6
"""Means and cosines of unit vectors: the reference averages in float32, we in float64."""


def produce(vectors: Vectors) -> dict[str, Found]:
    features, parts = vectors["features"], vectors["json/num_parts"]
    linkage = build_ward_linkage(features)
    merges = build_ward_tree(features)
    cut = list_top_splits(merges, parts)
    sums, sizes = sum_features(features, find_parts(merges, cut), cut)
    rows = [child for split in cut for child in split.children]
    means = np.stack([sums[node] / sizes[node] for node in rows])
    alike = np.array([[compute_cosine(a, b) for b in means] for a in means])
    heights = linkage[:, 2]
    found = {
        "linkage": Found(linkage, ATOL),
        "merge_children": Found(merges),
        "node_masks": Found(np.stack([below(merges, node) for node in rows])),
        "node_centroids": Found(means, ATOL),
        "node_similarity": Found(alike, ATOL),
        "sibling_similarity": Found(alike[0::2, 1::2].diagonal(), ATOL),
        "json/num_node_masks": Found(len(rows)),
        "json/loop_covers_splits": Found(parts // 2),
        "json/smallest_relative_gap_between_successive_merge_heights": Found(
            float((np.diff(heights) / heights[1:]).min()), ATOL
        ),
        "json/leaves": Found({}),
    }
    for threshold in vectors["json/thresholds"]:
        for quirk in (True, False):
            found |= pruned(vectors, merges, cut, threshold, quirk, found["json/leaves"].value)
    return found


def pruned(vectors: Vectors, merges: Any, cut: tuple[Split, ...], threshold: float, quirk: bool, leaves: dict) -> dict:
    """One threshold, with the splits that the reference visits or with all of them."""
    features, parts, grid = vectors["features"], vectors["json/num_parts"], vectors["json/grid"]
    made = prune(features, merges, parts, threshold, "first_half" if quirk else "all")
    rows = {child: i for i, child in enumerate(child for split in cut for child in split.children)}
    painted = paint(features, merges, cut[: parts // 2] if quirk else cut, threshold)
    row_of = {heap: rows[node] for node, heap in painted}
    place = {heap: i for i, (_, heap) in enumerate(painted)}
    raw = np.array([place[heap] for heap in made.heap_ids])[made.labels].reshape(grid)
    nodes = np.array([row_of[heap] for heap in made.heap_ids])
    name = f"{threshold}" if quirk else f"{threshold} all {len(cut)} splits (independent)"
    leaves[name] = len(made.heap_ids)
    key = f"thr{threshold}"
    if not quirk:
        own = {"leaf": made.labels.reshape(grid), "tree_ids": np.array(made.heap_ids), "leaf_nodes": nodes}
        return {f"{key}_independent_all_splits_{part}": Found(value) for part, value in own.items()}
    return {
        f"{key}_leaf_raw": Found(raw),
        f"{key}_leaf_compact": Found(made.labels.reshape(grid)),
        f"{key}_all_nodes": Found(np.array([rows[node] for node, _ in painted])),
        f"{key}_all_tree_ids": Found(np.array([heap for _, heap in painted])),
        f"{key}_leaf_nodes": Found(nodes),
        f"{key}_leaf_tree_ids": Found(np.array(made.heap_ids)),
        f"{key}_leaf_centroids": Found(made.centroids, ATOL),
    }


def paint(features: Any, merges: Any, visited: tuple[Split, ...], threshold: float) -> list[tuple[int, int]]:
    """Ward node and heap id of every node that a standing split made, in order."""
    sums, _ = sum_features(features, find_parts(merges, visited), visited)
    keep = [s for s in visited if s is visited[0] or compute_cosine(*(sums[c] for c in s.children)) < threshold]
    painted: dict[int, int] = {}
    for count in range(1, len(keep) + 1):
        painted |= apply_splits(keep[:count], root=len(features) * 2 - 2)
    return list(painted.items())


def below(merges: Any, node: int) -> np.ndarray:
    """The features below a node of the Ward tree, 0 or 1."""
    mask = np.zeros(len(merges) + 1, np.uint8)
    stack = [node]
    while stack:
        at = stack.pop()
        if at < len(mask):
            mask[at] = 1
        else:
            stack += merges[at - len(mask)].tolist()
    return mask


FAMILY = Family(
    "ward_tree",
    produce,
    given=("features", "json/grid", "json/num_parts", "json/thresholds"),
    not_results={"planted_regions": "information only: what the features were drawn from"},
)
