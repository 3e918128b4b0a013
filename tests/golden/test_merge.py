"""Golden vectors of section 3.4: which siblings merge, in which order, and what is left."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from bench.merge.base import Merged
from bench.merge.siblings import Siblings, stack_order
from bench.records import Captions, Embeddings, SegmentTree
from bench.segment.tree import is_descendant
from tests.golden import golden

pytestmark = pytest.mark.golden


@dataclass
class StandIn:
    """Encoder and captioner with the stored vectors: knows a node by its mask, and counts what it was asked."""

    vectors: dict[str, np.ndarray]
    tree: SegmentTree
    encoded: dict[int, np.ndarray] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)

    def node(self, mask: np.ndarray) -> int:
        for node in self.vectors["node_ids"].tolist():
            below = tuple(i for i, leaf in enumerate(self.tree.heap_ids) if leaf == node or is_descendant(leaf, node))
            if np.array_equal(mask, self.tree.mask(below)):
                return node
        raise AssertionError("a mask was encoded that is no node of the tree")

    def embed(self, masks: np.ndarray) -> Embeddings:
        nodes = [self.node(mask) for mask in masks]
        self.calls.append(len(nodes))
        self.encoded.update(zip(nodes, masks, strict=True))
        rows = [self.row(node) for node in nodes]
        none = np.empty((len(rows), 0), np.float32)
        return Embeddings(self.vectors["node_image_embedding"][rows], none, none)

    def describe(self, embeddings: Embeddings) -> Captions:
        texts, features, scores = [], [], []
        for vector in embeddings.vectors:
            row = int(np.flatnonzero((self.vectors["node_image_embedding"] == vector).all(axis=1))[0])
            candidates = self.vectors["node_caption_embedding"][row]
            cosines = candidates @ vector / np.linalg.norm(candidates, axis=1) / np.linalg.norm(vector)
            best = int(cosines.argmax())
            texts.append(f"n{self.vectors['node_ids'][row]}c{best}")
            features.append(candidates[best])
            scores.append(cosines[best])
        return Captions(tuple(texts), np.array(features), np.array(scores, np.float32))

    def row(self, node: int) -> int:
        return int(np.flatnonzero(self.vectors["node_ids"] == node)[0])


@dataclass
class Case:
    """A seed with what our merging made of it."""

    vectors: dict[str, np.ndarray]
    facts: dict
    stand_in: StandIn
    merged: Merged


@pytest.fixture(params=golden.seeds("merge"))
def case(request: pytest.FixtureRequest) -> Case:
    vectors, facts = golden.load("merge", request.param)
    tree = SegmentTree(vectors["mask"], tuple(vectors["tree_ids"].tolist()))
    stand_in = StandIn(vectors, tree)
    merged = Siblings(facts["threshold"], order="reference")(tree, stand_in.embed, stand_in.describe)
    return Case(vectors, facts, stand_in, merged)


def test_decisions_and_their_order(case: Case) -> None:
    decisions, vectors = case.merged.decisions, case.vectors
    assert [d.parent for d in decisions] == vectors["decision_parent"].tolist()
    assert [d.merged for d in decisions] == vectors["decision_merged"].tolist()
    for name in ("image_similarity", "text_similarity"):
        np.testing.assert_allclose([getattr(d, name) for d in decisions], vectors[f"decision_{name}"], atol=1e-6)
    np.testing.assert_allclose([d.similarity for d in decisions], vectors["decision_mix"], atol=1e-6)


def test_visits_equal_the_references_queue(case: Case) -> None:
    passed = {d.parent for d in case.merged.decisions if d.merged}
    visits = stack_order(case.stand_in.tree.heap_ids, passed)
    assert visits == case.vectors["processing_order"].tolist()


def test_final_map_and_texts(case: Case) -> None:
    labels = case.merged.masks.argmax(axis=0)
    assert (case.merged.masks.sum(axis=0) == 1).all()
    np.testing.assert_array_equal(labels, case.vectors["final_segments"])
    kept = [n for n in reversed(case.facts["nodes_kept_in_insertion_order"]) if n["final"]]
    assert list(case.merged.heap_ids) == [n["node"] for n in kept]
    assert list(case.merged.captions.texts) == [n["caption"] for n in kept]
    rows = [case.stand_in.row(n["node"]) for n in kept]
    np.testing.assert_array_equal(case.merged.embeddings.vectors, case.vectors["node_image_embedding"][rows])


def test_encoded_masks_and_nothing_encoded_for_a_failed_parent(case: Case) -> None:
    failed = {d.parent for d in case.merged.decisions if not d.merged}
    order = case.vectors["processing_order"].tolist()
    assert case.stand_in.encoded.keys() == set(order) - failed
    assert sum(case.stand_in.calls) == len(order) - len(failed)
    for node, mask in case.stand_in.encoded.items():
        np.testing.assert_allclose(area(mask, 24), case.vectors["encoder_masks"][order.index(node)], atol=1e-6)


def area(mask: np.ndarray, grid: int) -> np.ndarray:
    """Adaptive average pooling, written out: cell i averages rows floor(i h / g) to ceil((i + 1) h / g)."""
    spans = [[(i * n // grid, -(-(i + 1) * n // grid)) for i in range(grid)] for n in mask.shape]
    return np.array([[mask[a:b, c:d].mean() for c, d in spans[1]] for a, b in spans[0]])
