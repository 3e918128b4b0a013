"""Section 3.4: merge siblings whose embeddings and texts are alike, and so on up the tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from annotated_types import Interval
from jaxtyping import Bool

from bench.errors import UserError
from bench.merge.base import Decision, Describe, Embed, Merged
from bench.records import Captions, Embeddings, SegmentTree
from bench.segment.cosine import compute_cosine
from bench.segment.tree import get_parent, get_sibling, walk_up

ORDERS = ("leaves", "reference")


class Siblings:
    """Merges two siblings at similarity >= ``threshold``; both must be final segments, leaves or merged themselves.

    The test needs only the children, so a parent is embedded and captioned only after it passed. ``order`` of the
    final segments: "leaves" by their first leaf in the tree, "reference" as the published implementation's stack
    leaves them. It changes the order of segments and decisions, never what they are.
    """

    source = "the paper, section 3.4"
    cost, training_free = "an embedding and a text for each merged segment", True

    def __init__(self, threshold: Annotated[float, Interval(ge=-1, le=1)] = 0.8, order: str = "leaves") -> None:
        if order not in ORDERS:
            raise UserError(f"merge.order={order!r} is unknown: use one of {', '.join(ORDERS)}")
        self.threshold, self.order = threshold, order

    def __call__(self, tree: SegmentTree, embed: Embed, describe: Describe) -> Merged:
        """Leaves in one call of each function, then round by round all parents that passed, in one call each."""
        nodes = _Nodes(embed, describe)
        nodes.add(tree.heap_ids, tree.make_masks())
        final, decisions = set(tree.heap_ids), dict[int, Decision]()
        while ready := _list_ready(final, decisions):
            decisions |= {p: self._decide(nodes, p) for p in ready}
            if passed := [p for p in ready if decisions[p].merged]:
                nodes.add(passed, np.stack([nodes.unite(p) for p in passed]))
                final = (final - {child for p in passed for child in _get_children(p)}) | set(passed)
        return self._list_in_order(tree.heap_ids, nodes, final, decisions)

    def _decide(self, nodes: _Nodes, node: int) -> Decision:
        left, right = (nodes.row[child] for child in _get_children(node))
        image = compute_cosine(nodes.embeddings.vectors[left], nodes.embeddings.vectors[right])
        text = compute_cosine(nodes.captions.features[left], nodes.captions.features[right])
        similarity = 0.5 * image + 0.5 * text
        return Decision(node, image, text, similarity, similarity >= self.threshold)

    def _list_in_order(
        self, leaves: Sequence[int], nodes: _Nodes, final: set[int], decisions: dict[int, Decision]
    ) -> Merged:
        if self.order == "leaves":
            first = {i: position for position, leaf in reversed(list(enumerate(leaves))) for i in walk_up(leaf)}
            return nodes.make_merged(sorted(final, key=first.__getitem__), decisions.values())
        visits = list_stack_order(leaves, {p for p, d in decisions.items() if d.merged})
        order = [i for i in reversed(visits) if i in final]
        return nodes.make_merged(order, [decisions[p] for p in visits if p in decisions])


def list_stack_order(leaves: Sequence[int], passed: Collection[int]) -> list[int]:
    """List the nodes in the order in which the reference visits them: leaves, merged parents and failed ones.

    Its queue is a stack filled with the leaves; a parent is pushed as soon as both children are final segments.
    """
    stack, visits, final = list(leaves), list[int](), set[int]()
    while stack:
        node = stack.pop()
        visits.append(node)
        if node in passed:
            final -= set(_get_children(node))
        elif node not in leaves:
            continue
        final.add(node)
        if node and get_sibling(node) in final:
            stack.append(get_parent(node))
    return visits


def _get_children(node: int) -> tuple[int, int]:
    return 2 * node + 1, 2 * node + 2


def _list_ready(final: set[int], decided: Collection[int]) -> list[int]:
    """Parents of two final segments that were not tested yet, ascending."""
    parents = {get_parent(node) for node in final if node and get_sibling(node) in final}
    return sorted(parents.difference(decided))


@dataclass(eq=False)
class _Nodes:
    """Every node met so far: its mask, and its row in the embeddings and captions."""

    embed: Embed
    describe: Describe
    row: dict[int, int] = field(default_factory=dict)
    masks: list[Bool[np.ndarray, "h w"]] = field(default_factory=list)
    embeddings: Embeddings = field(init=False)
    captions: Captions = field(init=False)

    def add(self, ids: Sequence[int], masks: Bool[np.ndarray, "n h w"]) -> None:
        """Embed and caption some nodes, in one call of each function."""
        embeddings = self.embed(masks)
        captions = self.describe(embeddings)
        first = not self.row
        self.embeddings = embeddings if first else Embeddings.concat([self.embeddings, embeddings])
        self.captions = captions if first else Captions.concat([self.captions, captions])
        self.row.update((node, len(self.masks) + i) for i, node in enumerate(ids))
        self.masks.extend(masks)

    def unite(self, node: int) -> Bool[np.ndarray, "h w"]:
        """The mask of a node from those of its children."""
        left, right = _get_children(node)
        return self.masks[self.row[left]] | self.masks[self.row[right]]

    def make_merged(self, order: Sequence[int], decisions: Iterable[Decision]) -> Merged:
        """The result: some nodes in an order."""
        rows = [self.row[node] for node in order]
        return Merged(
            masks=np.stack([self.masks[i] for i in rows]),
            heap_ids=tuple(order),
            embeddings=self.embeddings.take(rows),
            captions=self.captions.take(rows),
            decisions=tuple(decisions),
        )
