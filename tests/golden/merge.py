"""Section 3.4 on golden embeddings: which siblings merge, in which order, and what is left.

Encoder and captioner are stand-ins with the stored vectors; choosing among a node's candidates is ZeroCap's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from bench.caption.zerocap import Winner, ZeroCap
from bench.encode.segments import make_token_masks
from bench.merge.siblings import list_stack_order
from bench.records import Captions, Embeddings, SegmentTree
from tests.golden import configured
from tests.golden.golden import Family, Found, Vectors
from tests.heap import is_descendant


class Chooser(ZeroCap):
    """ZeroCap whose final beams are given: `beams` is a list of texts with their features."""

    def __init__(self) -> None:
        self.final = "cut_last"

    def list_candidates(self, beams: Any) -> list[str]:
        self.prompted = lambda _: beams[1]
        return list(beams[0])


class StandIns:
    """`embed` and `describe` by table: knows a node by its mask, and remembers what it was asked."""

    def __init__(self, vectors: Mapping[str, Any], tree: SegmentTree) -> None:
        self.ids, self.images = vectors["node_ids"].tolist(), vectors["node_image_embedding"]
        self.features, self.texts = vectors["node_caption_embedding"], vectors["json/candidate_captions"]
        self.tree = tree
        self.encoded: list[int] = []

    def mask(self, node: int) -> np.ndarray:
        below = (i for i, leaf in enumerate(self.tree.heap_ids) if leaf == node or is_descendant(leaf, node))
        return self.tree.mask(tuple(below))

    def embed(self, masks: np.ndarray) -> Embeddings:
        nodes = [next(n for n in self.ids if np.array_equal(mask, self.mask(n))) for mask in masks]
        self.encoded += nodes
        none = np.empty((len(nodes), 0), np.float32)
        return Embeddings(self.images[[self.ids.index(n) for n in nodes]], none, none)

    def describe(self, embeddings: Embeddings) -> Captions:
        rows = [int(np.flatnonzero((self.images == v).all(axis=1))[0]) for v in embeddings.vectors]
        chosen = [self.choose(self.ids[row]) for row in rows]
        scores = np.array([c.score for c in chosen], np.float32)
        return Captions(tuple(c.text for c in chosen), np.stack([c.feature.numpy() for c in chosen]), scores)

    def choose(self, node: int, candidates: slice = slice(None)) -> Winner:
        """ZeroCap's choice among some of the candidates of a node."""
        row = self.ids.index(node)
        target = functional.normalize(torch.from_numpy(self.images[row]), dim=0)
        beams: Any = (self.texts[str(node)][candidates], torch.from_numpy(self.features[row][candidates]))
        return Chooser().choose([beams], target[None])[0]


def produce(vectors: Vectors) -> dict[str, Found]:
    tree = SegmentTree(vectors["mask"], tuple(vectors["tree_ids"].tolist()))
    stand_ins = StandIns(vectors, tree)
    words = ("method=reference", f"merge.threshold={vectors['json/threshold']}")
    merged = configured.stage("merge", *words)(tree, stand_ins.embed, stand_ins.describe)
    decisions = merged.decisions
    passed = {d.parent for d in decisions if d.merged}
    failed = {d.parent for d in decisions} - passed
    visits = list_stack_order(tree.heap_ids, passed)
    # Testing first saves the embedding and the texts of every failed parent; everything else is encoded, once.
    assert sorted(stand_ins.encoded) == sorted(set(visits) - failed)
    chosen = [stand_ins.choose(node) for node in visits]
    count, leaves = vectors["node_caption_embedding"].shape[1], leaf_lists(tree, visits)
    each = [[stand_ins.choose(node, slice(i, i + 1)).score for i in range(count)] for node in visits]
    picked = [int(c.text.rpartition("c")[2]) for c in chosen]
    node_masks = make_token_masks(np.stack([stand_ins.mask(node) for node in visits]), (vectors["json/grid"],) * 2)
    final = list(zip(merged.heap_ids, merged.captions.texts, strict=True))
    text = dict(zip(visits, (c.text for c in chosen), strict=True))
    kept = [node for node in visits if node not in failed]
    distance = min(abs(d.similarity - vectors["json/threshold"]) for d in decisions)
    return {
        "initial_segments": Found(tree.leaves),
        "encoder_masks": Found(node_masks[:, 1:].reshape(len(visits), vectors["json/grid"], -1).numpy(), 1e-6),
        "processing_order": Found(np.array(visits)),
        "selected_caption": Found(np.array(picked)),
        "selected_caption_clip_score": Found(np.array([c.score for c in chosen]), 1e-6),
        "candidate_clip_scores": Found(np.array(each), 1e-6),
        "decision_parent": Found(np.array([d.parent for d in decisions])),
        "decision_image_similarity": Found(np.array([d.image_similarity for d in decisions]), 1e-6),
        "decision_text_similarity": Found(np.array([d.text_similarity for d in decisions]), 1e-6),
        "decision_mix": Found(np.array([d.similarity for d in decisions]), 1e-6),
        "decision_merged": Found(np.array([d.merged for d in decisions])),
        "final_segments": Found(disjoint(merged.masks)),
        "json/queue_before_each_pop": Found(queues(tree.heap_ids, visits, leaves)),
        "json/pop_sequence": Found([{"node": n, "leaf_ids": leaves[n]} for n in visits]),
        "json/decisions": Found([{"parent": d.parent, "merged": d.merged} for d in decisions]),
        "json/nodes_kept_in_insertion_order": Found(
            [
                {"node": n, "leaf_ids": leaves[n], "final": n in merged.heap_ids, "caption": text[n]}
                for n in kept
            ]
        ),
        "json/final_segments": Found(
            [{"label": i, "node": n, "leaf_ids": leaves[n], "caption": words} for i, (n, words) in enumerate(final)]
        ),
        "json/final_captions": Found([words for _, words in final]),
        "json/final_clip_scores": Found([float(s) for s in merged.captions.scores], 1e-6),
        "json/smallest_distance_to_threshold": Found(distance, 1e-6),
    }  # fmt: skip


def disjoint(masks: np.ndarray) -> np.ndarray:
    """One label map of masks that cover every pixel once."""
    assert (masks.sum(axis=0) == 1).all()
    return masks.argmax(axis=0)


def leaf_lists(tree: SegmentTree, visits: list[int]) -> dict[int, list[int]]:
    """Leaves of each node as the reference lists them: those of the child visited last, then its sibling's."""
    lists = {leaf: [i] for i, leaf in enumerate(tree.heap_ids)}
    for node in visits:
        if node not in lists:
            last, first = sorted((2 * node + 1, 2 * node + 2), key=visits.index, reverse=True)
            lists[node] = lists[last] + lists[first]
    return lists


def queues(leaves: tuple[int, ...], visits: list[int], lists: dict[int, list[int]]) -> list[list[Any]]:
    """What waits before each visit: leaves in label order, then parents from the visit of their second child on."""
    pushed = {n: max(visits.index(c) for c in (2 * n + 1, 2 * n + 2)) for n in visits if n not in leaves}
    return [
        [[n, lists[n]] for n in leaves if visits.index(n) >= step]
        + [[n, lists[n]] for n in sorted(pushed, key=pushed.__getitem__) if pushed[n] < step <= visits.index(n)]
        for step in range(len(visits))
    ]


FAMILY = Family(
    "merge",
    produce,
    given=(
        "mask", "tree_ids", "node_ids", "node_image_embedding", "node_caption_embedding",
        "json/candidate_captions", "json/threshold", "json/grid",
    ),
    not_results={
        "json/rule": "the name of the rule",
        "json/weights": "what the mean of two similarities weighs; another one changes every decision_mix",
        "json/comparison": "the sign of the comparison",
        "json/prompt": "no text is encoded here",
    },
)  # fmt: skip
