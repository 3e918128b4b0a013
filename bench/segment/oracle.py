"""A ceiling for section 3.1: the true segments of an image, as text generation quality has them (section 4.3)."""

from __future__ import annotations

from bench.errors import BadSample
from bench.records import Sample, SegmentTree
from bench.segment.partition import make_partition_tree


class Oracle:
    """A segment a class; background and void, which have no class, are a segment each. Take it with ``merge=none``."""

    source = "a ceiling"
    cost, training_free = "nothing", True
    reads_truth = True
    """So that the store keeps its trees by image and labels (`bench.store.stages`)."""

    def __call__(self, sample: Sample) -> SegmentTree:
        """Cut an image as its labels have it; BadSample where it has none."""
        if sample.truth is None:
            raise BadSample(f"image {sample.image_id}: it has no labels, so it has no oracle segments")
        return make_partition_tree(sample.truth, sample.image)
