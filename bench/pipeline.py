"""Sections 3.1 to 3.4 of the paper, in order, for one image.

Each stage is a function from records to records. Whoever builds the pipeline decides what stands behind the functions:
the bare stages, or the same stages with a store around them (`bench.store.stages`). They run one at a time: what the
others hold of their weights is given back before (`bench.system.pages`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
        # 3.2  segments -> embeddings in CLIP's joint space; 3.3  embeddings -> texts
        return self._predict(sample, partial(isolate(self.embed), sample), partial(isolate(self.describe), sample))

    def predict_with_truth(self, sample: Sample) -> tuple[Prediction, TrueSegments]:
        """Predict as `predict` does, and describe the ground-truth segments in the same calls (4.3, TGQ)."""
        masks, classes = make_truth_masks(sample)
        along = Along(partial(isolate(self.embed), sample), partial(isolate(self.describe), sample), masks)
        prediction = self._predict(sample, along.call_embed, along.call_describe)
        embeddings, captions = along.finish()
        return prediction, TrueSegments(captions, embeddings, masks, classes)

    def _predict(self, sample: Sample, embed: Embed, describe: Describe) -> Prediction:
        tree = isolate(self.segment)(sample)  # 3.1  image -> tree of over-segments
        merged = self.merge(tree, embed, describe)  # 3.4  siblings that agree become one segment
        return Prediction(
            sample.image_id, merged.masks, merged.captions.texts, merged.embeddings.vectors, merged.heap_ids
        )


@dataclass(frozen=True, eq=False)
class TrueSegments:
    """What is said of the ground-truth segments of an image; ``classes`` are their class indices."""

    captions: Captions
    embeddings: Embeddings
    masks: Masks
    classes: Int32[np.ndarray, " k"]


@dataclass(eq=False)
class Along:
    """The functions of 3.2 and 3.3 for segments that are asked for, with ``masks`` of further ones in the first calls.

    A call costs as much as several segments do, and what becomes of a segment depends on no other.
    """

    embed: Embed
    describe: Describe
    masks: Masks
    _embeddings: Embeddings | None = field(default=None, init=False)
    _captions: Captions | None = field(default=None, init=False)

    def call_embed(self, masks: Masks) -> Embeddings:
        """Embed segments; the further ones too, if they have the same size and none were embedded before."""
        if self._embeddings is not None or masks.shape[1:] != self.masks.shape[1:]:
            return self.embed(masks)
        made = self.embed(np.concatenate([masks, self.masks]))
        self._embeddings = made.take(range(len(masks), len(made.vectors)))
        return made.take(range(len(masks)))

    def call_describe(self, embeddings: Embeddings) -> Captions:
        """Describe embeddings; those of the further segments too, if they are known and were not described before."""
        if self._captions is not None or self._embeddings is None:
            return self.describe(embeddings)
        made, asked = self.describe(Embeddings.concat([embeddings, self._embeddings])), len(embeddings.vectors)
        self._captions = made.take(range(asked, len(made.texts)))
        return made.take(range(asked))

    def finish(self) -> tuple[Embeddings, Captions]:
        """Return embeddings and captions of the further segments; make what no call has taken along."""
        embeddings = self.embed(self.masks) if self._embeddings is None else self._embeddings
        return embeddings, self.describe(embeddings) if self._captions is None else self._captions
