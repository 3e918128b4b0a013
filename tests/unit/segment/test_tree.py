"""Heap ids and lost leaves: hand-worked, and against one removal at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.segment.tree import drop_lost_leaves, get_parent, get_sibling, promote, walk_up


def test_heap_arithmetic_also_beyond_64_bits() -> None:
    assert [get_parent(i) for i in range(1, 7)] == [0, 0, 1, 1, 2, 2]
    assert [get_sibling(i) for i in range(1, 5)] == [2, 1, 4, 3]
    deep = 2**90 - 1  # the leftmost node 90 levels down
    assert len(list(walk_up(deep))) == 91
    assert get_sibling(get_sibling(deep)) == deep and get_parent(2 * deep + 2) == deep
    assert {0, 7} <= set(walk_up(deep)) and 2 not in walk_up(deep)
    assert list(walk_up(3)) == [3, 1, 0]
    for function in (get_parent, get_sibling):
        with pytest.raises(ValueError):
            function(0)


@pytest.mark.parametrize(
    ("leaves", "lost", "expected"),
    [
        ((1, 5, 6), {5}, (1, 2)),  # 6 takes its parent's place
        ((1, 5, 6), {1}, (1, 2)),  # the subtree 2 with leaves 5 and 6 becomes the root
        ((3, 4, 5, 6), {3, 4}, (1, 2)),  # both siblings gone: then the sibling of their parent
        ((1, 5, 13, 14), {5}, (1, 5, 6)),  # the subtree 6 moves to 2: 13 -> 5, 14 -> 6
        ((14, 1, 13, 5), {1}, (6, 5, 1)),  # order of the leaves is kept; 2 moves to 0: 14 -> 6, 13 -> 5, 5 -> 1
        ((3, 9, 10, 2), {3, 2}, (1, 2)),
        ((1, 2), {1}, (0,)),
        ((3, 4, 2), set(), (3, 4, 2)),
    ],
)
def test_lost_leaves_by_hand(leaves: tuple[int, ...], lost: set[int], expected: tuple[int, ...]) -> None:
    labels = np.array([[i for i, leaf in enumerate(leaves) if leaf not in lost]])
    tree = drop_lost_leaves(labels, leaves)
    assert tree.heap_ids == expected
    assert tree.leaves.tolist() == [list(range(len(expected)))]


def test_shift_keeps_the_wrong_ids() -> None:
    labels = np.array([[0, 2], [3, 3]])
    tree = drop_lost_leaves(labels, (3, 4, 5, 6), "shift")
    assert tree.heap_ids == (3, 4, 5)
    assert tree.leaves.tolist() == [[0, 1], [2, 2]] and tree.leaves.dtype == np.int16
    assert drop_lost_leaves(labels, (3, 4, 5, 6)).heap_ids == (1, 5, 6)
    with pytest.raises(UserError, match="promote, shift"):
        drop_lost_leaves(labels, (3, 4, 5, 6), "keep")


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Leaves of a random full binary tree."""
    leaves = [0]
    for _ in range(draw(st.integers(0, 12))):
        node = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        leaves += [2 * node + 1, 2 * node + 2]
    return leaves


@given(trees(), st.data())
def test_promotion_equals_removing_one_leaf_after_the_other(leaves: list[int], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(leaves), min_size=1, unique=True))
    place = {leaf: leaf for leaf in leaves}  # leaf -> where it is now
    for leaf in data.draw(st.permutations([i for i in leaves if i not in kept])):
        gone = place.pop(leaf)
        place = {name: moved(node, gone) for name, node in place.items()}
    assert promote(kept) == tuple(place[leaf] for leaf in kept)


def moved(node: int, gone: int) -> int:
    """Where a node is after the leaf ``gone`` left: in the sibling's subtree the path loses one step."""
    top, path = get_sibling(gone), []
    while node != top:
        if node < top:
            return rebuild(node, path)
        path.append(node)
        node = get_parent(node)
    return rebuild(get_parent(gone), path)


def rebuild(start: int, path: list[int]) -> int:
    for step in reversed(path):
        start = 2 * start + (1 if step % 2 else 2)
    return start
