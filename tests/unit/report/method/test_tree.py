"""The tree of `zgs show`: leaves beside each other in the order of the tree, parents above their children."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.report.method.tree import place_nodes


@st.composite
def draw_leaves(draw: st.DrawFn) -> tuple[int, ...]:
    """Leaves of a binary tree in heap numbering, in any order."""
    leaves = [0]
    for _ in range(draw(st.integers(0, 12))):
        node = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        leaves += [2 * node + 1, 2 * node + 2]
    return tuple(draw(st.permutations(leaves)))


@given(draw_leaves())
def test_no_two_lines_cross(leaves: tuple[int, ...]) -> None:
    places = place_nodes(leaves)
    assert sorted(places[leaf][0] for leaf in leaves) == list(range(len(leaves)))
    assert len(places) == 2 * len(leaves) - 1
    for node in places.keys() - set(leaves):
        first, second = places[2 * node + 1], places[2 * node + 2]
        assert first[0] < places[node][0] < second[0] and first[1] == second[1] == places[node][1] - 1
        below = [leaf for leaf in leaves if is_below(leaf, node)]
        assert len(below) == 1 + max(places[leaf][0] for leaf in below) - min(places[leaf][0] for leaf in below)


def is_below(leaf: int, node: int) -> bool:
    while leaf > node:
        leaf = (leaf - 1) // 2
    return leaf == node
