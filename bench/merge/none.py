"""Table 4, "without merging": every over-segment is a final segment."""

from __future__ import annotations

from bench.merge.base import Describe, Embed, Merged
from bench.records import SegmentTree


class NoMerge:
    """Embeds and captions the leaves and leaves it at that; order as in the tree.

    ``oracle`` describes the true segments too, so that there is a TGQ, which the paper's ablation has not.
    """

    source = "the paper, section 5.3"
    cost, training_free = "nothing", True
    oracle = False
    """Oracle segments never merge, so their texts are the full method's: the paper prints "–" for TGQ, not a copy."""

    def __init__(self, oracle: bool = False) -> None:
        self.oracle = oracle

    def __call__(self, tree: SegmentTree, embed: Embed, describe: Describe) -> Merged:
        """Make one segment of each leaf, in one call of each function."""
        masks = tree.make_masks()
        embeddings = embed(masks)
        return Merged(masks, tree.heap_ids, embeddings, describe(embeddings))
