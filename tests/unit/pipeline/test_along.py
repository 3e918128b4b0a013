"""Section 3 with the ground-truth segments beside: the same as apart, in fewer calls, whatever the merger asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.errors import BadSample
from bench.merge.base import Describe, Embed, Merged
from bench.merge.none import NoMerge
from bench.merge.siblings import Siblings
from bench.pipeline import Masks, Pipeline
from bench.records import Captions, Embeddings, Sample, SegmentTree

TRUTH = np.array([[0, 0, 2, 2], [0, 0, 2, 2], [-1, -1, 2, 2]], np.int16)
SAMPLE = Sample("a", np.zeros((3, 4, 3), np.uint8), TRUTH)
LABELS = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 2, 2]], np.int16)
LEAVES = SegmentTree(LABELS, (3, 4, 2))


class Stages:
    """Stages whose results are those of a segment alone, and that note how many each call was for."""

    def __init__(self) -> None:
        self.embedded: list[int] = []
        self.described: list[int] = []

    def segment(self, _: Sample) -> SegmentTree:
        return LEAVES

    def embed(self, _: Sample, masks: Masks) -> Embeddings:
        self.embedded.append(len(masks))
        vectors = np.array([[m.sum(), 1 + m[0].sum(), m[:, 0].sum()] for m in masks], np.float32).reshape(-1, 3)
        return Embeddings(vectors, vectors[:, :1], vectors[:, 1:2])

    def describe(self, _: Sample, embeddings: Embeddings) -> Captions:
        self.described.append(len(embeddings.vectors))
        texts = tuple(f"{v[0]:g} of {v[2]:g}" for v in embeddings.vectors)
        return Captions(texts, 2 * embeddings.vectors, embeddings.vectors[:, 0])

    def make(self, merge: Any) -> Pipeline:
        return Pipeline(self.segment, self.embed, self.describe, merge)


def embed_twice(tree: SegmentTree, embed: Embed, describe: Describe) -> Merged:
    """A merger that looks at embeddings of its own before it asks for those that it describes."""
    masks = tree.make_masks()
    embed(masks[:1])
    embeddings = embed(masks)
    return Merged(masks, tree.heap_ids, embeddings, describe(embeddings))


def look_smaller(tree: SegmentTree, embed: Embed, describe: Describe) -> Merged:
    """A merger whose segments are those of a smaller image."""
    masks = tree.make_masks()[:, :2]
    embeddings = embed(masks)
    return Merged(masks, tree.heap_ids, embeddings, describe(embeddings))


@pytest.mark.parametrize(
    ("merge", "embedded", "described"),
    [
        (NoMerge(), [3 + 2], [3 + 2]),
        (Siblings(threshold=-1), [3 + 2, 1, 1], [3 + 2, 1, 1]),
        (embed_twice, [1 + 2, 3], [3 + 2]),
        (look_smaller, [3, 2], [3, 2]),
    ],
)
def test_true_segments_go_along_and_nothing_else_changes(merge: Any, embedded: list[int], described: list[int]) -> None:
    apart, along = Stages(), Stages()
    expected = apart.make(merge).predict(SAMPLE)
    prediction, true = along.make(merge).predict_with_truth(SAMPLE)
    assert (along.embedded, along.described) == (embedded, described)
    for name in ("image_id", "texts", "heap_ids"):
        assert getattr(prediction, name) == getattr(expected, name)
    np.testing.assert_array_equal(prediction.masks, expected.masks)
    np.testing.assert_array_equal(prediction.embeddings, expected.embeddings)
    assert true.classes.tolist() == [0, 2] and true.captions.texts == ("4 of 2", "6 of 0")
    assert true.embeddings.vectors.tolist() == [[4, 3, 2], [6, 3, 0]] and true.embeddings.weight.tolist() == [[3], [3]]
    np.testing.assert_array_equal(true.masks, [TRUTH == 0, TRUTH == 2])


def test_an_image_without_a_true_segment_and_one_without_labels() -> None:
    stages = Stages()
    _, true = stages.make(NoMerge()).predict_with_truth(Sample("a", SAMPLE.image, np.full((3, 4), -1, np.int16)))
    assert (stages.embedded, stages.described) == ([3], [3]) and true.captions.texts == () and len(true.masks) == 0
    with pytest.raises(BadSample, match="image b: it has no labels"):
        stages.make(NoMerge()).predict_with_truth(Sample("b", SAMPLE.image))
