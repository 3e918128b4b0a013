"""Sections 3.1 to 3.4 of the paper, in order, for one image.

Each stage is a function from records to records. Whoever builds the pipeline decides what stands behind the functions:
the bare stages, or the same stages with a store around them (`bench.store.stages`). They run one at a time: what the
others hold of their weights is given back before (`bench.system.pages`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Int32

from bench.data.truth_masks import make_truth_masks
from bench.merge.base import Describe, Embed, Merged
from bench.records import Captions, Embeddings, Prediction, Sample, SegmentTree
from bench.system.pages import isolate

Masks = Bool[np.ndarray, "n h w"]


@dataclass(frozen=True)
class Pipeline:
    """Zero-guidance segmentation: an image in, named segments out, no class list and no query."""

    segment: Callable[[Sample], SegmentTree]
    embed: Callable[[Sample, Masks], Embeddings]
    describe: Callable[[Sample, Embeddings], Captions]
    merge: Callable[[SegmentTree, Embed, Describe], Merged]

    def predict(self, sample: Sample) -> Prediction:
        """Predict the named segments of an image: section 3, in order."""
        tree = isolate(self.segment)(sample)  # 3.1  image -> tree of over-segments
        embed = partial(isolate(self.embed), sample)  # 3.2  segments -> embeddings in CLIP's joint space
        describe = partial(isolate(self.describe), sample)  # 3.3  embeddings -> texts
        merged = self.merge(tree, embed, describe)  # 3.4  siblings that agree become one segment
        return Prediction(
            sample.image_id, merged.masks, merged.captions.texts, merged.embeddings.vectors, merged.heap_ids
        )

    def describe_true_segments(self, sample: Sample) -> tuple[Captions, Embeddings, Masks, Int32[np.ndarray, " k"]]:
        """Describe the ground-truth segments: texts, embeddings, masks [k, h, w], class indices (4.3, TGQ)."""
        masks, classes = make_truth_masks(sample)
        embeddings = isolate(self.embed)(sample, masks)
        return isolate(self.describe)(sample, embeddings), embeddings, masks, classes
