"""Section 3.1: heap numbering of the binary tree of segments, and what happens to it when a leaf vanishes.

The root is 0 and the children of node i are 2i+1 and 2i+2. Ids are Python ints: a chain of depth 70 needs 70 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Integer

from bench.errors import UserError
from bench.records import SegmentTree

LOST = ("promote", "shift")


def get_parent(node: int) -> int:
    """Return the parent of a node; the root has none (ValueError)."""
    if node < 1:
        raise ValueError(f"node {node} has no parent")
    return (node - 1) // 2


def get_sibling(node: int) -> int:
    """Return the other child of the node's parent; the root has none (ValueError)."""
    if node < 1:
        raise ValueError(f"node {node} has no sibling")
    return node + 1 if node % 2 else node - 1


def walk_up(node: int) -> Iterator[int]:
    """Yield the node, its parent, and so on up to the root."""
    yield node
    while node:
        node = get_parent(node)
        yield node


def promote(heap_ids: Sequence[int]) -> tuple[int, ...]:
    """Number the leaves in the tree that they alone span: a node left with one child gives its place to that child.

    So when a leaf goes, its sibling (with all below it) takes the parent's place. Order of the leaves is kept.
    """
    alive = {node for leaf in heap_ids for node in walk_up(leaf)}

    def place(leaf: int) -> int:
        new = 0
        for node in reversed(list(walk_up(leaf))[:-1]):
            if get_sibling(node) in alive:
                new = 2 * new + (1 if node % 2 else 2)
        return new

    return tuple(place(leaf) for leaf in heap_ids)


def drop_lost_leaves(labels: Integer[np.ndarray, "h w"], heap_ids: Sequence[int], lost: str = "promote") -> SegmentTree:
    """Make the tree of the labels that still own a pixel; ``labels`` holds positions in ``heap_ids``.

    ``lost="promote"``: a lost leaf leaves the tree and its sibling takes the parent's place.
    ``lost="shift"`` is the reference's slip: labels close up but the list of ids does not, so the j-th remaining
    label gets the j-th id of the old list, whichever leaf that was. With no lost leaf both change nothing.
    """
    if lost not in LOST:
        raise UserError(f"segment.lost={lost!r} is unknown: use one of {', '.join(LOST)}")
    present, closed_up = np.unique(labels, return_inverse=True)
    kept = tuple(int(i) for i in heap_ids)
    if len(present) < len(kept):
        kept = promote([kept[i] for i in present]) if lost == "promote" else kept[: len(present)]
    return SegmentTree(leaves=closed_up.reshape(labels.shape).astype(np.int16), heap_ids=kept)
