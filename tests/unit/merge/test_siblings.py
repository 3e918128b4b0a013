"""Merging: hand-worked trees, properties, and a plain stack written from the description of the reference."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.merge.base import Merged
from bench.merge.none import NoMerge
from bench.merge.siblings import Siblings
from bench.records import Captions, Embeddings, SegmentTree
from tests.heap import is_descendant
from tests.unit.segment.test_tree import trees

Vector = tuple[float, ...]


@dataclass
class Models:
    """A vector for each node's image and text; a node is known by its mask. Records what was asked."""

    tree: SegmentTree
    image: dict[int, Vector]
    text: dict[int, Vector]
    calls: list[list[int]] = field(default_factory=list)

    def embed(self, masks: np.ndarray) -> Embeddings:
        nodes = [self.node(mask) for mask in masks]
        self.calls.append(nodes)
        column = np.array(nodes, np.float32)[:, None]  # rides along, to see that rows stay together
        return Embeddings(np.array([self.image[n] for n in nodes], np.float32), column, column + 1)

    def describe(self, embeddings: Embeddings) -> Captions:
        nodes = [int(n) for n in embeddings.saliency[:, 0]]
        features = np.array([self.text[n] for n in nodes], np.float32)
        return Captions(tuple(f"n{n}" for n in nodes), features, np.array(nodes, np.float32))

    def node(self, mask: np.ndarray) -> int:
        leaves = {self.tree.heap_ids[i] for i in np.unique(self.tree.leaves[mask])}
        return next(n for n in self.image if below(n, self.tree.heap_ids) == leaves)

    def merge(self, threshold: float = 0.8, **options: str) -> Merged:
        return Siblings(threshold, **options)(self.tree, self.embed, self.describe)


def below(node: int, leaves: tuple[int, ...]) -> set[int]:
    return {leaf for leaf in leaves if leaf == node or is_descendant(leaf, node)}


def tree_of(*heap_ids: int) -> SegmentTree:
    """Two pixels for each leaf."""
    return SegmentTree(np.arange(len(heap_ids), dtype=np.int16).repeat(2).reshape(2, -1), heap_ids)


A, B, C = (5.0, 0.0), (3.0, 4.0), (0.0, 5.0)  # cosines: A B 0.6, B C 0.8, A C 0


def test_up_the_tree_by_hand() -> None:
    """3 and 4 merge to 1, 13 and 14 to 6; 5 against the new 6 fails; 1 against 2 is then never tested."""
    nodes = {0: A, 1: A, 2: A, 3: A, 4: A, 5: A, 6: C, 13: B, 14: C}
    models = Models(tree_of(3, 14, 5, 4, 13), nodes, dict.fromkeys(nodes, A))
    merged = models.merge(0.85)
    assert merged.heap_ids == (1, 6, 5)
    assert models.calls == [[3, 14, 5, 4, 13], [1, 6]]
    assert [(d.parent, d.merged) for d in merged.decisions] == [(1, True), (6, True), (2, False)]
    assert [round(d.similarity, 6) for d in merged.decisions] == [1, 0.9, 0.5]
    assert merged.captions.texts == ("n1", "n6", "n5") and merged.captions.scores.tolist() == [1, 6, 5]
    assert merged.embeddings.saliency.tolist() == [[1], [6], [5]]
    assert merged.embeddings.weight.tolist() == [[2], [7], [6]]
    for heap_id, mask in zip(merged.heap_ids, merged.masks, strict=True):
        np.testing.assert_array_equal(mask, np.isin(models.tree.leaves, leaf_positions(models.tree, heap_id)))


def leaf_positions(tree: SegmentTree, node: int) -> list[int]:
    return [i for i, leaf in enumerate(tree.heap_ids) if leaf in below(node, tree.heap_ids)]


def test_the_merged_nodes_own_vectors_decide_further_up() -> None:
    """3 and 4 are like 2, but what they merge to is not."""
    models = Models(tree_of(3, 4, 2), {0: A, 1: C, 2: A, 3: A, 4: A}, {0: A, 1: A, 2: A, 3: A, 4: A})
    merged = models.merge()
    assert merged.heap_ids == (1, 2)
    assert merged.decisions[-1].image_similarity == 0 and merged.decisions[-1].text_similarity == 1


@pytest.mark.parametrize("image_first", [True, False])
def test_similarity_is_the_mean_of_both_and_equality_passes(image_first: bool) -> None:
    """Cosines 0.6 and 1 from whole numbers: the mean is 0.8 exactly, in float64."""
    unlike, like = {0: A, 1: A, 2: B}, {0: A, 1: C, 2: C}
    models = Models(tree_of(1, 2), *((unlike, like) if image_first else (like, unlike)))
    merged = models.merge(0.8)
    assert merged.heap_ids == (0,) and merged.masks.all()
    decision = merged.decisions[0]
    assert (decision.image_similarity, decision.text_similarity) == ((0.6, 1) if image_first else (1, 0.6))
    assert models.merge(float(np.nextafter(0.8, 1))).heap_ids == (1, 2)


def test_equal_vectors_have_similarity_exactly_one() -> None:
    vector = (0.1, 0.7, -1.3, 1e-3)
    nodes = dict.fromkeys((0, 1, 2), vector)
    assert Models(tree_of(1, 2), nodes, nodes).merge(1.0).heap_ids == (0,)


@pytest.mark.parametrize("broken", [(0.0, 0.0), (np.nan, 1.0), (np.inf, 1.0)])
def test_vectors_without_direction_count_as_cosine_zero(broken: Vector) -> None:
    models = Models(tree_of(1, 2), {0: A, 1: broken, 2: broken}, {0: A, 1: A, 2: A})
    merged = models.merge()
    assert merged.heap_ids == (1, 2)
    assert merged.decisions[0].image_similarity == 0 and merged.decisions[0].similarity == 0.5


def test_a_leaf_whose_sibling_is_deeper_waits_and_a_missing_sibling_never_comes() -> None:
    nodes = dict.fromkeys((0, 1, 2, 5, 6), A)
    assert Models(tree_of(1, 5, 6), nodes, nodes).merge().heap_ids == (0,)
    assert Models(tree_of(1, 5), nodes, nodes).merge().heap_ids == (1, 5)


def test_chains_deeper_than_64_bits() -> None:
    """A chain of 70 levels collapses to the root, one call a level."""
    node, ids = 0, []
    for _ in range(70):
        ids.append(2 * node + 2)
        node = 2 * node + 1
    tree = SegmentTree(np.arange(71, dtype=np.int16)[None], (*ids, node))
    asked: list[int] = []

    def embed(masks: np.ndarray) -> Embeddings:
        asked.append(len(masks))
        return Embeddings(np.ones((len(masks), 2), np.float32), *2 * (np.empty((len(masks), 0), np.float32),))

    def describe(embeddings: Embeddings) -> Captions:
        n = len(embeddings.vectors)
        return Captions(("x",) * n, np.ones((n, 2), np.float32), np.ones(n, np.float32))

    merged = Siblings(0.8)(tree, embed, describe)
    assert merged.heap_ids == (0,) and merged.masks.all() and asked == [71] + [1] * 70
    assert merged.decisions[0].parent == 2**69 - 1


def drawn(leaves: list[int], seed: int) -> Models:
    """Vectors of low dimension, so that about half of the tests pass."""
    rng = np.random.default_rng(seed)
    nodes = {n for leaf in leaves for n in ancestors(leaf)}
    image, text = ({n: tuple(rng.uniform(-0.2, 1, 2).tolist()) for n in sorted(nodes)} for _ in range(2))
    return Models(tree_of(*leaves), image, text)


def ancestors(node: int) -> list[int]:
    return [node, *(ancestors((node - 1) // 2) if node else [])]


@given(trees(), st.integers(0, 1000))
def test_ends_of_the_threshold(leaves: list[int], seed: int) -> None:
    models = drawn(leaves, seed)
    everything = models.merge(-1.0)
    assert everything.heap_ids == (0,) and everything.masks.all()
    nothing, plain = models.merge(1.01), NoMerge()(models.tree, models.embed, models.describe)
    assert nothing.heap_ids == plain.heap_ids == models.tree.heap_ids
    assert nothing.captions.texts == plain.captions.texts and plain.decisions == ()
    np.testing.assert_array_equal(nothing.masks, plain.masks)
    np.testing.assert_array_equal(nothing.embeddings.vectors, plain.embeddings.vectors)
    np.testing.assert_array_equal(plain.masks, models.tree.make_masks())


@given(trees(), st.integers(0, 1000), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_equals_a_plain_stack_in_segments_decisions_and_order(leaves: list[int], seed: int, threshold: float) -> None:
    models = drawn(leaves, seed)
    final, decisions = plain_stack(models, threshold)
    merged = models.merge(threshold, order="reference")
    assert list(merged.heap_ids) == final
    assert [(d.parent, d.merged) for d in merged.decisions] == decisions
    assert (merged.masks.sum(axis=0) == 1).all()
    asked = [node for call in models.calls for node in call]
    assert sorted(asked) == sorted([*leaves, *(p for p, passed in decisions if passed)])
    ours = models.merge(threshold)
    assert set(ours.heap_ids) == set(final) and {(d.parent, d.merged) for d in ours.decisions} == set(decisions)
    first = [mask.reshape(-1).argmax() for mask in ours.masks]
    assert first == sorted(first)


def plain_stack(models: Models, threshold: float) -> tuple[list[int], list[tuple[int, bool]]]:
    """The reference's loop: a parent is decided on when it is taken from the stack."""
    stack, kept, decisions = list(models.tree.heap_ids), dict[int, bool](), list[tuple[int, bool]]()
    while stack:
        node = stack.pop()
        children = (2 * node + 1, 2 * node + 2)
        if children[0] in kept:
            passed = mean_cosine(models, *children) >= threshold
            decisions.append((node, passed))
            if not passed:
                continue
            kept.update(dict.fromkeys(children, False))
        kept[node] = True
        other = node + 1 if node % 2 else node - 1
        if node and kept.get(other, False):
            stack.append((node - 1) // 2)
    return [node for node in reversed(kept) if kept[node]], decisions


def mean_cosine(models: Models, a: int, b: int) -> float:
    pairs = [(np.float32(table[a]), np.float32(table[b])) for table in (models.image, models.text)]
    return float(np.mean([x @ y / np.linalg.norm(x) / np.linalg.norm(y) for x, y in pairs]))


def test_one_segment_and_wrong_order() -> None:
    models = Models(tree_of(0), {0: A}, {0: A})
    assert models.merge().heap_ids == models.merge(order="reference").heap_ids == (0,)
    with pytest.raises(UserError, match="leaves, reference"):
        Siblings(order="heap")
